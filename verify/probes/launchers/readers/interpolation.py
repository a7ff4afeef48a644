"""Fills in `$NAME` and `${NAME:-default}` as docker compose does before it reads a value.

The forms are those of the compose specification's chapter on interpolation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.languages.command import Word

_NAME = re.compile(r"[A-Za-z_]\w*")
_OPERATOR = re.compile(r":?[-?+]")
_DEEPEST = 20  # defaults within defaults
_LONGEST = 10_000  # characters of a value


@dataclass(slots=True)
class Interpolation:
    """Variables, and what filling them in came to.

    Args:
        variables: those that are known.
        unset: names that were asked for, and that nothing sets.
        assumed: names whose default was taken.
    """

    variables: Mapping[str, Word]
    unset: set[str] = field(default_factory=set)
    assumed: set[str] = field(default_factory=set)

    def fill(self, text: str, depth: int = 0) -> Word:
        """Return the text filled in, or None when a variable in it is not known."""
        if "$" not in text:
            return text
        if depth > _DEEPEST:
            return None
        parts: list[str] = []
        at = 0
        while (dollar := text.find("$", at)) >= 0:
            parts.append(text[at:dollar])
            value, at = self._expanded(text, dollar, depth)
            if value is None:
                return None
            parts.append(value)
        found = "".join([*parts, text[at:]])
        return found if len(found) <= _LONGEST else None

    def _expanded(self, text: str, dollar: int, depth: int) -> tuple[Word, int]:
        """Return what stands for the `$` at an index, and where the text goes on."""
        if text.startswith("$$", dollar):
            return "$", dollar + 2
        name = _NAME.match(text, dollar + 1)
        if name is not None:
            return self._value(name[0]), name.end()
        name = _NAME.match(text, dollar + 2) if text.startswith("${", dollar) else None
        end = _closing(text, dollar) if name is not None else -1
        if name is None or end < 0:
            return "$", dollar + 1  # compose refuses the file; the text as it stands says why
        rest = text[name.end() : end]
        operator = _OPERATOR.match(rest)
        if operator is None:
            return (self._value(name[0]) if not rest else None), end + 1
        word = rest[operator.end() :]
        return self._operated(name[0], operator[0], word, depth), end + 1

    def _operated(self, name: str, operator: str, word: str, depth: int) -> Word:
        known = name in self.variables
        value = self.variables.get(name)
        is_set = known and not (value == "" and operator.startswith(":"))
        if operator.endswith("-"):
            if is_set:
                return value
            self.assumed.add(name)
            return self.fill(word, depth + 1)
        if operator.endswith("+"):
            return self.fill(word, depth + 1) if is_set else ""
        return self._value(name)

    def _value(self, name: str) -> Word:
        if name not in self.variables:
            self.unset.add(name)
        return self.variables.get(name)


def dotenv(text: str) -> dict[str, str]:
    """Return what a `.env` file sets; a value's own references are left out."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        row = re.match(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*[=:]\s*(.*?)\s*$", line)
        if row is None:
            continue
        value = row[2]
        if value[:1] in {'"', "'"} and value.find(value[0], 1) > 0:
            value = value[1 : value.find(value[0], 1)]
        else:
            value = re.split(r"\s#", value, maxsplit=1)[0].strip()
        if "$" not in value:
            found[row[1]] = value
    return found


def words_of(text: str, word: Word) -> list[Word]:
    """Return a word as words: an option keeps its name although its value is not known."""
    name, equals, _ = text.partition("=")
    if (
        word is None
        and equals
        and name.startswith("--")
        and name.replace("-", "").replace(".", "").isalnum()
    ):
        return [name, None]
    return [word]


def _closing(text: str, start: int) -> int:
    """Return where the `}` of the `${` at an index stands, -1 when there is none."""
    depth = 0
    for match in re.compile(r"\$\{|\}").finditer(text, start):
        depth += 1 if match[0] == "${" else -1
        if depth == 0:
            return match.start()
    return -1
