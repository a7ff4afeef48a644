"""The files of a container that has folders mounted over those of its image."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.place import ROOT

if TYPE_CHECKING:
    from verify.probes.launchers.place import Files, Place


@dataclass(frozen=True, slots=True)
class Mount:
    """One folder or file that is mounted into a container.

    Args:
        target: the absolute path it is mounted at.
        origin: the repository's folder or file, "" for the root; None for one from elsewhere.
        keeps: whether the image's own files stay, as in a volume that the engine fills from it.
    """

    target: str
    origin: str | None
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Mounted:
    """Files with others mounted over them.

    Args:
        files: those of the image.
        mounts: what is mounted over them; the innermost one counts.
        checkout: the files of the repository.
    """

    files: Files
    mounts: tuple[Mount, ...]
    checkout: Files

    def repo_path(self, path: str) -> str | None:
        """Return the repository's file that stands there, or None."""
        mount, inner = self._at(path)
        if mount is None:
            return self.files.repo_path(path)
        return None if inner is None else self.checkout.repo_path(inner)

    def text(self, path: str) -> str | None:
        """Return the text of the script that stands there, or None."""
        mount, inner = self._at(path)
        if mount is None:
            return self.files.text(path)
        return None if inner is None else self.checkout.text(inner)

    def is_folder(self, path: str) -> bool:
        """Say whether a folder of the repository stands there."""
        mount, inner = self._at(path)
        if mount is None:
            return self.files.is_folder(path)
        return inner is not None and self.checkout.is_folder(inner)

    def absent(self, path: str) -> tuple[Status, str]:
        """Say in which way no file stands there, and why, in one sentence."""
        mount, inner = self._at(path)
        if mount is None:
            return self.files.absent(path)
        if inner is None:
            return Status.UNKNOWN, f"what stands at {mount.target} is mounted from elsewhere"
        status, why = self.checkout.absent(inner)
        return status, f"{why}, which is mounted at {mount.target}"

    def _at(self, path: str) -> tuple[Mount | None, str | None]:
        """Return the mount that holds a path, and what of the checkout stands there."""
        holding = [m for m in self.mounts if path == m.target or path.startswith(_folder(m.target))]
        if not holding:
            return None, None
        mount = max(holding, key=lambda one: len(one.target))
        if mount.keeps:
            return None, None
        if mount.origin is None:
            return mount, None
        rest = path[len(mount.target) :].lstrip("/")
        return mount, posixpath.normpath(posixpath.join(ROOT, mount.origin, rest))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The files of an image that is not built here: nobody can tell which they are.

    Args:
        why: what is known of it.
    """

    why: str

    def repo_path(self, path: str) -> str | None:  # noqa: ARG002
        """Return None: no file of the repository is known to stand anywhere in it."""
        return None

    def text(self, path: str) -> str | None:  # noqa: ARG002
        """Return None: no text is known."""
        return None

    def is_folder(self, path: str) -> bool:  # noqa: ARG002
        """Say no: no folder is known."""
        return False

    def absent(self, path: str) -> tuple[Status, str]:
        """Say that it cannot be told what stands there."""
        return Status.UNKNOWN, f"{self.why}, so nothing tells what stands at {path}"


def mount_of(written: str, target: str, folder: str, place: Place) -> Mount:
    """Return what `written:target` mounts.

    Args:
        written: the host's path, or a volume's name, or "" for a volume without one.
        target: the absolute path in the container.
        folder: the folder that relative paths start from.
        place: where that stands.
    """
    at = posixpath.normpath(target)
    if not written.startswith((".", "/", "~", "$")):
        return Mount(at, None, keeps=True)
    base = posixpath.join(ROOT, folder)
    full = posixpath.normpath(posixpath.join(base, written))
    inside = full == ROOT or full.startswith(ROOT + "/")
    checkout = place.world.checkout
    if not inside:
        return Mount(at, None)
    origin = full[len(ROOT) + 1 :]
    if not (checkout.is_folder(full) or checkout.repo_path(full)):
        return Mount(at, None)  # made by the engine, or not committed
    return Mount(at, origin)


def _folder(target: str) -> str:
    return target.rstrip("/") + "/"
