"""Tells which layers of an image are those of the image it was built on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.dockerfile import parse
from verify.probes.images.find import find

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.probes.engine import Built, Engine

LABEL = "org.opencontainers.image.base.name"
"""Names the base image; the OCI image specification, annotations.md."""

SCRATCH = "scratch"
"""The base that has no layer."""

_OLD = re.compile(r"#\(nop\)\s+([A-Z]+)\b")
_NEW = re.compile(r"([A-Z]+)\b")
_KEYWORDS = re.compile(
    r"ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL"
    r"|STOPSIGNAL|USER|VOLUME|WORKDIR"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an image's history.

    Args:
        created_by: what made it, as the builder wrote it.
        layer: which layer it made, 0 being the lowest; None for none, or where nobody tells.
    """

    created_by: str
    layer: int | None


@dataclass(frozen=True, slots=True)
class Base:
    """The image that an image was built on.

    Args:
        name: as whoever tells it wrote it; empty when nobody does.
        here: whether the engine has an image of that name.
        first: whether the first layers are those of that image; None when it is not here.
        layers: how many layers are the base's; None when that cannot be told.
        told_by: what tells it.
    """

    name: str
    here: bool
    first: bool | None
    layers: int | None
    told_by: str = ""


def name_of(image: Built, dockerfile: str) -> str:
    """Return the name of the image that an image was built on; empty when nobody tells.

    Args:
        image: as it was built, or as the engine has it.
        dockerfile: the text of its Dockerfile.
    """
    labels = image.config.get("Labels") or {}
    return image.ref.base or named_in(dockerfile, {}) or str(labels.get(LABEL, ""))


def by_layers(engine: Engine, name: str, diff_ids: Sequence[str]) -> Base:
    """Hold the layers of the base image, if it is here, against those of the image.

    Raises:
        CouldNotCheck: the engine does not say.
    """
    if name == SCRATCH:
        return Base(name, here=True, first=True, layers=0, told_by="it has no layer")
    inspected = find(engine, name) if name else None
    if inspected is None:
        return Base(name, here=False, first=None, layers=None)
    below = (inspected.get("RootFS") or {}).get("Layers") or []
    first = list(diff_ids[: len(below)]) == below
    return Base(name, here=True, first=first, layers=len(below) if first else None,
                told_by="its layers" if first else "")  # fmt: skip


def by_steps(base: Base, dockerfile: str, history: Sequence[Step]) -> Base:
    """Tell it by the Dockerfile's steps, which must be the last ones of the history."""
    steps = _last_steps(dockerfile)
    below = list(history)
    while steps and below:
        made = keyword(below[-1].created_by)
        if made == steps[-1]:
            steps.pop()
        elif made != "LABEL":  # an option of the build adds one
            return base
        below.pop()
    if steps:
        return base
    layers = sum(step.layer is not None for step in below)
    return Base(base.name, base.here, base.first, layers, "the Dockerfile's steps")


def keyword(created_by: str) -> str:
    """Return the instruction that a step of a history was."""
    old = _OLD.search(created_by)
    if old:
        return old[1]
    new = _NEW.match(created_by)
    return new[1] if new and _KEYWORDS.fullmatch(new[1]) else "RUN"


def named_in(dockerfile: str, given: Mapping[str, str]) -> str:
    """Return the image that a Dockerfile's last stage is built on, through its other stages.

    Args:
        dockerfile: its text.
        given: build arguments that are passed.
    """
    every = parse.stages(dockerfile)
    if not every:
        return ""
    lowest = parse.lineage(every, every[-1])[0]
    return parse.expand(lowest.base, {**parse.arguments(dockerfile), **given})


def _last_steps(dockerfile: str) -> list[str]:
    every = parse.stages(dockerfile)
    chain = parse.lineage(every, every[-1]) if every else []
    return [each.name for stage in chain for each in stage.instructions]
