"""What the probe says is the same for every Streamlit from 1.40 on."""

import contextlib
import sys
from textwrap import dedent

import pytest

import streamlit
from tests.verify.probes.conftest import OLDER
from verify.probes import origin, wire
from verify.probes.server import serve

PATIENCE = 60  # seconds: never reached unless something hangs
FIRST_LAZY = (1, 53)
"""Older ones have no tabs that draw only when open."""

SENTINEL = "<span hidden data-end></span>"


@pytest.fixture(scope="module", params=[*OLDER, streamlit.__version__])
def version(request):
    return request.param


@pytest.fixture(scope="module")
def python(version, older_streamlit):
    return sys.executable if version == streamlit.__version__ else older_streamlit(version)


@pytest.fixture(scope="module")
def lazy(version):
    return tuple(int(part) for part in version.split(".")[:2]) >= FIRST_LAZY


@pytest.fixture
def serving(python, tmp_path):
    """Serve files with this version, the first being the entry: `with serving(files) as url`."""

    @contextlib.contextmanager
    def start(files, **settings):
        for name, code in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(dedent(code), encoding="utf-8")
        env = {"HOME": str(tmp_path), **settings}
        with serve(python, next(iter(files)), cwd=tmp_path, env=env, deadline=PATIENCE) as running:
            yield running.url

    return start


@pytest.fixture
def visit(serving):
    """Serve files and read them: all there is, unless told otherwise."""

    def read(files, **settings):
        if isinstance(files, str):
            files = {"page.py": files}
        with serving(files) as url:
            asked = {"deadline": PATIENCE, "open_tabs": True, "visit_pages": True, **settings}
            return wire.read(url, **asked)

    return read


def texts(elements):
    return [element.text for element in elements]


EAGER = f"""
    import streamlit as st
    st.title("Title")
    with st.sidebar.expander("Diagnostics"):
        st.markdown("Build marker: `M1`")
    a, b = st.tabs(["A", "B"])
    a.write("in A")
    with b:
        left, right = st.columns(2)
        left.metric("Leads", 42, 3)
        right.error("bad")
        st.dataframe({{"x": [1, 2]}})
        st.line_chart({{"x": [1, 2]}})
    st.html({SENTINEL!r})
"""


def test_a_page_with_tabs_is_read(visit, version):
    page = visit(EAGER)
    assert (page.streamlit, page.how, page.complete) == (version, "success", True)
    assert page.python.startswith(".".join(map(str, sys.version_info[:2])))
    assert page.main_script.endswith("page.py")
    assert page.page_paths == ("",)
    assert [(tab.label, tab.how, tab.end.text) for tab in page.tabs] == [
        ("A", "success", SENTINEL),
        ("B", "success", SENTINEL),
    ]
    assert texts(page.tabs[0].elements) == ["in A"]
    assert [e.kind for e in page.tabs[1].elements] == [
        *("metric", "alert", "dataframe", "vega_lite_chart")
    ]
    assert texts(page.tabs[1].elements)[:2] == ["Leads: 42: 3", "bad"]
    assert texts(page.main) == ["Title", SENTINEL]
    assert page.end.text == SENTINEL
    assert texts(page.sidebar) == ["Diagnostics", "Build marker: `M1`"]
    assert texts(page.above) == ["Title"]


def test_lazy_tabs_are_opened_where_there_are_any(visit, lazy):
    page = visit(
        """
        import time
        import streamlit as st
        for label, tab in zip("ABC", st.tabs(["A", "B", "C"], on_change="rerun")):
            if tab.open:
                tab.write(f"in {label}")
                time.sleep(300 if label == "B" else 0)
        st.write("end")
    """,
        tab_deadline=1.5,
    )
    if not lazy:
        assert "on_change" in page.exceptions[0].text
        return
    assert [(tab.how, texts(tab.elements)) for tab in page.tabs] == [
        ("success", ["in A"]),
        ("still running after 1.5 s", ["in B"]),
        ("success", ["in C"]),
    ]
    assert (page.tabs[1].end.text, page.tabs[2].end.text) == ("in B", "end")


def test_an_exception_is_seen_with_its_place(visit):
    page = visit("import streamlit as st\nst.tabs(['A'])[0].write('x')\nraise KeyError('k')\n")
    assert [(e.text, e.where) for e in page.exceptions] == [("KeyError: 'k'", ("main",))]
    assert page.end.text == "KeyError: 'k'"
    assert page.complete


def test_a_compile_error_is_seen(visit):
    page = visit("import streamlit as st\nst.write('x'\n")
    assert (page.how, page.complete) == ("compile error", False)
    assert page.exceptions[0].text.startswith("SyntaxError: ")


def test_a_script_that_is_gone_is_seen(serving, tmp_path):
    with serving({"page.py": "import streamlit as st\nst.write('x')\n"}) as url:
        (tmp_path / "page.py").unlink()
        page = wire.read(url, deadline=PATIENCE)
    assert (page.how, page.complete) == ("compile error", False)
    assert page.exceptions[0].text.startswith("FileNotFoundError: ")


def test_a_loop_of_reruns_is_seen(visit):
    assert visit("import streamlit as st\nst.write('x')\nst.rerun()\n").how == "rerun loop"


def test_a_run_that_does_not_end_is_seen(visit):
    page = visit("import streamlit as st\nst.write('x')\nimport sys; sys.exit()\n", deadline=2)
    assert (page.how, texts(page.main)) == ("still running after 2 s", ["x"])


LARGE = "import streamlit as st\nst.text('x' * 100_000)\n"
"""Large enough for some versions not to send it again in the same session."""


def test_every_page_is_visited_and_none_hides_another(visit):
    page = visit(
        {
            "page.py": LARGE,
            "pages/1_Same.py": LARGE,
            "pages/2_Raises.py": "raise ValueError('bad')\n",
            "pages/3_Syntax.py": "def broken(:\n",
            "pages/4_Hangs.py": "import time\ntime.sleep(300)\n",
            "pages/5_Again.py": LARGE,
        },
        tab_deadline=1.5,
    )
    assert page.page_paths == ("", "Same", "Raises", "Syntax", "Hangs", "Again")
    same, raises, syntax, hangs, again = page.visits
    assert len(page.main[0].text) == 100_000
    assert [len(e.text) for v in (same, again) for e in v.elements] == [100_000] * 2
    assert texts(raises.exceptions) == ["ValueError: bad"]
    assert syntax.exceptions[0].text.startswith("SyntaxError: ")
    assert (same.how, hangs.how, again.how) == (
        *("success", "still running after 1.5 s", "success"),
    )


def test_pages_of_a_navigation_are_visited(visit):
    page = visit(
        {
            "page.py": """
            import streamlit as st
            def home(): st.write("home")
            st.navigation([st.Page(home, title="Home"), st.Page("b.py", url_path="bee")]).run()
        """,
            "b.py": "import streamlit as st\nst.write('b')\n",
        }
    )
    assert (page.pages, page.page_paths) == (("Home", "b"), ("", "bee"))
    assert [(v.path, v.how, texts(v.elements)) for v in page.visits] == [("bee", "success", ["b"])]


def test_reruns_of_the_script_itself_keep_what_is_large(visit):
    page = visit("""
        import streamlit as st
        n = st.session_state["n"] = st.session_state.get("n", 0) + 1
        st.text("x" * 100_000)
        if n < 3:
            import time
            time.sleep(0.2)  # or the server merges the runs before it sends
            st.rerun()
        st.write("end")
    """)
    assert [len(e.text) for e in page.main] == [100_000, 3]
    assert page.runs == 3


def test_a_foreign_origin_is_refused_unless_it_is_let_in(serving):
    code = {"page.py": "import streamlit as st\nst.write('x')\n"}
    with serving(code) as url:
        assert origin.foreign(url, deadline=PATIENCE) == origin.REFUSED
    with serving(
        code,
        STREAMLIT_SERVER_ENABLE_CORS="false",
        STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION="false",
    ) as url:
        assert origin.foreign(url, deadline=PATIENCE) == origin.ACCEPTED
