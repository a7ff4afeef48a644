"""Reads the named facts off a page, as a Diagnostics panel writes them: `**Label:** value`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.probes.protocol.elements import Element
    from verify.probes.wire import Page

SIDEBAR: Final = "the sidebar"

MISSING: Final = "no such line"
"""Stands for the value of a fact that is not shown."""

_UNSEEN = re.compile(
    r"<!--.*?-->|<(style|script|template)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE
)


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


def panels(page: Page, label: str) -> dict[str, dict[str, str]]:
    """Return the facts in the sidebar and in the tab of this label, by the place they stand in.

    Args:
        page: the page, every tab opened.
        label: the tab's; one that is not on the page has no facts.
    """
    texts = [element.text for tab in page.tabs if tab.label == label for element in tab.elements]
    return {
        SIDEBAR: facts(element.text for element in page.sidebar),
        f"tab {label}": facts(texts),
    }


def ended(page: Page) -> str:
    """Say how the page's runs ended, its tabs' included: "success", or the first other end."""
    hows = [("", page.how), *((f", in tab {tab.label}", tab.how) for tab in page.tabs)]
    if page.complete:
        return "success"
    return next((f"{how}{where}" for where, how in hows if how != "success"), "incomplete")


def top(page: Page) -> str:
    """Return the first thing people see in the main area, above its tabs; empty when there is none.

    What only carries styles or scripts is nothing to see; a picture is, and gives its kind.
    """
    for element in page.above:
        if shown := _shown(element):
            return shown
    return ""


def _shown(element: Element) -> str:
    if element.kind in {"html", "markdown"}:
        return _UNSEEN.sub("", element.text).strip()
    return element.text or element.kind
