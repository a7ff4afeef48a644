"""What goes wrong with the build marker on the page, while the code is as it was reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import code, page
from verify.planting.defect import CannotPlant, Sign, defect, smuggled

if TYPE_CHECKING:
    from verify.planting.tree import Tree

OTHER = "PLANTED_V0"
"""A marker that nobody reviewed."""


@defect("marker", Stage.LOCAL, smuggled=(Stage.LIVE,))
def marker_shown_is_another(tree: Tree) -> Sign:
    """The page shows another marker than the constant that was reviewed."""
    text = tree.text(tree.entry)
    changed = code.put_for(text, tree.manifest.dashboard.marker_name, f'"{OTHER}"')
    if changed == text:
        raise CannotPlant(f"{tree.entry}: does not read its own marker")
    page.change(tree, tree.entry, changed)
    return Sign(f"in the sidebar\n{OTHER}")


@defect("marker", Stage.LIVE)
def marker_shown_twice(tree: Tree) -> Sign:
    """Diagnostics shows another marker above the right one."""
    tab, label = _diagnostics(tree), tree.manifest.dashboard.marker_label
    line = f'import streamlit as above\n\nabove.markdown("**{label}:** {OTHER}")'
    page.draw_first(tree, tab, line)
    return Sign(f"in tab {tab}\n{OTHER}")


@smuggled("marker", Stage.LIVE)
def marker_missing_in_diagnostics(tree: Tree) -> Sign:
    """Diagnostics shows no marker, only a sentence about it."""
    tab, label = _diagnostics(tree), tree.manifest.dashboard.marker_label
    line = f'import streamlit as instead\n\ninstead.markdown("{label} and more: see the sidebar")'
    page.draw_only(tree, tab, line)
    return Sign(f"there is no {label!r} in tab {tab}")


@defect("marker", Stage.LIVE)
def marker_missing_in_the_sidebar(tree: Tree) -> Sign:
    """The sidebar shows no marker, and all the page still shows is in the tabs."""
    path, drawing = page.sidebar(tree)
    text = tree.text(path)
    for statement in reversed(drawing):
        text = code.replaced(text, statement, "pass")
    page.change(tree, path, text)
    return Sign("in the sidebar\nthere is no")


def _diagnostics(tree: Tree) -> str:
    if tree.manifest.diagnostics is None:
        raise NotDeclared("verify.toml declares no [diagnostics]")
    return tree.manifest.diagnostics.tab
