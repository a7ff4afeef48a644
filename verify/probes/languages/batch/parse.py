"""Reads Windows batch files into statements.

The published grammars split paths with backslashes into several words, so the few
rules that decide what is started are read here: https://ss64.com/nt/syntax.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DEEPEST = 30
_CONTINUED = re.compile(r"\^[ \t]*\Z")
_IF = re.compile(r"if\b", re.IGNORECASE)
_FOR = re.compile(r"for\b", re.IGNORECASE)
_ELSE = re.compile(r"[\s]*else\b", re.IGNORECASE)
_CONDITION = re.compile(
    r"""\s*(?P<flags>(?:/i\s+|not\s+)*)
    (?:(?P<ask>exist|defined|errorlevel|cmdextversion)\s+(?P<of>"[^"\n]*"|[^\s()"]+)
    |(?P<left>"[^"\n]*"|[^\s()"=]+)\s*(?P<operator>==|\s(?:equ|neq|lss|leq|gtr|geq)\s)\s*
    (?P<right>"[^"\n]*"|[^\s()"]+))""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Simple:
    """One command, as written."""

    line: int
    text: str
    operator: str = ""
    """What stands before it: "&", "&&", "||" or "|"; "" at the start of a line."""


@dataclass(frozen=True, slots=True)
class Label:
    """A place that `goto` leads to."""

    name: str


@dataclass(frozen=True, slots=True)
class If:
    """`if CONDITION (...) else (...)`."""

    line: int
    condition: re.Match[str] | None
    then: tuple[Statement, ...]
    other: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """`( ... )`, or the body of a `for`."""

    body: tuple[Statement, ...]
    loop: str = ""


Statement = Simple | Label | If | Block


def parse(code: str) -> tuple[Statement, ...]:
    """Return the statements of a batch file; whatever stands there, it has some reading."""
    reader = _Reader(_joined(code))
    found: list[Statement] = []
    while not reader.at_end():
        found += reader.statements(0)
        reader.skip(")")  # one that closes nothing
    return tuple(found)


def _joined(code: str) -> list[tuple[int, str]]:
    """Return the lines with their numbers, those that `^` continues as one."""
    found: list[tuple[int, str]] = []
    start = True
    for number, line in enumerate(code.splitlines(), 1):
        continued = _CONTINUED.search(line)
        text = line[: continued.start()] + " " if continued else line
        if start:
            found.append((number, text))
        else:
            found[-1] = (found[-1][0], found[-1][1] + text.lstrip())
        start = continued is None
    return found


class _Reader:
    """Reads statements off the lines, from the front."""

    def __init__(self, lines: list[tuple[int, str]]) -> None:
        self.lines = lines
        self.index = 0
        self.at = 0

    def at_end(self) -> bool:
        return self.index >= len(self.lines)

    def statements(self, depth: int) -> list[Statement]:
        """Read up to the `)` that closes them, or to the end."""
        found: list[Statement] = []
        while not self.at_end():
            number, text = self.lines[self.index]
            rest = text[self.at :]
            if not rest.strip():
                self.index, self.at = self.index + 1, 0
                continue
            self.at += len(rest) - len(rest.lstrip(" \t@;,="))
            if text.startswith(")", self.at):
                if depth:
                    break
                self.at += 1
                continue
            found += self.one(number, text, depth)
        return found

    def one(self, number: int, text: str, depth: int, operator: str = "") -> list[Statement]:
        """Read one statement and what `&` joins to it."""
        found: list[Statement] = []
        while True:
            rest = text[self.at :]
            self.at += len(rest) - len(rest.lstrip(" \t@"))
            found.append(self.plain(number, text, depth, operator))
            if self.at_end() or self.lines[self.index][1] is not text:
                return found
            joined = re.compile(r"\s*(&&|\|\||&|\|)").match(text, self.at)
            if joined is None:
                return found
            operator, self.at = joined[1], joined.end()

    def plain(self, number: int, text: str, depth: int, operator: str) -> Statement:
        """Read one statement."""
        if text.startswith(":", self.at):
            name = text[self.at :].lstrip(": \t").split()[:1]
            comment = text.startswith("::", self.at)
            self.index, self.at = self.index + 1, 0
            return Label("" if comment or not name else name[0].lower())
        if depth < _DEEPEST and text.startswith("(", self.at):
            return Block(self.block(depth))
        if depth < _DEEPEST and _IF.match(text, self.at):
            return self.conditional(number, text, depth)
        if depth < _DEEPEST and _FOR.match(text, self.at):
            do = re.compile(r"for\b(.*?)\bdo\b\s*", re.IGNORECASE).match(text, self.at)
            if do is not None:
                self.at = do.end()
                return Block(self.body(number, text, depth), loop=do[1])
        end = _end(text, self.at, inside=depth > 0)
        simple = Simple(number, text[self.at : end].strip(), operator)
        self.at = end
        return simple

    def conditional(self, number: int, text: str, depth: int) -> If:
        """Read `if ...`."""
        condition = _CONDITION.match(text, self.at + 2)
        if condition is None:
            self.at += 2
            blank = re.compile(r"\s*\S*\s*").match(text, self.at)
            self.at = max(self.at, blank.end() if blank else self.at)
        else:
            self.at = condition.end()
        then = self.body(number, text, depth)
        other: tuple[Statement, ...] = ()
        if not self.at_end():
            number, text = self.lines[self.index]
            found = _ELSE.match(text, self.at)
            if found is not None:
                self.at = found.end()
                other = self.body(number, text, depth)
        return If(number, condition, then, other)

    def body(self, number: int, text: str, depth: int) -> tuple[Statement, ...]:
        """Read a block or the rest of the line."""
        blank = len(text[self.at :]) - len(text[self.at :].lstrip())
        self.at += blank
        if depth < _DEEPEST and text.startswith("(", self.at):
            return self.block(depth)
        if not text[self.at :].strip():
            return ()
        return tuple(self.one(number, text, depth + 1))

    def block(self, depth: int) -> tuple[Statement, ...]:
        """Read `( ... )`."""
        self.at += 1
        found = self.statements(depth + 1)
        self.skip(")")
        return tuple(found)

    def skip(self, sign: str) -> None:
        """Go past a sign, if it stands here."""
        if not self.at_end() and self.lines[self.index][1].startswith(sign, self.at):
            self.at += 1


def _end(text: str, start: int, *, inside: bool) -> int:
    """Return where a command ends: at an operator, or at the `)` of the block it stands in."""
    quoted = False
    comment = text[start : start + 4].lower() in {"rem", "rem ", "rem\t"}
    n = start
    while n < len(text):
        sign = text[n]
        if sign == '"':
            quoted = not quoted
        elif sign == "^" and not quoted:
            n += 1
        elif not quoted and sign == "&" and not comment:
            if text[n - 1 : n] not in {">", "<"}:  # 2>&1
                return n
        elif not quoted and ((sign == "|" and not comment) or (inside and sign == ")")):
            return n
        n += 1
    return len(text)
