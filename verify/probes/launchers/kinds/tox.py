"""tox: the commands of its environments, without a shell, in the folder of their file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.probes.launchers.projects.tox_config import runs
from verify.probes.launchers.resolve import argv_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.projects.tox_config import Run
    from verify.probes.launchers.world import World

KIND = "tox"
NAMES = ("tox.ini", "setup.cfg", "pyproject.toml", "tox.toml")
PROGRAMS = ("tox",)

_ENVIRONMENT = frozenset({"-e", "--env"})


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    raw = world.source.raw(path)
    if b"tox" not in raw and b"testenv" not in raw and not path.endswith("tox.toml"):
        return
    place = world.place(path, folder=path.rpartition("/")[0])
    for run in runs(path, world.source.text(path), place.cwd or ""):
        yield Found(run.line, run.raw, tuple(_launches(run, place.but(line=run.line))))


def _launches(run: Run, place: Place) -> Iterator[Launch]:
    folder = place.cwd if not run.folder else place.join(run.folder)
    inner = place.but(
        cwd=None if run.folder is None else folder,
        variables=(*place.variables, *run.variables),
    )
    for launch in argv_launches(run.words, inner, run.raw):
        yield launch.because(run.note) if run.note else launch


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what `tox -e NAME` starts."""
    del raw
    names: set[str] = set()
    for number, word in enumerate(words):
        option, _, value = (word or "").partition("=")
        if option in _ENVIRONMENT:
            following = words[number + 1] if number + 1 < len(words) else None
            names |= set((value or following or "").split(","))
    for name in NAMES:
        full = place.join(name)
        path = place.files.repo_path(full) if full is not None else None
        if path is None:
            continue
        text = place.world.source.text(path)
        for run in runs(path, text, place.cwd or ""):
            if run.environment in names or not names:
                yield from _launches(run, place.deeper(path, run.line))
