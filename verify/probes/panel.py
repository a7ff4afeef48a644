"""Reads the named facts off a page, as a Diagnostics panel writes them: `**Label:** value`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def facts(texts: Iterable[str]) -> dict[str, str]:
    """Return the value of each label; of a label that stands twice, all its values.

    Args:
        texts: what is drawn, a fact a line; bold and code marks are taken off.
    """
    found: dict[str, list[str]] = {}
    for line in (line for text in texts for line in text.splitlines()):
        label, colon, value = line.replace("**", "").replace("`", "").partition(":")
        if colon:
            found.setdefault(label.strip(), []).append(value.strip())
    return {label: " | ".join(dict.fromkeys(values)) for label, values in found.items()}
