"""Nothing on any tab is a serious barrier, in the light scheme and in the dark one.

Why: who cannot read a text for its colour, or whose screen reader finds a control without a name,
cannot operate the dashboard; and nobody else notices.
Fix: axe-core's rule of that name says what it asks for and why
(https://dequeuniversity.com/rules/axe); colours stand in .streamlit/config.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.model import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.browser import Sight

LAST = True


def gate_live(sight: Sight) -> Iterator[Observation]:
    """Hold axe-core against every tab of the running container, in both schemes."""
    labels = sight.labels or ("",)
    missing = [
        f"{label or 'the page'} ({scheme})"
        for scheme in ("light", "dark")
        for label in labels
        if (label, scheme) not in sight.checked
    ]
    for label, scheme in sight.checked:
        found = [
            f"{one.rule}: {one.help} ({one.impact}, {one.places} "
            f"place{'s' if one.places != 1 else ''}, first: {one.first})"
            for one in sight.barriers
            if (one.tab, one.scheme) == (label, scheme)
        ]
        yield Observation(
            f"{label or 'the page'}, {scheme} scheme: serious barriers",
            "none",
            "; ".join(found) or "none",
            sight.url,
        )
    if missing and not sight.barriers:
        raise CouldNotCheck(
            f"the browser did not get to {', '.join(missing)}",
            "See what the gate `responsive` says of them.",
        )
