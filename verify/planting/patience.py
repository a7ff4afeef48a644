"""Shortens how long a run waits for what never comes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.manifest import FILE_NAME
from verify.planting.defect import CannotPlant

if TYPE_CHECKING:
    from verify.planting.tree import Tree

SECONDS = 12
"""Many times what a server takes that does come."""


def less_patience(tree: Tree) -> None:
    """Wait for a server only so long as it takes to know that it does not come.

    What is planted is seen all the same; one attempt takes seconds, not a minute.

    Raises:
        CannotPlant: the table of the image cannot be found in verify.toml.
    """
    key = f"ready_seconds = {SECONDS}"
    text, count = re.subn(r"(?m)^\s*ready_seconds\s*=.*$", key, tree.text(FILE_NAME))
    if not count:
        text, count = re.subn(r"(?m)^\s*\[image\].*$", f"[image]\n{key}", text)
    if count != 1:
        raise CannotPlant(f"{FILE_NAME}: has no line [image]")
    tree.write(FILE_NAME, text)
