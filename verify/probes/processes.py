"""Looks through the processes of this machine; where there is no /proc, there are none to see."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")

ENDED = (b"Z", b"X")
"""States of processes that have ended and are only waited for, proc(5)."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process.

    Args:
        pid: its id.
        parent: the id of its parent.
        command: its command line.
    """

    pid: int
    parent: int
    command: str


def all_of_them() -> Iterator[Process]:
    """Yield each process that has not ended; one that just begins has no command line yet."""
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it is gone
            command = (folder / "cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
            # Behind the name, which may hold anything: state, parent, ... (proc(5)).
            behind = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            if behind[0] not in ENDED:
                yield Process(int(folder.name), int(behind[1]), command.decode("utf-8", "replace"))


def started_by(pid: int) -> list[Process]:
    """Return what a process has started, and what that has started, and so on."""
    found, parents = [], {pid}
    rest = list(all_of_them())
    while children := [one for one in rest if one.parent in parents]:
        found += children
        parents = {one.pid for one in children}
    return found


def at_work_in(folder: Path) -> list[Process]:
    """Return what runs in a folder, or was told of it; this process is left out."""
    mark = os.fsencode(folder)
    return [one for one in all_of_them() if one.pid != os.getpid() and _knows(one.pid, mark)]


def _knows(pid: int, mark: bytes) -> bool:
    here = PROC / str(pid)
    with contextlib.suppress(OSError):  # gone, or somebody else's
        if os.fsencode((here / "cwd").readlink()).startswith(mark):
            return True
        return mark in (here / "cmdline").read_bytes() or mark in (here / "environ").read_bytes()
    return False


def kill(processes: list[Process]) -> None:
    """Kill these, as far as they are still there."""
    for one in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, signal.SIGKILL)
