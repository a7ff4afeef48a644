"""Built twice from the same tree, the image has the same files.

Why: where each build comes out otherwise, nobody can tell a change that was reviewed from one that
was not, and an image that was rebuilt is not the one that was verified.
Fix: in the Dockerfile, pin what is installed, and let no step write a time, a random number or what
depends on the order in which things happen. Times of files do not count; bytecode is the usual
culprit, because each of its files has the time of its source in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.difference import Change, said
from verify.errors import CouldNotCheck
from verify.model import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.probes.images.twice import Other, SideBySide

LAST = True

MOST = 100
"""Paths that are named one by one."""


def gate_image(second_build: SideBySide, manifest: Manifest) -> Iterator[Observation]:
    """Build the image again without any cache, and compare type, mode, owner and content.

    Raises:
        CouldNotCheck: all that could be read is the same, but not all could.
    """
    found = second_build.differences
    changed = [one for one in found if one.change is not Change.UNREAD]
    yield Observation(
        "paths that are the same in another build of this tree",
        expected=second_build.paths,
        got=second_build.paths - len(changed),
        path=manifest.image.dockerfile if manifest.image else None,
        message=_other(second_build.other),
    )
    for one in changed[:MOST]:
        yield Observation(one.path, "the same in each build", str(one), one.path, message=said(one))
    if found and not changed:
        first = found[0]
        raise CouldNotCheck(
            f"{len(found)} paths could not be compared, {first.path} for one: {first.why}"
        )


def _other(other: Other) -> str:
    built = f"by an earlier run, {other.when}" if other.remembered else "in this run"
    left_out = ", ".join(sorted(other.files.unread))
    return f"the other was built from nothing {built}; not compared: {left_out or 'nothing'}"
