"""Finds the lines of a TOML document's keys, which tomllib does not tell."""

from __future__ import annotations


def line_of(text: str, key: str, part: str = "", after: int = 0) -> int:
    """Return the line where a key is set to something.

    Args:
        text: the document.
        key: its name.
        part: the first line of its value as written, or some of it; "" for any.
        after: lines up to this one are not looked at.

    Returns:
        The line, 1 when there is none: an escape may write the value differently.
    """
    first = next((line for line in part.splitlines() if line.strip()), "").strip()
    under = 0
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.partition("=")
        if equals and name.strip().strip("\"'").rpartition(".")[2].strip("\"'") == key:
            under = number
            if number > after and first in value:
                return number
        elif under and first and number > after and first in line:
            return under if under > after else number
    return 1
