"""Finds what an operator must know of in a server's log."""

from __future__ import annotations

import re
from typing import Final

SHOWN: Final = 6
"""Lines of one fault that are told: its beginning says where, its end says what."""

LOG: Final = "the log"
"""Where a text is that stands in the log, in words."""

_TRACEBACK = "Traceback (most recent call last)"
_INSIDE = (" ", "\t", "|", "+", "│", "╭", "╰")
_PART = re.compile(r"^(\s|Traceback|During handling|The above exception|$)")

# A level stands near the beginning of a line, in capitals: after a time and perhaps a process.
_GRAVE = re.compile(r"^.{0,60}?(?<![\w-])(ERROR|CRITICAL|FATAL)(?![\w-])")

# The same in a log whose lines are objects of JSON, or pairs as `level=error msg="no answer"`.
_LEVEL = r"(?:log\.)?(?:level|levelname|lvl|severity)"
_WORD = r"(?:error|critical|fatal|alert|emergency)"
_PAIR = r'[\w.@-]+=(?:"[^"]*"|[^"\s]\S*)? '
_FIELD = re.compile(
    rf'^\{{.*"{_LEVEL}"\s*:\s*"{_WORD}"|^(?:{_PAIR})*{_LEVEL}="?{_WORD}(?![\w-])', re.IGNORECASE
)

# What Python says of an exception that nobody can catch: of an exit handler, say. Where the code is
# none of Python's, no traceback follows.
_IGNORED = re.compile(r"^Exception ignored (in|while)\b")


def faults(text: str) -> tuple[str, ...]:
    """Return each fault in a log: a traceback, an ignored exception, a line of level ERROR and up.

    A traceback and the line that announced it are one.

    Args:
        text: the log, without colours.
    """
    found: list[str] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        ignored = bool(_IGNORED.match(lines[number]))
        announced = ignored or bool(_GRAVE.match(lines[number]) or _FIELD.match(lines[number]))
        begins = number + 1 if announced else number
        if begins < len(lines) and _TRACEBACK in lines[begins]:
            ends = _end(lines, begins)
            found.append(_told(lines[number:ends]))
            number = ends
            continue
        if ignored:
            found.append(_told(lines[number : number + 2]))
        elif announced:
            found.append(lines[number].strip())
        number += 1
    return tuple(found)


def _end(lines: list[str], number: int) -> int:
    """Return where a traceback ends: after the line that names the last exception of its chain."""
    while True:
        number += 1
        while number < len(lines) and lines[number].startswith(_INSIDE):
            number += 1
        number += 1  # the exception itself
        follows = number
        while follows < len(lines) and _TRACEBACK not in lines[follows]:
            if not _PART.match(lines[follows]):
                return number
            follows += 1
        if follows >= len(lines):
            return number
        number = follows


def _told(lines: list[str]) -> str:
    kept = [line.rstrip() for line in lines if line.strip()]
    if len(kept) > SHOWN:
        kept = [*kept[: SHOWN // 2], "…", *kept[-SHOWN // 2 :]]
    return "\n".join(kept)
