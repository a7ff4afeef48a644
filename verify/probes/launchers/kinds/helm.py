"""Helm charts: what the containers of their templates start with the chart's own values."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.probes.launchers.images.pods import pods
from verify.probes.launchers.kinds.kubernetes import chart_of
from verify.probes.launchers.readers.helm_text import filled, told
from verify.probes.launchers.readers.yaml_values import NotYaml, documents
from verify.probes.launchers.readers.yaml_values import read as read_yaml
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World

KIND = "helm"
NAMES = ("*.yml", "*.yaml")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    if "templates/" not in path:
        return
    chart = chart_of(path, world)
    if chart is None or b"containers" not in world.source.raw(path):
        return
    values = _first(posixpath.join(chart, "values.yaml"), world)
    about = _first(posixpath.join(chart, "Chart.yaml"), world)
    text = filled(world.source.text(path), values, about)
    try:
        found = read_yaml(text)
    except NotYaml as error:
        if b"streamlit" in world.source.raw(path):
            why = f"the template cannot be followed: {error}"
            yield Found(error.line, "", (world.place(path, error.line).unknown(why, ""),))
        return
    for one in pods(found, path, world, told):
        why = f"with {posixpath.join(chart, 'values.yaml')} as it stands"
        yield Found(one.line, one.raw, tuple(launch.because(why) for launch in one.launches))


def _first(path: str, world: World) -> Value | None:
    if not world.source.has(path):
        return None
    try:
        found = documents(world.source, path)
    except NotYaml:
        return None
    return found[0] if found else None
