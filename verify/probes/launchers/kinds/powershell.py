"""PowerShell scripts, started from the checkout's root or their own folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.probes.languages.powershell.run import commands
from verify.probes.launchers.place import ROOT
from verify.probes.launchers.resolve import command_launches
from verify.probes.launchers.scripts import called_script, founds, from_either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import Found, World

KIND = "powershell"
NAMES = ("*.ps1",)
PROGRAMS = ("powershell", "pwsh")

_VALUED = frozenset({"-executionpolicy", "-ep", "-ex", "-windowstyle", "-w", "-version"})


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""

    def run(folder: str) -> list[Launch]:
        return _followed(path, f"{ROOT}/{path}", world.place(path, folder=folder))

    yield from founds(path, world, from_either(path, run))


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what `powershell -File run.ps1`, `-Command "..."` or the call of a script starts."""
    rest = words[1:]
    while rest and rest[0] is not None and rest[0].startswith("-"):
        option = rest.pop(0)
        if option is not None and option.lower() in {"-command", "-c"}:
            code = " ".join(word for word in rest if word is not None)
            runs = commands(code, "", place.cwd, dict(place.variables))
            yield from command_launches(runs, place.but(depth=place.depth + 1, expands=True))
            return
        if option is not None and option.lower() in _VALUED and rest:
            rest.pop(0)
    yield from called_script(rest, raw, place, _followed)


def _followed(
    path: str, script: str, place: Place, arguments: tuple[Word, ...] = ()
) -> list[Launch]:
    text = place.world.source.text(path)
    given = {**dict.fromkeys(place.given), **dict(place.variables)}
    runs = commands(text, script, place.cwd, given, arguments)
    return list(command_launches(runs, place.but(expands=True)))
