"""Pages that the dashboard publishes besides its own."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import launchers, page
from verify.planting.defect import Sign, defect
from verify.probes.static.published import pages_of

if TYPE_CHECKING:
    from verify.planting.tree import Tree

PUBLISHED = "published, and not declared"


@defect("pages", Stage.SOURCE, smuggled=(Stage.LIVE,))
def page_in_the_folder_that_publishes(tree: Tree) -> Sign:
    """A file in the folder `pages/` beside the entry is served to operators."""
    return Sign(PUBLISHED, _in_folder(tree, "rival_board.py", launchers.PAGE))


@defect("pages", Stage.SOURCE)
def navigation_to_an_undeclared_page(tree: Tree) -> Sign:
    """The entry publishes a file by st.navigation that no one declares."""
    target = _relative(tree, launchers.rival(tree, launchers.beside(tree, "rival_board.py")))
    page.run_first(
        tree, f"import streamlit\nstreamlit.navigation([streamlit.Page({target!r})]).run()"
    )
    return Sign(PUBLISHED, tree.entry)


@defect("pages", Stage.SOURCE)
def navigation_under_other_names(tree: Tree) -> Sign:
    """The entry publishes a file of another folder, by other names of the library's functions."""
    target = _relative(tree, launchers.rival(tree, "docs/boards/look.py"))
    page.run_first(
        tree,
        "import streamlit as quiet\nfrom streamlit import Page as Leaf\n"
        f"lead = quiet.navigation\nlead([Leaf({target!r})]).run()",
    )
    return Sign(PUBLISHED, tree.entry)


@defect("pages", Stage.SOURCE)
def navigation_in_a_tab(tree: Tree) -> Sign:
    """A module that draws a tab publishes a file by st.navigation; the entry says nothing of it."""
    target = _relative(tree, launchers.rival(tree, launchers.beside(tree, "rival_board.py")))
    where = page.draw_first(
        tree,
        page.plain_tab(tree),
        f"import streamlit\nstreamlit.navigation([streamlit.Page({target!r})])",
    )
    return Sign(PUBLISHED, where)


@defect("pages", Stage.SOURCE)
def navigation_that_nobody_can_tell(tree: Tree) -> Sign:
    """Which file the entry publishes is only known when it runs."""
    page.run_first(
        tree,
        "import os\nimport streamlit\n"
        "streamlit.navigation([streamlit.Page(os.environ['BOARD'])]).run()",
    )
    return Sign("its page cannot be told", tree.entry)


@defect("pages", Stage.LIVE)
def page_that_exits(tree: Tree) -> Sign:
    """A published page calls sys.exit(), and is loading for ever."""
    _in_folder(tree, "leaving.py", "import sys\n\nsys.exit()\n")
    return Sign("still running after")


def _in_folder(tree: Tree, name: str, text: str) -> str:
    """Write a page into the folder that Streamlit publishes."""
    if pages_of(tree.source, tree.entry).navigation:
        raise NotDeclared("the entry calls st.navigation: no folder publishes anything")
    return launchers.rival(tree, launchers.beside(tree, f"pages/{name}"), text)


def _relative(tree: Tree, path: str) -> str:
    """Return a file's path as the entry's folder sees it."""
    return posixpath.relpath(path, posixpath.dirname(tree.entry) or ".")
