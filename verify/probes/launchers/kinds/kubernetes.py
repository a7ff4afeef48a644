"""Kubernetes manifests, Knative and Cloud Run services: what their containers start."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.probes.launchers.images.pods import pods
from verify.probes.launchers.readers.yaml_values import documents
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.world import World

KIND = "kubernetes"
NAMES = ("*.yml", "*.yaml")

_NEEDS = (b"apiVersion", b"kind", b"containers")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    raw = world.source.raw(path)
    if not all(word in raw for word in _NEEDS) or chart_of(path, world) is not None:
        return
    yield from pods(documents(world.source, path), path, world)


def chart_of(path: str, world: World) -> str | None:
    """Return the folder of the Helm chart whose template this is, or None."""
    folder = posixpath.dirname(path)
    while True:
        above, name = posixpath.split(folder)
        if name == "templates" and world.source.has(posixpath.join(above, "Chart.yaml")):
            return above
        if not folder:
            return None
        folder = above
