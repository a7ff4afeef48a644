"""Every database session is opened by a `with`, and many visitors at once leave nothing behind.

Why: a session that nobody closes keeps its connection and its locks, until the pool is empty and
every tab hangs; and that shows when many operators come at once.
Fix: write `with get_session() as session:` and use the session inside of it only. Keep nothing in a
module for each visitor. When more time or memory is right for many at once, set them in [live] of
verify.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck, NotDeclared
from verify.model import AtLeast, AtMost, Observation, StartsWith
from verify.probes.endure import IDLE
from verify.probes.static import engine_use
from verify.probes.static.session_use import WITH, definition, uses
from verify.soundness import each_tab_ran

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.burst import Around, Burst
    from verify.probes.source import Source


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Find every use of the declared session function, and what is opened of the engine past it."""
    if manifest.sessions is None:
        raise NotDeclared("verify.toml declares no [sessions]")
    target = manifest.sessions.function
    function = definition(source, target)
    got = "defined" if function is not None else "no such function in the tree"
    path = function.path if function is not None else None
    yield Observation(target, "defined", got, path)
    if function is None:
        return
    for use in uses(source, function):
        got = f"{WITH} ...:" if use.how == WITH else use.how
        yield Observation(f"use of {use.code}", f"{WITH} ...:", got, use.path, use.line)
    engine = definition(source, manifest.sessions.engine) if manifest.sessions.engine else None
    if engine is not None:
        for use in engine_use.opened(source, engine, {engine.path, function.path}):
            got = f"{WITH} ...:" if use.how == WITH else use.how
            yield Observation(f"use of {use.code}", f"{WITH} ...:", got, use.path, use.line)


def gate_local(rehearsal: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    """Count the connections that are out of the pool after each tab has run."""
    if manifest.sessions is None or not manifest.sessions.engine:
        raise NotDeclared("verify.toml declares no [sessions].engine")
    for tab in rehearsal["tabs"]:
        if tab["connections"] is None:
            raise CouldNotCheck(
                f"the pool of {manifest.sessions.engine} does not count its connections",
                "Use a pool that counts, such as SQLAlchemy's QueuePool, in the environment of "
                "[subject].env.",
            )
        yield Observation(
            f"connections out of the pool after tab {tab['label']} ran",
            expected=0,
            got=tab["connections"],
            path=manifest.dashboard.entry,
        )
    if not any(tab["connections"] for tab in rehearsal["tabs"]):  # a leak is told instead
        each_tab_ran(rehearsal)


def gate_live(burst: Burst, manifest: Manifest) -> Iterator[Observation]:
    """Open many sessions at the same time, and see what they get and what they leave behind."""
    sessions, live, where = burst.sessions, manifest.live, burst.url
    yield Observation(
        f"complete pages of {sessions} sessions at once", sessions, burst.complete, where
    )
    failed = "; ".join(f"{count} times: {why}" for why, count in burst.failures)
    yield Observation("what the others got", "nothing else", failed or "nothing else", where)
    p95 = burst.p95
    yield Observation(
        "seconds until 95 of 100 complete pages were there",
        AtMost(live.p95_seconds, "s"),
        "no page is complete" if p95 is None else round(p95, 2),
        where,
    )
    if burst.around is not None:
        yield from _around(burst, burst.around, manifest)


def _around(burst: Burst, around: Around, manifest: Manifest) -> Iterator[Observation]:
    """Hold what the server was like after against what it was like before."""
    where = burst.url
    yield Observation(
        "elements on most of their pages, as on the page of one who comes alone",
        AtLeast(around.calm),
        burst.elements,
        where,
    )
    yield Observation("the server after they left", "answers", around.trouble or "answers", where)
    yield from _counted(burst.connected, around, where)
    if around.growth_mb is not None:
        yield Observation(
            "growth of the container's memory through them",
            AtMost(manifest.live.growth_mb, "MB"),
            round(around.growth_mb, 1),
            where,
        )
    if around.pool:
        label = manifest.diagnostics.pool if manifest.diagnostics else "the pool"
        yield Observation(f"{label} after they left", StartsWith(IDLE), around.pool, where)


def _counted(connected: int, around: Around, where: str) -> Iterator[Observation]:
    """Hold what the server counts of its sessions against those that were opened.

    Others may come and go meanwhile, so it may count more of them.
    """
    before, peak, after = around.before, around.peak, around.after
    if before is None:
        return  # Streamlit counts its sessions only since a version after 1.52
    told = "the server does not tell any more"
    yield Observation(
        "sessions the server counted when all were connected",
        AtLeast(connected),
        peak.active if peak else told,
        where,
    )
    yield Observation(
        "sessions the server counted as begun",
        AtLeast(connected),
        after.connects - before.connects if after else told,
        where,
    )
    yield Observation(
        "sessions the server counted as ended",
        AtLeast(connected),
        after.disconnects - before.disconnects if after else told,
        where,
    )
    yield Observation(
        "sessions still connected after they left",
        AtMost(before.active),
        after.active if after else told,
        where,
    )
