"""A container that is told to stop ends soon, and in good order.

Why: what does not end by itself is killed, and whatever it was about to write is lost.
Fix: let the server be the container's first process, with CMD as a list of words and no shell
before it, ask for no other signal (STOPSIGNAL), and let nothing of the dashboard catch SIGTERM or
hold the process open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import AtMost, Observation
from verify.probes import log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.probes.drill import Drill


def gate_container(drill: Drill, manifest: Manifest) -> Iterator[Observation]:
    """Stop a container as an engine does, by SIGTERM, while a visitor has its page open."""
    path = manifest.image.dockerfile if manifest.image else None
    ended = drill.exit_code is not None
    yield Observation(
        "the container, told to stop", "ends", "ends" if ended else _still(drill), path
    )
    if ended:
        limit = AtMost(manifest.live.stop_seconds, "seconds")
        yield Observation("from SIGTERM to its end", limit, round(drill.seconds, 2), path)
        yield Observation("its exit code", 0, drill.exit_code, path, message=_meaning(drill))
    for fault in log.faults(drill.last_words) or ("",):
        yield Observation("faults logged after SIGTERM", "", fault, path)


def _still(drill: Drill) -> str:
    return f"still runs after {drill.seconds:.1f} s"


def _meaning(drill: Drill) -> str:
    return {
        137: "killed: it did not end by itself",
        143: "SIGTERM ended it: nothing in it took notice",
    }.get(drill.exit_code or 0, "")
