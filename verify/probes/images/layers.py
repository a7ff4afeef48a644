"""Looks at each layer of an image, and reckons what its digests should be.

What a layer holds is remembered by its digest, so that a layer is read once and no more: `docker
save` takes 5 s for 700 MB, and between two builds most layers are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.inventory import File, Kind
from verify.probes.docker_errors import engine_errors
from verify.probes.images import memory
from verify.probes.images.base import Base, Step, by_layers, by_steps
from verify.probes.images.download import DEADLINE, download
from verify.probes.images.save import Contents, Saved, Scan, saved

if TYPE_CHECKING:
    from verify.probes.engine import Engine

FORM = "4"
"""Of what is remembered; another one is read again."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """What looks into the files of each layer.

    Args:
        version: changes whenever it finds something else; what another version found counts for
            nothing.
        scan: is given path and content, piece by piece, and says what kinds of things it found.
    """

    version: str
    scan: Scan


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of an image.

    Args:
        declared: its digest, as the image's config has it.
        contents: what it holds, with the digest as it was reckoned.
        of_base: whether it belongs to the image this one was built on; None when nobody can tell.
        created_by: the step that made it, as the builder wrote it; empty when nobody tells.
        remembered: whether its content was read by an earlier run.
    """

    declared: str
    contents: Contents
    of_base: bool | None
    created_by: str
    remembered: bool


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of one image, the lowest first.

    Args:
        image_id: the engine's id of the image.
        layers: each of them.
        history: the steps of the image's build, the first one first.
        base: the image it was built on.
        named: what each digest names that was reckoned from bytes the engine handed out: `config`,
            `manifest` or `index`; empty when none was.
        remembered: whether an earlier run reckoned them.
    """

    image_id: str
    layers: tuple[Layer, ...]
    history: tuple[Step, ...]
    base: Base
    named: Mapping[str, str]
    remembered: bool

    def ours(self) -> tuple[Layer, ...]:
        """Return the layers that are not known to be the base's."""
        return tuple(layer for layer in self.layers if not layer.of_base)


def look(
    engine: Engine,
    inspected: Mapping[str, Any],
    *,
    base: str = "",
    dockerfile: str = "",
    scanner: Scanner | None = None,
    deadline: float = DEADLINE,
) -> Layers:
    """Look at the layers of an image; without `docker save` where all of them are remembered.

    Args:
        engine: which engine.
        inspected: what the engine tells of the image.
        base: the name of the image it was built on, if anybody tells.
        dockerfile: the text of the Dockerfile it was built by, if there is one.
        scanner: what looks into the files.
        deadline: seconds for `docker save`.

    Raises:
        CouldNotCheck: the engine does not answer, or breaks off.
    """
    image = str(inspected["Id"])
    declared = tuple((inspected.get("RootFS") or {}).get("Layers") or ())
    below = by_layers(engine, base, declared)
    version = scanner.version if scanner else ""
    known = {diff_id: _recall(diff_id, version) for diff_id in declared}
    facts = memory.recall("config", FORM, image)
    now: Saved | None = None
    if None in known.values() or (facts is None and below.layers is None):
        now = _save(engine, inspected, scanner, deadline)
        facts = {"config": now.config, "named": dict(now.named)}
        memory.keep("config", FORM, image, value=facts)
        for contents in now.layers:
            _keep(contents, version)
    history = _history(engine, image, facts, len(declared))
    if below.layers is None and dockerfile:
        below = by_steps(below, dockerfile, history)
    made = {step.layer: step.created_by for step in history if step.layer is not None}
    read = now.layers if now else tuple(one for one in map(known.get, declared) if one)
    return Layers(
        image_id=image,
        layers=tuple(
            Layer(
                declared=_declared(facts, declared)[n] if n < len(declared) else "",
                contents=contents,
                of_base=None if below.layers is None else n < below.layers,
                created_by=made.get(n, ""),
                remembered=now is None,
            )
            for n, contents in enumerate(read)
        ),
        history=history,
        base=below,
        named=facts["named"] if facts else {},
        remembered=now is None,
    )


def _save(
    engine: Engine, inspected: Mapping[str, Any], scanner: Scanner | None, deadline: float
) -> Saved:
    image = str(inspected["Id"])
    what = f"image {image.removeprefix('sha256:')[:12]}"
    platform = f"{inspected.get('Os')}/{inspected.get('Architecture')}"
    with download(engine, f"/images/{image}/get", what, deadline=deadline) as stream:
        return saved(stream, what, platform=platform, scan=scanner.scan if scanner else None)


def _declared(facts: Mapping[str, Any] | None, told: Sequence[str]) -> Sequence[str]:
    """Return the digests of the image's own config; those the engine tells where it has none."""
    ids: Sequence[str] = ((facts or {}).get("config", {}).get("rootfs") or {}).get("diff_ids") or ()
    return ids if len(ids) == len(told) else told


def _history(
    engine: Engine, image: str, facts: Mapping[str, Any] | None, layers: int
) -> tuple[Step, ...]:
    if facts is not None:
        rows = facts["config"].get("history") or ()
        made = [(str(row.get("created_by", "")), not row.get("empty_layer")) for row in rows]
    else:
        # The engine's own list does not say which step made a layer, but for its size.
        with engine_errors("the history of the image cannot be read"):
            listed = reversed(engine.api.history(image))
        made = [(str(row.get("CreatedBy") or ""), bool(row.get("Size"))) for row in listed]
    known = sum(layer for _, layer in made) == layers
    steps, n = [], 0
    for created_by, layer in made:
        steps.append(Step(created_by, n if layer and known else None))
        n += layer
    return tuple(steps)


def _recall(diff_id: str, version: str) -> Contents | None:
    value = memory.recall("layer", FORM, version, diff_id)
    try:
        return None if value is None else Contents(
            diff_id,
            value["size"],
            {row[0]: _file(row) for row in value["files"]},
            tuple(value["removed"]),
            tuple(value["emptied"]),
            {path: tuple(kinds) for path, kinds in value["findings"].items()},
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _keep(contents: Contents, version: str) -> None:
    value = {
        "size": contents.size,
        "files": [_row(file) for file in contents.files.values()],
        "removed": contents.removed,
        "emptied": contents.emptied,
        "findings": contents.findings,
    }
    memory.keep("layer", FORM, version, contents.diff_id, value=value)


def _row(file: File) -> list[Any]:
    numbers = (file.size, file.mode, file.uid, file.gid, file.mtime)
    return [file.path, str(file.kind), *numbers, file.target, file.capabilities]


def _file(row: Sequence[Any]) -> File:
    path, kind, size, mode, uid, gid, mtime, target, capabilities = row
    return File(
        path, Kind(kind), size, mode, uid, gid, mtime, target=target, capabilities=capabilities
    )
