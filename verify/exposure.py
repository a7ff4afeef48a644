"""Secrets and leftovers in an image's variables, history and layers: a pure judgement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import AtLeast, Observation
from verify.probes import secrets
from verify.probes.images import base, ours
from verify.probes.packages import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from verify.inventory import File
    from verify.probes.engine import Built
    from verify.probes.images.layers import Layer, Layers
    from verify.probes.images.ours import Placed
    from verify.probes.images.said import Said
    from verify.probes.source import Source
    from verify.surroundings import Inside
    from verify.tables import Image

NONE = "none"
HARMLESS = "no secret"


def configured(image: Built, layers: Layers, place: Said) -> Iterator[Observation]:
    """Look for secrets in variables, labels and the steps of the build."""
    variables = dict(one.partition("=")[::2] for one in image.config.get("Env") or ())
    told = "Whoever has the image can read it: give it to the container when that starts."
    for kind, rows in (("variable", variables), ("label", image.config.get("Labels") or {})):
        found = dict(secrets.in_variables(rows))
        for name in rows:
            line = place.line("ENV" if kind == "variable" else "LABEL", name)
            got = found.get(name, HARMLESS)
            yield Observation(f"{kind} {name}", HARMLESS, got, place.path, line, told)
        if not rows:
            yield Observation(f"{kind}s of the image", HARMLESS, HARMLESS, place.path)
    known = {name for name, _ in secrets.in_variables(variables)}
    for number, step in enumerate(layers.history):
        # What is told already stands in each later step, too.
        seen = [row for row in secrets.in_command(step.created_by) if row[0] not in known]
        known |= {name for name, _ in seen} - {secrets.ELSEWHERE}
        subject = f"step {number + 1} of the history, {base.keyword(step.created_by)}"
        got = "; ".join(f"{name}: {kind}" for name, kind in seen) or HARMLESS
        told = "Build arguments stand in the history: RUN --mount=type=secret keeps it out."
        yield Observation(subject, HARMLESS, got, place.path, place.of_step(number), told)


def in_layers(
    there: Mapping[str, Placed],
    layers: Layers,
    anybodys: Callable[[], frozenset[str]],
    place: Said,
) -> Iterator[Observation]:
    """Look for secrets in each layer, whatever a later one deletes."""
    published = anybodys()
    for number, layer in enumerate(layers.layers):
        if layer.of_base:
            continue
        line = place.of_layer(number)
        subject = f"secrets in layer {number + 1} of {len(layers.layers)}, {step(layer)}"
        found = False
        for path, kinds in layer.contents.findings.items():
            placed = there.get(path)
            if placed is not None and path in published and _alike(path, layer, placed):
                continue
            found = True
            told = "Keep it out of the build (.dockerignore, a mounted secret), and replace it."
            if placed is None or placed.layer is not layer:
                told = f"A later layer hides it; whoever has the image can read it still. {told}"
            got = f"{path}: {'; '.join(kinds)}"
            yield Observation(subject, HARMLESS, got, place.path, line, told)
        if not found:
            said = f"{len(layer.contents.files)} files and folders"
            yield Observation(subject, HARMLESS, HARMLESS, place.path, line, said)


def _alike(path: str, layer: Layer, placed: Placed) -> bool:
    """Say whether a layer has a file as the finished image has it; a later one may repeat it."""
    if placed.layer is layer:
        return True
    same = layer.contents.files[path].size == placed.file.size
    findings = placed.layer.contents.findings
    return same and layer.contents.findings[path] == findings.get(path)


def published_files(inside: Inside, source: Source, spec: Image) -> frozenset[str]:
    """Return the files that hold what anybody can download, such as examples of addresses."""
    if inside.distributions is None or inside.files is None:
        return frozenset()
    pins = locked.read(source, spec.lock).pins if spec.lock else ()
    versions = {(pin.name, pin.version) for pin in pins} if spec.lock else None
    return ours.published(inside.distributions, inside.files, versions)


def caches(layers: Layers, place: Said) -> Iterator[Observation]:
    """Look for what package managers fetched and left, in each layer: deleting later frees none."""
    subject = "package manager caches in our layers"
    total = 0
    found = False
    for number, layer in enumerate(layers.layers):
        caches = ours.cached(layer.contents.files)
        if layer.of_base:
            total += sum(map(len, caches.values()))
            continue
        for name, files in caches.items():
            found = True
            got = f"of {name}: {_amount(files)}"
            told = (
                f"{files[0].path}, in layer {number + 1} of {len(layers.layers)}, {step(layer)}; "
                "clean it in the step that fills it."
            )
            yield Observation(subject, NONE, got, place.path, place.of_layer(number), told)
    if not found:
        yield Observation(subject, NONE, NONE, place.path)
    if layers.base.layers is not None:
        told = "not ours to judge"
        yield Observation("cached files of the base image", AtLeast(0), total, message=told)


def _amount(files: list[File]) -> str:
    size = sum(file.size or 0 for file in files)
    return f"{len(files)} file{'s' * (len(files) != 1)}, {size / 1e6:.1f} MB"


def step(layer: Layer) -> str:
    """Return the instruction that made a layer; the rest of its step may tell secrets."""
    return base.keyword(layer.created_by) if layer.created_by else "of a step that is not known"
