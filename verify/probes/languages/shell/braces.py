"""Applies what stands behind the name in `${NAME...}` to a value: `%`, `#`, `/`, `^`, `,`."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.probes.languages.command import Word

_LONGEST = 500  # characters of a value; every part of it is tried


def changed(value: str, operator: str, rest: Sequence[str]) -> Word:
    """Return what `${NAME<operator><rest>}` gives, None for what is not followed.

    Args:
        value: that of the variable.
        operator: as written.
        rest: what follows it, as written.
    """
    pattern = rest[0] if rest else ""
    if "$" in "".join(rest) or "`" in "".join(rest) or len(value) > _LONGEST:
        return None
    if operator in {"%", "%%", "#", "##"}:
        return _trimmed(value, operator, pattern.strip("\"'"))
    if operator in {"/", "//"}:
        if set(pattern) & set("*?[\\\"'"):
            return None
        new = rest[2] if len(rest) > len("/x") else ""
        return value.replace(pattern, new, 1 if operator == "/" else -1) if pattern else value
    if operator in {",,", "^^"} and not rest:
        return value.lower() if operator == ",," else value.upper()
    return None


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """Cut the shortest or longest part that fits off one end."""
    fits = re.compile(fnmatch.translate(pattern)).match
    lengths = range(len(value) + 1)
    for length in reversed(lengths) if len(operator) > 1 else lengths:
        if operator[0] == "%" and fits(value[len(value) - length :]):
            return value[: len(value) - length]
        if operator[0] == "#" and fits(value[:length]):
            return value[length:]
    return value
