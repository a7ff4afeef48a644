"""Dev containers: what runs when one is made, is started, or is attached to."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.launchers.opaque import Opaque
from verify.probes.launchers.readers.json_values import read as read_json
from verify.probes.launchers.resolve import argv_launches, code_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World

KIND = "devcontainer"
NAMES = ("devcontainer.json", ".devcontainer.json")

_WHEN = ("initialize", "onCreate", "updateContent", "postCreate", "postStart", "postAttach")
"""The lifecycle scripts (containers.dev, "Lifecycle scripts"), in their order."""

_VARIABLE = re.compile(r"\$\{((?:local|container|devcontainer)\w*(?::[^{}]*)?)\}")
_FOLDERS = frozenset({"containerWorkspaceFolder", "localWorkspaceFolder"})


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    document = read_json(world.source.text(path))
    head, found, _ = f"/{path}".rpartition("/.devcontainer/")
    folder = head.strip("/") if found else posixpath.dirname(path)
    place = world.place(path, folder=folder)
    variables: dict[str, Word] = {}
    for key in ("containerEnv", "remoteEnv"):
        own = document.get(key)
        for name, value in (own.pairs if own is not None else {}).items():
            variables[name] = _word(value.text, place, Opaque())
    place = place.but(variables=tuple(variables.items()))
    for when in _WHEN:
        command = document.get(f"{when}Command")
        if command is not None:
            line = document.line_of(f"{when}Command")
            yield _found(command, place.but(line=line))
            for name, one in command.pairs.items():
                yield _found(one, place.but(line=command.line_of(name)))


def _found(command: Value, place: Place) -> Found:
    """Return what a command starts: a text is for a shell, a list is not."""
    opaque = Opaque()
    if command.items:
        words = [_word(word, place, opaque) for word in command.words()]
        raw = " ".join(command.words())
        return Found(place.line, raw, tuple(opaque.shown(argv_launches(words, place, raw))))
    code = opaque.fill(_VARIABLE, command.text, lambda name: _value(name, place))
    inner = place.but(given=opaque.given)
    raw = command.text.strip()
    return Found(place.line, raw, tuple(opaque.shown(code_launches(code, inner))))


def _word(text: str, place: Place, opaque: Opaque) -> Word:
    return opaque.word(opaque.fill(_VARIABLE, text, lambda name: _value(name, place)))


def _value(name: str, place: Place) -> Word:
    kind, _, rest = name.partition(":")
    if kind in _FOLDERS:
        return place.cwd
    if kind == "containerEnv" and rest.partition(":")[0] in dict(place.variables):
        return dict(place.variables)[rest.partition(":")[0]]
    return None
