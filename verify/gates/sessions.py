"""Every database session is opened by a `with`.

Why: a session that nobody closes keeps its connection and its locks, until the pool is empty and
every tab hangs.
Fix: write `with get_session() as session:` and use the session inside of it only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck, NotDeclared
from verify.model import Observation
from verify.probes.static.session_use import WITH, definition, uses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.source import Source


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Find every use of the declared session function, under whatever name it is imported."""
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
