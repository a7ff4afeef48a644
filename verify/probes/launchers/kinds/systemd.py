"""systemd units: the commands of a service, on a host that the checkout was put on."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.host import NOWHERE, Host
from verify.probes.launchers.readers.ini_lines import read as read_sections
from verify.probes.launchers.resolve import argv_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.ini_lines import Entry, Section
    from verify.probes.launchers.world import World

KIND = "systemd"
NAMES = ("*.service",)

_COMMANDS = ("ExecStartPre", "ExecStart", "ExecStartPost")
_PREFIXES = "-@:+!|"  # systemd.service(5), "Special executable prefixes"
_LONGEST = 20_000  # characters of a command; shlex takes a second for each 100,000
_SPECIFIER = re.compile(r"%[A-Za-z]")
_VARIABLE = re.compile(r"\$\$|\$\{(\w+)\}|\$(\w+)")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    if b"ExecStart" not in world.source.raw(path):
        return
    for section in read_sections(world.source.text(path), indented=False):
        if section.name == "Service":
            place = _place(section, world.place(path))
            for key in _COMMANDS:
                for entry in section.all(key):
                    launches = tuple(_launches(entry, place.but(line=entry.line)))
                    yield Found(entry.line, entry.value, launches)


def _place(section: Section, place: Place) -> Place:
    folder = _located(section.last("WorkingDirectory").strip("\"'").lstrip("-"))
    host = Host(place.world, folder.rstrip("/"))
    place = place.but(files=host, cwd=folder or NOWHERE, top=folder or NOWHERE)
    variables: dict[str, Word] = {}
    given: set[str] = set()
    for entry in section.all("EnvironmentFile"):
        name = _located(entry.value.lstrip("-"))
        text = host.text(name)
        if text is None:
            given.add("")  # may set anything
        for line in (text or "").splitlines():
            key, equals, value = line.strip().partition("=")
            if equals and key[:1] not in {"#", ";"}:
                variables[key] = value.strip().strip("\"'")
    for entry in section.all("Environment"):
        for word in _split(entry.value) or []:
            key, _, value = word.partition("=")
            variables[key] = None if _SPECIFIER.search(value.replace("%%", "")) else value
    return place.but(variables=tuple(variables.items()), given=frozenset(given))


def _located(path: str) -> str:
    """Return a folder as an absolute one; a home is one like any other."""
    found = re.sub(r"^(?:~|%h)(?=/|$)", "/%h", path)
    found = found if not found or found.startswith("/") else f"/{found}"
    return posixpath.normpath(found) if found else ""


def _launches(entry: Entry, place: Place) -> Iterator[Launch]:
    parts = _split(entry.value.lstrip(_PREFIXES))
    if parts is None:
        if "streamlit" in entry.value:
            why = "a quote is not closed, so systemd refuses the command"
            yield place.launch(Status.BROKEN, why, entry.value)
        return
    words: list[Word] = []
    for part in parts:
        words += _expanded(part, place)
    found = argv_launches(words, place, entry.value)
    yield from place.files.told(found) if isinstance(place.files, Host) else found


def _split(text: str) -> list[str] | None:
    if len(text) > _LONGEST:
        return []
    try:
        return shlex.split(text)
    except ValueError:
        return None


def _expanded(part: str, place: Place) -> list[Word]:
    """Return what systemd makes of a word: it reads `%h`, `$NAME` and `${NAME}` itself."""
    part = _located(part) if part.startswith(("%h/", "~/")) else part
    if _SPECIFIER.search(part.replace("%%", "").replace("/%h/", "/")):
        return [None]
    variables = dict(place.variables)
    part = part.replace("%%", "%")
    alone = re.fullmatch(r"\$(\w+)", part)
    names = [found[1] or found[2] for found in _VARIABLE.finditer(part) if found[0] != "$$"]
    if any(variables.get(name, "") is None for name in names):
        return [None]
    if "" in place.given and any(name not in variables for name in names):
        return [None]
    if alone is not None:  # is split at blanks, and none when it is empty
        return list((variables.get(alone[1]) or "").split())
    return [
        _VARIABLE.sub(
            lambda found: "$" if found[0] == "$$" else variables.get(found[1] or found[2]) or "",
            part,
        )
    ]
