"""Finds what is left behind of an attempt's runs, and removes it after it was told."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import uuid
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Final

from verify.errors import VerifyError
from verify.probes import processes
from verify.probes.ownership import LABEL, whoami

if TYPE_CHECKING:
    from verify.probes.engine import Engine

PATIENCE: Final = 5.0
"""Seconds that what was told to end has until it counts as left."""

_PAUSE: Final = 0.02
_LONGEST: Final = 100


def left(folder: Path, temporary: Path, owners: Collection[int]) -> str:
    """Name what is left behind; empty when nothing is.

    Args:
        folder: of the attempt; its processes know of it.
        temporary: the folder in it for temporary files.
        owners: the processes that may have made containers; () when none has.
    """
    ends = time.monotonic() + PATIENCE
    while found := left_now(folder, temporary, owners):
        if time.monotonic() > ends:
            processes.kill(processes.at_work_in(folder))
            _remove(owners)
            return found
        time.sleep(_PAUSE)
    return ""


def left_now(folder: Path, temporary: Path, owners: Collection[int]) -> str:
    """Name what is there at this moment, see `left`."""
    files = sorted(one.name for one in temporary.iterdir())
    alive = [f"process {one.pid}: {one.command}" for one in processes.at_work_in(folder)]
    boxes = [f"container {name}" for name in containers(owners)]
    return ", ".join(one[:_LONGEST] for one in (*files, *alive, *boxes))


def used(owners: Collection[int]) -> Collection[int]:
    """Return the owners, or none when no run of this process has asked an engine for anything."""
    return owners if "docker" in sys.modules or len(owners) > 1 else ()


def containers(owners: Collection[int]) -> dict[str, str]:
    """Return the ids of the containers that these processes made, by name; the newest first."""
    if not owners:
        return {}
    with contextlib.suppress(VerifyError), contextlib.closing(_engine()) as engine:
        rows = engine.api.containers(all=True, filters={"label": LABEL})
        return {
            str((row["Names"] or [row["Id"]])[0]).lstrip("/"): str(row["Id"])
            for row in rows
            if _made_by(row["Labels"].get(LABEL, ""), owners)
        }
    return {}  # without an engine there are none


def _made_by(label: str, owners: Collection[int]) -> bool:
    try:
        owner = json.loads(label)
        return owner["host"] == whoami()["host"] and owner["pid"] in owners
    except (ValueError, KeyError, TypeError):
        return False


def _remove(owners: Collection[int]) -> None:
    for box in containers(owners).values():
        with contextlib.suppress(VerifyError), contextlib.closing(_engine()) as engine:
            engine.remove(engine.attach(box))


def _engine() -> Engine:
    from verify.probes import engine

    return engine.connect(uuid.uuid4().hex[:12])
