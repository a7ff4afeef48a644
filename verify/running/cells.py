"""Asks the gates of stage container what they make of something that runs already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify import direct
from verify.errors import CouldNotCheck
from verify.model import Stage
from verify.probes.inside.hosts import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.manifest import Manifest
    from verify.model import Cell
    from verify.probes.changes import Changes
    from verify.probes.targets import Target
    from verify.running.asked import Options
    from verify.running.expected import Tree
    from verify.surroundings import Inside

MACHINES = frozenset({Kind.SSH, Kind.LOCAL})

OF_CONTAINERS = frozenset({"hardening"})
"""Gates that ask of a container what no machine can be: it has processes of others, and of root."""


def of(
    manifest: Manifest,
    reached: Target,
    seen: Inside,
    changes: Changes | None,
    expected: Tree,
    options: Options,
) -> tuple[Cell, ...]:
    """Return what came of each gate.

    Args:
        manifest: what it is held against.
        reached: what was looked at.
        seen: what was seen inside.
        changes: what the engine says has changed; None where none tells.
        expected: the reviewed files.
        options: what was asked for.
    """
    makers: dict[str, Callable[[], Any]] = {
        "manifest": lambda: manifest,
        "reviewed": lambda: expected.reviewed,
        "container_inside": lambda: seen,
    }
    absent = {"container_facts": "imports are tried only when --try asks for it"}
    if options.tried:
        makers["container_facts"] = lambda: seen.answer
    if changes is not None:
        makers["changes"] = lambda: changes
    if reached.engine is not None and reached.container is not None:
        makers |= _of_docker(reached)
    extra = [manifest.root / folder for folder in manifest.gates.extra]
    without = OF_CONTAINERS if reached.host.kind in MACHINES else frozenset()
    supply = direct.Supply(makers, absent)
    return tuple(direct.cells(Stage.CONTAINER, supply, *extra, without=without))


def _of_docker(reached: Target) -> dict[str, Callable[[], Any]]:
    container, engine = reached.container, reached.engine
    assert container is not None  # asked before  # noqa: S101
    assert engine is not None  # asked before  # noqa: S101

    def image() -> Any:
        """Return the image that its tag names now; the container may be of another."""
        named = engine.here(container.raw.attrs["Config"]["Image"])
        found = named or reached.built
        if found is None:
            raise CouldNotCheck("the engine has neither the container's image nor one of that tag")
        return found

    def container_origin() -> Any:
        from verify.probes.images import whereabouts

        return whereabouts.ran(container.raw.attrs)

    def container_standing() -> Any:
        from verify.probes import standing

        return standing.at_once(container.raw.attrs)

    return {
        "image": image,
        "container_origin": container_origin,
        "container_standing": container_standing,
    }
