"""Marks temporary folders as ours, and removes those that killed processes of ours have left."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from verify.probes import processes
from verify.probes.ownership import orphaned, whoami

PREFIX = "verify-"
"""How the names of all our temporary folders begin."""

OWNER = ".verify-owner"
"""The file in such a folder that says which process made it."""


def mark(folder: str | Path) -> None:
    """Say that a folder is gone for good when this process is."""
    Path(folder, OWNER).write_text(json.dumps(whoami()), "utf-8")


def sweep() -> int:
    """Remove what killed processes left on this machine; return how many folders that were.

    Servers that a killed run had started know its folder from their environment: they end with it.
    """
    swept = 0
    with contextlib.suppress(OSError), os.scandir(tempfile.gettempdir()) as there:
        for one in there:
            if one.name.startswith(PREFIX) and _abandoned(Path(one.path)):
                processes.kill(processes.at_work_in(Path(one.path)))
                shutil.rmtree(one.path, ignore_errors=True)
                swept += 1
    return swept


def _abandoned(folder: Path) -> bool:
    try:
        return orphaned((folder / OWNER).read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return False  # nobody's, or just being made
