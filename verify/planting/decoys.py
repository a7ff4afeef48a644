"""Right words in the Dockerfile, where they mean nothing: a search for them stays content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.planting import dockerfile
from verify.planting.defect import CannotPlant
from verify.probes.dockerfile.parse import instructions, stages

if TYPE_CHECKING:
    from verify.planting.tree import Tree
    from verify.probes.dockerfile.parse import Instruction


def commented(tree: Tree, name: str) -> str:
    """Turn all instructions of that name into comments; return the one that counted, as it stood.

    Raises:
        CannotPlant: the image's stage has none.
    """
    kept = dockerfile.written(tree, dockerfile.needed(tree, name))
    while (found := dockerfile.last(tree, name)) is not None:
        lines = dockerfile.written(tree, found).splitlines()
        # A comment ends with its line: what continued one stands alone.
        dockerfile.replaced(tree, found, "\n".join(f"# {line}" for line in lines))
    return kept


def unused_stage(tree: Tree, lines: str) -> None:
    """Add a stage with these instructions that the image takes nothing from.

    It stands before the last one, so that no number of a stage changes that another one names.

    Raises:
        CannotPlant: there is no FROM.
    """
    found = _last_from(tree)
    dockerfile.before(tree, found, f"FROM scratch AS unused\n{lines}\n")


def name_of_last_stage(tree: Tree) -> str:
    """Return the name of the stage that is the image, so that another may take from it.

    Raises:
        CannotPlant: there is no FROM.
    """
    found = _last_from(tree)
    name = stages(tree.text(dockerfile.path(tree)))[-1].name
    if not name:
        dockerfile.replaced(tree, found, f"{dockerfile.written(tree, found)} AS whole")
    return name or "whole"


def _last_from(tree: Tree) -> Instruction:
    path = dockerfile.path(tree)
    found = [one for one in instructions(tree.text(path)) if one.name == "FROM"]
    if not found:
        raise CannotPlant(f"{path}: has no FROM")
    return found[-1]
