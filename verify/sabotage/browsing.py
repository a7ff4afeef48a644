"""What only a browser notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import drawn, page
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

HIDE = "[role=tab]:last-of-type { display: none !important }"
"""A rule of style."""


@defect("responsive", Stage.LIVE)
def error_in_the_console(tree: Tree) -> Sign:
    """A tab writes an error into the browser's console."""
    drawn.script(tree, "<script>console.error(`planted`)</script>")
    return Sign("console: planted")


@defect("responsive", Stage.LIVE)
def error_that_nothing_catches(tree: Tree) -> Sign:
    """A script of a tab throws, and nothing catches it."""
    drawn.script(tree, "<script>setTimeout(() => { throw new Error(`planted`) })</script>")
    return Sign("uncaught: ")


@defect("responsive", Stage.LIVE)
def picture_that_is_missing(tree: Tree) -> Sign:
    """A tab shows a picture that the server does not have."""
    drawn.besides(tree, "<img alt=gone src=/media/gone.png>")
    return Sign("GET /media/gone.png: 404")


@defect("responsive", Stage.LIVE)
def picture_from_elsewhere(tree: Tree) -> Sign:
    """A tab shows a picture from another host."""
    drawn.besides(tree, "<img alt=gone src=http://elsewhere.invalid/a.png>")
    return Sign("requests to other hosts\nGET http://elsewhere.invalid/a.png")


@defect("responsive", Stage.LIVE)
def script_from_elsewhere(tree: Tree) -> Sign:
    """A tab runs a script from another host."""
    drawn.script(tree, "<script src=http://elsewhere.invalid/a.js></script>")
    return Sign("requests to other hosts\nGET http://elsewhere.invalid/a.js")


@defect("responsive", Stage.LIVE)
def tab_too_wide_for_a_telephone(tree: Tree) -> Sign:
    """A tab is wider than the narrowest reviewed window."""
    wide = 2 * min(tree.manifest.live.widths)
    drawn.besides(tree, f"<div style=width:{wide}px>wide</div>")
    return Sign("wider than the window")


@defect("responsive", Stage.LIVE)
def tab_that_nobody_sees(tree: Tree) -> Sign:
    """A tab draws what no browser shows."""
    drawn.only(tree, "<p hidden>nothing to be seen</p>")
    return Sign(f"{page.plain_tab(tree)}: things to be seen\n0")


@defect("responsive", Stage.LIVE)
def tab_hidden_by_a_style(tree: Tree) -> Sign:
    """A rule of style hides the last tab, which the server draws all the same."""
    drawn.everywhere(tree, f"<style>{HIDE}</style>")
    return Sign("tabs in a browser")


@defect("responsive", Stage.LIVE)
def tab_hidden_at_first(tree: Tree) -> Sign:
    """A rule of style hides the last tab until another one is opened."""
    drawn.on_first_tab(tree, f"<style>{HIDE}</style>")
    return Sign("tabs in a browser")


@defect("responsive", Stage.LIVE)
def focus_that_nobody_sees(tree: Tree) -> Sign:
    """A rule of style takes away what shows where the keyboard is."""
    rules = "outline: none !important; box-shadow: none !important; border-color: #888 !important"
    drawn.everywhere(tree, f"<style>*, ::before, ::after {{ {rules} }}</style>")
    return Sign("what has the keyboard's focus without showing it")


@defect("responsive", Stage.LIVE)
def tab_key_that_does_nothing(tree: Tree) -> Sign:
    """A script of a tab takes the Tab key for itself."""
    _take_the_tab_key(tree, "true")
    return Sign("the tabs, by the Tab key\nnot within")


@defect("responsive", Stage.LIVE)
def focus_that_cannot_leave(tree: Tree) -> Sign:
    """A script keeps the keyboard on a button below the tabs."""
    _take_the_tab_key(tree, "document.activeElement.closest('#planted')")
    return Sign("what the keyboard's focus cannot leave")


@defect("responsive", Stage.LIVE)
def tabs_that_the_focus_cannot_leave(tree: Tree) -> Sign:
    """A script keeps the keyboard on the tabs, which it reaches and moves through."""
    _take_the_tab_key(tree, "document.activeElement.closest('[role=tab]')")
    return Sign("what the keyboard's focus cannot leave")


def _take_the_tab_key(tree: Tree, when: str) -> None:
    """Let a script of the page swallow the Tab key while this holds."""
    take = f"e => {{ if (e.key === 'Tab' && {when}) e.preventDefault() }}"
    script = f"<script>document.addEventListener('keydown', {take}, true)</script>"
    drawn.everywhere(tree, f"<button id=planted>More</button>{script}", scripts=True)
