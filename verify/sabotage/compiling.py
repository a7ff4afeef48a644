"""What no interpreter can take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("compile", Stage.SOURCE, smuggled=(Stage.IMAGE,))
def syntax_error(tree: Tree) -> Sign:
    """A module that the entry stands beside does not parse."""
    path = f"{tree.entry.rpartition('/')[0] or '.'}/broken.py"
    tree.write(path, "def broken(:\n")
    return Sign("invalid syntax", path)
