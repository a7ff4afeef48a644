"""Changes what stands in the image: the steps that do it, and the files and packages to choose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck, NotDeclared
from verify.planting import tampering
from verify.planting.defect import CannotPlant
from verify.probes.dockerfile.placed import placed_by
from verify.probes.packages import locked
from verify.probes.source import Source

if TYPE_CHECKING:
    from verify.planting.tree import Tree
    from verify.probes.packages.locked import Pin

EVERYWHERE = "streamlit/version.py"
"""A file of a dependency that each Streamlit project has in its image; nothing starts with it."""


def tamper(tree: Tree, function: str, *given: str) -> list[str]:
    """Return the step that has a function of tampering.py change the image."""
    code = Path(tampering.__file__).read_text("utf-8")
    return [tree.image.python, "-I", "-B", "-c", code, function, *given]


def tampered(tree: Tree, function: str, *given: str) -> None:
    """Have a function of tampering.py change the image, in its last layer, as root."""
    tree.in_image(tamper(tree, function, *given))


def shipped(tree: Tree) -> dict[str, str]:
    """Return the tree's files that the image has, as they are now: place inside, path in the tree.

    Raises:
        CannotPlant: the Dockerfile brings none there.
    """
    placed = placed_by(Source(tree.root), tree.image)
    found = {place: one.path for place, one in placed.items()}
    if not found:
        raise CannotPlant(f"{tree.image.dockerfile}: no COPY brings a file into the image")
    return found


def module(tree: Tree) -> tuple[str, str]:
    """Return a module that the image has and that is not the entry: place inside, path in the tree.

    Raises:
        CannotPlant: there is none.
    """
    near = tree.entry.rpartition("/")[0]
    good = [
        (place, path)
        for place, path in sorted(shipped(tree).items())
        if path.endswith(".py") and path != tree.entry and tree.text(path).strip()
    ]
    if not good:
        raise CannotPlant(f"{tree.image.dockerfile}: brings no module but the entry into the image")

    def unlike(one: tuple[str, str]) -> tuple[bool, bool]:
        folder, _, name = one[1].rpartition("/")
        return folder != near, name == "__init__.py"

    return min(good, key=unlike)


def pinned(tree: Tree) -> Pin:
    """Return a distribution that the image must have.

    Raises:
        NotDeclared: there is no lock to say so.
        CannotPlant: the lock has no line that counts everywhere.
    """
    path = tree.image.lock
    if not path:
        raise NotDeclared("verify.toml names no [image].lock")
    try:
        pins = locked.read(tree.source, path).pins
    except CouldNotCheck as error:
        raise CannotPlant(f"{path}: {error}") from error
    found = next((pin for pin in pins if pin.marker is None and not pin.extras), None)
    if found is None:
        raise CannotPlant(f"{path}: names nothing that is installed everywhere")
    return found
