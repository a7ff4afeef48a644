"""The function that retired files share to refuse, broken for all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import refusing, retired
from verify.planting.defect import CannotPlant, Sign, defect

if TYPE_CHECKING:
    from verify.planting.refusing import Helper
    from verify.planting.retired import Guarded
    from verify.planting.tree import Tree


@defect("guards", Stage.SOURCE)
def shared_guard_does_nothing(tree: Tree) -> Sign:
    """The function by which retired files refuse does nothing."""
    helper, last = _shared(tree, "raise")
    refusing.instead(tree, helper, "pass")
    return retired.passed(last)


@defect("guards", Stage.SOURCE)
def shared_guard_writes_first(tree: Tree) -> Sign:
    """The function by which retired files refuse writes a file before it does."""
    helper, last = _shared(tree, "raise")
    refusing.first(tree, helper, 'open("refused.log", "a").close()')
    return retired.acted(last, "calls `open", at=helper.path)


@defect("guards", Stage.SOURCE)
def shared_guard_swallows(tree: Tree) -> Sign:
    """The function by which retired files refuse swallows what it raises."""
    helper, last = _shared(tree, "exit")
    refusing.within(tree, helper, "try:", "except BaseException:\n    return")
    return retired.passed(last)


@defect("guards", Stage.SOURCE)
def shared_guard_gives_in(tree: Tree) -> Sign:
    """The function by which retired files refuse returns where a variable is set."""
    helper, last = _shared(tree, "stop")
    gives_in = 'import os\n\nif os.environ.get("KEEP_OLD_DASHBOARD"):\n    return'
    refusing.first(tree, helper, gives_in)
    return retired.passed(last)


@defect("guards", Stage.SOURCE)
def shared_guard_with_another_text(tree: Tree) -> Sign:
    """The function by which retired files refuse shows a text of its own."""
    helper, last = _shared(tree, "raise")
    refusing.first(tree, helper, f'{helper.text} = "Not found"')
    return Sign(f"{last.path}: the text it shows", last.path)


@defect("guards", Stage.SOURCE)
def shared_guard_that_draws_first(tree: Tree) -> Sign:
    """The function by which retired files refuse draws a page before it does."""
    helper, last = _shared(tree, "stop")
    draws = 'import streamlit as st\n\nst.tabs(["Today", "Tomorrow"])'
    refusing.first(tree, helper, draws)
    return retired.acted(last, "calls `st.tabs`", at=helper.path)


@defect("guards", Stage.SOURCE)
def shared_guard_that_closes_the_terminal(tree: Tree) -> Sign:
    """The function by which retired files refuse closes the stream that its text would go to."""
    helper, last = _shared(tree, "exit")
    refusing.first(tree, helper, "import sys\n\nsys.stderr.close()")
    return retired.acted(last, "calls `sys.stderr.close`", at=helper.path)


@defect("guards", Stage.SOURCE)
def shared_guard_that_logs_to_a_file(tree: Tree) -> Sign:
    """The function by which retired files refuse sets up a log file before it does."""
    helper, last = _shared(tree, "raise")
    logs = 'import logging\n\nlogging.basicConfig(filename="refused.log")'
    refusing.first(tree, helper, logs)
    return retired.acted(last, "calls `logging.basicConfig`", at=helper.path)


@defect("guards", Stage.SOURCE)
def shared_guard_that_leaves_a_trace(tree: Tree) -> Sign:
    """The function by which retired files refuse touches a file before it does."""
    helper, last = _shared(tree, "exit")
    touches = 'import pathlib\n\n(pathlib.Path("data") / "refused").touch()'
    refusing.first(tree, helper, touches)
    return retired.acted(last, "calls `(pathlib.Path('data') / 'refused').touch`", at=helper.path)


@defect("guards", Stage.SOURCE)
def shared_guard_by_another_name(tree: Tree) -> Sign:
    """The function by which retired files refuse removes a file, by a name looked up as a text."""
    helper, last = _shared(tree, "raise")
    refusing.first(tree, helper, 'import os\n\ngetattr(os, "remove")("started.log")')
    return retired.acted(last, "calls `getattr(os, 'remove')`", at=helper.path)


@defect("guards", Stage.SOURCE)
def shared_guard_once_in_a_process(tree: Tree) -> Sign:
    """The function by which retired files refuse does so once: the second visitor gets the page."""
    helper, last = _shared(tree, "stop")
    once = """
    global _told
    if _told:
        return
    _told = True
    """
    refusing.first(tree, helper, once)
    tree.append(helper.path, "\n_told = False\n")
    return retired.passed(last)


@defect("guards", Stage.SOURCE)
def shared_guard_that_keeps_a_list(tree: Tree) -> Sign:
    """The function by which retired files refuse remembers that it did, in a list."""
    helper, last = _shared(tree, "raise")
    refusing.first(tree, helper, f"if _TOLD:\n    return\n_TOLD.append({helper.text})")
    tree.append(helper.path, "\n_TOLD = []\n")
    return retired.passed(last)


@defect("guards", Stage.SOURCE)
def shared_guard_that_changes_modules(tree: Tree) -> Sign:
    """The function by which retired files refuse makes Python forget a module before it does."""
    helper, last = _shared(tree, "raise")
    refusing.first(tree, helper, 'import sys\n\nsys.modules.pop("streamlit.runtime", None)')
    return retired.acted(last, "calls `sys.modules.pop`", at=helper.path)


@defect("guards", Stage.SOURCE)
def shared_guard_whose_module_acts(tree: Tree) -> Sign:
    """The module of the function by which retired files refuse opens a database on import."""
    helper, last = _shared(tree, "stop")
    tree.append(helper.path, '\nimport sqlite3\n\nsqlite3.connect("old.db")\n')
    return retired.acted(last, "calls `sqlite3.connect`", at=helper.path)


@defect("guards", Stage.SOURCE)
def shared_guard_rebound_below(tree: Tree) -> Sign:
    """The module of the function by which retired files refuse binds its name anew at its end."""
    helper, last = _shared(tree, "raise")
    tree.append(helper.path, f"\n{helper.node.name} = str\n")
    return retired.passed(last)


@defect("guards", Stage.SOURCE)
def shared_guard_with_success(tree: Tree) -> Sign:
    """The function by which retired files refuse ends the process with exit code 0."""
    helper, last = _shared(tree, "exit")
    ends = f"import sys\n\nprint({helper.text}, file=sys.stderr)\nsys.exit(0)"
    refusing.instead(tree, helper, ends)
    return Sign(f"{last.path}: how it refuses ({helper.path}:", last.path)


def _shared(tree: Tree, way: str) -> tuple[Helper, Guarded]:
    """Return the function, and the last of the files that use it: each must be followed."""
    helper = refusing.helper(tree, retired.near(tree, way))
    sharing = refusing.sharing(tree, helper)
    if not sharing:
        raise CannotPlant(f"{helper.path}: no retired file uses {helper.node.name}")
    return helper, sharing[-1]
