"""Computes git's own ids, of contents and of trees, without git; no I/O."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

FILE = "100644"
EXECUTABLE = "100755"
LINK = "120000"
SUBMODULE = "160000"
_FOLDER = "40000"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a tree.

    Args:
        mode: as git writes it: 100644, 100755, 120000 (a link) or 160000 (a submodule).
        blob: the id of its content, or of the submodule's commit, in hex.
    """

    mode: str
    blob: str


def object_id(kind: str, content: bytes, algorithm: str = "sha1") -> str:
    """Return the id that git gives an object.

    Args:
        kind: blob, tree or commit.
        content: its bytes.
        algorithm: the repository's object format, sha1 or sha256.
    """
    digest = hashlib.new(algorithm, b"%s %d\0" % (kind.encode(), len(content)))
    digest.update(content)
    return digest.hexdigest()


def tree_id(entries: Mapping[str, Entry], algorithm: str = "sha1") -> str:
    """Return the id of the tree that holds these files and nothing else.

    Args:
        entries: by path relative to the root; bytes that are not UTF-8 stand as surrogates.
        algorithm: the repository's object format, sha1 or sha256.

    Raises:
        ValueError: a path is a file and a folder at once.
    """
    folders: dict[str, dict[str, Entry]] = {"": {}}
    for path, entry in entries.items():
        folder, _, name = path.rpartition("/")
        _folder(folders, folder)[name] = entry
    # From the deepest up, so that each folder's id is there when its parent's is computed.
    for path in sorted(folders.keys() - {""}, key=lambda one: one.count("/"), reverse=True):
        tree = object_id("tree", _written(folders[path]), algorithm)
        folder, _, name = path.rpartition("/")
        if name in folders[folder]:
            raise ValueError(f"{path!r} is a file and a folder")
        folders[folder][name] = Entry(_FOLDER, tree)
    return object_id("tree", _written(folders[""]), algorithm)


def _folder(folders: dict[str, dict[str, Entry]], path: str) -> dict[str, Entry]:
    found = folders.setdefault(path, {})
    above = path.rpartition("/")[0]
    while path and above not in folders:
        folders[above] = {}
        above = above.rpartition("/")[0]
    return found


def _written(folder: Mapping[str, Entry]) -> bytes:
    """Return a tree object's bytes; git sorts a folder as if its name ended with a slash."""
    rows = [
        (os.fsencode(name) + (b"/" if entry.mode == _FOLDER else b""), os.fsencode(name), entry)
        for name, entry in folder.items()
    ]
    return b"".join(
        b"%s %s\0%s" % (entry.mode.encode(), name, bytes.fromhex(entry.blob))
        for _, name, entry in sorted(rows, key=lambda row: row[0])
    )
