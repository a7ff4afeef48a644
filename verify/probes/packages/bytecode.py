"""Compiles sources again where it runs, and compares what comes out with the bytecode beside them.

This one file is sent whole, like `agent.py`, to the interpreter of an image: in a throw-away
container, as root, with nothing of the image's own running. So it needs only the standard library
and Python 3.8, and imports nothing of `verify`. It is started with `-X pycache_prefix`, so that the
modules it needs itself come from their sources: forged bytecode could lie about itself otherwise.

Its arguments are the request and then the parts of one text: base64 of compressed JSON, a list of
[bytecode file, source or "", level of optimisation]. The request's keys:
    workers   how many processes share the work
    seconds   what one may compute for one file
The answer has a row for each, in that order:
    [state, detail, flags, word, word]
state is one of those below; the rest are the fields of the header (PEP 552): its flags, and for
flags 0 the source's time and size, else whether the hash in it is that of the source.

Reading marshalled data that was made up may crash the interpreter or never end, so each worker is a
process of its own. It tells which file it takes up before it does; when it dies, that file is the
reason, and another worker goes on with the next.
"""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import marshal
import os
import selectors
import signal
import struct
import sys
import types
import warnings
import zlib
from typing import Any, Dict, List, Optional, Tuple

MARK = "verify-agent:"
"""Stands before the answer, because the interpreter's start-up may print something too."""

SAME = "same"
DIFFERS = "differs"
ORPHAN = "orphan"  # nothing to compile it from
FOREIGN = "foreign"  # of another Python
BROKEN = "broken"  # the source does not compile, or the file is too short for bytecode
UNREAD = "unread"  # one of the two cannot be read
CRASHED = "crashed"  # to read it killed the interpreter

HEADER = 16
"""Bytes before the code: magic number, flags, and two words (PEP 552)."""

CHECKED, HASHED = 2, 1
"""Flags: the hash is held against the source at each import; there is a hash, and no time."""

REFUSALS = (
    SyntaxError,
    ValueError,
    TypeError,
    OverflowError,
    RecursionError,
    MemoryError,
    SystemError,
)
"""What the compiler throws at sources it cannot take, and marshal at data, but for a short read."""

LINES = "co_linetable" if hasattr(types.CodeType, "co_linetable") else "co_lnotab"
"""Which field has the line numbers; the old one is deprecated where there is the new one."""

CODE = tuple(
    name
    for name in (
        *("co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_nlocals", "co_stacksize"),
        *("co_flags", "co_code", "co_consts", "co_names", "co_varnames", "co_freevars"),
        *("co_cellvars", "co_name", "co_qualname", "co_firstlineno", "co_exceptiontable", LINES),
    )
    if hasattr(types.CodeType, name)
)
"""All that code consists of, but for the path it was compiled at."""

Row = List[Any]
Item = Tuple[str, str, int]


def examined(path: str, source: str, level: int) -> Row:
    """Return the row of one bytecode file."""
    try:
        with open(native(path), "rb") as file:
            raw = file.read()
    except OSError as error:
        return [UNREAD, "cannot be read: " + str(error.strerror), 0, 0, 0]
    if len(raw) < HEADER:
        return [BROKEN, f"has {len(raw)} bytes; its header alone takes {HEADER}", 0, 0, 0]
    flags, first, second = struct.unpack("<III", raw[4:HEADER])
    if raw[:4] != importlib.util.MAGIC_NUMBER:
        number = int.from_bytes(raw[:2], "little")
        return [FOREIGN, f"magic number {number}", flags, first, second]
    if not source:
        return [ORPHAN, "", flags, first, second]
    try:
        with open(native(source), "rb") as file:
            text = file.read()
    except OSError as error:
        return [UNREAD, "its source cannot be read: " + str(error.strerror), flags, first, second]
    if flags & HASHED:
        first, second = int(importlib.util.source_hash(text) == raw[8:HEADER]), 0
    try:
        code = compile(text, source, "exec", dont_inherit=True, optimize=level)
    except REFUSALS as error:
        return [BROKEN, "its source does not compile: " + words(error), flags, first, second]
    if marshal.dumps(code) == raw[HEADER:]:
        return [SAME, "", flags, first, second]
    # The same code can be written in more than one way: it depends on what else is in memory.
    detail = difference(code, raw[HEADER:])
    return [DIFFERS if detail else SAME, detail, flags, first, second]


def native(path: str) -> bytes:
    """Return a path as the kernel has it, whatever the locale is."""
    return path.encode("utf-8", "surrogateescape")


def words(error: BaseException) -> str:
    """Return what an error says, on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def difference(code: types.CodeType, raw: bytes) -> str:
    """Say where marshalled data is other than this code; nothing when it is the same."""
    stream = io.BytesIO(raw)
    try:
        got = marshal.load(stream)  # noqa: S302 - what it yields is never run
    except (EOFError, *REFUSALS) as error:
        return "holds no code: " + words(error)
    if not isinstance(got, types.CodeType):
        return f"holds no code but {type(got).__name__}"
    if stream.tell() != len(raw):
        return f"{len(raw) - stream.tell()} bytes stand after its code"
    return differs(code, got, "")


def differs(expected: types.CodeType, got: types.CodeType, where: str) -> str:
    """Say where two pieces of code differ, by the names of the functions they stand in."""
    for name in CODE:
        wanted, seen = getattr(expected, name), getattr(got, name)
        if name != "co_consts":
            if typed(wanted) != typed(seen):
                return f"{name} of {where or 'the module'}"
            continue
        if not isinstance(seen, tuple) or len(wanted) != len(seen):
            return f"co_consts of {where or 'the module'}"
        for one, other in zip(wanted, seen):  # noqa: B905 - their lengths are the same
            if isinstance(one, types.CodeType) and isinstance(other, types.CodeType):
                inner = (where + "." if where else "") + one.co_name
                found = differs(one, other, inner)
                if found:
                    return found
            elif not alike(one, other):
                return f"a constant of {where or 'the module'}"
    return ""


def typed(value: Any) -> Any:
    """Return a field in a form in which 1 is not True."""
    if isinstance(value, tuple):
        return tuple((type(one).__name__, one) for one in value)
    return (type(value).__name__, value)


def alike(one: Any, other: Any) -> bool:
    """Say whether two constants are the same; it goes no further than the first one does.

    For Python 1 is True, 0.0 is -0.0, and one nan is no other: not here.
    """
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, frozenset):
        return len(one) == len(other) and sorted(map(spelt, one)) == sorted(map(spelt, other))
    if isinstance(one, slice):  # a constant since Python 3.14
        return alike((one.start, one.stop, one.step), (other.start, other.stop, other.step))
    if isinstance(one, float):
        return struct.pack("<d", one) == struct.pack("<d", other)
    if isinstance(one, complex):
        return alike((one.real, one.imag), (other.real, other.imag))
    return bool(one == other)


def spelt(value: Any) -> str:
    """Return a member of a set in a form that can be sorted; repr tells all constants apart."""
    if isinstance(value, frozenset):
        return "{" + ",".join(sorted(map(spelt, value))) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join(map(spelt, value)) + ")"
    return type(value).__name__ + repr(value)


def work(items: List[Item], mine: List[int], seconds: float, out: int) -> None:
    """Examine files, and write for each a line when it is begun and one with its row."""
    with os.fdopen(out, "w", encoding="ascii") as answers:
        for number in mine:
            answers.write(f"{number}\n")
            answers.flush()
            # Of its own computing time, which a busy machine does not shorten; ends the process.
            signal.setitimer(signal.ITIMER_PROF, seconds)
            row = examined(*items[number])
            answers.write(f"{number} {json.dumps(row)}\n")


class Worker:
    """A process that examines some of the files.

    Args:
        items: all files.
        mine: the numbers of those it examines.
        seconds: what it may compute for one.
    """

    def __init__(self, items: List[Item], mine: List[int], seconds: float) -> None:
        self.left = mine
        self.begun: Optional[int] = None
        self.rest = b""
        self.out, out = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            status = 70
            try:
                os.close(self.out)
                work(items, mine, seconds, out)
                status = 0
            finally:
                os._exit(status)
        os.close(out)

    def hear(self, rows: Dict[int, Row]) -> bool:
        """Take in what it has written; say whether there may be more."""
        data = os.read(self.out, 1 << 16)
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            number, _, row = line.partition(b" ")
            if row:
                rows[int(number)] = json.loads(row)
            else:
                self.begun = int(number)
        return bool(data)

    def buried(self, rows: Dict[int, Row]) -> List[int]:
        """Note what it died of, if it did; return what is left to examine."""
        os.close(self.out)
        _, status = os.waitpid(self.pid, 0)
        if status and self.begun is not None and self.begun not in rows:
            rows[self.begun] = [CRASHED, death(status), 0, 0, 0]
        left = [number for number in self.left if number not in rows]
        if left and (self.begun is None or not status):
            raise RuntimeError("a worker ended early: " + death(status))
        return left


def death(status: int) -> str:
    """Say how a process ended."""
    if not os.WIFSIGNALED(status):
        return f"exit code {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    if number == signal.SIGPROF:
        return "it takes too much computing"
    return f"signal {number}"


def examine(items: List[Item], workers: int, seconds: float) -> List[Row]:
    """Return the rows of all files."""
    rows: Dict[int, Row] = {}
    waiting = selectors.DefaultSelector()

    def start(mine: List[int]) -> None:
        if mine:
            worker = Worker(items, mine, seconds)
            waiting.register(worker.out, selectors.EVENT_READ, worker)

    for first in range(workers):
        start(list(range(first, len(items), workers)))
    while waiting.get_map():
        for key, _ in waiting.select():
            if not key.data.hear(rows):
                waiting.unregister(key.data.out)
                start(key.data.buried(rows))
    return [rows[number] for number in range(len(items))]


def main() -> None:
    """Answer the request in the first argument about the files in the others."""
    warnings.simplefilter("ignore")
    request = json.loads(sys.argv[1])
    text = zlib.decompress(base64.b64decode("".join(sys.argv[2:]))).decode("ascii")
    items = [(path, source, level) for path, source, level in json.loads(text)]
    rows = examine(items, request["workers"], request["seconds"])
    print(MARK + json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()
