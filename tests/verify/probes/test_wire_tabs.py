"""What the probe says of each tab, and what one that does not end leaves of the others."""

import sys
import threading
from textwrap import dedent

import pytest

from verify.probes import wire
from verify.probes.protocol import websocket
from verify.probes.server import serve

PATIENCE = 60  # seconds: never reached unless something hangs
SHORT = 1.5  # seconds for a tab that never ends

SENTINEL = "<span hidden data-end></span>"
FIVE = """
    import time
    import streamlit as st

    TABS = ["One", "Two", "Three", "Four", "Five"]
    st.title("Five")
    for label, tab in zip(TABS, st.tabs(TABS, on_change="rerun", key="tab")):
        if tab.open:
            with tab:
                st.write(f"in {label}")
                if label == FAULTY:
                    FAULT
                st.write(f"rest of {label}")
    st.html(SENTINEL)
"""


@pytest.fixture
def visit(tmp_path):
    """Serve an app and read it: `visit(code)`; what is passed besides goes to `wire.read`."""

    def read(code, **settings):
        (tmp_path / "page.py").write_text(dedent(code), encoding="utf-8")
        env = {"HOME": str(tmp_path)}
        with serve(sys.executable, "page.py", cwd=tmp_path, env=env, deadline=PATIENCE) as running:
            return wire.read(running.url, **{"deadline": PATIENCE, "open_tabs": True, **settings})

    return read


@pytest.fixture
def sessions(monkeypatch):
    """Count the connections that are opened."""
    opened = []
    connect = websocket.WebSocket._connect

    def counted(self, *args):
        opened.append(args)
        return connect(self, *args)

    monkeypatch.setattr(websocket.WebSocket, "_connect", counted)
    return opened


def five(faulty="", fault="pass"):
    named = FIVE.replace("FAULTY", repr(faulty)).replace("SENTINEL", repr(SENTINEL))
    return named.replace("FAULT", fault)


def texts(tab):
    return [element.text for element in tab.elements]


def test_each_lazy_tab_tells_of_the_run_in_which_it_was_open(visit, sessions):
    page = visit(five())
    assert [(tab.label, tab.opened, tab.how) for tab in page.tabs] == [
        (label, True, "success") for label in ("One", "Two", "Three", "Four", "Five")
    ]
    assert {tab.end.text for tab in page.tabs} == {page.end.text} == {SENTINEL}
    assert all(0 < tab.seconds < PATIENCE for tab in page.tabs)
    assert (page.complete, page.how, page.runs, len(sessions)) == (True, "success", 5, 1)


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        pytest.param("time.sleep(300)", "still running after 1.5 s", id="wait"),
        pytest.param("import sys; sys.exit()", "still running after 1.5 s", id="exit"),
        pytest.param("st.rerun()", "rerun loop", id="reruns"),
    ],
)
def test_a_tab_whose_run_does_not_end_hides_no_other(visit, sessions, fault, how):
    page = visit(five("Three", fault), tab_deadline=SHORT if how != "rerun loop" else PATIENCE)
    assert [tab.how for tab in page.tabs] == ["success", "success", how, "success", "success"]
    if how != "rerun loop":  # what it draws may be dropped by the server for the next run
        assert texts(page.tabs[2])[:1] == ["in Three"]
    assert [texts(tab) for tab in page.tabs[3:]] == [
        ["in Four", "rest of Four"],
        ["in Five", "rest of Five"],
    ]
    assert [tab.end and tab.end.text == SENTINEL for tab in page.tabs if tab.how == "success"] == [
        True
    ] * 4
    assert (page.how, page.complete, len(sessions)) == ("success", False, 2)


def test_a_tab_that_hangs_is_not_blamed_for_the_exception_of_the_one_before(visit):
    code = five("Two", "raise ValueError('in Two')").replace(
        'st.write(f"rest', "time.sleep(300 * (label == 'Three'))\n                st.write(f\"rest"
    )
    page = visit(code, tab_deadline=SHORT)
    assert page.tabs[2].how == "still running after 1.5 s"
    assert [one.where for one in page.exceptions] == [("main", "while 'Two' was open")]


def test_a_loop_that_never_yields_hides_no_other(visit, sessions):
    page = visit(five("Two", "while True: pass"), tab_deadline=SHORT)
    assert page.tabs[1].how == "still running after 1.5 s"
    assert [tab.how for tab in page.tabs if tab.label != "Two"] == ["success"] * 4
    assert len(sessions) == 2


def test_tabs_that_all_hang_take_a_session_each_and_no_more(visit, sessions):
    code = five().replace(
        'st.write(f"rest',
        "time.sleep(0 if label == 'One' else 300)\n                st.write(f\"rest",
    )
    page = visit(code, tab_deadline=0.7)
    assert [tab.how for tab in page.tabs] == ["success", *["still running after 0.7 s"] * 4]
    assert len(sessions) <= 1 + len(page.tabs)


def test_a_first_tab_that_hangs_leaves_time_for_the_others(visit):
    page = visit(five("One", "time.sleep(300)"), deadline=8, tab_deadline=SHORT)
    assert page.how == page.tabs[0].how == "still running after 4 s"
    assert [tab.how for tab in page.tabs[1:]] == ["success"] * 4
    assert page.end.text == "in One"


def test_time_that_runs_out_leaves_tabs_of_which_nothing_is_known(visit):
    page = visit(five("Two", "time.sleep(300)"), deadline=3)
    assert page.tabs[1].how.startswith("still running after ")
    assert {(tab.opened, tab.how) for tab in page.tabs[2:]} == {
        (False, "not opened: the time for the whole look was over")
    }
    assert not page.complete


def test_stop_after_the_tabs_is_a_success_that_ends_too_early(visit):
    page = visit(five("Four", "st.stop()"))
    assert [tab.how for tab in page.tabs] == ["success"] * 5
    assert [tab.end.text for tab in page.tabs] == [*[SENTINEL] * 3, "in Four", SENTINEL]


def test_exception_in_a_tab_is_the_end_of_its_run(visit):
    page = visit(five("Four", "raise ValueError('planted')"))
    assert page.tabs[3].how == "success"
    assert page.tabs[3].end.text == "ValueError: planted"
    assert [e.text for e in page.exceptions] == ["ValueError: planted"]


def test_eager_tabs_tell_of_the_first_run(visit):
    code = """
        import streamlit as st
        a, b = st.tabs(["A", "B"])
        a.write("in A")
        with b:
            st.stop()
        st.write("end")
    """
    page = visit(code)
    assert [(tab.how, tab.end.text) for tab in page.tabs] == [("success", "in A")] * 2
    assert page.tabs[0].seconds == page.tabs[1].seconds > 0
    assert page.end.text == "in A"


def test_the_end_is_what_stands_last_not_what_was_drawn_last(visit):
    code = """
        import streamlit as st
        top, rest = st.container(), st.container()
        with rest.expander("More"):
            st.write("below")
            st.empty()
        top.write("above")
        st.sidebar.write("beside")
    """
    assert visit(code).end.text == "below"
    assert visit("import streamlit as st\nst.sidebar.write('x')\n").end is None


def test_a_broken_tab_inside_a_tab_is_told_of_the_outer_one(visit):
    code = """
        import time
        import streamlit as st
        a, b = st.tabs(["A", "B"])
        a.write("in A")
        with b:
            p, q, r = st.tabs(["P", "Q", "R"], on_change="rerun")
            if p.open: p.write("in P")
            if q.open:
                q.write("in Q")
                time.sleep(300)
            if r.open: r.write("in R")
        st.write("end")
    """
    page = visit(code, tab_deadline=SHORT)
    assert [tab.how for tab in page.tabs] == [
        "success",
        "still running after 1.5 s, with the tab 'Q' open",
    ]
    assert texts(page.tabs[1]) == ["P", "in P", "Q", "in Q", "R", "in R"]


def test_a_broken_tab_in_the_sidebar_does_not_stay_open_for_the_others(visit):
    code = """
        import time
        import streamlit as st
        with st.sidebar:
            s, t = st.tabs(["S", "T"], on_change="rerun")
            if t.open: time.sleep(300)
        a, b = st.tabs(["A", "B"], on_change="rerun")
        if a.open: a.write("in A")
        if b.open: b.write("in B")
    """
    page = visit(code, tab_deadline=SHORT)
    assert [(tab.label, tab.how) for tab in page.tabs] == [("A", "success"), ("B", "success")]
    assert [(tab.label, tab.how) for tab in page.elsewhere] == [
        ("S", "success"),
        ("T", "still running after 1.5 s"),
    ]
    assert not page.complete


def test_a_tab_that_does_not_open_is_told(visit):
    code = """
        import streamlit as st
        st.session_state["group"] = "A"  # whatever the visitor chose
        a, b = st.tabs(["A", "B"], on_change="rerun", key="group")
        if a.open: a.write("in A")
        if b.open: b.write("in B")
    """
    page = visit(code)
    assert [tab.how for tab in page.tabs] == ["success", "did not open"]
    assert not page.complete


def test_a_tab_that_is_open_by_default_needs_no_run_of_its_own(visit):
    code = """
        import streamlit as st
        a, b = st.tabs(["A", "B"], on_change="rerun", default="B")
        if a.open: a.write("in A")
        if b.open: b.write("in B")
    """
    page = visit(code)
    assert [texts(tab) for tab in page.tabs] == [["in A"], ["in B"]]
    assert page.runs == 2


def test_labels_that_change_with_each_run_come_to_an_end(visit):
    code = """
        import streamlit as st
        n = st.session_state["n"] = st.session_state.get("n", 0) + 1
        for tab in st.tabs(["A", f"B {n}"], on_change="rerun", key="group"):
            if tab.open: tab.write("x")
    """
    assert visit(code, deadline=PATIENCE).runs <= 101


def test_a_look_leaves_no_thread(visit):
    before = threading.active_count()
    visit(five("Two", "time.sleep(300)"), tab_deadline=0.5)
    assert threading.active_count() == before
