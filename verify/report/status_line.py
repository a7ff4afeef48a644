"""Progress on a terminal as one line that comes only when something takes long."""

from __future__ import annotations

import shutil
import sys
import time

from verify.progress import Progress
from verify.report.clean import clean

PATIENCE = 0.5
"""Seconds of silence; what is done by then needs no line."""


class StatusLine(Progress):
    """Keeps one line up to date, and takes it away at the end."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = False

    def step(self, what: str) -> None:
        """Show what is being done."""
        if time.monotonic() - self._began < PATIENCE:
            return
        width = shutil.get_terminal_size((80, 24)).columns
        print(f"\r\x1b[K{' '.join(clean(what).split())[: width - 1]}", end="", file=sys.stderr)
        sys.stderr.flush()
        self._shown = True

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
