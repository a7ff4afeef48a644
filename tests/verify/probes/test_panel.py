"""What is read off a page: facts by their labels, where they stand, and what is seen first."""

import pytest

from verify.probes import panel
from verify.probes.protocol.elements import Element
from verify.probes.wire import Page, Tab


@pytest.fixture
def page():
    def make(**given):
        values = dict.fromkeys(("url", "main_script", "streamlit", "python", "how"), "")
        values |= dict.fromkeys(("pages", "page_paths", "tabs", "main", "sidebar"), ())
        values |= dict.fromkeys(("runs", "bytes", "connect_seconds", "first_message_seconds"), 0)
        return Page(
            **{**values, "exceptions": (), "complete": True, "complete_seconds": 0, **given}
        )

    return make


def text(text: str, kind: str = "markdown") -> Element:
    return Element(kind, text)


def test_bold_and_code_marks_are_no_part_of_a_fact():
    assert panel.facts(["**Folder:** `/app`\n\n**Env A:** ``x`` "]) == {
        "Folder": "/app",
        "Env A": "x",
    }


def test_a_value_may_hold_colons():
    assert panel.facts(["**Database:** set: sqlite: /data/x.db"]) == {
        "Database": "set: sqlite: /data/x.db"
    }


def test_a_label_that_stands_twice_has_all_its_values():
    assert panel.facts(["A: 1", "A: 2\nA: 1"]) == {"A": "1 | 2"}


def test_facts_are_told_by_where_they_stand(page):
    seen = page(
        sidebar=(text("**A:** 1"),),
        tabs=(Tab("Other", (text("**A:** 2"),)), Tab("Diagnostics", (text("**A:** 3"),))),
    )
    assert panel.panels(seen, "Diagnostics") == {
        "the sidebar": {"A": "1"},
        "tab Diagnostics": {"A": "3"},
    }


def test_a_tab_that_is_not_there_has_no_facts(page):
    assert panel.panels(page(), "Diagnostics") == {"the sidebar": {}, "tab Diagnostics": {}}


@pytest.mark.parametrize(
    "unseen",
    [
        text("<style>a > b { color: red }</style>", "html"),
        text("<style>\na\n</style>\n<!-- note -->"),
        text("<script>run()</script><span hidden data-x='1'></span>", "html"),
        text("", "html"),
    ],
)
def test_what_nobody_sees_does_not_come_first(page, unseen):
    assert panel.top(page(above=(unseen, text("Banner", "alert")))) == "Banner"


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (text("", "image"), "image"),
        (text("<b>Hello</b>", "html"), "Hello"),
        (text("# Title", "heading"), "# Title"),
    ],
)
def test_what_is_seen_first_is_told(page, first, said):
    assert panel.top(page(above=(first, text("Banner", "alert")))) == said


def test_nothing_above_the_tabs_is_nothing(page):
    assert panel.top(page(main=(text("below", "caption"),))) == ""


def test_a_page_ended_well_if_each_tab_did(page):
    whole = (Tab("A", (), how="success"), Tab("B", (), how="success"))
    assert panel.ended(page(how="success", tabs=whole)) == "success"
    broken = (*whole, Tab("C", (), how="still running after 5 s"))
    seen = page(how="success", tabs=broken, complete=False)
    assert panel.ended(seen) == "still running after 5 s, in tab C"
    assert panel.ended(page(how="rerun loop", complete=False)) == "rerun loop"
    assert panel.ended(page(how="success", complete=False)) == "incomplete"
