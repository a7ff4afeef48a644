"""What goes wrong in the tabs of a page when they are drawn."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.manifest import FILE_NAME
from verify.model import Stage
from verify.planting import code, page, texts
from verify.planting.defect import Sign, defect, smuggled

if TYPE_CHECKING:
    from verify.planting.tree import Tree

STOP = "from streamlit import stop as stop_here\n\nstop_here()"

AGAIN = "from streamlit import rerun as once_more\n\nonce_more()"

HURRY = 2
"""Seconds that a tab is given where one never comes back: no proof should wait for more."""


@defect("tabs", Stage.LOCAL, smuggled=(Stage.LIVE,))
def tab_that_raises(tree: Tree) -> Sign:
    """A tab raises an exception."""
    return _drawn(tree, "raise ValueError('planted')")


@defect("tabs", Stage.LIVE)
def tab_that_exits(tree: Tree) -> Sign:
    """A tab calls sys.exit()."""
    return _drawn(tree, "import sys as system\n\nsystem.exit()")


@defect("tabs", Stage.LIVE)
def tab_that_stops(tree: Tree) -> Sign:
    """A tab calls st.stop() before it has drawn anything."""
    return _drawn(tree, STOP)


@smuggled("tabs", Stage.LIVE)
def tab_that_draws_nothing(tree: Tree) -> Sign:
    """A tab draws nothing at all, and raises nothing."""
    label = page.plain_tab(tree)
    page.draw_only(tree, label, "pass")
    return Sign(f"tab {label}: elements\n0")


@smuggled("tabs", Stage.LIVE)
def tab_drawn_somewhere_else(tree: Tree) -> Sign:
    """What belongs in a tab is drawn in the sidebar."""
    label = page.plain_tab(tree)
    page.draw_only(tree, label, "import streamlit as there\n\nthere.sidebar.write('planted')")
    return Sign(f"tab {label}: elements\n0")


@defect("tabs", Stage.LOCAL)
def tab_in_an_endless_loop(tree: Tree) -> Sign:
    """A tab never comes back, and keeps the processor busy."""
    return _stuck(tree, "while True:\n    pass")


@smuggled("tabs", Stage.LIVE)
def tab_that_hangs(tree: Tree) -> Sign:
    """A tab waits for something that never comes."""
    return _stuck(tree, "import threading as waiting\n\nwaiting.Event().wait()")


@defect("tabs", Stage.LOCAL)
def tab_that_runs_again_and_again(tree: Tree) -> Sign:
    """A tab calls st.rerun() in each run, so none ever comes to its end."""
    # Where it stands when it is looked at is anybody's guess.
    return replace(_stuck(tree, AGAIN), path="")


@defect("tabs", Stage.LIVE)
def tab_that_runs_again_on_the_page(tree: Tree) -> Sign:
    """A tab calls st.rerun() in each run, in the image only."""
    page.draw_only(tree, page.plain_tab(tree), AGAIN)
    tree.smuggle()
    return Sign("run\nrerun loop")  # its messages tell


@defect("tabs", Stage.LOCAL)
def script_that_exits(tree: Tree) -> Sign:
    """The script calls sys.exit() before it draws anything."""
    page.run_first(tree, "import sys as system\n\nsystem.exit()")
    return Sign("the script's run\ndies before its end")


@smuggled("tabs", Stage.LIVE)
def script_that_stops_after_the_tabs(tree: Tree) -> Sign:
    """The script stops, with success, before it draws what stands below the tabs."""
    sentinel = tree.manifest.dashboard.sentinel
    if not sentinel:
        raise NotDeclared("verify.toml declares no [dashboard].sentinel")
    last = texts.drawing(tree, sentinel)
    page.change(tree, last.path, code.before(tree.text(last.path), last.statement, STOP))
    return Sign("run: the last thing drawn")


@smuggled("tabs", Stage.LIVE)
def tabs_cut_where_they_are_drawn(tree: Tree) -> Sign:
    """The table is whole, and what draws it leaves out the last row."""
    _handed(tree, "list({})[:-1]")
    return Sign("no tab")


@defect("tabs", Stage.LIVE)
def labels_changed_where_they_are_drawn(tree: Tree) -> Sign:
    """The table is right, and what draws it writes other labels."""
    _handed(tree, '[f"{{label}} (new)" for label in {}]')
    return Sign(f"tab 1\n{tree.manifest.dashboard.tabs[0]} (new)")


def _drawn(tree: Tree, statements: str) -> Sign:
    label = page.plain_tab(tree)
    page.draw_only(tree, label, statements)
    # The page's own boundary shows it; without one, that tab is empty.
    return Sign(tree.manifest.dashboard.fault_text or f"tab {label}: elements\n0")


def _stuck(tree: Tree, statements: str) -> Sign:
    path = page.draw_only(tree, page.plain_tab(tree), statements)
    _hurry(tree)
    # Where all tabs are drawn in one run, the finding is about that run; the place tells the tab.
    return Sign("run\nstill running after", path)


def _hurry(tree: Tree) -> None:
    """Give each tab less time."""
    line, text = f"tab_seconds = {HURRY}", tree.text(FILE_NAME)
    if re.search(r"(?m)^\s*tab_seconds\s*=", text):
        tree.manifest_line("tab_seconds", str(HURRY))
    elif re.search(r"(?m)^\[live\]", text):
        tree.replace(FILE_NAME, "[live]\n", f"[live]\n{line}\n")
    else:
        tree.append(FILE_NAME, f"\n\n[live]\n{line}\n")


def _handed(tree: Tree, form: str) -> None:
    """Change what the page hands over to st.tabs()."""
    path, argument = page.drawn_labels(tree)
    text = tree.text(path)
    start, end = code.span(text, argument)
    page.change(tree, path, code.replaced(text, argument, form.format(text[start:end])))
