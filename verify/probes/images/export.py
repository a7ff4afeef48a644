"""Lists the files of an image from its tar stream: no shell, no Python, nothing started in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from verify.inventory import File, Inventory, Kind
from verify.probes.engine import NEVER_STARTED
from verify.probes.images.download import DEADLINE, download
from verify.probes.images.tar import Member, members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from verify.probes.engine import Engine

OURS_NOT = "the engine puts its own there, so nobody can tell what the image has"

ENGINES = (
    "/.dockerenv",
    "/dev",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/mtab",
    "/etc/resolv.conf",
    "/proc",
    "/run/.containerenv",
    "/sys",
)
"""What an engine adds to each container before it starts, whatever the image has there."""

_KEPT = 1 << 23
"""Bytes of a file whose content is asked for; a RECORD of 8 MB has some 80,000 lines."""


@dataclass(frozen=True, slots=True)
class Export:
    """What a tar stream had in it.

    Args:
        inventory: each path.
        contents: the content of each file that was asked for, by path.
    """

    inventory: Inventory
    contents: Mapping[str, bytes]


def inventory(
    stream: Iterable[bytes] | IO[bytes],
    where: str,
    blobs: Iterable[str] = (),
    *,
    blob_format: str = "sha1",
) -> Inventory:
    """Return the files of a tar stream, read in one pass.

    Args:
        stream: what yields or reads its bytes.
        where: whose files these are, for people.
        blobs: folders below which git's object id is wanted, too.
        blob_format: git's hash, sha1 or sha256.

    Raises:
        CouldNotCheck: it is damaged, or ends before its end.
    """
    return read(stream, where, blobs, blob_format=blob_format).inventory


def read(
    stream: Iterable[bytes] | IO[bytes],
    where: str,
    blobs: Iterable[str] = (),
    *,
    blob_format: str = "sha1",
    wanted: Callable[[str], bool] | None = None,
    without: Iterable[str] = (),
) -> Export:
    """Return the files of a tar stream, and the content of some, read in one pass.

    Args:
        stream: what yields or reads its bytes.
        where: whose files these are, for people.
        blobs: folders below which git's object id is wanted, too.
        blob_format: git's hash, sha1 or sha256.
        wanted: says of which path the content is wanted; of files up to 8 MB.
        without: paths that are left out, with all below, and told as not read.

    Raises:
        CouldNotCheck: it is damaged, or ends before its end.
    """
    hashed_below = tuple(folder.rstrip("/") + "/" for folder in blobs)
    left_out = tuple(without)
    below = tuple(f"{path}/" for path in left_out)
    files: dict[str, File] = {}
    contents: dict[str, bytes] = {}
    for member in members(stream, where):
        path = member.path
        if path in left_out or path.startswith(below):
            continue
        file = member.file()
        if member.hard_link:
            file = _same(file, member.hard_link, files)
            if wanted is not None and member.hard_link in contents and wanted(path):
                contents[path] = contents[member.hard_link]
        elif file.kind is Kind.FILE:
            keep = wanted is not None and (file.size or 0) <= _KEPT and wanted(path)
            blob = blob_format if path.startswith(hashed_below) else ""
            file, content = digested(member, file, blob, keep=keep)
            if keep:
                contents[path] = content
        files[path] = file
    unread = dict.fromkeys(left_out, OURS_NOT)
    if "/" not in files:
        unread["/"] = "the stream does not tell of it"
    return Export(Inventory(where, ("/",), files, unread), contents)


def exported(
    engine: Engine,
    image_id: str,
    *,
    where: str = "",
    blobs: Iterable[str] = (),
    blob_format: str = "sha1",
    deadline: float = DEADLINE,
) -> Inventory:
    """Return the files of an image; a container is created for that, and never started.

    Args:
        engine: which engine.
        image_id: which image.
        where: what to call it; the image's id if not given.
        blobs: folders below which git's object id is wanted, too.
        blob_format: git's hash, sha1 or sha256.
        deadline: seconds for all of it.

    Raises:
        CouldNotCheck: the engine cannot, or breaks off.
    """
    return export(
        engine, image_id, where=where, blobs=blobs, blob_format=blob_format, deadline=deadline
    ).inventory


def export(
    engine: Engine,
    image_id: str,
    *,
    where: str = "",
    blobs: Iterable[str] = (),
    blob_format: str = "sha1",
    wanted: Callable[[str], bool] | None = None,
    deadline: float = DEADLINE,
) -> Export:
    """Return the files of an image, and the content of some; see `exported` and `read`.

    Raises:
        CouldNotCheck: the engine cannot, or breaks off.
    """
    where = where or f"image {image_id.removeprefix('sha256:')[:12]}"
    with (
        engine.created(image_id, command=NEVER_STARTED) as raw,
        download(engine, f"/containers/{raw.id}/export", where, deadline=deadline) as stream,
    ):
        found = read(stream, where, blobs, blob_format=blob_format, wanted=wanted, without=ENGINES)
    return replace(found, inventory=_without_folders(found.inventory))


def _without_folders(found: Inventory) -> Inventory:
    """Leave out the folders that hold nothing but what the engine puts there: it makes them."""
    parents = {path.rpartition("/")[0] for path in ENGINES} - {""}
    empty = {path for path in parents if path in found.files and not found.below(path)}
    files = {path: file for path, file in found.files.items() if path not in empty}
    return replace(found, files=files, unread={**found.unread, **dict.fromkeys(empty, OURS_NOT)})


def digested(
    member: Member, file: File, blob_format: str = "", *, keep: bool = False
) -> tuple[File, bytes]:
    """Read a regular file; return it with its digests, and its content if that is to be kept.

    Args:
        member: where to read it.
        file: what is known of it.
        blob_format: git's hash for its object id; empty for none.
        keep: whether to return its content.
    """
    digest = hashlib.sha256()
    blob = hashlib.new(blob_format, usedforsecurity=False) if blob_format else None
    if blob is not None:
        blob.update(b"blob %d\0" % (file.size or 0))
    kept = []
    for piece in member.content():
        digest.update(piece)
        if blob is not None:
            blob.update(piece)
        if keep:
            kept.append(piece)
    done = replace(
        file, digest=digest.hexdigest(), blob=blob.hexdigest() if blob is not None else None
    )
    return done, b"".join(kept)


def _same(link: File, target: str, files: Mapping[str, File]) -> File:
    """Return a second name of a file that was there before."""
    if target in files:
        return replace(files[target], path=link.path)
    return replace(link, size=None, fault=f"another name of {target}, which did not come before it")
