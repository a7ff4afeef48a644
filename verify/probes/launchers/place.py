"""Where a command runs: the files it sees, its folder, and what its environment has set."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from verify.matrix import Status
from verify.probes.languages.command import BESIDE_PYTHON
from verify.probes.launchers.launch import Launch

if TYPE_CHECKING:
    from verify.probes.languages.command import Arms, Word
    from verify.probes.launchers.world import World

ROOT = "/\ufdd0root"
"""Where the checkout stands, for commands that run in it: a name that no folder has, and that every
parser takes for letters (a null byte would end the text for some)."""


class Files(Protocol):
    """The files that commands see: those of a checkout or of an image. Paths are absolute."""

    def repo_path(self, path: str) -> str | None:
        """Return the repository's file that stands there, or None."""
        ...

    def text(self, path: str) -> str | None:
        """Return the text of the script that stands there, or None."""
        ...

    def is_folder(self, path: str) -> bool:
        """Say whether a folder of the repository stands there."""
        ...

    def absent(self, path: str) -> tuple[Status, str]:
        """Say in which way no file stands there, and why, in one sentence."""
        ...


@dataclass(frozen=True, slots=True)
class Checkout:
    """The checkout itself, standing at `ROOT`."""

    world: World

    def repo_path(self, path: str) -> str | None:
        """Return the repository's file that stands there, or None."""
        inner = path.removeprefix(ROOT + "/")
        return inner if inner != path and self.world.source.has(inner) else None

    def text(self, path: str) -> str | None:
        """Return the text of the script that stands there, or None."""
        found = self.repo_path(path)
        return None if found is None else self.world.source.text(found)

    def is_folder(self, path: str) -> bool:
        """Say whether a folder of the repository stands there."""
        return path == ROOT or path.removeprefix(ROOT + "/") in self.world.source.folders

    def absent(self, path: str) -> tuple[Status, str]:
        """Say in which way no file stands there, and why, in one sentence."""
        inner = path.removeprefix(ROOT + "/")
        if path.startswith(f"{BESIDE_PYTHON}/"):
            name = path.removeprefix(f"{BESIDE_PYTHON}/")
            return Status.UNKNOWN, f"{name} is looked for beside the Python that runs this"
        if inner == path:
            return Status.MISSING, f"{path} is outside of the repository"
        return Status.MISSING, f"{inner} is not in the repository"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command stands and what surrounds it.

    Args:
        world: the repository.
        files: those it sees.
        path: the file it stands in.
        line: 1-based.
        cwd: the absolute folder it runs in; None when that cannot be told.
        variables: what is set.
        given: variables that whoever runs it sets, such as a platform's PORT.
        top: the checkout's root, or the image's working directory.
        depth: scripts that were followed to come here.
        arms: the branches it stands in.
        through: those scripts, as "path:line".
        expands: whether a shell reads the words; without one `$NAME` is text.
    """

    world: World
    files: Files
    path: str
    line: int
    cwd: str | None = ROOT
    variables: tuple[tuple[str, Word], ...] = ()
    given: frozenset[str] = frozenset()
    top: str = ROOT
    depth: int = 0
    arms: Arms = ()
    through: tuple[str, ...] = ()
    expands: bool = False

    def but(self, **changes: Any) -> Place:
        """Return it with some of its values changed."""
        return replace(self, **changes)

    def deeper(self, path: str, line: int = 1) -> Place:
        """Return the place of the first command of a script that is called from here."""
        return replace(
            self,
            path=path,
            line=line,
            depth=self.depth + 1,
            through=(*self.through, f"{self.path}:{self.line}"),
        )

    def join(self, path: str) -> str | None:
        """Return `path` as seen from the working directory; None when that cannot be told."""
        if not path.startswith("/") and self.cwd is None:
            return None
        return posixpath.normpath(posixpath.join(self.cwd or "/", path))

    def launch(self, status: Status, why: str, raw: str, **more: Any) -> Launch:
        """Return what came of a command that stands here."""
        return Launch(
            status,
            why,
            raw,
            self.path,
            self.line,
            arms=self.arms,
            through=self.through,
            **more,
        )

    def unknown(self, why: str, raw: str, **more: Any) -> Launch:
        """Return that it cannot be told what a command starts."""
        return self.launch(Status.UNKNOWN, why, raw, **more)
