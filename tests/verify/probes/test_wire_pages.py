"""What the probe says of the other pages of an app."""

import sys
from textwrap import dedent

import pytest

from verify.errors import CouldNotCheck
from verify.probes import wire
from verify.probes.server import serve

PATIENCE = 60  # seconds: never reached unless something hangs

HOME = "import streamlit as st\nst.write('home')\nst.sidebar.write('beside')\n"
GOOD = "import streamlit as st\nst.write('good')\nst.tabs(['T'])[0].write('in T')\n"


@pytest.fixture
def visit(tmp_path):
    """Serve files, the first of which is the entry, and read it with all its pages."""

    def read(files, path="", **settings):
        for name, code in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(dedent(code), encoding="utf-8")
        env = {"HOME": str(tmp_path)}
        with serve(
            sys.executable, next(iter(files)), cwd=tmp_path, env=env, deadline=PATIENCE
        ) as running:
            asked = {"deadline": PATIENCE, "open_tabs": True, "visit_pages": True, **settings}
            return wire.read(running.url + path, **asked)

    return read


def test_every_page_of_the_folder_is_visited(visit):
    page = visit({"page.py": HOME, "pages/1_Good.py": GOOD, "pages/_left_over.py": GOOD})
    assert [(v.path, v.name, v.how) for v in page.visits] == [
        ("Good", "Good", "success"),
        ("left_over", "left over", "success"),
    ]
    assert [e.text for e in page.visits[0].elements] == ["good", "T", "in T"]
    assert [e.text for e in page.main] == ["home"]
    assert (page.complete, page.runs) == (True, 3)


def test_pages_are_not_visited_unasked(visit):
    page = visit({"page.py": HOME, "pages/1_Good.py": GOOD}, visit_pages=False)
    assert (page.visits, page.page_paths, page.runs) == ((), ("", "Good"), 1)


@pytest.mark.parametrize("path", ["/Good", "/Good/", "/x/Good"])
def test_the_url_of_a_page_leads_to_the_server_it_is_on(visit, path):
    page = visit({"page.py": HOME, "pages/1_Good.py": GOOD}, path)
    assert [e.text for e in page.main] == ["home"]
    assert [v.path for v in page.visits] == ["Good"]


def test_a_path_too_long_to_be_a_pages_is_not_guessed_at(visit):
    with pytest.raises(CouldNotCheck, match="answered 403"):
        visit({"page.py": HOME}, "/one/two/three")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        pytest.param("raise ValueError('bad')\n", "ValueError: bad", id="raises"),
        pytest.param("import no_such_module\n", "ModuleNotFoundError", id="import"),
        pytest.param("def broken(:\n", "SyntaxError", id="syntax"),
    ],
)
def test_a_broken_page_is_seen_and_hides_no_other(visit, code, shown):
    page = visit({"page.py": HOME, "pages/1_Bad.py": code, "pages/2_Good.py": GOOD})
    bad, good = page.visits
    assert shown in bad.exceptions[0].text
    assert (good.how, good.exceptions) == ("success", ())
    assert page.exceptions == ()


def test_a_page_that_does_not_end_hides_no_other(visit):
    hangs = "import time\nimport streamlit as st\nst.write('x')\ntime.sleep(300)\n"
    page = visit(
        {"page.py": HOME, "pages/1_Hangs.py": hangs, "pages/2_Good.py": GOOD}, tab_deadline=1
    )
    assert [v.how for v in page.visits] == ["still running after 1 s", "success"]
    assert page.visits[0].elements[0].text == "x"
    assert (page.how, page.complete) == ("success", False)


def test_a_first_page_that_does_not_end_hides_no_other(visit):
    hangs = "import time\nimport streamlit as st\nst.write('x')\ntime.sleep(300)\n"
    page = visit({"page.py": hangs, "pages/1_Good.py": GOOD}, deadline=8, tab_deadline=2)
    assert page.how == "still running after 4 s"
    assert [(v.path, v.how) for v in page.visits] == [("Good", "success")]


def test_lazy_tabs_of_other_pages_are_opened(visit):
    tabs = """
        import streamlit as st
        a, b = st.tabs(["A", "B"], on_change="rerun")
        if a.open: a.write("in A")
        if b.open:
            b.write("in B")
            raise ValueError("only when opened")
    """
    page = visit({"page.py": HOME, "pages/tabs.py": tabs, "pages/z.py": GOOD})
    assert [e.text for e in page.visits[0].elements if "in " in e.text] == ["in A", "in B"]
    assert page.visits[0].exceptions[0].where == ("main", "while 'B' was open")
    assert page.visits[1].how == "success"


NAVIGATION = """
    import streamlit as st

    def home(): st.write("home")
    def moved(): st.switch_page("good.py")
    def hidden(): st.write("hidden")

    pages = [st.Page(home), st.Page("good.py"), st.Page(moved), st.Page(hidden)]
    if st.session_state.get("seen"):
        pages = PAGES
    st.session_state["seen"] = True
    st.navigation(pages, position="hidden").run()
"""


def test_pages_of_a_navigation_are_visited_and_a_redirect_is_followed(visit):
    page = visit({"page.py": NAVIGATION.replace("PAGES", "pages"), "good.py": GOOD})
    assert [(v.path, v.how, v.elements[0].text) for v in page.visits] == [
        ("good", "success", "good"),
        ("moved", "success", "good"),
        ("hidden", "success", "hidden"),
    ]
    assert page.complete


def test_a_page_that_is_listed_and_not_served_is_told(visit):
    page = visit({"page.py": NAVIGATION.replace("PAGES", "pages[:1]"), "good.py": GOOD})
    assert [(v.path, v.how) for v in page.visits] == [
        ("good", "page not found"),
        ("moved", "page not found"),
        ("hidden", "page not found"),
    ]
    assert not page.complete


def test_links_to_elsewhere_are_not_visited(visit):
    code = """
        import streamlit as st
        pages = [st.Page("good.py", default=True), st.Page("https://example.invalid/", title="Out")]
        st.navigation(pages).run()
    """
    page = visit({"page.py": code, "good.py": GOOD})
    assert (page.visits, page.pages, page.page_paths) == ((), ("good", "Out"), ("",))
