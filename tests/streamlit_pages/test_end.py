"""What each complete run draws last, so that a run that was broken off can be told from it."""

import pytest

from streamlit_pages import aicmo_operator
from streamlit_pages.shell import END_OF_SCRIPT

TABS = [tab.label for tab in aicmo_operator.TABS]


def ends(page):
    """Return each end that was drawn: its place, and whether anything was drawn after it."""
    return [
        (path, page.elements[path].html.body, path == page.drawn[-1])
        for path in page.drawn
        if page.elements[path].WhichOneof("type") == "html"
        and END_OF_SCRIPT in page.elements[path].html.body
    ]


@pytest.fixture
def page_with(serve, tmp_path):
    """Return a function that serves a page whose one tab runs `code`."""

    def start(code):
        (tmp_path / "the_tab.py").write_text(f"import time\nimport streamlit as st\n{code}")
        target = tmp_path / "entry.py"
        target.write_text(
            "from streamlit_pages.shell import Tab, draw_page\n"
            "draw_page([Tab('The <tab>', 'the_tab')], marker='M', entry=__file__)\n"
        )
        return serve(target)

    return start


@pytest.mark.parametrize("mode", ["0", "1"])
def test_each_run_draws_its_end_last_and_once_whichever_tab_is_open(serve, mode):
    with serve(AICMO_MOCK_MODE=mode).session() as session:
        page = session.run()
        for label in TABS:
            [(path, body, last)] = ends(page)
            assert path == max(place for place in page.elements if place[0] == 0), "end of main"
            assert body == f'<span hidden {END_OF_SCRIPT}="{label}"></span>'
            assert last
            following = TABS[(TABS.index(label) + 1) % len(TABS)]
            page = session.run(id=page.tabs_id, label=following)


def test_a_run_that_was_stopped_lacks_its_end(page_with):
    server = page_with(
        "def render():\n    st.text('begun')\n    while True:\n"
        "        time.sleep(0.01)\n        st.text('more')\n"
    )
    with server.session() as session:
        page = session.run(stop_at="begun")
    assert "begun" in page.texts()
    assert ends(page) == []


def test_a_run_that_starts_over_draws_its_end_once(page_with):
    server = page_with(
        "def render():\n    if 'again' not in st.session_state:\n"
        "        st.session_state['again'] = True\n        st.rerun()\n    st.text('drawn')\n"
    )
    page = server.visit()
    assert "drawn" in page.texts()
    assert len(ends(page)) == 1


@pytest.mark.parametrize("fault", ["1 / 0", "raise SystemExit(3)", "st.stop()"])
def test_a_fault_that_stays_in_its_tab_takes_nothing_of_the_end(page_with, fault):
    [(_, body, last)] = ends(page_with(f"def render():\n    {fault}\n").visit())
    assert body.endswith('="The &lt;tab&gt;"></span>'), "a label is no markup"
    assert last
