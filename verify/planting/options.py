"""Sets options of Streamlit's server: in its file, in the image's environment, or as a flag."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from verify.planting import dockerfile
from verify.planting.defect import CannotPlant

if TYPE_CHECKING:
    from verify.planting.tree import Tree

FILE = ".streamlit/config.toml"


def in_file(tree: Tree, section: str, **values: object) -> None:
    """Set options in the project's own file, or in one that is there from now on.

    Raises:
        CannotPlant: one of them stands there already.
    """
    lines = tree.text(FILE).splitlines() if tree.has(FILE) else []
    if taken := [line for line in lines if line.partition("=")[0].strip() in values]:
        raise CannotPlant(f"{FILE}: {taken[0]} stands there already")
    head = f"[{section}]"
    if head not in map(str.strip, lines):
        lines.append(head)
    at = next(n for n, line in enumerate(lines, 1) if line.strip() == head)
    lines[at:at] = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    tree.write(FILE, "\n".join(lines) + "\n")


def in_environment(tree: Tree, **variables: str) -> None:
    """Set variables in the image."""
    pairs = " ".join(f"{name}={json.dumps(value)}" for name, value in variables.items())
    dockerfile.appended(tree, f"ENV {pairs}")
