"""Files that draw a dashboard of their own, and an entry that no longer does."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import code, dockerfile, launchers, page
from verify.planting.defect import Sign, defect
from verify.probes.static.draws import top_level_calls
from verify.probes.static.modules import module_name

if TYPE_CHECKING:
    from verify.planting.tree import Tree

UNGUARDED = "an unguarded rival"


@defect("entry", Stage.SOURCE, sociable=True)
def rival_in_the_root(tree: Tree) -> Sign:
    """Another file draws a page, and nothing declares it."""
    return Sign(UNGUARDED, launchers.rival(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def rival_hidden_deep(tree: Tree) -> Sign:
    """A page lies deep in a folder of documents, and draws through another name of the library."""
    text = "import streamlit as quiet\n\nwrite = quiet.title\nwrite('Another dashboard')\n"
    return Sign(UNGUARDED, launchers.rival(tree, "docs/attic/old/notes/look.py", text))


@defect("entry", Stage.SOURCE, sociable=True)
def rival_by_importlib(tree: Tree) -> Sign:
    """A page gets the library by importlib, and has no import statement of it."""
    text = (
        "import importlib\n\npage = importlib.import_module('streamlit')\n"
        "getattr(page, 'title')('Another dashboard')\n"
    )
    return Sign(UNGUARDED, launchers.rival(tree, text=text))


@defect("entry", Stage.SOURCE, sociable=True)
def rival_with_a_dead_guard(tree: Tree) -> Sign:
    """A page has the guard's words in its docstring, a caught exception and a dead branch."""
    words = "This file is deprecated."
    text = (
        f'"""{words}"""\n\nimport streamlit as st\n\nif False:\n    raise RuntimeError("{words}")\n'
        f'try:\n    raise RuntimeError("{words}")\nexcept RuntimeError:\n    st.title("Another")\n'
    )
    return Sign(UNGUARDED, launchers.rival(tree, text=text))


@defect("entry", Stage.SOURCE, sociable=True)
def rival_beside_a_retired_file(tree: Tree) -> Sign:
    """A folder `pages/` stands beside a retired file, whose refusal leaves the sidebar as it is."""
    folder = posixpath.dirname(launchers.retired(tree))
    if folder == posixpath.dirname(tree.entry):
        raise NotDeclared("the retired files stand beside the entry, whose pages those would be")
    path = launchers.rival(tree, posixpath.join(folder, "pages", "rival_board.py"))
    return Sign(UNGUARDED, path)


@defect("entry", Stage.SOURCE, sociable=True)
def rival_listed_by_nobody_who_counts(tree: Tree) -> Sign:
    """A file that nobody starts lists a rival as its page, in a function that nobody calls."""
    target = launchers.rival(tree)
    listing = f"    st.navigation([st.Page({target!r})]).run()\n"
    path = launchers.unused(tree, "docs/navigation.py")
    tree.write(path, f"import streamlit as st\n\n\ndef unused() -> None:\n{listing}")
    return Sign(UNGUARDED, target)


@defect("entry", Stage.SOURCE, sociable=True)
def rival_that_changes_the_entry(tree: Tree) -> Sign:
    """A file runs the entry, but takes something out of it first."""
    main = _main(tree)
    table = page.table_name(tree) or tree.manifest.dashboard.marker_name
    lines = f"import {module_name(tree.entry)} as page\n\npage.{table} = page.{table}[:1]\n"
    return Sign("but line 3 changes", launchers.rival(tree, text=f"{lines}page.{main}()\n"))


@defect("entry", Stage.SOURCE, sociable=True)
def rival_with_the_other_ending(tree: Tree) -> Sign:
    """A page is called `.py3`, which Streamlit runs, too."""
    return Sign(UNGUARDED, launchers.rival(tree, "rival_board.py3"))


@defect("entry", Stage.SOURCE, sociable=True)
def entry_that_draws_nothing(tree: Tree) -> Sign:
    """The entry's calls stand in a branch that never runs."""
    text = tree.text(tree.entry)
    for node in reversed(tree.module(tree.entry).body):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        draws = isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if isinstance(node, ast.Expr | ast.If | ast.With | ast.For | ast.Try) and not is_text:
            draws = True
        if draws:
            text = code.wrapped(text, node, "if False:")
    page.change(tree, tree.entry, text)
    return Sign("draws nothing", tree.entry)


@defect("entry", Stage.SOURCE, sociable=True)
def entry_moved(tree: Tree) -> Sign:
    """The entry stands in another place, and its launchers still name the old one."""
    old, new = tree.entry, f"moved/{posixpath.basename(tree.entry)}"
    path = dockerfile.path(tree)
    tree.write(new, tree.text(old))
    tree.remove(old)
    tree.manifest_line("entry", f'"{new}"')
    return Sign(old, path)


def _main(tree: Tree) -> str:
    """Return the function that the entry calls to draw its page.

    Raises:
        NotDeclared: it calls none of its own.
    """
    module = tree.module(tree.entry)
    own = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    for call in reversed(top_level_calls(module)):
        if isinstance(call.func, ast.Name) and call.func.id in own and not call.args:
            return call.func.id
    raise NotDeclared(f"{tree.entry}: calls no function of its own to draw its page")
