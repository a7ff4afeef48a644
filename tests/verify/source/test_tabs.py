"""Only a literal table with the reviewed labels, left as it is, is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.tables import Dashboard

if TYPE_CHECKING:
    from collections.abc import Callable

ENTRY = "pages_of/main.py"
ROWS = 'TABS = (Tab("One", a), Tab("Two", b), Tab("Three", c))\n'

GREEN = {
    "calls": ROWS + "draw(TABS)",
    "list of tuples": 'TABS = [("One", a), ("Two", b), ("Three", c)]\n',
    "plain texts": 'TABS: list[str] = ["One", "Two", "Three"]\n',
    "keyword": 'TABS = [Tab(render=a, label="One"), Tab(name="Two"), Tab(title="Three")]\n',
    "nested lists": 'TABS = [["One", a], ["Two", b], ["Three", c]]\n',
    "looped over": ROWS + "for tab, place in zip(st.tabs([t.label for t in TABS]), TABS): x(tab)",
    "counted": ROWS + "print(len(TABS), TABS[0])",
    "wrapped": 'TABS = tuple([("One",), ("Two",), ("Three",)])\n',
}

RED = {
    "one missing": 'TABS = ("One", "Three")',
    "one more": 'TABS = ("One", "Two", "Three", "Four")',
    "renamed": 'TABS = ("One", "Two!", "Three")',
    "other order": 'TABS = ("Two", "One", "Three")',
    "twice": 'TABS = ("One", "One", "Two", "Three")',
    "empty": "TABS = ()",
    "commented out": 'TABS = ("One",  # "Two",\n"Three")',
    "computed label": 'TABS = ("One", f"Tw{o}", "Three")',
    "label from a name": 'TABS = (one, "Two", "Three")',
    "starred": 'TABS = (*rows, "Two", "Three")',
    "sum": 'TABS = ("One", "Two") + ("Three",)',
    "comprehension": 'TABS = [Tab(x) for x in ("One", "Two", "Three")]',
    "conditional row": 'TABS = ("One", "Two" if x else "2", "Three")',
    "conditional table": 'if x:\n    TABS = ("One", "Two", "Three")',
    "bound twice": ROWS + ROWS,
    "in a function": "def f():\n    " + ROWS,
    "rebound in a function": ROWS + "def f():\n    global TABS\n    TABS = ()",
    "shadowed in main": ROWS + "def main():\n    TABS = ()\n    draw(TABS)",
    "missing": "x = 1",
    "only in a comment": "# " + ROWS,
    "only in a docstring": f'"""{ROWS.strip()}"""',
    "appended": ROWS + 'TABS.append(Tab("Four"))',
    "extended": ROWS + "TABS.extend(more)",
    "inserted": ROWS + 'TABS.insert(0, "x")',
    "popped": ROWS + "TABS.pop()",
    "sorted in place": ROWS + "TABS.sort()",
    "reversed in place": ROWS + "TABS.reverse()",
    "added to": ROWS + "TABS += more",
    "item replaced": ROWS + "TABS[0] = x",
    "item deleted": ROWS + "del TABS[1]",
    "deleted": ROWS + "del TABS",
    "star import after it": ROWS + "from installed import *",
    "drawn sorted": ROWS + "draw(sorted(TABS))",
    "drawn reversed": ROWS + "draw(reversed(TABS))",
    "drawn in part": ROWS + "draw(TABS[:2])",
    "drawn filtered": ROWS + "draw([t for t in TABS if t.on])",
    "drawn with more": ROWS + "draw(TABS + more)",
    "drawn or not": ROWS + "draw(TABS if x else ())",
    "shuffled": ROWS + "random.shuffle(TABS)",
    "changed by another name": ROWS + "rows = TABS\nrows.pop()",
    "does not parse": ROWS + "x = (",
}


@pytest.mark.parametrize("case", GREEN)
def test_table_is_right(case: str, look: Callable) -> None:
    seen = look("tabs", {ENTRY: GREEN[case]})
    assert not seen.red, seen.told()


@pytest.mark.parametrize("case", RED)
def test_table_is_wrong(case: str, look: Callable) -> None:
    assert look("tabs", {ENTRY: RED[case]}).red


def test_each_position_is_an_observation(look: Callable) -> None:
    seen = look("tabs", {ENTRY: 'TABS = (\n"One",\n"2",\n"Three",\n)'})
    (found,) = seen.findings
    assert (found.subject, found.expected, found.got, found.line) == ("tab 2", "Two", "2", 3)
    assert [o.subject for o in seen.observations if o.subject.startswith("tab ")] == [
        "tab 1",
        "tab 2",
        "tab 3",
    ]


def test_another_file_may_not_change_the_table(look: Callable) -> None:
    other = "from pages_of.main import TABS\nTABS.pop()\n"
    seen = look("tabs", {ENTRY: ROWS, "other.py": other})
    assert [o.path for o in seen.findings] == ["other.py"]


OTHERS_RED = {
    "replaced by a computed one": "entry.TABS = shown(entry.TABS)",
    "replaced by an alias of the entry": "it = entry\nit.TABS = ()",
    "deleted": "del entry.TABS",
    "replaced by its name": 'setattr(entry, "TABS", ())',
    "deleted by its name": 'delattr(entry, "TABS")',
}

OTHERS_GREEN = {
    "read by its name": 'getattr(entry, "TABS")',
    "of an object": "class Menu:\n    def __init__(self):\n        self.TABS = entry.TABS",
    "another name is set": 'setattr(entry, "WIDTH", 3)\nprint(entry.TABS)',
}


@pytest.mark.parametrize("case", [*OTHERS_GREEN, *OTHERS_RED])
def test_another_file_may_not_replace_the_table(case: str, look: Callable) -> None:
    other = f"import pages_of.main as entry\n{(OTHERS_GREEN | OTHERS_RED)[case]}\n"
    seen = look("tabs", {ENTRY: ROWS, "other.py": other})
    assert {o.path for o in seen.findings} == ({"other.py"} if case in OTHERS_RED else set())


CALL_GREEN = {
    "literal": 'import streamlit as st\nst.tabs(["One", "Two", "Three"])',
    "in main": 'import streamlit as st\ndef main():\n    a = st.tabs(["One", "Two", "Three"])\n'
    'if __name__ == "__main__":\n    main()',
    "imported": 'from streamlit import tabs\ntabs(["One", "Two", "Three"])',
    "first counts": 'import streamlit as st\nst.tabs(["One", "Two", "Three"])\nst.tabs(["x"])',
    "looped over": 'import streamlit as st\nfor t in st.tabs(["One", "Two", "Three"]):\n    t.x()',
    "by name": 'import streamlit as st\nT = ["One", "Two", "Three"]\nst.tabs(T)',
    "another alias": 'import streamlit as s\ns.tabs(tabs=["One", "Two", "Three"])',
}

CALL_RED = {
    "none": "import streamlit as st",
    "commented out": 'import streamlit as st\n# st.tabs(["One", "Two", "Three"])',
    "wrong label": 'import streamlit as st\nst.tabs(["One", "Two", "3"])',
    "computed": "import streamlit as st\nst.tabs(labels())",
    "in a loop": 'import streamlit as st\nfor x in y:\n    st.tabs(["One", "Two", "Three"])',
    "conditional": 'import streamlit as st\nif x:\n    st.tabs(["One", "Two", "Three"])',
    "name changed later": 'import streamlit as st\nT = ["One", "Two", "Three"]\nT.pop()\n'
    "st.tabs(T)",
}


@pytest.mark.parametrize("case", [*CALL_GREEN, *CALL_RED])
def test_without_a_table_the_first_call_counts(case: str, look: Callable) -> None:
    board = Dashboard(entry=ENTRY, marker="V2", tabs=("One", "Two", "Three"))
    seen = look("tabs", {ENTRY: (CALL_GREEN | CALL_RED)[case]}, dashboard=board)
    assert seen.red is (case in CALL_RED), seen.told()
