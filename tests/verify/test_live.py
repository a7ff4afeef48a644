"""`verify live` on a command line, against real servers."""

import contextlib
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from verify.deployment import Look
from verify.live.watch import changes
from verify.model import Cell, Observation, Outcome, Stage
from verify.probes.server import serve

ROOT = Path(__file__).parents[2]
PYTHON = str(ROOT / ".venv/bin/python")
TOKEN = "s3cret-token-of-the-proxy"

SOUND = """
import streamlit as st

BUILD_MARKER = "M1"
TABS = ("One", "Two")
st.sidebar.markdown(f"**Build marker:** `{BUILD_MARKER}`")
st.title("a title")
for tab, label in zip(st.tabs(TABS), TABS):
    tab.write(f"this is {label}")
"""

BROKEN = """
import streamlit as st

TABS = ("Good", "Bad", "Empty")
for tab, label in zip(st.tabs(TABS, on_change="rerun"), TABS):
    if tab.open:
        with tab:
            if label == "Bad":
                raise ValueError("kaputt")
            if label == "Good":
                st.write("good")
"""

ECHO = """
import streamlit as st

st.write(dict(st.context.headers))
st.write(dict(st.query_params))
st.write("all of it")
"""


@contextlib.contextmanager
def served(folder: Path, text: str) -> Iterator[str]:
    """Serve a page; its file may be rewritten meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "page.py").write_text(text, "utf-8")
    with serve(PYTHON, "page.py", cwd=folder, env=dict(os.environ), deadline=90) as server:
        yield server.url


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The address of a sound page."""
    with served(tmp_path_factory.mktemp("sound"), SOUND) as url:
        yield url


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """The address of a page of which lazy tabs are broken."""
    with served(tmp_path_factory.mktemp("broken"), BROKEN) as url:
        yield url


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """The address of a page that repeats what visitors bring along."""
    with served(tmp_path_factory.mktemp("echo"), ECHO) as url:
        yield url


@pytest.fixture
def nowhere(tiny):
    """A folder without a manifest, and none above it."""
    (tiny.root / "verify.toml").unlink()
    return tiny


@contextlib.contextmanager
def answering(answer: bytes | None, backend: str = "", *, origin: str = "") -> Iterator[str]:
    """Serve one answer to whatever is asked; or pass on what has the token.

    Args:
        answer: what everybody gets, or, with a backend, who has no token.
        backend: the address of who answers those that have it.
        origin: passed on instead of the real one, as a faulty proxy would.
    """

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                if not (more := self.request.recv(65536)):
                    return
                head += more
            welcome = f"authorization: bearer {TOKEN}".encode() in head.lower() or answer is None
            if not backend or not welcome:
                self.request.sendall(answer or b"")
                return
            if origin:
                head = re.sub(rb"(?i)\r\norigin: [^\r]*", b"\r\nOrigin: " + origin.encode(), head)
            port = int(backend.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as behind:
                behind.sendall(head)
                back = threading.Thread(target=pump, args=(behind, self.request))
                back.start()
                pump(self.request, behind)
                back.join()

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def http(status: str, *headers: str, body: str = "") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def nobody() -> str:
    """Return an address at which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def cells(report) -> dict[str, str]:
    return {cell["gate"]: cell["outcome"] for cell in report["cells"]}


def findings(report) -> list[tuple[str, object, object]]:
    return [
        (one["subject"], one["expected"], one["got"])
        for cell in report["cells"]
        for one in cell["findings"]
    ]


def test_without_a_manifest_it_tells_what_it_finds(nowhere, sound):
    ran = nowhere.verify("live", sound)
    assert ran.exit == 0, ran.out + ran.err
    assert ran.out.startswith(f"verified: {sound} in ")
    assert re.search(r"script +/.*/page\.py\n", ran.out)
    assert re.search(r"versions +Streamlit 1\.\d+\.\d+, Python 3\.\d+\.\d+\n", ran.out)
    assert re.search(r"marker +M1\n", ran.out)
    assert re.search(r"✔ One +1 element\b", ran.out)
    assert re.search(r"✔ Two +1 element\b", ran.out)
    assert ran.err == ""


def test_json_has_all_of_it(nowhere, sound):
    ran = nowhere.verify("live", sound, "--json")
    report = ran.report
    assert (ran.exit, report["schema"], report["verdict"]) == (0, "verify.live/v1", "verified")
    assert report["url"] == sound
    assert report["facts"]["marker"] == "M1"
    assert [tab["label"] for tab in report["facts"]["tabs"]] == ["One", "Two"]
    assert report["facts"]["foreign_origin"] == "refused with 403"
    assert cells(report) == {"sound": "PASS", "origin": "PASS"}
    keys = {"gate", "stage", "outcome", "observed", "seconds", "reason", "findings"}
    assert all(set(cell) == keys for cell in report["cells"])
    assert report["started"]
    assert 0 < report["facts"]["complete_seconds"] < report["seconds"]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(nowhere, sound, broken, width):
    for url, options in ((sound, ("--marker", "other " * 40)), (broken, ("--tab", "x" * 30))):
        ran = nowhere.verify("live", url, *options, env={"COLUMNS": str(width)})
        assert max(map(len, ran.out.splitlines())) <= width
    ran = nowhere.verify("live", nobody(), env={"COLUMNS": str(width)})
    assert max(map(len, ran.out.splitlines())) <= width


def test_what_it_is_given_it_holds(nowhere, sound):
    given = ("--marker", "M1", "--tab", "One", "--tab", "Two", "--json")
    report = nowhere.verify("live", sound, *given).report
    assert report["verdict"] == "verified"
    assert cells(report) == dict.fromkeys(("sound", "marker", "tabs", "origin"), "PASS")


def test_another_marker_fails(nowhere, sound):
    ran = nowhere.verify("live", sound, "--marker", "M2")
    assert ran.exit == 1
    assert ran.out.startswith("failed: ")
    assert "\n  Build marker in the sidebar: expected M2, got M1\n" in ran.out
    assert re.search(r"^  fix +\w", ran.out, re.MULTILINE)


def test_the_beginning_of_a_marker_is_another_marker(nowhere, tmp_path):
    text = "import streamlit as st\nst.caption('build ABC_2026.1-rc1, of today')"
    with served(tmp_path / "app", text) as url:
        assert nowhere.verify("live", url, "--marker", "ABC_2026.1-rc1").exit == 0
        for other in ("ABC_2026.1", "2026.1-rc1"):
            ran = nowhere.verify("live", url, "--marker", other, "--json")
            assert (other, ran.exit) == (other, 1)
            assert findings(ran.report)[0][1] == other


def test_other_tabs_fail(nowhere, sound):
    report = nowhere.verify("live", sound, "--tab", "Two", "--tab", "One", "--json").report
    assert findings(report) == [("tab 1", "Two", "One"), ("tab 2", "One", "Two")]


def test_a_broken_tab_fails_and_says_where(nowhere, broken):
    ran = nowhere.verify("live", broken, "--json")
    assert (ran.exit, ran.report["verdict"]) == (1, "failed")
    found = findings(ran.report)
    assert ("tab Empty: elements", "at least 1", 0) in found
    assert any("Bad" in subject and "kaputt" in got for subject, _, got in found if got)
    tabs = {tab["label"]: tab["elements"] for tab in ran.report["facts"]["tabs"]}
    assert (tabs["Good"], tabs["Empty"]) == (1, 0)
    text = nowhere.verify("live", broken).out
    assert re.search(r"✔ Good ", text)
    assert re.search(r"✘ Empty ", text)


def test_other_pages_are_visited_and_a_tab_that_hangs_hides_no_other(nowhere, tmp_path):
    pages = tmp_path / "app/pages"
    pages.mkdir(parents=True)
    (pages / "good.py").write_text("import streamlit as st\nst.write('good')", "utf-8")
    (pages / "bad.py").write_text("raise ValueError('kaputt')", "utf-8")
    hangs = BROKEN.replace('raise ValueError("kaputt")', "import time; time.sleep(600)")
    with served(
        tmp_path / "app", hangs.replace('"Empty"', '"Last"') + "            st.write(1)\n"
    ) as url:
        ran = nowhere.verify("live", url, "--deadline", "12", "--json")
        text = nowhere.verify("live", url, "--deadline", "12").out
    found = findings(ran.report)
    assert ran.exit == 1
    assert ("tab Bad: its run", "success", "still running after 4 s") in found
    assert any(got and "kaputt" in str(got) for _, _, got in found)
    seen = {page["path"]: page["exceptions"] for page in ran.report["facts"]["pages"]}
    assert seen == {"good": 0, "bad": 1}
    tabs = {tab["label"]: tab["elements"] for tab in ran.report["facts"]["tabs"]}
    assert tabs["Last"] == 1
    assert re.search(r"✔ /good +1 element", text)
    assert re.search(r"✘ /bad .* 1 exception", text)
    assert re.search(r"✘ Bad .*still running after 4 s", text)


def test_it_holds_a_manifest_by_the_gates_of_the_stage(tiny, sound):
    ran = tiny.verify("live", sound, "--json")
    gates = cells(ran.report)
    assert (ran.exit, ran.report["verdict"]) == (0, "verified"), ran.out
    assert {"sound", "origin", "marker", "tabs", "pages"} <= {
        gate for gate, outcome in gates.items() if outcome == "PASS"
    }
    assert gates["sessions"] == "SKIP"
    text = tiny.verify("live", sound).out
    assert "sessions: many visitors come only when --sessions N asks for them" in text.replace(
        "\n  ", " "
    )


def test_what_differs_from_the_manifest_fails(tiny, sound):
    tiny.edit("verify.toml", 'marker = "M1"', 'marker = "M2"')
    ran = tiny.verify("live", sound, "--json")
    assert (ran.exit, cells(ran.report)["marker"]) == (1, "FAIL")
    assert tiny.verify("live", sound, "--marker", "M1").exit == 0


def test_a_gate_of_the_projects_own_is_held_too(tiny, sound):
    gate = '''"""The title is there."""
from verify.model import Observation

def gate_live(page):
    yield Observation("the title", "another", page.main[0].text, page.url)
'''
    tiny.write("own/title.py", gate)
    ran = tiny.verify("live", sound, "--json")
    assert (ran.exit, findings(ran.report)) == (1, [("the title", "another", "a title")])


OWN = {
    "import something_missing": "No module named 'something_missing'",
    "def gate_live(page):\n    return 1 / 0": "ZeroDivisionError",
    "def gate_live(page):\n    yield 1": "a gate yields Observation, not int",
    "def gate_live(page):\n    return []": "nothing was checked",
}


@pytest.mark.parametrize("text", OWN)
def test_a_gate_that_breaks_is_no_verdict(tiny, sound, text):
    tiny.write("own/mine.py", f'"""Mine."""\n{text}\n# def gate_live(page)\ndef gate_live_(): 0\n')
    if "gate_live(page):" not in text:
        tiny.write("own/mine.py", f'"""Mine."""\n{text}\ndef gate_live(page): ...\n')
    else:
        tiny.write("own/mine.py", f'"""Mine."""\n{text}\n')
    ran = tiny.verify("live", sound, "--json")
    (cell,) = [one for one in ran.report["cells"] if one["gate"] == "mine"]
    assert (ran.exit, cell["outcome"]) == (3, "ERROR")
    assert OWN[text] in cell["reason"]


def test_a_gate_that_needs_a_container_is_said_and_decides_nothing(tiny, sound):
    tiny.write("own/mine.py", '"""Mine."""\ndef gate_live(page, container): ...\n')
    ran = tiny.verify("live", sound)
    assert ran.exit == 0
    said = " ".join(ran.out.split())
    assert "mine: only `verify run` has what it needs: container" in said


def test_a_faulty_manifest_is_wrong_usage(tiny, sound):
    tiny.write("verify.toml", "[dashboard]\n")
    assert tiny.verify("live", sound).exit == 2
    assert tiny.verify("live", sound, "--root", "own").exit == 2


def test_nothing_that_listens_is_inconclusive(nowhere):
    ran = nowhere.verify("live", nobody(), "--json")
    assert (ran.exit, ran.report["verdict"], ran.report["facts"]) == (3, "inconclusive", None)
    (cell,) = ran.report["cells"]
    assert (cell["gate"], cell["outcome"]) == ("answers", "ERROR")
    assert "refused the connection" in cell["reason"]
    assert "Start the dashboard" in cell["reason"]


def test_a_name_that_is_not_found_is_inconclusive(nowhere):
    ran = nowhere.verify("live", "http://nobody.invalid")
    assert ran.exit == 3
    assert "not found" in ran.out


def test_a_server_that_says_nothing_is_inconclusive(nowhere):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ran = nowhere.verify("live", url, "--deadline", "0.5")
    assert ran.exit == 3
    assert "deadline" in ran.out


LOGIN = http("302 Found", "Location: /login?next=%2Fsecret-path&state=s3cret-state")
ANSWERS = {
    "a proxy without a backend": (http("502 Bad Gateway"), 1),
    "a proxy that is shut": (http("503 Service Unavailable"), 1),
    "another server": (http("200 OK", "Content-Type: text/html", body="<h1>hi</h1>"), 1),
    "nothing at that path": (http("404 Not Found"), 1),
    "a login": (LOGIN, 3),
    "a sign-in": (http("401 Unauthorized"), 3),
    "a closed door": (http("403 Forbidden"), 3),
    "a sign-in page": (http("200 OK", body='<input type="password">'), 3),
    "the wrong scheme": (
        http("400 Bad Request", body="The plain HTTP request was sent to HTTPS port"),
        3,
    ),
    "not now": (http("429 Too Many Requests"), 3),
    "no HTTP": (b"220 mail ready\r\n", 3),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_that_is_no_dashboard_has_its_outcome(nowhere, name):
    answer, code = ANSWERS[name]
    with answering(answer) as url:
        ran = nowhere.verify("live", url, "--deadline", "10", "--json")
    (cell,) = ran.report["cells"]
    assert (ran.exit, cell["gate"]) == (code, "answers")
    assert cell["outcome"] == {1: "FAIL", 3: "ERROR"}[code]
    assert "s3cret-state" not in ran.out


def test_a_dashboard_that_refuses_the_proxys_origin_fails(nowhere, sound):
    with answering(None, sound, origin="http://elsewhere.invalid") as url:
        ran = nowhere.verify("live", url, "--json")
    assert (ran.exit, cells(ran.report)) == (1, {"answers": "FAIL"})


def test_a_proxy_that_hides_the_origin_fails(nowhere, sound):
    with answering(None, sound, origin=sound) as url:
        ran = nowhere.verify("live", url, "--json")
    assert (ran.exit, cells(ran.report)) == (1, {"sound": "PASS", "origin": "FAIL"})


@pytest.mark.parametrize("way", ["the file", "the environment", "a header"])
def test_a_token_opens_the_door_and_is_never_shown(nowhere, echo, tmp_path, way):
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    options = {
        "the file": ("--token-file", str(tmp_path / "token")),
        "the environment": (),
        "a header": ("--header", f"Authorization: Bearer {TOKEN}"),
    }[way]
    env = {"VERIFY_TOKEN": TOKEN} if way == "the environment" else {}
    metrics = tmp_path / "verify.prom"
    with answering(http("401 No"), echo) as url:
        shut = nowhere.verify("live", url)
        secret = url.replace("http://", "http://me:s3cret-password@") + "/?code=s3cret-code"
        ran = [
            nowhere.verify("live", address, *options, *form, "--metrics", str(metrics), env=env)
            for address, form in ((secret, ()), (url, ("--json",)), (secret, ("--marker", "none")))
        ]
    assert shut.exit == 3
    assert "sign" in shut.out
    assert [one.exit for one in ran] == [0, 0, 1]
    said = "".join(one.out + one.err for one in ran) + metrics.read_text("utf-8")
    assert "s3cret" not in said


def test_a_header_with_a_secret_is_hidden_even_where_the_page_repeats_it(nowhere, tmp_path):
    text = "import streamlit as st\nst.exception(ValueError(st.context.headers['X-Api-Key']))"
    with served(tmp_path / "app", text) as url:
        ran = nowhere.verify("live", url, "--header", "X-Api-Key: s3cret-key")
    assert ran.exit == 1
    assert "s3cret-key" not in ran.out
    assert "ValueError: ***" in ran.out


WRONG = {
    "no URL": ("127.0.0.1:8501",),
    "no URL, with a password": ("ftp://me:s3cret@h/?code=s3cret",),
    "no URL, and no port": ("http://me:s3cret@h:99999",),
    "no header": ("http://h", "--header", "s3cret"),
    "a header of two lines": ("http://h", "--header", "A: s3cret\nB: c"),
    "no such token file": ("http://h", "--token-file", "none"),
    "no such certificates": ("http://h", "--ca-file", "none"),
    "screenshots without a browser": ("http://h", "--screenshots", "shots"),
    "a burst again and again": ("http://127.0.0.1:1", "--watch", "1", "--sessions", "3"),
    "a burst elsewhere": ("http://192.0.2.1", "--sessions", "3"),
    "no project": ("http://h", "--root", "none"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_usage_is_told(nowhere, name):
    ran = nowhere.verify("live", *WRONG[name])
    assert ran.exit == 2
    assert ran.out == ""
    assert "s3cret" not in ran.err


def test_a_burst_of_visitors_is_shown_as_a_histogram(nowhere, sound):
    ran = nowhere.verify("live", sound, "--sessions", "6", "--deadline", "120")
    assert ran.exit == 0, ran.out + ran.err
    assert "6 of 6 visitors got the whole page" in ran.out
    report = nowhere.verify("live", sound, "--sessions", "3", "--json").report
    assert cells(report)["sessions"] == "PASS"
    assert len(report["sessions"]["seconds"]) == report["sessions"]["asked"] == 3


def test_without_a_browser_the_browsers_part_is_not_known(nowhere, sound, tmp_path):
    ran = nowhere.verify(
        "live", sound, "--browser", "--json", env={"VERIFY_BROWSER": str(tmp_path / "none")}
    )
    assert (ran.exit, ran.report["verdict"]) == (3, "inconclusive")
    gates = cells(ran.report)
    assert (gates["responsive"], gates["accessibility"]) == ("SKIP", "SKIP")
    assert gates["sound"] == "PASS"


@pytest.mark.browser
def test_a_browser_sees_the_page_and_keeps_pictures(nowhere, sound, tmp_path):
    shots = tmp_path / "shots"
    ran = nowhere.verify("live", sound, "--browser", "--screenshots", str(shots), "--json")
    gates = cells(ran.report)
    assert gates["responsive"] == "PASS", ran.out
    assert gates["accessibility"] in {"PASS", "FAIL"}
    assert list(shots.glob("*.png"))


def test_metrics_tell_what_was_seen(nowhere, sound, tmp_path):
    path = tmp_path / "verify.prom"
    nowhere.verify("live", sound, "--marker", "M1", "--metrics", str(path))
    text = path.read_text("utf-8")
    assert f'verify_live_up{{url="{sound}"}} 1\n' in text
    assert f'verify_live_marker_ok{{url="{sound}"}} 1\n' in text
    assert f'verify_live_tab_ok{{url="{sound}",tab="Two"}} 1\n' in text
    url = nobody()
    nowhere.verify("live", url, "--metrics", str(path))
    text = path.read_text("utf-8")
    assert f'verify_live_up{{url="{url}"}} 0\n' in text
    assert f'verify_live_verdict{{url="{url}",verdict="inconclusive"}} 1\n' in text


class Watching:
    """A `verify live --watch` that goes on until it is interrupted."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.log = folder / "watch.log"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "verify.cli", "live", *arguments, "--watch", "0.2"],
                cwd=folder,
                env={**os.environ, "CI": "true"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def said(self, pattern: str) -> re.Match[str] | None:
        assert self.process.poll() is None, self.log.read_text("utf-8")
        return re.search(pattern, self.log.read_text("utf-8"), re.MULTILINE)

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def watching(nowhere, tmp_path):
    """Start `verify live --watch`; it is ended after the test."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> Watching:
            one = Watching(tmp_path, *arguments)
            stack.callback(one.process.wait)
            stack.callback(one.process.kill)
            return one

        yield start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_watching_tells_changes_until_it_is_interrupted(watching, until, tmp_path, number):
    metrics = tmp_path / "verify.prom"
    with served(tmp_path / "app", SOUND) as url:
        watch = watching(url, "--marker", "M1", "--metrics", str(metrics))
        until(lambda: watch.said(r"^\S+  verified: http\S+, marker M1, Streamlit 1\."), 60)
        before = metrics.stat().st_mtime_ns
        until(lambda: metrics.stat().st_mtime_ns != before, 60)
        (tmp_path / "app/page.py").write_text(SOUND.replace('"M1"', '"M2"'), "utf-8")
        until(lambda: watch.said(r"^\S+  found: Build marker in the sidebar: .* got M2$"), 60)
        assert watch.said(r"^\S+  verdict: verified -> failed$")
        assert watch.said(r"^\S+  marker: M1 -> M2$")
        (tmp_path / "app/page.py").write_text(SOUND, "utf-8")
        until(lambda: watch.said(r"^\S+  gone: Build marker in the sidebar"), 60)
        assert watch.end(number) == 130
    lines = watch.log.read_text("utf-8").splitlines()
    assert len(lines) == 1 + 3 + 3 + 1
    assert not list(tmp_path.glob(".verify.prom*"))


def test_what_differs_on_every_look_is_no_change():
    def look(seconds: float, got: object, reason: str) -> Look:
        wrong = Observation("its run", "success", got)
        return Look(
            url="http://h",
            started="",
            seconds=seconds,
            cells=(
                Cell("sound", Stage.LIVE, Outcome.FAIL, (wrong,)),
                Cell("answers", Stage.LIVE, Outcome.ERROR, reason=reason),
            ),
        )

    first = look(1.0, "rerun loop, 12 runs", "dropped after 17 bytes")
    assert changes(first, look(2.0, "rerun loop, 13 runs", "dropped after 18 bytes")) == ()
    (came, went) = changes(first, look(2.0, "rerun loop, 12 runs", "refused"))
    assert str(came) == "found: answers: refused"
    assert str(went) == "gone: answers: dropped after 17 bytes"


def test_watching_survives_an_outage(watching, until, tmp_path):
    watch = None
    with served(tmp_path / "app", SOUND) as url:
        watch = watching(url, "--json")
        until(lambda: watch.said(r'"verdict": "verified"'), 60)
    until(lambda: watch.said(r'"verdict": "inconclusive"'), 60)
    assert watch.end(signal.SIGINT) == 130
    text = watch.log.read_text("utf-8")
    first, *others = (json.loads(line) for line in text.splitlines() if line.startswith("{"))
    assert (first["changes"], first["schema"]) == ([], "verify.live/v1")
    change = {"what": "verdict", "before": "verified", "now": "inconclusive"}
    assert change in others[0]["changes"]
    assert all(one["changes"] for one in others)


def test_a_reader_who_is_gone_is_no_fault(nowhere, sound):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "verify.cli", "live", sound],
        cwd=nowhere.root,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (130, b"")


def test_help_says_what_it_is(nowhere):
    ran = nowhere.verify("live", "--help")
    assert ran.exit == 0
    assert "Look at a running deployment" in ran.out
