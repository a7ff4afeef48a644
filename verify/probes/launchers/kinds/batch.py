"""Windows batch files, started from the checkout's root or their own folder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from verify.probes.languages.batch.run import commands
from verify.probes.launchers.place import ROOT
from verify.probes.launchers.resolve import command_launches
from verify.probes.launchers.scripts import called_script, founds, from_either

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import Found, World

KIND = "batch"
NAMES = ("*.bat", "*.cmd")
PROGRAMS = ("cmd",)


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""

    def run(folder: str) -> list[Launch]:
        return _followed(path, f"{ROOT}/{path}", world.place(path, folder=folder))

    yield from founds(path, world, from_either(path, run))


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what `cmd /c start.bat` or the call of a batch file starts."""
    if len(words) > 2 and (words[1] or "").lower() in {"/c", "/k"}:  # noqa: PLR2004
        code = " ".join(word for word in words[2:] if word is not None)
        runs = commands(code, "", place.cwd, dict(place.variables), exact=True)
        yield from command_launches(runs, place.but(depth=place.depth + 1, expands=True))
        return
    rest = [word for word in words[1:] if word is None or not word.lower().startswith("/")]
    yield from called_script(rest, raw, place, partial(_followed, exact=True))


def _followed(
    path: str, script: str, place: Place, arguments: tuple[Word, ...] = (), *, exact: bool = False
) -> list[Launch]:
    text = place.world.source.text(path)
    given = {**dict.fromkeys(place.given), **dict(place.variables)}
    runs = commands(text, script, place.cwd, given, arguments, exact=exact)
    return list(command_launches(runs, place.but(expands=True)))
