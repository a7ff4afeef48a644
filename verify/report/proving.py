"""Counts how far a proof is, and tells how long the rest will take."""

from __future__ import annotations

import heapq
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from verify.progress import Planned, Watcher
from verify.proof import Attempt, Fate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.proof import Clean

OVERDUE = 0.1
"""What takes longer than it should is thought to need this part of its time so far again."""

STEPS = ((1, 10), (5, 90))
"""Seconds are told in steps of so many, below so many."""


class Forecast:
    """Says how long the rest takes, by what tasks of each kind took so far.

    Args:
        tasks: in the order in which they begin.
        jobs: how many run at once.
    """

    def __init__(self, tasks: Sequence[Planned], jobs: int) -> None:
        self._waiting = {task.name: task for task in tasks}
        self._running: dict[str, tuple[Planned, float]] = {}
        self._took = defaultdict[str, list[float]](list)
        self._usual = 0.0
        self._jobs = jobs

    @property
    def running(self) -> tuple[str, ...]:
        """What runs now, in the order in which it began."""
        return tuple(self._running)

    def start(self, name: str, now: float) -> None:
        """One begins."""
        self._running[name] = (self._waiting.pop(name), now)

    def done(self, name: str, now: float) -> Planned:
        """One is over; return what it was."""
        task, began = self._running.pop(name)
        self._took[task.kind].append(now - began)
        self._usual += task.usual
        return task

    def left(self, now: float) -> float | None:
        """Return the seconds until all is done; None before anything tells of them.

        What waits is given to whoever is free first, as it will be.
        """
        if not self._took:
            return None
        free = [0.0] * (self._jobs - len(self._running))
        for task, began in self._running.values():
            free.append(max(self._expected(task) - (now - began), OVERDUE * (now - began)))
        heapq.heapify(free)
        for task in self._waiting.values():
            heapq.heapreplace(free, free[0] + self._expected(task))
        return max(free)

    def _expected(self, task: Planned) -> float:
        if took := self._took.get(task.kind):
            return sum(took) / len(took)
        slower = sum(map(sum, self._took.values())) / self._usual  # than on an idle machine
        return task.usual * slower


class Tally(Watcher):
    """Counts what became of the defects; what shows it inherits this."""

    def __init__(self) -> None:
        self._forecast = Forecast((), 1)
        self.fates: Counter[Fate] = Counter()
        self.total = 0

    def begin(self, tasks: Sequence[Planned], jobs: int) -> None:
        """Remember what there is to do."""
        self._forecast = Forecast(tasks, jobs)
        self.total = sum(task.counts for task in tasks)

    def start(self, name: str) -> None:
        """Note when it began."""
        self._forecast.start(name, time.monotonic())

    def done(self, name: str, result: Attempt | tuple[Clean, ...]) -> None:
        """Count it."""
        self._forecast.done(name, time.monotonic())
        if isinstance(result, Attempt):
            self.fates[result.fate] += 1

    @property
    def tried(self) -> int:
        """How many defects are done with."""
        return self.fates.total()

    @property
    def newest(self) -> str:
        """The last that began, of those that run."""
        return (self._forecast.running or ("",))[-1]

    def counts(self) -> list[tuple[Fate, str]]:
        """Return how many ended how, the good ones first; what has not happened is left out."""
        order = (Fate.KILLED, *(fate for fate in Fate if fate is not Fate.KILLED))
        return [(fate, f"{self.fates[fate]} {fate}") for fate in order if self.fates[fate]]

    def left(self) -> str:
        """Say how long the rest will take; empty where nobody can tell, or nothing is left."""
        seconds = self._forecast.left(time.monotonic())
        return about(seconds) if seconds else ""


def about(seconds: float) -> str:
    """Say how long something will take, no more exactly than it can be known."""
    for step, below in STEPS:
        if seconds < below:
            return f"about {max(1, round(seconds / step) * step)} s left"
    return f"about {round(seconds / 60)} min left"


def troubles(result: Attempt | tuple[Clean, ...]) -> list[tuple[str, str]]:
    """Return a mark and a sentence for each thing that is not as it should be."""
    from verify.model import Outcome

    if isinstance(result, Attempt):
        if result.fate in {Fate.KILLED, Fate.NOT_HERE}:
            return []
        mark = "!" if result.fate is Fate.UNDECIDED else "✘"
        where = f"{result.defect} ({result.gate}, {result.stage})"
        return [(mark, f"{result.fate}: {where}: {_in_one_line(result.said)}")]
    return [
        (
            "✘" if cell.outcome is Outcome.FAIL else "!",
            f"clean copy: {cell.outcome} {cell.gate}, {cell.stage}: {_in_one_line(cell.said)}",
        )
        for cell in result
        if cell.outcome in {Outcome.FAIL, Outcome.ERROR}
    ]


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
