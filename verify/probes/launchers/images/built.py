"""Follows a command that is known word by word: of a built image, or of one of its processes."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.place import Place
from verify.probes.launchers.resolve import argv_launches
from verify.probes.launchers.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.probes.launchers.launch import Launch
    from verify.probes.source import Source


@dataclass(frozen=True, slots=True)
class Folder:
    """The application's folder of a built image.

    Args:
        source: the tree, for the text of scripts that a command calls.
        path: where it is in the image.
        files: the absolute paths of the Python files that stand in it.
    """

    source: Source
    path: str
    files: frozenset[str]

    def repo_path(self, path: str) -> str | None:
        """Return the file as the repository names it, when the image has it."""
        return posixpath.relpath(path, self.path) if path in self.files else None

    def text(self, path: str) -> str | None:
        """Return the text of the repository's file that stands there, or None."""
        found = self.repo_path(path)
        return self.source.text(found) if found is not None and self.source.has(found) else None

    def is_folder(self, path: str) -> bool:
        """Say whether a folder with Python files stands there."""
        return any(file.startswith(path.rstrip("/") + "/") for file in self.files)

    def absent(self, path: str) -> tuple[Status, str]:
        """Say that no Python file of the application stands there."""
        return Status.NOT_IN_IMAGE, f"no Python file of the application stands at {path}"


def command_launches(
    argv: Sequence[str], files: Folder, *, cwd: str, path: str, variables: Mapping[str, str]
) -> list[Launch]:
    """Return what a command starts; nothing for one that starts no Streamlit.

    Args:
        argv: its words.
        files: those it sees.
        cwd: its working directory.
        path: the file that a finding points to.
        variables: its environment.
    """
    place = Place(World(files.source), files, path, 1, cwd, tuple(variables.items()), top=cwd)
    return list(argv_launches(argv, place))
