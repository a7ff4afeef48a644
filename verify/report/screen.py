"""How wide a terminal is, and how its text is coloured."""

from __future__ import annotations

RED, GREEN, YELLOW, DIM, BOLD = "1;31", "1;32", "1;33", "2", "1"
"""Codes of ECMA-48, Select Graphic Rendition; what is red, green or yellow is bold, too."""


class Screen:
    """A terminal of some width; what lays out its lines inherits it.

    Args:
        width: its columns.
        colour: whether it takes ANSI colours.
    """

    def __init__(self, width: int, *, colour: bool) -> None:
        self.width = width
        self.colour = colour

    def paint(self, text: str, code: str) -> str:
        """Return a text in a colour, where the terminal takes one."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text
