"""Progress on a terminal: what runs now, and how far the whole is."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bar

from verify.model import Outcome
from verify.progress import Progress
from verify.report.clean import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.model import Cell, Stage

BESIDE = 36
"""Columns that the spinner, bar, count and time take beside the text."""


class LiveProgress(Progress):
    """Keeps one line up to date; leaves a line behind only for what went wrong."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr, highlight=False)
        self._bar = Bar(
            SpinnerColumn(),
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)
        self._lock = threading.Lock()
        self._cell = self._step = ""

    def begin(self, cells: Sequence[tuple[str, Stage]]) -> None:
        """Show the line."""
        self._bar.update(self._task, total=len(cells))
        self._bar.start()

    def start(self, gate: str, stage: Stage) -> None:
        """Show which cell runs."""
        self._show(cell=f"{stage}: {gate}", step="")

    def step(self, what: str) -> None:
        """Show what it waits for."""
        self._show(step=what)

    def done(self, cell: Cell) -> None:
        """Count it; say so at once when it went wrong."""
        self._bar.advance(self._task)
        if cell.outcome in (Outcome.FAIL, Outcome.ERROR):
            told = cell.findings[0].subject if cell.findings else cell.reason.splitlines()[0]
            self._bar.console.print(
                f"{cell.outcome} {cell.stage}: {cell.gate}: {clean(told)}", markup=False
            )

    def end(self) -> None:
        """Take the line away."""
        self._bar.stop()

    def _show(self, *, cell: str | None = None, step: str | None = None) -> None:
        with self._lock:
            self._cell = self._cell if cell is None else cell
            self._step = self._step if step is None else step
            text = f"{self._cell}  {self._step}".strip()
            width = max(10, self._console.width - BESIDE)
            self._bar.update(self._task, description=" ".join(clean(text).split())[:width])
