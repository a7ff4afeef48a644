"""Asks the engine what has changed in a container's own layer since it was created."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.difference import Change
from verify.probes.docker_errors import engine_errors

if TYPE_CHECKING:
    from docker.models.containers import Container as DockerContainer

_KINDS = (Change.CHANGED, Change.EXTRA, Change.MISSING)
"""By the engine's numbers: modified, added, deleted."""


_BYTE = re.compile("[\udc80-\udcff]")


def as_told(path: str) -> str:
    """Return a path as an engine tells it: in its JSON no byte can stand that is not UTF-8."""
    return _BYTE.sub("\ufffd", path)


@dataclass(frozen=True, slots=True)
class Changes:
    """What the engine records of a container; what a volume or another mount has is none of it.

    Args:
        rows: in which way each path changed, by the path as the engine tells it.
        volumes: the folders that its image declares to be volumes.
        mounts: by path, what is mounted there: `volume`, `bind` or `tmpfs`, and from where.
    """

    rows: Mapping[str, Change]
    volumes: tuple[str, ...] = ()
    mounts: Mapping[str, str] = field(default_factory=dict)


def changes(raw: DockerContainer) -> Changes:
    """Return what has changed in a container since it was created.

    Raises:
        CouldNotCheck: the container or the engine is gone.
    """
    with engine_errors("the engine cannot say what changed in the container"):
        rows = raw.diff() or ()
        attrs = raw.client.api.inspect_container(raw.id)
        # The container's own list has the volumes, too, that it was started with.
        config = raw.client.api.inspect_image(attrs["Image"])["Config"]
    mounts = {
        mount["Destination"]: f"{mount['Type']} {mount.get('Name') or mount.get('Source') or ''}"
        for mount in attrs.get("Mounts") or ()
    }
    mounts |= dict.fromkeys(attrs["HostConfig"].get("Tmpfs") or (), "tmpfs")
    return Changes(
        rows={row["Path"]: _KINDS[row["Kind"]] for row in rows},
        volumes=tuple(sorted((config or {}).get("Volumes") or ())),
        mounts={path: what.strip() for path, what in mounts.items()},
    )
