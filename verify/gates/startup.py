"""The dashboard serves its first complete page within its budget.

Why: a health endpoint answers long before the page does, and an operator waits for the page.
Fix: see what the first run imports and does (`python -X importtime`); or, when the time is right as
it is, set [startup].budget_seconds in verify.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import AtMost, Observation
from verify.soundness import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.probes.ready import Begun, Started
    from verify.probes.wire import Page

FIRST = True


def gate_local(local_start: Begun, manifest: Manifest) -> Iterator[Observation]:
    """Start `streamlit run ENTRY` here and wait for its first page."""
    entry = manifest.dashboard.entry
    yield from _start(local_start.page, local_start.seconds, manifest, entry)


def gate_container(container: Started, manifest: Manifest) -> Iterator[Observation]:
    """Start the image as it is and wait for its first page."""
    where = manifest.image.dockerfile if manifest.image else None
    yield from _start(container.page, container.seconds, manifest, where)


def _start(
    page: Page, seconds: float, manifest: Manifest, where: str | None
) -> Iterator[Observation]:
    yield Observation("the first page's run", "success", page.how, where)
    drawn = "; ".join(f"{place(one)}: {one.text}" for one in page.exceptions)
    yield Observation("exceptions on the first page", "", drawn, where)
    yield Observation(
        "seconds from the start to the first complete page",
        AtMost(manifest.startup.budget_seconds, "s"),
        round(seconds, 2),
        where,
    )
