"""What `verify live` finds wrong with a standing app, its verify.toml saying what was reviewed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from tests.verify.broken.app import Reviewed, Standing
from verify.live.look import Looker, Options
from verify.model import Cell, Outcome, Verdict

PATIENT: Final = (60.0, 20.0)
"""Seconds for a look, of which the first page may take half, and for a tab: for a busy machine."""

SHORT: Final = (6.0, 2.0)
"""The same for what never ends."""


def findings(standing: Standing) -> list[str]:
    """Return what is not as it must be, in words, and why something could not be looked at."""
    root = standing.reviewed
    deadline, tab_seconds = SHORT if standing.app.endless else PATIENT
    (root / "verify.toml").write_text(_manifest(standing.app.reviewed, tab_seconds), "utf-8")
    seen = Looker(Options(standing.url, root=root, deadline=deadline)).look()
    found = [text for cell in seen.cells for text in _told(cell)]
    assert bool(found) == (seen.verdict is not Verdict.VERIFIED), (seen.verdict, found)
    return found


def _told(cell: Cell) -> Iterator[str]:
    for one in cell.observations:
        if not one.ok:
            yield f"{one.subject}: {one.got or 'nothing'}, expected: {one.expected}"
    if cell.outcome is Outcome.ERROR or (cell.outcome is Outcome.SKIP and cell.required):
        yield cell.reason.partition("\n")[0]


def _manifest(reviewed: Reviewed, tab_seconds: float) -> str:
    """Return a `verify.toml`; JSON's texts and lists are TOML's, too."""
    values = {
        "entry": reviewed.entry,
        "marker": reviewed.marker,
        "tabs": reviewed.labels,
        "pages": reviewed.pages,
        "sentinel": reviewed.sentinel,
        "fault_text": reviewed.fault_text,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
    return "\n".join(["[dashboard]", *lines, "[live]", f"tab_seconds = {tab_seconds}", ""])
