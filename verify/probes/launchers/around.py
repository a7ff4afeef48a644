"""The files around a Python program, as the program itself sees them."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator

    from verify.probes.launchers.place import Place

_DEEPEST = 12  # folders above a program in which a module is looked for


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a program.

    Args:
        place: where the program is started.
        path: the repository's file that it is.
    """

    place: Place
    path: str

    def module(self, dotted: str, script: str) -> tuple[str, ast.Module] | None:
        """Return the path and the tree of a module that the program at `script` imports.

        Args:
            dotted: its name; with a leading dot it stands in the folder of `script`.
            script: the absolute path of the file that imports it.
        """
        inner = dotted.lstrip(".").replace(".", "/")
        near = dotted.startswith(".")
        for folder in self._folders(script, near=near):
            for name in (f"{inner}.py", f"{inner}/__init__.py"):
                full = posixpath.normpath(f"{folder}/{name}")
                path = self.place.files.repo_path(full)
                tree = None if path is None else self.place.world.module(path)
                if tree is not None:
                    return full, tree
        return None if near else self._of_repository(inner)

    def _folders(self, script: str, *, near: bool) -> Iterator[str]:
        folder = posixpath.dirname(script)
        yield folder
        if near:
            return
        for base in dict.fromkeys((self.place.cwd, self.place.top)):
            if base is not None:
                yield base
                yield f"{base}/src"
        for _ in range(_DEEPEST):  # a package that is installed: its root may be anywhere above
            folder = posixpath.dirname(folder)
            if len(folder) <= 1:
                return
            yield folder

    def _of_repository(self, inner: str) -> tuple[str, ast.Module] | None:
        """Find a module of a package that is installed, and so stands nowhere in particular."""
        world, folder = self.place.world, posixpath.dirname(self.path)
        for base in dict.fromkeys((folder, "", "src", *_above(folder))):
            for name in (f"{inner}.py", f"{inner}/__init__.py"):
                path = posixpath.join(base, name)
                tree = world.module(path) if world.source.has(path) else None
                if tree is not None:
                    return f"{self.place.top}/{path}", tree
        return None

    def exists(self, path: str) -> bool:
        """Say whether something stands there."""
        files = self.place.files
        return files.repo_path(path) is not None or files.is_folder(path)


def _above(folder: str) -> Iterator[str]:
    while folder:
        folder = posixpath.dirname(folder)
        yield folder
