"""Keeps a run matrix for the next run, which believes it only if nothing that was read differs.

An entry names every file that the survey read, with one digest over all their bytes, and a digest
of the list of all files. A time stamp decides nothing. The folder can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.matrix import Disagreement, EntryPoint, Launcher, Matrix, State, Status
from verify.probes import cached
from verify.probes.source import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.matrix import Declared
    from verify.probes.source import Source

_CODE = Path(__file__).parents[1]


def folder() -> Path:
    """Return the folder of all entries."""
    return cached.folder("matrix")


def recall(source: Source, declared: Declared) -> Matrix | None:
    """Return the matrix of an earlier run if it must be the same today, else None."""
    try:
        entry = json.loads(_file(source).read_bytes())
        if entry["asked"] != _asked(source, declared):
            return None
        now = (
            _digest(_read(source.root, entry["whole"])),
            _digest(_read(source.root, entry["heads"], HEAD)),
        )
        if tuple(entry["bytes"]) != now:
            return None
        return restored(entry["matrix"], declared)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # no entry, or one that is damaged: the tree is read again


def keep(source: Source, declared: Declared, matrix: Matrix) -> None:
    """Keep the matrix of a tree; nothing happens where that cannot be written."""
    whole, heads = source.seen, tuple(source.heads)
    entry = {
        "asked": _asked(source, declared),
        "whole": whole,
        "heads": heads,
        "bytes": (
            _digest(None if source.unreadable(path) else source.raw(path) for path in whole),
            _digest(source.heads[path] for path in heads),
        ),
        "matrix": asdict(matrix),
    }
    target = _file(source)
    # A cache that cannot be written costs time and nothing else.
    with contextlib.suppress(OSError, ValueError):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(entry, file)
        Path(name).replace(target)


def _file(source: Source) -> Path:
    root = os.path.realpath(source.root)
    return folder() / f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:32]}.json"


def _asked(source: Source, declared: Declared) -> str:
    """Digest what the matrix depends on besides bytes: names, the manifest, and our own code."""
    digest = hashlib.sha256(repr(declared).encode())
    for path in sorted(_CODE.rglob("*.py")):
        digest.update(path.read_bytes())
    for name in source.files:
        digest.update(os.fsencode(name) + b"\0")
    return digest.hexdigest()


def _digest(contents: Iterable[bytes | None]) -> str:
    """Digest the bytes of some files in order; None stands for one that cannot be read."""
    digest = hashlib.sha256()
    for content in contents:
        digest.update(b"-" if content is None else b"%d:" % len(content))
        digest.update(content or b"")
    return digest.hexdigest()


def _read(root: Path, names: Iterable[str], limit: int = -1) -> Iterator[bytes | None]:
    for name in names:
        try:
            # Half the time of Path.read_bytes, thousands of times over.
            with open(f"{root}/{name}", "rb", buffering=0) as file:  # noqa: PTH123
                yield file.read(limit) if limit > 0 else file.readall()
        except (OSError, ValueError):
            yield None


def launcher(row: dict[str, Any]) -> Launcher:
    """Return the launcher that `dataclasses.asdict` took apart.

    Raises:
        KeyError, TypeError, ValueError: these are not its parts.
    """
    status, candidates = Status(row["status"]), tuple(row["candidates"])
    return Launcher(**{**row, "status": status, "candidates": candidates})


def restored(data: dict[str, Any], declared: Declared) -> Matrix:
    """Return the matrix that `dataclasses.asdict` took apart.

    Raises:
        KeyError, TypeError, ValueError: these are not its parts.
    """
    return Matrix(
        tuple(launcher(row) for row in data["launchers"]),
        tuple(EntryPoint(**{**row, "state": State(row["state"])}) for row in data["entry_points"]),
        tuple(Disagreement(**row) for row in data["disagreements"]),
        declared,
    )
