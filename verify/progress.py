"""What a run tells while it works; the base class here stays silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.model import Cell, Stage
    from verify.proof import Attempt, Clean


class Progress:
    """Hears what a run is doing. Every method may be called from any thread."""

    def begin(self, cells: Sequence[tuple[str, Stage]]) -> None:
        """A run of these (gate, stage) cells begins."""

    def start(self, gate: str, stage: Stage) -> None:
        """One cell begins."""

    def step(self, what: str) -> None:
        """Something long does one more step, such as a line of an image build."""

    def done(self, cell: Cell) -> None:
        """One cell is judged."""

    def end(self) -> None:
        """The run is over, or was broken off."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One task of a proof.

    Args:
        name: the defect's, or that of a look at the clean copy.
        kind: tasks of one kind take about the same time.
        usual: seconds that one takes on an idle machine.
        counts: whether it is a defect.
    """

    name: str
    kind: str
    usual: float
    counts: bool = True


class Watcher:
    """Hears how far a proof is, from one thread; this one stays silent."""

    def begin(self, tasks: Sequence[Planned], jobs: int) -> None:
        """These tasks begin in this order, so many at once."""

    def start(self, name: str) -> None:
        """One begins."""

    def done(self, name: str, result: Attempt | tuple[Clean, ...]) -> None:
        """One is over."""

    def end(self) -> None:
        """The proof is over, or was broken off."""
