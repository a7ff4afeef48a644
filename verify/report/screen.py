"""How wide a terminal is, and how its text is coloured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.report.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

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

    def line(self, parts: Iterable[tuple[str, str]]) -> str:
        """Return texts, each with its colour, as one line that is cut at its end if need be."""
        from rich.cells import cell_len, set_cell_size

        named = [(clean(text).replace("\n", " ").replace("\t", " "), code) for text, code in parts]
        whole = sum(cell_len(text) for text, _ in named)
        room = self.width if whole <= self.width else self.width - 1
        line = []
        for text, code in named:
            if cell_len(text) > room:
                line.append(self.paint(f"{set_cell_size(text, room).rstrip()}…", code))
                break
            line.append(self.paint(text, code))
            room -= cell_len(text)
        return "".join(line)
