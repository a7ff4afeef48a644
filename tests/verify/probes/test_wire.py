"""What the probe says about real Streamlit servers, each with one small app."""

import sys
import time
from textwrap import dedent

import pytest

import streamlit
from verify.errors import CouldNotCheck
from verify.probes import wire
from verify.probes.server import serve

PATIENCE = 60  # seconds: never reached unless something hangs


@pytest.fixture
def visit(tmp_path):
    """Serve an app and read it: `visit(code)`; what is passed besides goes to `wire.read`."""

    def read(code, query="", env=(), **settings):
        (tmp_path / "page.py").write_text(dedent(code), encoding="utf-8")
        whole_env = {"HOME": str(tmp_path), **dict(env)}
        with serve(
            sys.executable, "page.py", cwd=tmp_path, env=whole_env, deadline=PATIENCE
        ) as running:
            return wire.read(f"{running.url}/{query}", **{"deadline": PATIENCE, **settings})

    return read


def texts(elements):
    return [element.text for element in elements]


LAZY = """
    import streamlit as st

    LABELS = ["One", "Two", "Three"]
    st.title("Lazy")
    with st.sidebar.expander("Diagnostics"):
        st.markdown("Build marker: `MARK_1`")
    for label, tab in zip(LABELS, st.tabs(LABELS, on_change="rerun", key="tab")):
        if tab.open:
            with tab:
                st.write(f"in {label}")
                with st.container():
                    st.metric("Leads", 42, 3)
                if label == "Two":
                    p, q = st.tabs(["P", "Q"], on_change="rerun", key="inner")
                    if p.open:
                        p.write("in P")
                    if q.open:
                        q.write("in Q")
                if label == "Three":
                    raise ValueError("only when opened")
    st.write("end")
"""


def test_lazy_tabs_are_known_by_label_and_only_the_open_one_is_seen(visit):
    page = visit(LAZY)
    assert [tab.label for tab in page.tabs] == ["One", "Two", "Three"]
    assert [tab.opened for tab in page.tabs] == [True, False, False]
    assert [texts(tab.elements) for tab in page.tabs] == [["in One", "Leads: 42: 3"], [], []]
    assert page.exceptions == ()
    assert (page.complete, page.how, page.runs) == (True, "success", 1)


def test_every_lazy_tab_is_opened_nested_ones_too_and_a_broken_one_is_seen(visit):
    page = visit(LAZY, open_tabs=True)
    assert [tab.opened for tab in page.tabs] == [True, True, True]
    assert [texts(tab.elements) for tab in page.tabs] == [
        ["in One", "Leads: 42: 3"],
        ["in Two", "Leads: 42: 3", "P", "in P", "Q", "in Q"],
        ["in Three", "Leads: 42: 3"],
    ]
    assert texts(page.exceptions) == ["ValueError: only when opened"]
    assert page.exceptions[0].where == ("main", "while 'Three' was open")
    assert texts(page.main) == ["Lazy", "end"]
    assert page.complete
    assert page.runs == 4  # the first page, then Two, Q and Three


def test_page_says_what_runs_and_what_stands_in_its_sidebar(visit, tmp_path):
    page = visit(LAZY)
    assert page.main_script == str(tmp_path / "page.py")
    assert page.streamlit == streamlit.__version__
    assert page.python.startswith(".".join(map(str, sys.version_info[:3])))
    assert [(e.kind, e.text, e.where) for e in page.sidebar] == [
        ("expander", "Diagnostics", ("sidebar",)),
        ("markdown", "Build marker: `MARK_1`", ("sidebar", "Diagnostics")),
    ]
    assert page.bytes > 500
    assert 0 < page.connect_seconds < page.first_message_seconds < page.complete_seconds


def test_tabs_that_are_not_lazy_are_all_seen_at_once(visit):
    code = """
        import streamlit as st
        with st.container():
            a, b = st.tabs(["A", "B"])
        a.write("in A")
        with b, st.expander("More"):
            left, right = st.columns(2)
            right.error("bad", icon="🚨")
            left.subheader("Head")
            inner = st.tabs(["I"])
            inner[0].code("x = 1")
        (c,) = st.tabs(["C"])
        with st.sidebar:
            (s,) = st.tabs(["S"])
            s.caption("in S")
    """
    page = visit(code, open_tabs=True)
    assert [(tab.label, texts(tab.elements), tab.opened) for tab in page.tabs] == [
        ("A", ["in A"], True),
        ("B", ["More", "Head", "bad", "I", "x = 1"], True),
        ("C", [], True),
    ]
    assert [e.kind for e in page.tabs[1].elements] == [
        "expander",
        "heading",
        "alert",
        "tab",
        "code",
    ]
    assert page.tabs[1].elements[-1].where == ("main", "B", "More", "I")
    assert texts(page.sidebar) == ["S", "in S"]
    assert page.runs == 1


def test_uncaught_exception_is_a_complete_page_with_an_exception(visit):
    page = visit("import streamlit as st\nst.write('before')\nraise RuntimeError('boom')\n")
    assert [(e.kind, e.text, e.where) for e in page.exceptions] == [
        ("exception", "RuntimeError: boom", ("main",))
    ]
    assert texts(page.main) == ["before", "RuntimeError: boom"]
    assert page.complete


def test_exception_is_laid_to_the_tab_that_was_open_and_said_once(visit):
    code = """
        import streamlit as st
        st.exception(ValueError("always"))
        for label, tab in zip("ABC", st.tabs(["A", "B", "C"], on_change="rerun")):
            if tab.open and label == "A":
                tab.exception(KeyError("in A"))
            elif tab.open:
                raise RuntimeError("when open")
    """
    page = visit(code, open_tabs=True)
    assert [(e.text, e.where) for e in page.exceptions] == [
        ("ValueError: always", ("main",)),
        ("KeyError: 'in A'", ("main", "A")),
        ("RuntimeError: when open", ("main", "while 'B' was open")),
        ("RuntimeError: when open", ("main", "while 'C' was open")),
    ]


def test_syntax_error_is_seen_with_its_message(visit):
    page = visit("import streamlit as st\nst.write('x'\n")
    assert (page.complete, page.how) == (False, "compile error")
    (fault,) = page.exceptions
    assert fault.text.startswith("SyntaxError: ")
    assert fault.where == ("compilation",)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param("import sys; sys.exit('gone')", id="exit"),
        pytest.param("while True: pass", id="loop"),
        pytest.param("import time; time.sleep(300)", id="wait"),
    ],
)
def test_script_that_never_ends_is_a_fact_and_the_deadline_holds(visit, end):
    begun = time.monotonic()
    page = visit(f"import streamlit as st\nst.write('drawn')\n{end}\n", deadline=2)
    assert (page.complete, page.how) == (False, "still running after 2 s")
    assert 2 <= page.complete_seconds < 5
    assert texts(page.main) == ["drawn"]
    assert time.monotonic() - begun < PATIENCE


def test_slow_tab_is_named_when_the_deadline_comes(visit):
    code = """
        import time
        import streamlit as st
        for label, tab in zip("AB", st.tabs(["A", "B"], on_change="rerun")):
            if tab.open:
                tab.write(label)
                time.sleep(300 if label == "B" else 0)
    """
    page = visit(code, deadline=3, open_tabs=True)
    assert page.how == "success"
    assert page.tabs[1].how.startswith("still running after ")
    assert not page.complete
    assert [texts(tab.elements) for tab in page.tabs] == [["A"], ["B"]]


def test_endless_reruns_are_a_fact_about_the_page(visit):
    page = visit("import streamlit as st\nst.write('x')\nst.rerun()\n")
    assert (page.complete, page.how) == (False, "rerun loop")
    assert page.runs > 1


def test_rerun_drops_what_the_earlier_run_drew(visit):
    code = """
        import time
        import streamlit as st
        if "again" not in st.session_state:
            st.session_state.again = True
            with st.sidebar.expander("old"):
                st.write("old")
            st.write("old 1")
            st.write("old 2")
            time.sleep(0.2)  # or the server merges both runs before it sends
            st.rerun()
        st.write("new")
    """
    page = visit(code)
    assert texts(page.main) == ["new"]
    assert page.sidebar == ()
    assert (page.complete, page.runs) == (True, 2)


def test_stop_in_the_middle_leaves_later_tabs_empty(visit):
    code = """
        import streamlit as st
        a, b, c = st.tabs(["A", "B", "C"])
        a.write("a")
        with b:
            st.stop()
        c.write("c")
    """
    page = visit(code)
    assert [texts(tab.elements) for tab in page.tabs] == [["a"], [], []]
    assert page.complete


def test_slow_script_is_waited_for(visit):
    code = """
        import time
        import streamlit as st
        with st.spinner("wait"):
            time.sleep(0.5)
        st.empty()
        st.write("first")
        time.sleep(0.5)
        st.write("last")
    """
    page = visit(code)
    assert texts(page.main) == ["first", "last"]
    assert page.complete_seconds > 1


def test_large_and_international_page_arrives_whole(visit):
    code = """
        import streamlit as st
        st.text("x" * 5_000_000)
        for n in range(300):
            st.markdown(f"❌ Größe №{n} · 数据 \\U0001f680")
    """
    page = visit(code)
    assert len(page.main) == 301
    assert len(page.main[0].text) == 5_000_000
    assert page.main[-1].text == "❌ Größe №299 · 数据 \U0001f680"
    assert page.bytes > 5_000_000


def test_empty_page_is_complete_and_empty(visit):
    page = visit("")
    assert (page.complete, page.tabs, page.main, page.sidebar) == (True, (), (), ())


def test_query_of_the_url_reaches_the_script(visit):
    code = "import streamlit as st\nst.write(st.query_params['who'])\n"
    page = visit(code, query="?who=operator")
    assert texts(page.main) == ["operator"]
    assert page.url.endswith("/?who=operator")


def test_dialog_bottom_bar_and_page_names_are_seen(visit, tmp_path):
    (tmp_path / "other.py").write_text("")
    code = """
        import streamlit as st

        def home():
            st.chat_input("Ask")
            st.write("home")
            st.dialog("Sure?")(lambda: st.write("in the dialog"))()

        st.navigation([st.Page(home, title="Home"), st.Page("other.py", title="Other")]).run()
    """
    page = visit(code)
    assert page.pages == ("Home", "Other")
    assert page.page_paths == ("", "other")
    assert texts(page.main) == ["home", "Sure?", "in the dialog", "Ask"]
    assert page.main[2].where == ("event", "Sure?")


def test_the_pages_of_a_folder_are_seen(visit, tmp_path):
    (tmp_path / "pages").mkdir()
    for name in ("2_Extra_page.py", "_hidden.py", "__init__.py"):
        (tmp_path / "pages" / name).write_text("")
    assert visit("").page_paths == ("", "Extra_page", "hidden")


def test_an_app_of_one_page_has_one(visit):
    assert visit("").page_paths == ("",)


def test_host_that_is_not_allowed_is_said(visit):
    with pytest.raises(CouldNotCheck, match="answered 403: the origin or host of this URL"):
        visit("", env={"STREAMLIT_SERVER_ALLOWED_HOSTS": "dashboard.example"})
