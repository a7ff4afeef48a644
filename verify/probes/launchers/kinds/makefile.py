"""Makefiles: each line of a recipe, run by a shell in the folder where make is called."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.budget import SPENT, affords
from verify.probes.launchers.make.run import NAMES as DEFAULTS
from verify.probes.launchers.make.run import goal_launches, load, target_starts
from verify.probes.launchers.rows import founds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import Found, World

KIND = "makefile"
NAMES = ("Makefile", "GNUmakefile", "*.mk")
PROGRAMS = ("make", "gmake")

_WITH_VALUE = frozenset({"-I", "-o", "-W", "--include-dir", "--old-file", "--what-if"})
_LOOKS_ONLY = frozenset({"-n", "--dry-run", "--just-print", "-q", "--question", "--version", "-v"})


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    start = _includer(path, world) or path
    place = world.place(start, folder=posixpath.dirname(start))
    ways = load(start, world.source.text(start), place, {})
    seen: set[Found] = set()
    for target in dict.fromkeys(name for made in ways.made for name in made.rules):
        for group in target_starts(ways, target, path):
            for found in founds(group):
                if found not in seen:  # several targets may share a recipe
                    seen.add(found)
                    yield found


def _includer(path: str, world: World) -> str | None:
    """Return the makefile that includes this part of one, and sets its variables."""
    folder, name = posixpath.split(path)
    if not name.endswith(".mk"):
        return None
    while True:
        for default in DEFAULTS:
            other = posixpath.join(folder, default)
            if world.source.has(other) and name.encode() in world.source.raw(other):
                return other
        if not folder:
            return None
        folder = posixpath.dirname(folder)


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what a call of make starts."""
    goals: list[str] = []
    given: dict[str, str] = {}
    file = ""
    rest = list(words[1:])
    while rest:
        word = rest.pop(0)
        if word is None:
            continue
        option, value = _option(word, rest)
        if option == "-C":
            place = place.but(cwd=place.join(value))
        elif option == "-f":
            file = value
        elif word in _LOOKS_ONLY:
            return
        elif (word in _WITH_VALUE and rest) or (
            word in {"-j", "-l"} and rest and (rest[0] or "").isdecimal()
        ):
            rest.pop(0)
        elif "=" in word and not word.startswith("-"):
            name, _, text = word.partition("=")
            given[name.rstrip(":")] = text
        elif not word.startswith("-"):
            goals.append(word)
    yield from _goals(goals, given, file, raw, place)


def _goals(
    goals: list[str], given: dict[str, str], file: str, raw: str, place: Place
) -> Iterator[Launch]:
    if place.cwd is None:
        yield place.unknown("the working directory cannot be followed", raw, certain=False)
        return
    for name in (file,) if file else DEFAULTS:
        full = place.join(name)
        text = place.files.text(full) if full else None
        if full is not None and text is not None:
            if not affords(place, text * 4):
                yield place.unknown(SPENT, raw, certain=False)
                return
            path = place.files.repo_path(full) or full
            ways = load(path, text, place.deeper(path), given)
            yield from goal_launches(ways, goals, raw)
            return
    status, why = place.files.absent(place.join(file or DEFAULTS[-1]) or "")
    yield place.launch(status or Status.MISSING, why, raw, certain=False)


def _option(word: str, rest: list[Word]) -> tuple[str, str]:
    """Return -C or -f and its value, or nothing."""
    for short, long in (("-C", ("--directory",)), ("-f", ("--file", "--makefile"))):
        if word in {short, *long} and rest:
            return short, rest.pop(0) or ""
        for name in long:
            if word.startswith(f"{name}="):
                return short, word.partition("=")[2]
        if word.startswith(short) and len(word) > len(short):
            return short, word[len(short) :]
    return "", ""
