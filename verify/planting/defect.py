"""A defect: what is planted, and where it must be seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from verify.errors import VerifyError
from verify.model import Outcome, Stage
from verify.proof import End

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
Happen = Callable[["World"], "Ending"]


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
        outcome: what the cell, or the whole run, must become.
        happen: runs the gate, and lets something go wrong in the toolkit's own world meanwhile;
            None where only the copy is changed.
        sociable: whether it may be tried together with others of its gate and stage, which would
            take long one by one; see `verify.proving.company`.
    """

    name: str
    sentence: str
    gate: str
    stage: Stage
    plant: Plant
    outcome: Outcome | End = Outcome.FAIL
    happen: Happen | None = None
    sociable: bool = False


def defect(
    gate: str, stage: Stage, *, smuggled: tuple[Stage, ...] = (), sociable: bool = False
) -> Callable[[Plant], tuple[Defect, ...]]:
    """Make a defect of a function, whose name and docstring are the defect's.

    Args:
        gate: who must see it.
        stage: the cheapest stage that must see it.
        smuggled: the stages that must see the same change where only the image has it, and the
            reviewed tree does not: one more defect for each.
        sociable: whether it may be tried together with others; its sign names a file.
    """

    def made(plant: Plant) -> tuple[Defect, ...]:
        name = plant.__name__.replace("_", "-")
        sentence = " ".join((plant.__doc__ or "").split())
        first = Defect(name, sentence, gate, stage, plant, sociable=sociable)
        return (first, *(_smuggled(first, there) for there in smuggled))

    return made


def smuggled(gate: str, stage: Stage) -> Callable[[Plant], tuple[Defect, ...]]:
    """Make a defect of a change that only the image has, and the reviewed tree does not.

    Args:
        gate: who must see it.
        stage: the cheapest stage that must see it there.
    """

    def made(plant: Plant) -> tuple[Defect, ...]:
        _, there = defect(gate, stage, smuggled=(stage,))(plant)
        return (there,)

    return made


def _smuggled(first: Defect, stage: Stage) -> Defect:
    def plant(tree: Tree) -> Sign:
        sign = first.plant(tree)
        tree.smuggle()
        return replace(sign, path="")  # where it is deployed, places are not those of the tree

    return replace(
        first,
        sociable=False,
        name=f"{first.name}-in-the-{stage if stage is not Stage.LIVE else 'page'}",
        sentence=f"{first.sentence.removesuffix('.')}; in the image only.",
        stage=stage,
        plant=plant,
    )


def accident(
    gate: str, stage: Stage, outcome: Outcome | End = Outcome.ERROR
) -> Callable[[Happen], tuple[Defect, ...]]:
    """Make a defect of a function that runs the gate, and lets something go wrong meanwhile.

    Its name and docstring are the defect's.

    Args:
        gate: who looks.
        stage: where.
        outcome: what the cell, or the whole run, must become.
    """

    def made(happen: Happen) -> tuple[Defect, ...]:
        name = happen.__name__.replace("_", "-")
        sentence = " ".join((happen.__doc__ or "").split())
        return (Defect(name, sentence, gate, stage, _nothing, outcome, happen),)

    return made


def _nothing(_: Tree) -> Sign:
    """Change nothing in the copy; the accident itself may."""
    return Sign()
