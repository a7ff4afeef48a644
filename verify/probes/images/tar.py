"""Reads a tar stream forward, once, in bounded memory, and knows whether it came to its end.

`tarfile` alone takes a stream that breaks off between two members for one that is complete.
"""

from __future__ import annotations

import posixpath
import tarfile
from dataclasses import dataclass, replace
from functools import partial
from typing import IO, TYPE_CHECKING, Any, cast

from verify.errors import CouldNotCheck
from verify.inventory import File, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PIECE = 1 << 20
"""Bytes that are read at once."""

_LONGEST_HEADER = 64 * PIECE
"""No header is longer: who claims it wants our memory."""

_CAPABILITIES = "SCHILY.xattr.security.capability"
"""How archivers name the attribute of that name in a PAX header."""

_FAULTS = (tarfile.TarError, ValueError, OverflowError, EOFError)


class Forward:
    """A file that can be read only forward, over whatever yields bytes."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = memoryview(b"")
        self._at = 0
        self.last = b""
        """What the last read returned."""

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._at

    def seek(self, position: int, _whence: int = 0) -> int:
        """Go on to a position that was not reached yet, or to the end if that is nearer."""
        if position < self._at:
            raise tarfile.StreamError("a stream cannot be read backwards")
        while self._at < position and (found := self._some(position - self._at)):
            self._at += len(found)
        return self._at

    def read(self, size: int) -> bytes:
        """Return so many bytes, fewer only at the end."""
        if size > _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes")
        parts, wanted = [], size
        while wanted and (found := self._some(wanted)):
            parts.append(found)
            wanted -= len(found)
        self.last = b"".join(parts)
        self._at += len(self.last)
        return self.last

    def drain(self) -> None:
        """Read what is left."""
        while found := self._some(PIECE):
            self._at += len(found)

    def _some(self, most: int) -> memoryview:
        while not self._piece:
            piece = next(self._pieces, None)
            if piece is None:
                return self._piece
            self._piece = memoryview(piece)
        found, self._piece = self._piece[:most], self._piece[most:]
        return found


@dataclass(frozen=True, slots=True)
class _Archive:
    """What all members of an archive share."""

    what: str
    forward: Forward
    tar: Any

    def broken(self, why: object) -> CouldNotCheck:
        """Return the error for a stream that did not bring all it should."""
        return CouldNotCheck(
            f"{self.what} broke off after {self.forward.tell()} bytes: {why}",
            "What it did not bring is not taken for absent; look again.",
        )


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an archive.

    Args:
        path: absolute, normalised; bytes that are not UTF-8 stand as surrogates.
        info: its header.
    """

    path: str
    info: tarfile.TarInfo
    _archive: _Archive

    @property
    def hard_link(self) -> str:
        """The path of the file this is another name of; empty when it is none."""
        return absolute(self.info.linkname) if self.info.islnk() else ""

    def content(self) -> Iterator[bytes]:
        """Yield a regular file's content; only before the next member is asked for.

        Raises:
            CouldNotCheck: the stream ends before it.
        """
        try:
            file = self._archive.tar.extractfile(self.info)
            if file is not None:
                yield from iter(partial(file.read, PIECE), b"")
        except _FAULTS as error:
            raise self._archive.broken(error) from error

    def file(self) -> File:
        """Return what its header says of it."""
        info, kind = self.info, _kind(self.info)
        return File(
            self.path,
            kind,
            size=info.size if kind is Kind.FILE else None,
            mode=info.mode & 0o7777,
            uid=info.uid,
            gid=info.gid,
            mtime=int(info.mtime),
            target=info.linkname if kind is Kind.LINK else None,
            capabilities=raw(info.pax_headers.get(_CAPABILITIES, "")).hex(),
        )


def members(stream: Iterable[bytes] | IO[bytes], what: str) -> Iterator[Member]:
    """Yield the members of a tar stream in their order.

    Args:
        stream: what yields or reads its bytes.
        what: the stream, for people.

    Raises:
        CouldNotCheck: it is damaged, or ends before its end.
    """
    forward = Forward(pieces(stream))
    archive = _Archive(what, forward, None)
    try:
        # It only reads, tells and seeks forward, as each consumer takes one member after the other.
        tar: Any = tarfile.open(  # noqa: SIM115 - nothing is to be closed
            fileobj=cast("Any", forward), mode="r:", encoding="utf-8", errors="surrogateescape"
        )
        archive = replace(archive, tar=tar)
        while (info := tar.next()) is not None:
            tar.members = []  # it would keep all of them
            yield Member(absolute(info.name), info, archive)
    except _FAULTS as error:
        raise archive.broken(error) from error
    if len(forward.last) != tarfile.BLOCKSIZE or forward.last.strip(b"\0"):
        raise archive.broken("its end is missing")
    forward.drain()


def pieces(stream: Iterable[bytes] | IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a stream, whichever way it hands them out."""
    read = getattr(stream, "read", None)
    return iter(stream) if read is None else iter(partial(read, PIECE), b"")


def absolute(name: str) -> str:
    """Return the path that an archive's name means: from the root, and never above it."""
    return posixpath.normpath("/" + name.lstrip("/"))


def raw(text: str) -> bytes:
    """Return the bytes of a PAX value: text where it is UTF-8, surrogates where not."""
    return text.encode("utf-8", "surrogateescape")


def _kind(info: tarfile.TarInfo) -> Kind:
    if info.isreg() or info.islnk():
        return Kind.FILE
    if info.isdir():
        return Kind.FOLDER
    return Kind.LINK if info.issym() else Kind.OTHER
