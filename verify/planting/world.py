"""What an accident in the toolkit's own world may use; `verify.proving` makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from verify.model import Outcome
from verify.planting.tree import Tree


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended in which something went wrong.

    Args:
        outcome: of the cell that was looked at; None where there is no report.
        said: the cell's reason and findings, or the end of what was printed.
        fits: whether it tells of what went wrong, and of nothing else.
    """

    outcome: Outcome | None
    said: str
    fits: bool = True


class World(Protocol):
    """The surroundings of one attempt."""

    tree: Tree
