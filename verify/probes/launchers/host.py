"""The files of a host that the checkout was put on, somewhere: absolute paths tell where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.place import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import World

NOWHERE = "/\ufdd1nowhere"
"""The working directory of what is started without one, where no file of the repository stands."""

_MOST_NEAR = 3  # files of one name


@dataclass(frozen=True, slots=True)
class Host:
    """A host with the checkout on it.

    Where that is, nothing tells: the folder that a service works in is taken for it if the file
    then exists; else the longest end of the path that is a file of the repository.

    Args:
        world: the repository.
        top: the folder that is taken for the checkout first; "" for none.
        default: the folder that a service starts in when it names none, for `absent`.
        taken: what was taken for the checkout, by the repository's file that was found so.
    """

    world: World
    top: str = ""
    default: str = "/"
    taken: dict[str, str] = field(default_factory=dict, compare=False, hash=False)

    def repo_path(self, path: str) -> str | None:
        """Return the repository's file that stands there, or None."""
        if path.startswith(NOWHERE):
            return None
        known = self.world.source.has
        for folder, inner in self._splits(path):
            if inner and known(inner):
                self.taken[inner] = folder or "/"
                return inner
        return None

    def text(self, path: str) -> str | None:
        """Return the text of the script that stands there, or None."""
        found = self.repo_path(path)
        return None if found is None else self.world.source.text(found)

    def is_folder(self, path: str) -> bool:
        """Say whether a folder of the repository stands there."""
        if path.startswith(NOWHERE):
            return False
        folders = self.world.source.folders
        return any(not inner or inner in folders for _, inner in self._splits(path))

    def absent(self, path: str) -> tuple[Status, str]:
        """Say in which way no file stands there, and why, in one sentence."""
        if path.startswith(NOWHERE):
            name = path.removeprefix(NOWHERE).lstrip("/")
            why = f"no working directory is set, so {name} is looked for in {self.default}"
            return Status.MISSING, why
        inner = path.removeprefix(f"{ROOT}/")
        name = inner.rpartition("/")[2]
        near = [file for file in self.world.source.python_files if file.endswith(f"/{name}")]
        if inner != path or not 0 < len(near) <= _MOST_NEAR:
            return Status.MISSING, f"no file of the repository fits {inner}"
        # Whoever put it there may have copied one folder alone.
        return Status.UNKNOWN, f"nothing tells whether {path} is {' or '.join(near)}"

    def told(self, launches: Iterable[Launch]) -> Iterator[Launch]:
        """Yield the launches with what was taken for the checkout."""
        for launch in launches:
            folder = self.taken.get(launch.entry or "")
            if folder in {None, ROOT}:
                yield launch
            else:
                where = folder.removeprefix("/") if folder.startswith("/%") else folder
                yield launch.because(f"taking {where} for the checkout")

    def _splits(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield what may be the checkout, likeliest first, each with the rest of the path."""
        if self.top and (path == self.top or path.startswith(f"{self.top}/")):
            yield self.top, path[len(self.top) :].lstrip("/")
        parts = path.strip("/").split("/")
        for count in range(len(parts)):
            yield "/".join(["", *parts[:count]]), "/".join(parts[count:])
