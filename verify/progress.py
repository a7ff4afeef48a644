"""What a run tells while it works; the base class here stays silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.model import Cell, Stage


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
