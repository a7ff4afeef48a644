"""Holds a server against a burst: what it was like before, and whether it comes to rest after."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from verify.errors import CouldNotCheck
from verify.probes import panel, wire
from verify.probes.access import ANYBODY, Access
from verify.probes.burst import Around, Burst, burst
from verify.probes.server_metrics import Counts, session_counts

IDLE: Final = "0 in use"
"""How the page's line about the database's connections begins when nobody uses one."""

REST: Final = 20.0
"""Seconds for a server to come to rest; 0.1 are usual. Other looks may be going on, so longer."""

PAUSE: Final = 0.1
"""Seconds between two looks at a server that is not at rest."""

_ANSWER: Final = 10.0  # seconds for the server to tell of its sessions


def endure(
    url: str,
    *,
    sessions: int,
    deadline: float,
    access: Access = ANYBODY,
    fault_text: str = "",
    sentinel: str = "",
    pool: str = "",
    memory_mb: Callable[[], float] | None = None,
) -> Burst:
    """Open sessions at the same time, and look at the server before and after.

    Args:
        url: where the dashboard is served, with its base path; http or https.
        sessions: how many at once.
        deadline: seconds for the burst.
        access: what goes along with each connection and request.
        fault_text: see `burst`.
        sentinel: see `burst`.
        pool: label of the page's line about the database's connections; empty to leave it out.
        memory_mb: tells how much memory the server holds, if anybody can.

    Returns:
        What came of the sessions, with `around`.

    Raises:
        UsageError: see `burst`.
        CouldNotCheck: the server could not be looked at before, or nobody could connect.
    """
    visit = partial(
        burst, url, deadline=deadline, access=access, fault_text=fault_text, sentinel=sentinel
    )
    # One that comes alone; and what a first page loads is no growth.
    calm = visit(sessions=1).elements
    before = session_counts(url, deadline=_ANSWER, access=access)
    held = memory_mb() if memory_mb else 0.0
    peak: list[Counts | None] = []

    def connected() -> None:
        if before is not None:
            peak.append(session_counts(url, deadline=_ANSWER, access=access))

    seen = visit(sessions=sessions, connected=connected)
    around = Around(calm, before, peak[0] if peak else None)
    try:
        if before is not None:
            around = replace(around, after=_rested(url, access, before, seen.connected))
        if pool:
            around = replace(around, pool=_pool(url, access, pool))
    except CouldNotCheck as error:
        around = replace(around, trouble=error.diagnosis)
    if memory_mb:
        around = replace(around, growth_mb=memory_mb() - held)
    return replace(seen, around=around)


def _rested(url: str, access: Access, before: Counts, connected: int) -> Counts | None:
    """Return what the server says of its sessions once they have ended, or at the deadline."""
    ends = time.monotonic() + REST
    while True:
        now = session_counts(url, deadline=_ANSWER, access=access)
        gone = now and now.disconnects - before.disconnects >= connected
        if now is None or (gone and now.active <= before.active) or time.monotonic() > ends:
            return now
        time.sleep(PAUSE)


def _pool(url: str, access: Access, label: str) -> str:
    """Return what a page says of the connections once none is in use, or at the deadline."""
    ends = time.monotonic() + REST
    while True:
        page = wire.read(url, deadline=REST, access=access)
        tabs = [element for tab in page.tabs for element in tab.elements]
        texts = [element.text for element in (*page.sidebar, *page.main, *tabs)]
        said = panel.facts(texts).get(label, f"there is no {label!r} on the page")
        if said.startswith(IDLE) or time.monotonic() > ends:
            return said
        time.sleep(PAUSE)
