"""supervisord: the commands of its programs, in an image or on a host."""

from __future__ import annotations

import fnmatch
import posixpath
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.budget import SPENT, affords
from verify.probes.launchers.host import Host
from verify.probes.launchers.images.image import image_launches
from verify.probes.launchers.place import ROOT
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

KIND = "supervisord"
NAMES = ("*.conf", "*.ini", "supervisord.*")
PROGRAMS = ("supervisord",)

_PROGRAM = re.compile(r"(?:fcgi-)?program:(.+)")
_LONGEST = 20_000  # characters of a command; shlex takes a second for each 100,000
_MARK = b"program:"
_EXPRESSION = re.compile(r"%%|%\((\w+)\)\d*[sd]")
_PAIR = re.compile(r"""(\w+)\s*=\s*("[^"]*"|'[^']*'|[^,]*)""")
_DEFAULTS = (
    "supervisord.conf",
    "etc/supervisord.conf",
    "/etc/supervisord.conf",
    "/etc/supervisor/supervisord.conf",
)
"""Where supervisord looks (its manual, "Running supervisord"), relative to where it is called."""
_INCLUDED = "/etc/supervisor/conf.d/*.conf"
"""What the configuration includes that Debian's and Ubuntu's package installs."""


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    if _MARK not in world.source.raw(path):
        return
    inside = list(_in_images(path, world))
    if inside:
        for launch in inside:
            yield Found(launch.line, launch.raw, (launch,))
        return
    for section in read_sections(world.source.text(path), indented=True):
        for entry in _commands(section):
            place = _on_host(section, world.place(path, entry.line))
            found = _launches(entry, section, place)
            told = place.files.told(found) if isinstance(place.files, Host) else found
            yield Found(entry.line, entry.value, tuple(told))


def _in_images(path: str, world: World) -> Iterator[Launch]:
    """Yield what the file starts in the images whose command calls supervisord with it."""
    name = path.rpartition("/")[2].encode()
    for dockerfile, kind in world.claimed:
        raw = world.source.raw(dockerfile) if kind.KIND == "dockerfile" else b""
        if b"supervisor" not in raw or not (name in raw or b"conf" in raw or b"COPY ." in raw):
            continue
        for launch in image_launches(world, dockerfile):
            if launch.path == path:
                why = f"in the image of {dockerfile}"
                yield replace(launch, through=(), arms=()).because(why)


def _on_host(section: Section, place: Place) -> Place:
    """Return the place of a program whose configuration is no part of an image."""
    folder = section.last("directory")
    here = posixpath.join(ROOT, posixpath.dirname(place.path))
    if not folder or folder.startswith("%(here)s"):
        where = posixpath.normpath(folder.replace("%(here)s", here, 1)) if folder else ROOT
        return place.but(files=Host(place.world, ROOT), cwd=where, given=frozenset({""}))
    if "%(" in folder or not folder.startswith("/"):
        return place.but(cwd=None, given=frozenset({""}))
    top = posixpath.normpath(folder)
    return place.but(files=Host(place.world, top), cwd=top, top=top, given=frozenset({""}))


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what a call of supervisord starts."""
    rest = list(words[1:])
    names: tuple[str, ...] = _DEFAULTS
    while rest:
        word = rest.pop(0)
        if word is None:
            continue
        option, _, value = word.partition("=")
        if option in {"-c", "--configuration"}:
            given = value or (rest.pop(0) if rest else "")
            if given is None:
                yield place.unknown("its configuration depends on a variable", raw, certain=False)
                return
            names = (given,)
    yield from _configured(names, raw, place)


def _configured(names: tuple[str, ...], raw: str, place: Place) -> Iterator[Launch]:
    for name in names:
        full = place.join(name)
        text = place.files.text(full) if full else None
        if full is not None and text is not None:
            yield from _programs(full, text, place, follow=True)
            return
    if names == _DEFAULTS or names[0] == _DEFAULTS[-1]:
        yield from _included(_INCLUDED, place)
    else:
        full = place.join(names[0])
        if full is None:
            yield place.unknown("the working directory cannot be followed", raw, certain=False)
        else:
            status, why = place.files.absent(full)
            yield place.launch(status, why, raw, certain=False)


def _programs(full: str, text: str, place: Place, *, follow: bool) -> Iterator[Launch]:
    """Yield what the programs of a configuration start, and of those that it includes."""
    if not affords(place, text):
        yield place.unknown(SPENT, full, certain=False)
        return
    inner = place.deeper(place.files.repo_path(full) or full)
    for section in read_sections(text, indented=True):
        for entry in _commands(section):
            folder = section.last("directory").replace("%(here)s", posixpath.dirname(full))
            cwd = place.join(folder) if folder else place.cwd
            yield from _launches(entry, section, inner.but(line=entry.line, cwd=cwd), full)
        if section.name == "include" and follow:
            for pattern in section.last("files").split():
                yield from _included(posixpath.join(posixpath.dirname(full), pattern), place)


def _included(pattern: str, place: Place) -> Iterator[Launch]:
    """Follow the files that fit a pattern: any of the repository's that may stand there."""
    folder, last = posixpath.split(pattern)
    source = place.world.source
    names = {path.rpartition("/")[2] for path in source.files if path.endswith((".conf", ".ini"))}
    for name in sorted(names):
        if fnmatch.fnmatchcase(name, last):
            text = place.files.text(f"{folder}/{name}")
            if text is not None:
                yield from _programs(f"{folder}/{name}", text, place, follow=False)


def _commands(section: Section) -> list[Entry]:
    return section.all("command")[-1:] if _PROGRAM.fullmatch(section.name) else []


def _launches(entry: Entry, section: Section, place: Place, full: str = "") -> Iterator[Launch]:
    here = posixpath.dirname(full or f"{ROOT}/{place.path}")
    if len(entry.value) > _LONGEST:
        return
    variables = dict(place.variables)
    for found in _PAIR.finditer(section.last("environment")):
        variables[found[1]] = _expanded(found[2].strip("\"'"), section, here, place)
    value = re.split(r"\s;", entry.value, maxsplit=1)[0]
    try:
        parts = shlex.split(value)
    except ValueError:
        if "streamlit" in value:
            yield place.launch(Status.BROKEN, "a quote is not closed", entry.value)
        return
    lost = _lost(value, place)
    if lost and "streamlit" in value:
        why = f"supervisord refuses %(ENV_{lost})s, as nothing here sets {lost}"
        yield place.launch(Status.BROKEN, why, entry.value)
        return
    words = [_expanded(part, section, here, place) for part in parts]
    yield from argv_launches(words, place.but(variables=tuple(variables.items())), entry.value)


def _lost(text: str, place: Place) -> str:
    """Return a variable that is named and that nothing sets, or ""."""
    if "" in place.given:
        return ""
    known = {*dict(place.variables), *place.given, "HOME", "USER", "PATH", "HOSTNAME"}
    names = re.findall(r"%\(ENV_(\w+)\)", text)
    return next((name for name in names if name not in known), "")


def _expanded(text: str, section: Section, here: str, place: Place) -> Word:
    values: dict[str, Word] = {f"ENV_{name}": value for name, value in place.variables}
    program = _PROGRAM.fullmatch(section.name)
    values |= {"here": here, "program_name": program[1] if program else ""}
    names = [found[1] for found in _EXPRESSION.finditer(text) if found[1]]
    if any(values.get(name) is None for name in names):
        return None
    return _EXPRESSION.sub(lambda found: values[found[1]] or "" if found[1] else "%", text)
