"""Finds what starts the dashboard, lets it start something else, and writes rivals of the entry."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from itertools import chain, count
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting.defect import CannotPlant

if TYPE_CHECKING:
    from verify.planting.tree import Tree

PAGE = 'import streamlit as st\n\nst.title("Another dashboard")\n'
"""A page that nobody reviewed."""

_FILES = {
    "make": ("GNUmakefile", "makefile", "Makefile"),
    "just": ("justfile", "Justfile", ".justfile"),
    "npm": ("package.json",),
    "nox": ("noxfile.py",),
    "task": ("Taskfile.yml", "Taskfile.yaml"),
}
"""The programs that people start a dashboard with, and what tells them how."""


def rival(tree: Tree, path: str = "rival_board.py", text: str = PAGE) -> str:
    """Write another page; return its path, which has a number where there is such a file."""
    stem, ending = posixpath.splitext(path)
    numbered = (f"{stem}_{number}{ending}" for number in count(2))
    free = next(one for one in chain((path,), numbered) if not tree.has(one))
    tree.write(free, text)
    return free


def beside(tree: Tree, name: str) -> str:
    """Return the path of a file in the entry's folder."""
    return posixpath.join(posixpath.dirname(tree.entry), name)


def unused(tree: Tree, path: str) -> str:
    """Return a path at which nothing stands: this one, or the same in a folder of its own."""
    return path if not tree.has(path) else f"second/{path}"


def retired(tree: Tree) -> str:
    """Return a file that must refuse.

    Raises:
        NotDeclared: none must.
    """
    if not tree.manifest.retired:
        raise NotDeclared("verify.toml declares no [[retired]]")
    return tree.manifest.retired[0].path


def script(tree: Tree) -> str:
    """Return the script that starts the dashboard.

    Raises:
        NotDeclared: there is none.
    """
    launchers = tree.manifest.subject.launchers
    if not launchers:
        raise NotDeclared("verify.toml declares no [subject].launchers")
    return launchers[0]


def command_file(tree: Tree) -> str:
    """Return the file that tells what the first of [subject].commands does.

    Raises:
        NotDeclared: there is no such command.
        CannotPlant: it is not known which file that is.
    """
    for words in tree.manifest.subject.commands:
        names = _FILES.get(posixpath.basename(words[0]), (words[0].removeprefix("./"),))
        found = next((name for name in names if tree.has(name)), None)
        if found is None:
            raise CannotPlant(f"[subject].commands: no file is known for {' '.join(words)}")
        return found
    raise NotDeclared("verify.toml declares no [subject].commands")


def retargeted(tree: Tree, path: str, target: str) -> None:
    """Let a launcher start another file than the entry; what it says in comments stays."""
    _, name = _started(tree, path)
    lines = tree.text(path).splitlines(keepends=True)
    for n in _code(lines):
        lines[n] = lines[n].replace(name, target)
    tree.write(path, "".join(lines))


def before_start(tree: Tree, path: str, line: str) -> None:
    """Put a line before the one in which a launcher names the entry."""
    number, _ = _started(tree, path)
    lines = tree.text(path).splitlines(keepends=True)
    indent = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
    lines.insert(number, f"{indent}{line}\n")
    tree.write(path, "".join(lines))


def _started(tree: Tree, path: str) -> tuple[int, str]:
    """Return in which line a launcher names the entry, counted from 0, and how."""
    lines = tree.text(path).splitlines()
    for name in (tree.entry, posixpath.basename(tree.entry)):
        for n in _code(lines):
            if name in lines[n]:
                return n, name
    raise CannotPlant(f"{path}: no line of code names {tree.entry}")


def _code(lines: Sequence[str]) -> list[int]:
    return [n for n, line in enumerate(lines) if not line.lstrip().startswith(("#", "//"))]
