"""The image that one would go back to still starts, and is what it was.

Why: a way back that nobody has tried is found broken at night, when it is the only one left.
Fix: docs/runbook.md has the way back. An image that is of no use any more is let go with
`docker image rm TAG-verified` (or TAG-previous); the next run that verifies keeps another.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from verify.difference import Change, said
from verify.errors import CouldNotCheck
from verify.judge import findings_first
from verify.model import AtLeast, AtMost, NoneOf, Observation
from verify.probes import panel
from verify.soundness import soundness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.model import ImageRef
    from verify.probes.engine import Built
    from verify.probes.previous import Files, WayBack

LAST = True

WHAT = "the image to go back to"


def gate_container(way_back: WayBack, image: Built, manifest: Manifest) -> Iterator[Observation]:
    """Start it, open each of its own tabs, and hold its files against those of its own commit.

    Its tabs are its own: those of verify.toml may be newer.

    Raises:
        CouldNotCheck: nothing is wrong with what was seen, but not all was.
    """
    yield from findings_first(
        _seen(way_back, image, manifest), _sound(way_back), _unread(way_back.files)
    )


def _sound(way_back: WayBack) -> Iterator[Observation]:
    for one in soundness(way_back.page):
        yield replace(one, subject=f"{WHAT}, {one.subject}", path=way_back.name)


def _unread(files: Files) -> Iterator[Observation]:
    """Make sure that each of its files could be read.

    Raises:
        CouldNotCheck: one could not.
    """
    yield from ()
    for one in files.differences:
        if one.change is Change.UNREAD:
            raise CouldNotCheck(f"{WHAT}: {one.path} could not be read: {one.why}")


def _seen(way_back: WayBack, image: Built, manifest: Manifest) -> Iterator[Observation]:
    yield _identity(way_back, image)
    yield from _shown(way_back, manifest)
    limit = AtMost(manifest.live.stop_seconds, "seconds")
    yield _of("from SIGTERM to its end", limit, round(way_back.ended, 2), way_back)
    yield _of("its exit code", 0, _code(way_back), way_back)
    yield from _files(way_back)


def _of(subject: str, expected: object, got: object, way_back: WayBack) -> Observation:
    return Observation(f"{WHAT}, {subject}", expected, got, way_back.name)


def _identity(way_back: WayBack, image: Built) -> Observation:
    """Yield which one it is, each digest named as what it is."""
    ref, revision = way_back.image.ref, way_back.files.revision.label
    said_by = f"its label says revision {revision}" if revision else "no label says its revision"
    message = f"{_digest(ref)}; {said_by}; its first page came {way_back.seconds:.1f} s after start"
    if way_back.files.why:
        message += f"; its files are held against no commit: {way_back.files.why}"
    return replace(_of("its id", NoneOf((image.ref.id,)), ref.id, way_back), message=message)


def _digest(ref: ImageRef) -> str:
    if ref.manifest_digest is not None and ref.config_digest is None:
        return f"manifest digest {ref.manifest_digest}"
    return f"config digest {ref.config_digest or ref.id}"


def _shown(way_back: WayBack, manifest: Manifest) -> Iterator[Observation]:
    page, label = way_back.page, manifest.dashboard.marker_label
    texts = [element.text for element in page.sidebar]
    shown = panel.facts(texts).get(label, f"there is no {label!r} in the sidebar")
    name, declared = manifest.dashboard.marker_name, way_back.marker
    if declared is None:
        what = f"what {name} in its own entry says"
        got = f"nothing: {way_back.why or 'there is no such constant'}"
        yield _of(what, "a text", got, way_back)
    else:
        yield _of(f"{label} in the sidebar", declared, shown, way_back)
    yield _of("its tabs", AtLeast(1), len(page.tabs), way_back)
    if fault := manifest.dashboard.fault_text:
        drawn = (*page.main, *page.sidebar, *(one for tab in page.tabs for one in tab.elements))
        faults = "; ".join(one.text for one in drawn if fault in one.text)
        yield _of("faults shown", "", faults, way_back)


def _code(way_back: WayBack) -> object:
    return "still runs" if way_back.exit_code is None else way_back.exit_code


def _files(way_back: WayBack) -> Iterator[Observation]:
    """Yield whether its files are those of the commit that its own label names, if it is known."""
    files: Files = way_back.files
    if files.why:
        return
    odd = [one for one in files.differences if one.change is not Change.UNREAD]
    yield _of(
        f"its files that differ from commit {files.revision.commit[:12]}, of {files.compared}",
        0,
        len(odd),
        way_back,
    )
    for one in odd:
        yield replace(
            _of(one.path, "as reviewed", f"{one}: {said(one)}", way_back),
            message="in its own files",
        )
