"""Progress of a proof as quiet lines, for CI logs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from verify.report.clean import clean
from verify.report.proving import Tally, troubles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.progress import Planned
    from verify.proof import Attempt, Clean

LONGEST = 200
"""Characters of a line; the table at the end has the rest."""

EVERY = 10
"""Defects after which a line says how far it is."""


class LineProving(Tally):
    """Writes a line for every ten defects, and one for each thing that went wrong."""

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    def begin(self, tasks: Sequence[Planned], jobs: int) -> None:
        """Say how much there is to do."""
        super().begin(tasks, jobs)
        self._began = time.monotonic()
        self._say(f"{self.total} defect{'s' if self.total > 1 else ''}, {jobs} at once")

    def done(self, name: str, result: Attempt | tuple[Clean, ...]) -> None:
        """Say what went wrong, and how far it is."""
        before = self.tried
        super().done(name, result)
        for mark, text in troubles(result):
            self._say(f"{mark} {text}")
        if self.tried > before and (self.tried % EVERY == 0 or self.tried == self.total):
            number = f"[{self.tried:>{len(str(self.total))}}/{self.total}]"
            told = [text for _, text in self.counts()]
            if self.tried < self.total:
                told.append(self.left())
            self._say(f"{number} {', '.join(told)}")

    def _say(self, text: str) -> None:
        line = " ".join(clean(text).split())
        line = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
        print(f"{time.monotonic() - self._began:6.1f} s  {line}", file=sys.stderr, flush=True)
