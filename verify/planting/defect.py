"""A defect: what is planted, and where it must be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from verify.errors import VerifyError
from verify.model import Outcome, Stage

if TYPE_CHECKING:
    from verify.planting.tree import Tree
    from verify.planting.world import Ending, World


class CannotPlant(VerifyError):
    """A defect no longer fits the code it is planted in: a fault of the catalogue, never a pass."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a finding must tell, so that the gate is red because of the defect and nothing else.

    Args:
        text: a part of the finding's subject, what was got, or its message.
        path: the file that it points at; empty for any.
    """

    text: str = ""
    path: str = ""


Plant = Callable[["Tree"], Sign]
Happen = Callable[["World", Sign], "Ending"]


@dataclass(frozen=True, slots=True)
class Defect:
    """One known defect.

    Args:
        name: names it on the command line.
        sentence: what is wrong, for people.
        gate: who must see it.
        stage: the cheapest stage that must see it.
        plant: changes the copy and returns what the finding must tell; raises NotDeclared where the
            project has nothing of the sort, CannotPlant where it has and it cannot be broken so.
        outcome: what the cell must become.
        happen: what goes wrong in the toolkit's own world while it looks; None for nothing.
    """

    name: str
    sentence: str
    gate: str
    stage: Stage
    plant: Plant
    outcome: Outcome = Outcome.FAIL
    happen: Happen | None = None


def defect(
    gate: str, stage: Stage, *, smuggled: tuple[Stage, ...] = ()
) -> Callable[[Plant], tuple[Defect, ...]]:
    """Make a defect of a function, whose name and docstring are the defect's.

    Args:
        gate: who must see it.
        stage: the cheapest stage that must see it.
        smuggled: the stages that must see the same change where only the image has it, and the
            reviewed tree does not: one more defect for each.
    """

    def made(plant: Plant) -> tuple[Defect, ...]:
        name = plant.__name__.replace("_", "-")
        sentence = " ".join((plant.__doc__ or "").split())
        first = Defect(name, sentence, gate, stage, plant)
        return (first, *(_smuggled(first, there) for there in smuggled))

    return made


def _smuggled(first: Defect, stage: Stage) -> Defect:
    def plant(tree: Tree) -> Sign:
        sign = first.plant(tree)
        tree.smuggle()
        return replace(sign, path="")  # where it is deployed, places are not those of the tree

    return replace(
        first,
        name=f"{first.name}-in-the-{stage if stage is not Stage.LIVE else 'page'}",
        sentence=f"{first.sentence.removesuffix('.')}; in the image only.",
        stage=stage,
        plant=plant,
    )
