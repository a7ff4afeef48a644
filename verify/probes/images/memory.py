"""Remembers what was read of content that its digest names: the same digest, the same content.

Each entry is a file below $XDG_CACHE_HOME or ~/.cache with a digest of its own; a damaged one is
read as none. The folder can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import zlib
from pathlib import Path
from typing import Any

from verify.probes import cached

MOST = 100_000_000
"""Bytes of all entries; when there are more, those go that nobody asked for longest."""

_DIGEST = hashlib.sha256().digest_size


def folder() -> Path:
    """Return the folder of all entries."""
    return cached.folder("images")


def recall(*key: str) -> Any:
    """Return what was kept under a key, or None."""
    try:
        path = _file(key)
        stored = path.read_bytes()
        digest, packed = stored[:_DIGEST], stored[_DIGEST:]
        if hashlib.sha256(packed).digest() != digest:
            return None
        entry = json.loads(zlib.decompress(packed))
        with contextlib.suppress(OSError):  # it may only be read
            os.utime(path)
        return entry["value"] if entry["key"] == list(key) else None
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None


def keep(*key: str, value: Any) -> None:
    """Keep a value of JSON under a key; nothing happens where that cannot be written."""
    packed = zlib.compress(json.dumps({"key": key, "value": value}).encode(), 1)
    # A cache that cannot be written costs time and nothing else.
    with contextlib.suppress(OSError):
        target = _file(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(packed).digest() + packed)
        Path(name).replace(target)
        _prune(target.parent)


def _file(key: tuple[str, ...]) -> Path:
    name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:40]
    return folder() / f"{key[0]}-{name}"


def _prune(entries: Path) -> None:
    found = [
        (entry.stat(), entry.path)
        for entry in os.scandir(entries)
        if not entry.name.startswith(".")
    ]
    held = sum(status.st_size for status, _ in found)
    for status, path in sorted(found, key=lambda row: row[0].st_mtime):
        if held <= MOST:
            return
        Path(path).unlink(missing_ok=True)
        held -= status.st_size
