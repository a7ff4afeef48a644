"""Lets a tab draw HTML of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.planting import code, page

if TYPE_CHECKING:
    from verify.planting.tree import Tree


def besides(tree: Tree, html: str) -> None:
    """Let one tab draw this before what it draws."""
    page.draw_first(tree, page.plain_tab(tree), _statement(html))


def only(tree: Tree, html: str) -> None:
    """Let one tab draw this and nothing else."""
    page.draw_only(tree, page.plain_tab(tree), _statement(html))


def script(tree: Tree, html: str) -> None:
    """Let one tab draw this before what it draws, scripts being allowed."""
    shown = _statement(html).removesuffix(")")
    page.draw_first(tree, page.plain_tab(tree), f"{shown}, unsafe_allow_javascript=True)")


def on_first_tab(tree: Tree, html: str) -> None:
    """Let the first tab draw this besides, which is open when a visitor comes."""
    page.draw_first(tree, tree.manifest.dashboard.tabs[0], _statement(html))


def everywhere(tree: Tree, html: str, *, scripts: bool = False) -> None:
    """Let the page draw this below everything else, whichever tab is open."""
    shown = _statement(html)
    if scripts:
        shown = f"{shown.removesuffix(')')}, unsafe_allow_javascript=True)"
    page.run_last(tree, shown)


def _statement(html: str) -> str:
    return f"__import__('streamlit').html({code.literal(html)})"
