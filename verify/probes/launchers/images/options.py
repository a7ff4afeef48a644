"""Splits the words of a program such as docker into its options and the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from verify.probes.languages.command import Word


@dataclass(slots=True)
class Options:
    """Options and what follows them.

    Args:
        values: the values of each option, in order.
        rest: the words that are no options.
    """

    values: dict[str, list[Word]] = field(default_factory=dict)
    rest: list[Word] = field(default_factory=list)

    def last(self, *names: str) -> Word:
        """Return the last value under any of these names, "" when there is none."""
        found = self.all(*names)
        return found[-1] if found else ""

    def has(self, *names: str) -> bool:
        """Say whether one of them is given."""
        return any(name in self.values for name in names)

    def all(self, *names: str) -> list[Word]:
        """Return every value under these names."""
        return [value for name in names for value in self.values.get(name, [])]


def split(words: Sequence[Word], flags: Collection[str], *, mixed: bool = False) -> Options:
    """Return the options of a command line.

    Args:
        words: what follows the program's name.
        flags: options that take no value; every other one takes one. One-letter ones may be joined.
        mixed: whether options may follow other words.
    """
    found = Options()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word is None or not word.startswith("-") or word == "-":
            found.rest.append(word)
            if not mixed:
                break
        elif word == "--":
            break
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            if equals:
                found.values.setdefault(name, []).append(value)
            else:
                _take(found, name, rest, flags)
        else:
            _short(found, word[1:], rest, flags)
    found.rest += rest
    return found


def _short(found: Options, letters: str, rest: list[Word], flags: Collection[str]) -> None:
    """Take `-it` for two options, and `-p80:80` for one and its value."""
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        if name in flags or not letters:
            _take(found, name, rest, flags)
        else:
            found.values.setdefault(name, []).append(letters.removeprefix("="))
            return


def _take(found: Options, name: str, rest: list[Word], flags: Collection[str]) -> None:
    value: Word = "" if name in flags or not rest else rest.pop(0)
    found.values.setdefault(name, []).append(value)
