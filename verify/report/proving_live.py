"""Progress of a proof on a terminal: one line, and above it what went wrong, at once."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from typing import TYPE_CHECKING

from verify.proof import Fate
from verify.report.proving import Tally, troubles
from verify.report.screen import BOLD, DIM, GREEN, RED, YELLOW, Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.progress import Planned
    from verify.proof import Attempt, Clean

TICK = 0.5
"""Seconds after which the time left is told anew."""

COLOURS = {
    Fate.KILLED: GREEN,
    Fate.SURVIVED: RED,
    Fate.UNPLANTED: RED,
    Fate.UNDECIDED: YELLOW,
    Fate.NOT_HERE: DIM,
}


class LiveProving(Tally):
    """Keeps one line up to date; leaves a line behind only for what went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._clock = threading.Thread(target=self._tick, daemon=True)

    def begin(self, tasks: Sequence[Planned], jobs: int) -> None:
        """Show the line."""
        super().begin(tasks, jobs)
        self._clock.start()

    def start(self, name: str) -> None:
        """Name what began."""
        with self._lock:
            super().start(name)
            self._draw()

    def done(self, name: str, result: Attempt | tuple[Clean, ...]) -> None:
        """Count it; say so at once when it went wrong."""
        with self._lock:
            super().done(name, result)
            for mark, text in troubles(result):
                show = self._screen()
                head = (f"{mark} ", RED if mark == "✘" else YELLOW)
                self._write(f"\r\x1b[K{show.line([head, (text, '')])}\n")
            self._draw()

    def end(self) -> None:
        """Take the line away."""
        self._over.set()
        if self._clock.is_alive():
            self._clock.join()
        self._write("\r\x1b[K")

    def _tick(self) -> None:
        while not self._over.wait(TICK):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        self._write(f"\r\x1b[K{self.line(self._screen())}")

    def line(self, show: Screen) -> str:
        """Return the line, never wider than the screen."""
        gap = (" · ", DIM)
        parts = [("prove  ", BOLD), (f"{self.tried}/{self.total}", "")]
        for fate, text in self.counts():
            parts += [gap, (text, COLOURS[fate])]
        for text in (self.left(), self.newest):
            parts += [gap, (text, DIM)] if text else []
        return show.line(parts)

    @staticmethod
    def _screen() -> Screen:
        """Return what is written on, as wide as it is now."""
        width = shutil.get_terminal_size((80, 24)).columns
        # The last column stays empty: some terminals begin a new line when it is written to.
        return Screen(width - 1, colour="NO_COLOR" not in os.environ)

    @staticmethod
    def _write(text: str) -> None:
        print(text, end="", file=sys.stderr, flush=True)
