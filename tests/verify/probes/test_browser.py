"""A real browser at small apps on a real server: one for each thing that only a browser sees."""

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from verify.errors import CouldNotCheck, Unavailable
from verify.probes.access import Access
from verify.probes.browser import Browser, find, finding, look, looking
from verify.probes.children import end_all
from verify.probes.ports import reserved
from verify.probes.server import serve

ROOT = Path(__file__).parents[3]

SOUND = """
import streamlit as st

with st.sidebar:
    st.text_input("Name")
LABELS = ["One", "Two & more"]
for label, tab in zip(LABELS, st.tabs(LABELS, on_change="rerun", key="t")):
    if tab.open:
        with tab:
            st.header(label)
            st.button(f"Press {label}")
            inner, = st.tabs(["Inner"])
            inner.write("a tab of a tab")
"""

BROKEN = """
import time
import streamlit as st

LABELS = ["Fine", "Raises", "Console", "Uncaught", "Missing", "Elsewhere", "Wide", "Pale", "Empty",
          "Slow", "Unseen"]


def js(code):
    st.write("some text")
    st.html(f"<script>{code}</script>", unsafe_allow_javascript=True)


def draw(label):
    match label:
        case "Fine":
            st.write("fine")
        case "Raises":
            raise ValueError("planted exception")
        case "Console":
            js("console.error('planted error'); console.warn('a warning')")
        case "Uncaught":
            js("setTimeout(() => { throw new Error('planted throw') })")
        case "Missing":
            st.write("text")
            st.html('<img alt="gone" src="/media/gone.png?token=geheim">')
        case "Elsewhere":
            st.write("text")
            st.html('<img alt="elsewhere" src="http://elsewhere.invalid/a.png?token=geheim">')
        case "Wide":
            st.html('<div style="width: 700px; background: #eee">a wide thing</div>')
        case "Pale":
            st.html('<p style="color: #ddd; background: #fff">pale text</p>')
        case "Slow":
            slot = st.empty()
            while True:
                time.sleep(0.02)
                slot.write("not yet")
        case "Unseen":
            st.write("text")
            st.html('<style>#plain:focus { outline: none }</style>')
            st.html('<a id="plain" href="#a">a link</a>')


for label, tab in zip(LABELS, st.tabs(LABELS, on_change="rerun", key="t")):
    if tab.open:
        with tab:
            draw(label)
"""

TRAP = """
import streamlit as st

only, = st.tabs(["Only"])
with only:
    st.button("A way in")
    st.html(
        "<button id='trap'>a trap</button><script>document.getElementById('trap')"
        ".addEventListener('keydown', (event) => event.preventDefault())</script>",
        unsafe_allow_javascript=True,
    )
"""

TRAPPED_TABS = """
import streamlit as st

for tab in st.tabs(["One", "Two"]):
    with tab:
        st.button("A way out", key=str(tab))
st.html(
    "<script>document.addEventListener('keydown', (event) => { if (event.key === 'Tab'"
    " && document.activeElement.closest('[role=tab]')) event.preventDefault() }, true)</script>",
    unsafe_allow_javascript=True,
)
"""

BUSY = """
import streamlit as st

first, second = st.tabs(["Fine", "Busy"], on_change="rerun", key="t")
first.write("fine")
if second.open:
    with second:
        st.write("text")
        st.html("<script>for (;;) {}</script>", unsafe_allow_javascript=True)
"""

ENDLESS = """
import time
import streamlit as st

print("under way")
st.tabs(["One"])[0].write("text")
while True:
    time.sleep(0.02)
    st.session_state
"""

# The second time that the tab Two is opened, the focus goes back to the first tab.
BACK = """
import streamlit as st

LABELS = ["One", "Two", "Three"]
for label, tab in zip(LABELS, st.tabs(LABELS, on_change="rerun", key="t")):
    if tab.open:
        with tab:
            st.write(f"in {label}")
            if label == "Two":
                st.html(
                    "<script>window.times = (window.times || 0) + 1;"
                    "if (window.times === 2) document.querySelector('[role=tab]').focus()</script>",
                    unsafe_allow_javascript=True,
                )
"""

PLAIN = "import streamlit as st\nst.write('no tabs here')\n"


@contextmanager
def served(folder: Path, code: str):
    (folder / "page.py").write_text(code)
    env = {**os.environ, "HOME": str(folder)}
    with serve(sys.executable, "page.py", cwd=folder, env=env, deadline=60) as server:
        yield server


def at(server, labels=(), *, tab_seconds=20.0, deadline=300.0, **more):
    settings = {"widths": (390, 1280), "browser": find(), **more}
    return look(server.url, labels, tab_seconds=tab_seconds, deadline=deadline, **settings)


def processes(mark: str) -> list[str]:
    """Return the command lines of all processes that have this in theirs."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if mark in line:
            found.append(f"{folder.name} {line}")
    return found


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    with served(folder, SOUND) as server:
        return at(server, ("One", "Two & more"), shots=folder / "shots")


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    with served(tmp_path_factory.mktemp("broken"), BROKEN) as server:
        return at(server, ("Fine",), tab_seconds=6.0)


@pytest.fixture
def scratch(monkeypatch):
    """Where all that a look needs for itself is made, so that what is left of it can be seen."""
    with tempfile.TemporaryDirectory(prefix="look-", dir="/tmp") as folder:  # a short path
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@pytest.mark.browser
class TestASoundPage:
    def test_its_tabs_are_told_in_order_and_nested_ones_are_not_among_them(self, sound):
        assert sound.labels == ("One", "Two & more")

    def test_each_tab_settles_with_something_drawn(self, sound):
        assert [(tab.label, tab.settled, tab.how) for tab in sound.tabs] == [
            ("One", True, ""),
            ("Two & more", True, ""),
        ]
        assert all(tab.drawn >= 3 for tab in sound.tabs)
        assert (sound.first.settled, sound.first.how) == (True, "")

    def test_nothing_is_complained_about(self, sound):
        assert (sound.complaints, sound.failed, sound.foreign) == ((), (), ())
        assert all(tab.exceptions == () for tab in sound.tabs)

    def test_each_tab_is_held_against_each_width(self, sound):
        assert [(fit.width, fit.tab, fit.settled, fit.over) for fit in sound.fits] == [
            (width, tab, True, 0) for width in (1280, 390) for tab in sound.labels
        ]

    def test_each_tab_is_opened_by_the_keyboard(self, sound):
        assert sound.keyboard.reached
        assert sorted(sound.keyboard.moves) == [("One", ""), ("Two & more", "")]
        assert (sound.keyboard.unseen, sound.keyboard.trapped) == ((), "")

    def test_axe_looks_at_each_tab_in_both_schemes(self, sound):
        assert sorted(sound.checked) == [
            (tab, scheme) for tab in sound.labels for scheme in ("dark", "light")
        ]

    def test_a_picture_of_each_tab_is_taken(self, sound):
        names = [Path(tab.screenshot).name for tab in sound.tabs]
        assert names == ["01-one.png", "02-two-more.png"]
        for tab in sound.tabs:
            assert Path(tab.screenshot).read_bytes().startswith(b"\x89PNG")

    def test_what_looked_is_told(self, sound):
        assert sound.browser == str(find())


def of(found, tab):
    return [one for one in found if one.tab == tab]


@pytest.mark.browser
class TestABrokenPage:
    def test_what_is_fine_is_told_to_be_fine(self, broken):
        fine = broken.tabs[0]
        assert (fine.label, fine.settled, fine.how, fine.exceptions) == ("Fine", True, "", ())
        for found in (broken.complaints, broken.failed, broken.foreign, broken.barriers):
            assert of(found, "Fine") == []

    def test_an_exception_is_seen_in_its_tab_only(self, broken):
        shown = {tab.label: tab.exceptions for tab in broken.tabs if tab.exceptions}
        assert list(shown) == ["Raises"]
        assert "planted exception" in shown["Raises"][0]

    def test_an_error_in_the_console_is_heard(self, broken):
        (said,) = of(broken.complaints, "Console")[:1]
        assert (said.kind, said.text) == ("console", "planted error")

    def test_a_warning_in_the_console_is_none_of_our_business(self, broken):
        assert not [one for one in broken.complaints if "a warning" in one.text]

    def test_an_error_that_nothing_caught_is_heard(self, broken):
        said = of(broken.complaints, "Uncaught")
        assert {one.kind for one in said} == {"uncaught"}
        assert "planted throw" in said[0].text

    def test_a_request_that_failed_is_told_without_its_query(self, broken):
        assert {(one.what, one.why) for one in of(broken.failed, "Missing")} == {
            ("GET /media/gone.png", "404")
        }
        assert "geheim" not in repr(broken)

    def test_a_request_to_another_host_is_refused_and_told_apart(self, broken):
        (one, *_) = of(broken.foreign, "Elsewhere")
        assert one.what == "GET http://elsewhere.invalid/a.png"
        assert "ERR_NAME_NOT_RESOLVED" in one.why
        assert of(broken.failed, "Elsewhere") == of(broken.complaints, "Elsewhere") == []

    def test_what_is_too_wide_is_told_at_the_width_where_it_is(self, broken):
        over = [(fit.tab, fit.width) for fit in broken.fits if fit.over > 0]
        assert over == [("Wide", 390)]
        (fit,) = [fit for fit in broken.fits if fit.over > 0]
        assert any("a wide thing" in name for name in fit.out)

    def test_axe_finds_what_is_too_pale_and_where(self, broken):
        found = {(one.tab, one.rule, one.impact) for one in broken.barriers if one.tab == "Pale"}
        assert ("Pale", "color-contrast", "serious") in found

    def test_a_tab_without_content_settles_and_shows_nothing(self, broken):
        (tab,) = [tab for tab in broken.tabs if tab.label == "Empty"]
        assert (tab.settled, tab.drawn) == (True, 0)

    def test_a_tab_whose_script_does_not_end_is_told_not_to_have_settled(self, broken):
        (tab,) = [tab for tab in broken.tabs if tab.label == "Slow"]
        assert not tab.settled
        assert "the end of the script (running)" in tab.how
        assert tab.seconds >= 6.0

    def test_the_tab_after_it_is_looked_at_all_the_same(self, broken):
        assert broken.tabs[-1].label == "Unseen"
        assert broken.tabs[-1].settled

    def test_a_focus_that_cannot_be_seen_is_told(self, broken):
        assert any("a link" in name for name in broken.keyboard.unseen), broken.keyboard


@pytest.mark.browser
def test_tabs_behind_one_where_the_focus_went_back_are_opened_all_the_same(tmp_path):
    with served(tmp_path, BACK) as server:
        sight = at(server)
    assert sorted(sight.keyboard.moves) == [("One", ""), ("Three", ""), ("Two", "")]
    narrow = sorted(fit.tab for fit in sight.fits if fit.width == 390)
    assert narrow == ["One", "Three", "Two"]


@pytest.mark.browser
def test_a_focus_that_cannot_leave_is_told(tmp_path):
    with served(tmp_path, TRAP) as server:
        assert "a trap" in at(server).keyboard.trapped


@pytest.mark.browser
def test_a_focus_that_cannot_leave_the_tabs_is_told(tmp_path):
    with served(tmp_path, TRAPPED_TABS) as server:
        sight = at(server)
    assert sorted(sight.keyboard.moves) == [("One", ""), ("Two", "")]
    assert "tab" in sight.keyboard.trapped.lower()


# Runs a walk whose browser does not close.
NEVER_CLOSES = """
import sys, threading
from playwright.sync_api import Browser
from verify.probes.browser import worker

Browser.close = lambda browser: threading.Event().wait()
worker.STUCK = 0.5
worker.main()
"""


@pytest.mark.browser
def test_what_was_seen_stays_when_the_browser_does_not_close(tmp_path, monkeypatch):
    worker = tmp_path / "worker.py"
    worker.write_text(NEVER_CLOSES)
    with served(tmp_path, PLAIN) as server:
        monkeypatch.setattr(looking, "WORKER", (str(worker),))
        sight = at(server, tab_seconds=2.0)
    assert [(tab.label, tab.settled, tab.how) for tab in sight.tabs] == [("", True, "")]


@pytest.mark.browser
def test_a_page_whose_own_code_never_ends_is_a_fact_and_no_hang(tmp_path):
    with served(tmp_path, BUSY) as server:
        sight = at(server, tab_seconds=4.0)
    fine, busy = sight.tabs
    assert fine.settled
    assert not busy.settled
    assert "keeps it busy" in busy.how


@pytest.mark.browser
def test_a_page_without_tabs_is_looked_at_as_it_is(tmp_path):
    with served(tmp_path, PLAIN) as server:
        sight = at(server)
    assert sight.labels == ()
    assert [(tab.settled, tab.drawn) for tab in sight.tabs] == [(True, 1)]
    assert sorted(sight.checked) == [("", "dark"), ("", "light")]


@pytest.mark.browser
def test_a_page_that_never_ends_its_first_run_is_a_fact(tmp_path):
    with served(tmp_path, ENDLESS) as server:
        sight = at(server, ("One",), tab_seconds=4.0)
    assert not sight.first.settled
    assert "the end of the script (running)" in sight.first.how
    assert sight.tabs == ()


@pytest.mark.browser
def test_it_looks_from_any_thread_and_leaves_nothing_behind(tmp_path, scratch):
    with served(tmp_path, PLAIN) as server, ThreadPoolExecutor(1) as pool:
        assert pool.submit(at, server).result().first.settled
    assert list(scratch.iterdir()) == []
    assert processes(str(scratch)) == []


@pytest.mark.browser
def test_headers_go_along_and_are_told_nowhere(tmp_path):
    code = "import streamlit as st\nst.write(st.context.headers.get('X-Sesame', 'shut'))\n"
    code += "if st.context.headers.get('X-Sesame') != 'open-sesame':\n    st.stop()\nst.tabs(['A'])"
    with served(tmp_path, f"{code}[0].write('in')\n") as server:
        sight = at(server, access=Access(headers=(("X-Sesame", "open-sesame"),)))
    assert sight.labels == ("A",)
    assert "open-sesame" not in repr(sight)


def under_way(server, until, pool):
    """Begin a look that does not end by itself; return it when the page is open."""
    looking = pool.submit(at, server, ("One",), tab_seconds=120.0, deadline=240.0)
    until(lambda: looking.done() or "under way" in server.log(), seconds=120)
    assert not looking.done(), looking.exception()
    return looking


@pytest.mark.browser
def test_a_browser_that_dies_is_no_answer(tmp_path, scratch, until):
    with served(tmp_path, ENDLESS) as server, ThreadPoolExecutor(1) as pool:
        looking = under_way(server, until, pool)
        for line in processes(f"--user-data-dir={scratch}"):
            if "--type=" not in line:
                os.kill(int(line.split()[0]), signal.SIGKILL)
        with pytest.raises(CouldNotCheck, match="could not look at the page"):
            looking.result(60)
    until(lambda: not processes(str(scratch)))
    assert list(scratch.iterdir()) == []


@pytest.mark.browser
def test_a_look_that_is_broken_off_from_another_thread_leaves_nothing_behind(
    tmp_path, scratch, until
):
    with ThreadPoolExecutor(1) as pool, served(tmp_path, ENDLESS) as server:
        looking = under_way(server, until, pool)
        end_all()
        with pytest.raises(CouldNotCheck):
            looking.result(60)
    until(lambda: not processes(str(scratch)))
    assert list(scratch.iterdir()) == []


@pytest.mark.browser
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupted_look_leaves_nothing_behind(tmp_path, scratch, until, number):
    code = (
        "import signal, sys\n"
        "from verify.probes.browser import find, look\n"
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "look(sys.argv[1], ('One',), browser=find(), widths=(800,), tab_seconds=120, deadline=240)"
    )
    with served(tmp_path, ENDLESS) as server:
        child = subprocess.Popen(
            [sys.executable, "-c", code, server.url],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(scratch)},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        until(lambda: child.poll() is not None or "under way" in server.log(), seconds=120)
        child.send_signal(number)
        _, said = child.communicate(timeout=60)
    assert b"KeyboardInterrupt" in said
    until(lambda: not processes(str(scratch)))
    assert list(scratch.iterdir()) == []


@pytest.mark.browser
def test_a_look_that_takes_too_long_is_no_answer(tmp_path, scratch, until):
    with (
        served(tmp_path, ENDLESS) as server,
        pytest.raises(CouldNotCheck, match=r"was not through with the page within 8\.0 s"),
    ):
        at(server, ("One",), tab_seconds=60.0, deadline=8.0)
    until(lambda: not processes(str(scratch)))
    assert list(scratch.iterdir()) == []


@pytest.mark.browser
def test_a_page_that_nobody_serves_is_no_answer(scratch):
    with reserved(1) as (port,), pytest.raises(CouldNotCheck, match="ERR_CONNECTION_REFUSED"):
        look(
            f"http://127.0.0.1:{port}/",
            (),
            browser=find(),
            widths=(800,),
            tab_seconds=5.0,
            deadline=60.0,
        )
    assert list(scratch.iterdir()) == []


def test_a_program_that_is_no_browser_is_no_answer(tmp_path, scratch):
    program = tmp_path / "chrome"
    program.write_text("#!/bin/sh\necho nothing to see >&2\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(CouldNotCheck, match="could not look at the page"):
        look(
            "http://127.0.0.1:9/",
            (),
            browser=Browser(str(program), "Chromium", "1.0"),
            widths=(800,),
            tab_seconds=5.0,
            deadline=60.0,
        )
    assert list(scratch.iterdir()) == []


class TestFinding:
    @pytest.fixture(autouse=True)
    def bare(self, tmp_path, monkeypatch):
        """A machine without any browser."""
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "downloads"))
        monkeypatch.delenv("VERIFY_BROWSER", raising=False)
        monkeypatch.setattr(finding, "APPLICATIONS", ())
        (tmp_path / "bin").mkdir()

    @staticmethod
    def program(path, said="Chromium 120.0.1 built on Debian", ends=0):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho '{said}'\nexit {ends}\n")
        path.chmod(0o755)
        return path

    @staticmethod
    def revision():
        import json

        import playwright

        package = Path(playwright.__file__).parent / "driver/package/browsers.json"
        rows = {row["name"]: row for row in json.loads(package.read_text())["browsers"]}
        return rows["chromium-headless-shell"]["revision"]

    def downloaded(self, tmp_path, revision):
        folder = tmp_path / "downloads" / f"chromium_headless_shell-{revision}"
        path = self.program(folder / "chrome-linux/headless_shell", "HeadlessChrome/131.0.6778.33")
        (folder / "INSTALLATION_COMPLETE").touch()
        return path

    def test_without_one_the_command_that_adds_one_is_told(self):
        with pytest.raises(Unavailable, match="no browser on this machine") as raised:
            find()
        assert "playwright install --only-shell chromium" in raised.value.remedy
        assert "apt-get install chromium" in raised.value.remedy

    def test_the_systems_is_found_with_its_version(self, tmp_path):
        path = self.program(tmp_path / "bin/google-chrome", "Google Chrome 131.0.6778.85 ")
        assert find() == Browser(str(path), "Google Chrome", "131.0.6778.85")

    def test_playwrights_own_comes_before_the_systems(self, tmp_path):
        self.program(tmp_path / "bin/chromium")
        path = self.downloaded(tmp_path, self.revision())
        assert find() == Browser(str(path), "HeadlessChrome", "131.0.6778.33")

    def test_a_download_for_another_playwright_does_not_count(self, tmp_path):
        self.downloaded(tmp_path, "1")
        with pytest.raises(Unavailable):
            find()

    def test_a_download_that_was_broken_off_does_not_count(self, tmp_path):
        path = self.downloaded(tmp_path, self.revision())
        (path.parents[1] / "INSTALLATION_COMPLETE").unlink()
        with pytest.raises(Unavailable):
            find()

    def test_the_one_that_was_named_comes_first(self, tmp_path, monkeypatch):
        self.downloaded(tmp_path, self.revision())
        path = self.program(tmp_path / "mine", "Chromium 99.0.1")
        monkeypatch.setenv("VERIFY_BROWSER", str(path))
        assert find() == Browser(str(path), "Chromium", "99.0.1")

    def test_a_named_one_that_does_not_start_is_not_replaced(self, tmp_path, monkeypatch):
        self.program(tmp_path / "bin/chromium")
        monkeypatch.setenv("VERIFY_BROWSER", str(tmp_path / "none"))
        with pytest.raises(Unavailable, match="VERIFY_BROWSER names"):
            find()

    def test_a_stub_that_asks_for_a_snap_is_no_browser(self, tmp_path):
        said = "Command requires the chromium snap to be installed."
        self.program(tmp_path / "bin/chromium-browser", said, 1)
        with pytest.raises(Unavailable):
            find()

    def test_without_playwright_set_up_is_asked_for(self, tmp_path, monkeypatch):
        self.program(tmp_path / "bin/chromium")
        monkeypatch.setattr(finding, "find_spec", lambda _: None)
        with pytest.raises(Unavailable, match="playwright is not installed"):
            find()
