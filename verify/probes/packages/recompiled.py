"""Compiles all sources of an image again, in its own Python, and remembers what came of it.

What comes of two contents does not change: a pair of source and bytecode, by their digests, is
compared once for each interpreter, here and in all projects of this user.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.inventory import File, Kind
from verify.probes import payload
from verify.probes.images import memory
from verify.probes.inside.at_rest import ALONE
from verify.probes.packages.bytecode_files import followed, is_cached, source_of

if TYPE_CHECKING:
    from verify.inventory import Inventory
    from verify.probes.engine import Engine
    from verify.surroundings import Interpreter
    from verify.tables import Image

SCRIPT = "packages/bytecode.py"

FLAGS = ["-I", "-S", "-B", "-X", "pycache_prefix=/nonexistent"]
"""What the script needs itself comes from sources, of which nothing is written down."""

SECONDS = 120.0
"""For one container; 5,000 files take 4 on two cores."""

AT_ONCE = 20_000
"""Files for one container: their names must fit into its arguments (execve(2))."""

PART = 100_000
"""Characters of one argument, of which Linux takes 128 KiB."""

WORKERS = 2

FOR_ONE = 60.0
"""Seconds that a worker may compute for one file; a large one takes half of one."""

KEPT = 100_000
"""Results that are remembered for one interpreter; 10 MB."""

_LEVELS = {None: 0, "1": 1, "2": 2}
_HASHED, _CHECKED = 1, 2
_WORD = 0xFFFFFFFF  # a header has 32 bits for a time and for a size
_ROW = 5

Row = list[Any]
Item = tuple[str, str, int]


class State(StrEnum):
    """What came of one bytecode file; the words are those of bytecode.py."""

    SAME = "same"
    DIFFERS = "differs"
    ORPHAN = "orphan"
    FOREIGN = "foreign"
    BROKEN = "broken"
    CRASHED = "crashed"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Compiled:
    """One bytecode file, and how it is with its source.

    Args:
        path: of the bytecode, absolute.
        source: of what it should be made from, whether that is there or not.
        state: what came of the comparison.
        detail: what differs, or why it could not be compared.
        lie: what its header says of its source that is not so; empty when it is.
        used: whether Python would run it: not when it takes it for outdated.
    """

    path: str
    source: str
    state: State
    detail: str = ""
    lie: str = ""
    used: bool = True

    def wrong(self, version: str) -> str:
        """Say what is wrong with it; nothing when it is as its source.

        Args:
            version: of the Python that compared them.
        """
        if self.state is State.ORPHAN:
            use = "no import finds it" if is_cached(self.path) else "and an import runs it"
            return f"has no source {self.source}; {use}"
        if self.state is State.FOREIGN:
            return f"is of another Python ({self.detail}); {version} neither runs nor makes it"
        if self.state is State.CRASHED:
            return f"reading it ends the interpreter: {self.detail}"
        if self.state in {State.BROKEN, State.UNREAD}:
            return self.detail
        said = [self.lie] if self.lie else []
        if self.state is State.DIFFERS:
            said.append(f"differs from its source: {self.detail}")
        if said:
            said.append("Python runs it all the same" if self.used else "Python ignores it")
        return "; ".join(said)


@dataclass(frozen=True, slots=True)
class _Pair:
    path: str
    source: str
    level: int | None
    there: File | None
    key: str


def look(
    engine: Engine, image_id: str, spec: Image, files: Inventory, interpreter: Interpreter
) -> tuple[Compiled, ...]:
    """Compare all bytecode of an image with what its sources compile to.

    Args:
        engine: that has the image.
        image_id: which image.
        spec: the manifest's `[image]`.
        files: all files of the image, with their digests.
        interpreter: the image's own.

    Raises:
        CouldNotCheck: the look in its container did not end well.
    """
    known = _recall(interpreter, files)
    pairs = _pairs(files)
    unknown = [pair for pair in pairs if pair.key not in known]
    rows = {pair.path: known[pair.key] for pair in pairs if pair.key in known}
    for start in range(0, len(unknown), AT_ONCE):
        batch = unknown[start : start + AT_ONCE]
        rows |= _examined(engine, image_id, spec, batch)
    fresh = {pair.key: rows[pair.path] for pair in unknown if _lasting(pair, rows[pair.path])}
    if fresh:
        _keep(interpreter, files, {**known, **fresh})
    return tuple(_judged(pair, rows[pair.path], files.unread) for pair in pairs)


def is_known(files: Inventory, interpreter: Interpreter) -> bool:
    """Say whether `look` has nothing left to compile."""
    known = _recall(interpreter, files)
    return all(pair.key in known for pair in _pairs(files))


def _pairs(files: Inventory) -> list[_Pair]:
    found = []
    for path, file in sorted(files.files.items()):
        if not path.endswith(".pyc") or file.kind is Kind.FOLDER:
            continue
        source, level = source_of(path)
        there = followed(source, files.files)
        if there is not None and there.kind is not Kind.FILE:
            there = None
        compiled = followed(path, files.files)
        digests = (compiled.digest if compiled else None, there.digest if there else "-")
        key = "" if None in digests else f"{digests[0]} {digests[1]} {level}"
        found.append(
            _Pair(
                path,
                source,
                _LEVELS.get(level),
                there,
                hashlib.sha256(os.fsencode(key)).hexdigest()[:40] if key else "",
            )
        )
    return found


def _examined(engine: Engine, image_id: str, spec: Image, pairs: list[_Pair]) -> dict[str, Row]:
    """Have pairs compared in a container of the image; return the row of each by its path."""
    items = [(pair.path, pair.source if pair.there else "", pair.level or 0) for pair in pairs]
    command = [spec.python, *asked(items, WORKERS, FOR_ONE)]
    out, err = engine.run_once(
        image_id,
        command,
        memory=spec.memory,
        deadline=SECONDS,
        user="0",
        restrictions={**ALONE, "read_only": True},
    )
    who = "the look at the image's bytecode"
    rows = payload.answer(out, err, who=who).get("rows")
    if not isinstance(rows, list) or len(rows) != len(pairs) or not all(map(_is_row, rows)):
        raise CouldNotCheck(f"{who} gave an answer that is none")
    return {pair.path: row for pair, row in zip(pairs, rows, strict=True)}


def asked(items: Sequence[Item], workers: int, seconds: float) -> list[str]:
    """Return an interpreter's arguments that have it compare these.

    Args:
        items: of each bytecode file its path, its source and its level of optimisation.
        workers: processes that share the work.
        seconds: what one may compute for one file.
    """
    text = base64.b64encode(zlib.compress(json.dumps(items).encode("ascii"), 9)).decode("ascii")
    parts = [text[start : start + PART] for start in range(0, len(text), PART)]
    request = {"workers": workers, "seconds": seconds}
    return [*FLAGS, *payload.packed(SCRIPT, request), *parts]


def _is_row(row: object) -> bool:
    return (
        isinstance(row, list)
        and len(row) == _ROW
        and row[0] in set(State)
        and isinstance(row[1], str)
        and all(type(number) is int for number in row[2:])
    )


def _lasting(pair: _Pair, row: Row) -> bool:
    """Say whether it would come out the same again; a crash may be for want of memory."""
    return bool(pair.key) and row[0] not in {State.CRASHED, State.UNREAD}


def _judged(pair: _Pair, row: Row, unread: Mapping[str, str]) -> Compiled:
    state, detail, flags, first, second = row
    if pair.there is None and (why := _hidden(pair.source, unread)):
        return Compiled(pair.path, pair.source, State.UNREAD, why)
    if state not in {State.SAME, State.DIFFERS} or pair.there is None:
        # Without its source Python runs only what stands where the source would.
        used = state == State.ORPHAN and not is_cached(pair.path)
        return Compiled(pair.path, pair.source, State(state), detail, used=used)
    if pair.level is None:
        detail = "no Python makes bytecode of this optimisation"
        return Compiled(pair.path, pair.source, State.BROKEN, detail, used=False)
    lie = _lie(pair.there, flags, first, second)
    # Beside its source, and not in __pycache__, bytecode is never imported, but can be started.
    used = is_cached(pair.path) and (not lie or flags & (_HASHED | _CHECKED) == _HASHED)
    return Compiled(pair.path, pair.source, State(state), detail, lie, used)


def _hidden(path: str, unread: Mapping[str, str]) -> str:
    """Say why nobody can tell whether a file is there; nothing when one can."""
    while path and path not in unread:
        path = path.rpartition("/")[0]
    return unread.get(path, "")


def _lie(source: File, flags: int, first: int, second: int) -> str:
    """Say what a header says of its source that is not so (PEP 552)."""
    if flags & ~(_HASHED | _CHECKED):
        return f"its header has the flags {flags:#x}, which Python does not know"
    if flags & _HASHED:
        return "" if first else "the hash in its header is not that of the source"
    if source.mtime is not None and source.mtime & _WORD != first:
        return f"its header is of a source of {first}, and the source is of {source.mtime}"
    if source.size is not None and source.size & _WORD != second:
        return f"its header is of a source of {second} bytes, and the source has {source.size}"
    return ""


def _key(interpreter: Interpreter, files: Inventory) -> tuple[str, str]:
    """Return all that results depend on besides the two contents."""
    library = f"libpython{interpreter.version.rpartition('.')[0]}"
    binaries = {path for path in files.files if library in path} | {interpreter.executable}
    parts = [
        (payload.HERE / SCRIPT).read_bytes(),
        f"{interpreter.version} {interpreter.tag}".encode(),
        *sorted(_digest(followed(path, files.files)) for path in binaries),
    ]
    return ("bytecode", hashlib.sha256(b"/".join(parts)).hexdigest())


def _digest(file: File | None) -> bytes:
    return ((file.digest if file else None) or "unknown").encode("ascii")


def _recall(interpreter: Interpreter, files: Inventory) -> Mapping[str, Row]:
    rows = memory.recall(*_key(interpreter, files))
    if not isinstance(rows, dict):
        return {}
    return {key: row for key, row in rows.items() if _is_row(row)}


def _keep(interpreter: Interpreter, files: Inventory, rows: Mapping[str, Row]) -> None:
    """Remember rows, of which the last are the newest."""
    memory.keep(*_key(interpreter, files), value=dict(list(rows.items())[-KEPT:]))
