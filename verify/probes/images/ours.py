"""What of an image's files is its own, and not the base image's; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from verify.inventory import File, Inventory, Kind

if TYPE_CHECKING:
    from verify.probes.images.layers import Layer, Layers
    from verify.surroundings import Distribution

SETUID: Final = 0o4000
SETGID: Final = 0o2000
STICKY: Final = 0o1000
BY_ALL: Final = 0o002
BY_GROUP: Final = 0o020

OPEN: Final = "may be written by everybody"

CACHES: Final = (
    (
        "apt",
        re.compile(r"/var/lib/apt/lists/.+|/var/cache/apt/(?:archives/.+\.deb|.*pkgcache\.bin)"),
    ),
    ("apk", re.compile(r"/var/cache/apk/.+|/etc/apk/cache/.+")),
    ("dnf and yum", re.compile(r"/var/cache/(?:dnf|libdnf5|yum)/.+")),
    ("pip", re.compile(r"(?:/[^/]+)*/\.cache/pip/.+")),
    ("uv", re.compile(r"(?:/[^/]+)*/\.cache/uv/.+")),
    ("Poetry", re.compile(r"(?:/[^/]+)*/\.cache/pypoetry/.+")),
    ("npm and Yarn", re.compile(r"(?:/[^/]+)*/(?:\.npm/_\w+|\.cache/yarn|\.yarn/cache)/.+")),
    ("conda", re.compile(r"(?:/[^/]+)*/\w*(?:conda|mamba|miniforge)\w*/pkgs/.+")),
)
"""Package managers, and where each keeps what it has fetched."""


_CACHED: Final = re.compile(r"(.*)/__pycache__/([^/]+?)\.[\w-]+(?:\.opt-\w+)?\.pyc", re.DOTALL)
"""Bytecode of the source in the folder above (PEP 3147)."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A file as the finished image has it, and the layer it comes from."""

    file: File
    layer: Layer


def finished(layers: Iterable[Layer]) -> dict[str, Placed]:
    """Return what is there when all layers lie one upon the other."""
    found: dict[str, Placed] = {}
    for layer in layers:
        contents = layer.contents
        gone = set(contents.removed) | {
            path
            for path, file in contents.files.items()
            if file.kind is not Kind.FOLDER
            and path in found
            and found[path].file.kind is Kind.FOLDER
        }
        emptied = set(contents.emptied)
        if gone or emptied:
            found = {
                path: placed for path, placed in found.items() if not _is_in(path, gone, emptied)
            }
        for path, file in contents.files.items():
            found[path] = Placed(file, layer)
    return found


def ours(there: Mapping[str, Placed], layers: Layers) -> dict[str, File]:
    """Return the files of the finished image that its own layers put there.

    A folder that only stands in a layer because something in it changed is not its own.
    """
    before = {
        path: file.mode
        for layer in layers.layers
        if layer.of_base
        for path, file in layer.contents.files.items()
    }
    return {
        path: placed.file
        for path, placed in there.items()
        if not placed.layer.of_base
        and not (placed.file.kind is Kind.FOLDER and before.get(path) == placed.file.mode)
    }


def rights(file: File) -> Iterator[str]:
    """Yield what of a file's rights is more than a program or its data needs, in words."""
    mode = file.mode or 0
    if file.kind is Kind.FILE:
        if mode & SETUID:
            yield "is setuid"
        if mode & SETGID:
            yield "is setgid"
        if file.capabilities:
            yield "has capabilities"
    if file.kind is not Kind.LINK and mode & BY_ALL:
        sticky = file.kind is Kind.FOLDER and mode & STICKY
        if not sticky:
            yield OPEN


def writable(file: File, uid: int, gids: Collection[int]) -> bool:
    """Say whether a user may write a file or folder; its owner may, as he may change its mode."""
    mode = file.mode or 0
    if file.kind is Kind.LINK:
        return False
    in_group = file.gid is not None and file.gid in gids
    return file.uid == uid or bool(mode & BY_ALL) or (in_group and bool(mode & BY_GROUP))


def published(
    distributions: Iterable[Distribution],
    files: Inventory,
    locked: Collection[tuple[str, str]] | None,
) -> frozenset[str]:
    """Return the files that anybody can download: what a locked distribution brought, unchanged.

    What a document or a test in them shows as a password is none, nor is it in their bytecode: that
    this is of its source is the gate `dependencies`' to see.

    Args:
        distributions: all that are installed.
        files: with the digests they really have.
        locked: each name and version of the lock; None where there is no lock.
    """
    sources = frozenset(
        line.path
        for one in distributions
        if locked is None or (one.name, one.version) in locked
        for line in one.record or ()
        if line.digest is not None
        and (file := files.files.get(line.path)) is not None
        and file.digest == line.digest
    )
    compiled = (
        path
        for path in files.files
        if (found := _CACHED.fullmatch(path)) and f"{found[1]}/{found[2]}.py" in sources
    )
    return sources.union(compiled)


def cached(files: Mapping[str, File]) -> dict[str, list[File]]:
    """Return by package manager what it has fetched and kept among these files."""
    found: dict[str, list[File]] = {}
    for path, file in files.items():
        if file.kind is Kind.FILE and file.size:
            for name, pattern in CACHES:
                if pattern.fullmatch(path):
                    found.setdefault(name, []).append(file)
    return found


def _is_in(path: str, gone: set[str], emptied: set[str]) -> bool:
    if path in gone:
        return True
    above = path.rpartition("/")[0]
    while above:
        if above in gone or above in emptied:
            return True
        above = above.rpartition("/")[0]
    return "/" in emptied and path != "/"
