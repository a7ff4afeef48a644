"""What keeps somebody from reading or operating a tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import drawn, page
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

DOT = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
"""A picture without a request."""


@defect("accessibility", Stage.LIVE)
def text_too_pale_to_read(tree: Tree) -> Sign:
    """A text hardly differs from its background."""
    drawn.besides(tree, "<p style=color:#ddd;background:#fff>pale</p>")
    return Sign(f"{page.plain_tab(tree)}, light scheme: serious barriers\ncolor-contrast")


@defect("accessibility", Stage.LIVE)
def text_too_dark_in_the_dark(tree: Tree) -> Sign:
    """A text has a colour of its own that only the light scheme fits."""
    drawn.besides(tree, "<p style=color:#222>dark</p>")
    return Sign(f"{page.plain_tab(tree)}, dark scheme: serious barriers\ncolor-contrast")


@defect("accessibility", Stage.LIVE)
def control_without_a_label(tree: Tree) -> Sign:
    """A control has no name that a screen reader could say."""
    drawn.besides(tree, "<input type=text>")
    return Sign("label: ")


@defect("accessibility", Stage.LIVE)
def widget_with_an_empty_label(tree: Tree) -> Sign:
    """A field of the page has an empty label."""
    page.draw_first(
        tree, page.plain_tab(tree), "__import__('streamlit').text_input('', key='planted')"
    )
    return Sign("label: ")


@defect("accessibility", Stage.LIVE)
def button_without_a_name(tree: Tree) -> Sign:
    """A button shows a picture only, and has no name."""
    drawn.besides(tree, "<button type=button></button>")
    return Sign("button-name: ")


@defect("accessibility", Stage.LIVE)
def image_without_a_text(tree: Tree) -> Sign:
    """An image has no text that says what it shows."""
    drawn.besides(tree, f"<img width=40 height=40 src={DOT}>")
    return Sign("image-alt: ")


@defect("accessibility", Stage.LIVE)
def link_without_a_text(tree: Tree) -> Sign:
    """A link has nothing that could be read out."""
    drawn.besides(tree, "<p>See <a href=/></a>.</p>")
    return Sign("link-name: ")
