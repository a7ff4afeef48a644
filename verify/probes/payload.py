"""Packs a script of ours so that another interpreter can run it, and reads its answer."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verify.errors import CouldNotCheck

HERE = Path(__file__).parent
MARK = "verify-agent:"
"""What stands before the answer, see agent.py."""

ROWS = "verify-rows:"
"""What stands before the rows that may come with it."""

CHUNK = 1 << 16
"""Characters of rows that are unpacked at once; a multiple of four."""

_CHILDREN = ("modules", "without", "constants", "guards")
"""What the agent starts children for; only they are watched by a witness."""

_BOOT = (
    "import binascii,sys,zlib;"
    "exec(compile(zlib.decompress(binascii.a2b_base64(sys.argv.pop(1))),'<verify>','exec'))"
)


@dataclass(frozen=True, slots=True)
class Rows:
    """What an agent found of many things, as it was sent: unpacked only when it is gone through.

    Args:
        text: compressed lines of JSON, in base64.
        who: what sent it, for people.
    """

    text: str
    who: str

    def __iter__(self) -> Iterator[list[Any]]:
        """Yield each row but the last one, which says how many there are.

        Raises:
            CouldNotCheck: they broke off, or are not what an agent sends. What was yielded before
                must not count then.
        """
        count, last = 0, None
        try:
            for line in self._lines():
                if last is not None:
                    count += 1
                    yield last
                last = json.loads(line)
        except (ValueError, zlib.error) as error:
            raise self._broken(count) from error
        if last != ["end", count]:
            raise self._broken(count)

    def _lines(self) -> Iterator[bytes]:
        unpack, rest = zlib.decompressobj(), b""
        for start in range(0, len(self.text), CHUNK):
            packed = binascii.a2b_base64(self.text[start : start + CHUNK])
            while packed:
                *lines, rest = (rest + unpack.decompress(packed, CHUNK)).split(b"\n")
                yield from lines
                packed = unpack.unconsumed_tail
        *lines, rest = (rest + unpack.flush()).split(b"\n")
        yield from lines
        if rest or not unpack.eof or unpack.unused_data:
            raise ValueError("no end")

    def _broken(self, count: int) -> CouldNotCheck:
        return CouldNotCheck(
            f"{self.who} gave an answer that broke off after {count} rows",
            "What it told until then does not count; look again.",
        )


def packed(script: str, request: dict[str, Any]) -> list[str]:
    """Return interpreter arguments that run the script with this request, with no file needed.

    Linux allows 128 KiB for one argument (MAX_ARG_STRLEN, execve(2)), and a shell in between gets
    them all in one; a script of 40 KB takes 16.

    Args:
        script: the file's path below this folder.
        request: what it is asked; must be JSON. The text of witness.py is added where it is needed.
    """
    if script != "agent.py" or any(request.get(key) for key in _CHILDREN):
        request = {**request, "witness": (HERE / "witness.py").read_text("utf-8")}
    source = base64.b64encode(zlib.compress((HERE / script).read_bytes(), 9)).decode("ascii")
    return ["-c", _BOOT, source, json.dumps(request)]


def answer(output: str, errors: str, *, who: str) -> dict[str, Any]:
    """Return the facts in a script's output; `rows` among them are its rows, where it gave any.

    Raises:
        CouldNotCheck: there is no answer in it; says the end of `errors`.
    """
    # What a child printed stands in the answer and may hold the mark again: the first one counts of
    # the last line that has any.
    start = output.rfind("\n", 0, max(0, output.rfind(MARK))) + 1
    _, mark, text = output[start:].partition(MARK)
    if mark:
        try:
            facts = json.loads(text.partition("\n")[0])
        except ValueError:
            facts = None
        if isinstance(facts, dict):
            if rows := _rows(output[:start], who):
                facts["rows"] = rows
            return facts
    tail = "\n".join(errors.strip().splitlines()[-6:]) or "it said nothing"
    raise CouldNotCheck(f"{who} gave no answer: {tail}")


def _rows(output: str, who: str) -> Rows | None:
    _, mark, text = output.rpartition(ROWS)
    return Rows(text.partition("\n")[0], who) if mark else None
