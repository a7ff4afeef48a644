"""What no interpreter can take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("compile", Stage.SOURCE, smuggled=(Stage.IMAGE,), sociable=True)
def syntax_error(tree: Tree) -> Sign:
    """A module that the entry stands beside does not parse."""
    path = _beside(tree, "broken.py")
    tree.write(path, "def broken(:\n")
    return Sign("invalid syntax", path)


@defect("compile", Stage.SOURCE, sociable=True)
def half_a_merge(tree: Tree) -> Sign:
    """A file that was there before still has the marks of a merge."""
    path = tree.entry
    text = tree.text(path)
    tree.write(path, f"{text}<<<<<<< HEAD\nX = 1\n=======\nX = 2\n>>>>>>> other\n")
    return Sign("invalid syntax", path)


@defect("compile", Stage.SOURCE, sociable=True)
def null_byte(tree: Tree) -> Sign:
    """A file has a null byte, as half a disk leaves it."""
    path = _beside(tree, "null.py")
    tree.write(path, b"x = 1\n\0\n")
    return Sign("null byte", path)


@defect("compile", Stage.SOURCE, smuggled=(Stage.IMAGE,), sociable=True)
def not_utf_8(tree: Tree) -> Sign:
    """A file was saved as Latin-1 and does not say so, though only a comment shows it."""
    path = _beside(tree, "latin.py")
    tree.write(path, b"x = 1  # caf\xe9\n")
    return Sign("0xe9", path)


@defect("compile", Stage.SOURCE, sociable=True)
def encoding_nobody_knows(tree: Tree) -> Sign:
    """A file claims to be in an encoding that there is not."""
    path = _beside(tree, "claimed.py")
    tree.write(path, "# -*- coding: utf-9 -*-\nx = 1\n")
    return Sign("utf-9", path)


@defect("compile", Stage.SOURCE, smuggled=(Stage.IMAGE,), sociable=True)
def broken_script_without_an_ending(tree: Tree) -> Sign:
    """A script does not parse that only its first line says to be Python."""
    path = _beside(tree, "nightly")
    tree.write(path, "#!/usr/bin/env python3\ndef broken(:\n")
    return Sign("invalid syntax", path)


@defect("compile", Stage.SOURCE, sociable=True)
def return_outside_of_a_function(tree: Tree) -> Sign:
    """A return stands outside of any function: it parses, and does not compile."""
    path = _beside(tree, "outside.py")
    tree.write(path, "x = 1\nreturn x\n")
    return Sign("outside function", path)


def _beside(tree: Tree, name: str) -> str:
    folder = tree.entry.rpartition("/")[0]
    return f"{folder}/{name}" if folder else name
