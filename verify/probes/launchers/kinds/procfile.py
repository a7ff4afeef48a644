"""Procfiles: `web: command`, one process type a line, run by a shell that has PORT set."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.budget import SPENT, affords
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import World

KIND = "procfile"
NAMES = ("Procfile", "Procfile.*")
PROGRAMS = ("honcho", "foreman", "hivemind", "overmind", "goreman")

_ROW = re.compile(r"([A-Za-z0-9_-]+):[ \t]*(\S.*)")
_FILE = frozenset({"-f", "--procfile"})
_WITH_VALUE = frozenset({"-e", "--env", "-p", "--port", "-d", "--root", "-c", "-m", "-t"})
_GIVEN = frozenset({"PORT"})


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    folder = path.rpartition("/")[0]
    for number, _, command in _rows(world.source.text(path)):
        place = world.place(path, number, folder=folder).but(given=_GIVEN)
        yield Found(number, command, tuple(code_launches(command, place)))


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what `honcho start` starts; it sets PORT for each process, as Heroku does."""
    name, rest, wanted = "Procfile", list(words[1:]), list[str]()
    while rest:
        word = rest.pop(0) or ""
        option, _, value = word.partition("=")
        if option in _FILE:
            name = value or (rest.pop(0) if rest else "") or name
        elif word in _WITH_VALUE:
            del rest[:1]
        elif not word.startswith("-"):
            wanted.append(word)
    if wanted and wanted[0] != "start" and words[0] != "hivemind":
        return  # honcho run, check, export
    full = place.join(name)
    text = place.files.text(full) if full else None
    if full is None or text is None:
        status, why = (
            place.files.absent(full) if full else (Status.UNKNOWN, "its folder is unknown")
        )
        yield place.launch(status, why, raw, certain=False)
        return
    if not affords(place, text):
        yield place.unknown(SPENT, raw, certain=False)
        return
    inner = place.deeper(place.files.repo_path(full) or full)
    cwd = posixpath.dirname(full)
    for number, process, command in _rows(text):
        if not wanted[1:] or process in wanted[1:]:
            there = inner.but(line=number, cwd=cwd, given=place.given | _GIVEN)
            yield from code_launches(command, there)


def _rows(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the process type and the command of each row."""
    for number, line in enumerate(text.splitlines(), 1):
        row = _ROW.fullmatch(line.strip())
        if row is not None:
            yield number, row[1], row[2]
