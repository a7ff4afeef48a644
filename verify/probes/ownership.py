"""Marks what a run makes as its own, so that a later run can sweep what a killed one left."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

LABEL = "verify.run"
"""The label on every container we make; its value says which process made it."""


def label(run_id: str) -> dict[str, str]:
    """Return the label of everything a run makes."""
    return {LABEL: json.dumps({"run": run_id, **whoami()}, sort_keys=True)}


def whoami() -> dict[str, Any]:
    """Return what tells this process from every other, past and present, on this machine."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid())}


def _born(pid: int) -> str:
    """Return when a process started, in clock ticks since boot; empty when there is none.

    Field 22 of /proc/PID/stat, proc(5); the command in field 2 may hold spaces and brackets.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def orphaned(label: str) -> bool:
    """Whether the run that made something is no longer alive on this machine."""
    try:
        owner = json.loads(label)
        here = bool(owner["host"] == socket.gethostname())
        return here and _born(int(owner["pid"])) != owner["born"]
    except (ValueError, KeyError, TypeError):
        return False
