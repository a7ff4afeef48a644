"""The surroundings of one attempt, in which accidents happen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.planting.defect import Defect
    from verify.planting.tree import Tree
    from verify.proving.attempt import Place


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The surroundings of one attempt.

    Args:
        defect: what happens.
        place: where the attempt works.
        tree: the copy.
    """

    defect: Defect
    place: Place
    tree: Tree
