"""What stands in a tree, an image or a container: one value for each file, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a path is."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"  # a pipe, a socket, a device


@dataclass(frozen=True, slots=True)
class File:
    """One path and what is known about it; None is "not known", not "nothing".

    Args:
        path: absolute, inside; bytes that are not UTF-8 stand as surrogates.
        kind: what it is.
        size: bytes of a regular file.
        mode: permission bits with setuid, setgid and sticky, as in stat(2).
        uid: the owner's number.
        gid: the group's number.
        mtime: when its content changed last, seconds since 1970.
        digest: SHA-256 of a regular file's content, in hex.
        blob: git's object id of that content.
        target: where a link leads, as it is written in it.
        capabilities: the file's capabilities (the attribute security.capability), in hex.
        fault: why something about it could not be read.
    """

    path: str
    kind: Kind = Kind.FILE
    size: int | None = None
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    mtime: int | None = None
    digest: str | None = None
    blob: str | None = None
    target: str | None = None
    capabilities: str | None = None
    fault: str = ""


def from_row(row: Sequence[Any]) -> File:
    """Return the file that `dataclasses.astuple` took apart.

    Raises:
        ValueError, TypeError: these are not its parts.
    """
    return File(row[0], Kind(row[1]), *row[2:])


@dataclass(frozen=True, slots=True)
class Inventory:
    """All paths below some folders, seen by one look.

    Args:
        where: what was looked at, for people: `the image`, `container 3f2a…`.
        roots: the folders, absolute.
        files: by path; the folders among them, too.
        unread: folders and files that could not be opened, and why.
        incomplete: why the look did not come to its end; empty when it did.
    """

    where: str
    roots: tuple[str, ...]
    files: Mapping[str, File]
    unread: Mapping[str, str] = field(default_factory=dict)
    incomplete: str = ""

    def below(self, folder: str) -> dict[str, File]:
        """Return what stands below a folder, the folder itself not counted."""
        start = folder.rstrip("/") + "/"
        return {path: file for path, file in self.files.items() if path.startswith(start)}
