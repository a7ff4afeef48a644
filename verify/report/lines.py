"""Progress as quiet lines, for CI logs."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from verify.model import Outcome
from verify.progress import Progress
from verify.report.clean import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.model import Cell, Stage

LONGEST = 90
"""Characters of a step that are shown."""


class LineProgress(Progress):
    """Writes one line for each cell, and one for each long step."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = self._count = 0
        self._began = time.monotonic()

    def begin(self, cells: Sequence[tuple[str, Stage]]) -> None:
        """Remember how many cells there are."""
        self._total = len(cells)
        self._began = time.monotonic()

    def step(self, what: str) -> None:
        """Say what is being done."""
        self._say(f"  {' '.join(what.split())[:LONGEST]}")

    def done(self, cell: Cell) -> None:
        """Say what came of a cell."""
        with self._lock:
            self._count += 1
        more = f"{cell.observed} observed"
        if cell.outcome is Outcome.FAIL:
            more = f"{len(cell.findings)} of {cell.observed} not as expected"
        elif cell.reason:
            more = cell.reason.splitlines()[0]
        number = f"[{self._count:>{len(str(self._total))}}/{self._total}]"
        self._say(f"{number} {cell.outcome:<5} {cell.stage:<9} {cell.gate:<9} {more}")

    def _say(self, text: str) -> None:
        with self._lock:
            print(
                f"{time.monotonic() - self._began:6.1f} s {clean(text)}",
                file=sys.stderr,
                flush=True,
            )
