"""The repository as the matrix sees it: the kinds of its launchers, its programs, its images."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from verify.matrix import Declared
from verify.probes.launchers.entries.drawn import Drawn
from verify.probes.launchers.place import Checkout, Place
from verify.probes.source import Unparsable, is_installed

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Hashable, Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.memory import Entry
    from verify.probes.launchers.projects.installed import Task
    from verify.probes.source import Source

    Follower = Callable[[list[Word], str, Place], Iterator[Launch]]

LARGEST = 1_000_000
"""Bytes of a launcher that are read; the largest of any that people wrote has a tenth of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One launcher in a file, and what following it came to.

    Args:
        line: 1-based.
        raw: the command as written.
        launches: what it starts.
        always: whether it is a row even when nothing in it is about Streamlit.
    """

    line: int
    raw: str
    launches: tuple[Launch, ...]
    always: bool = False


@dataclass(frozen=True, slots=True)
class Build:
    """How an image comes to be.

    Args:
        tag: its name, with or without the part after the colon.
        dockerfile: the repository's file.
        context: the folder that is sent to the engine, "" for the root.
        target: the stage that is built, "" for the last.
        place: where that stands, as "path:line".
        arguments: the build arguments it passes.
    """

    tag: str
    dockerfile: str
    context: str
    target: str = ""
    place: str = ""
    arguments: tuple[tuple[str, str], ...] = ()


def _names(tag: str) -> tuple[str, str]:
    """Return an image's name as it is, and without the part after the colon."""
    return tag, tag.rpartition(":")[0] if ":" in tag.rpartition("/")[2] else tag


class Kind(Protocol):
    """A module of `kinds`: one kind of launcher.

    It may have besides:
        PROGRAMS: names of programs that call launchers of this kind, such as "make".
        called(words, raw, place): yields what such a call starts.
        builds(path, world): yields the images (`Build`) that a file of this kind builds.
        more(source): returns further files of this kind, which their names do not tell.
    """

    KIND: str
    NAMES: tuple[str, ...]

    def read(self, path: str, world: World) -> Iterator[Found]:
        """Yield the launchers of one file."""
        ...


class World:
    """The repository.

    Args:
        source: its files.
        declared: what its manifest says.

    Attributes:
        followed: what each script starts that was followed so far, see `memory`.
    """

    def __init__(self, source: Source, declared: Declared | None = None) -> None:
        self.source = source
        self.declared = declared or Declared()
        self.checkout = Checkout(self)
        self.followed: dict[Hashable, Entry] = {}

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """Every module of `kinds`."""
        names = sorted(path.stem for path in Path(__file__).with_name("kinds").glob("[!_]*.py"))
        package = f"{__package__}.kinds"
        return tuple(import_module(f"{package}.{name}") for name in names)

    @cached_property
    def claimed(self) -> tuple[tuple[str, Kind], ...]:
        """Every file that a kind takes for its own by its name, with that kind."""
        exact: dict[str, list[Kind]] = {}
        by_ending: dict[str, list[Kind]] = {}
        wild: list[tuple[re.Pattern[str], Kind]] = []
        for kind in self.kinds:
            for name in kind.NAMES:
                rest = name.removeprefix("*")
                if not re.search(r"[*?\[]", name):
                    exact.setdefault(name.lower(), []).append(kind)
                elif re.fullmatch(r"\.\w+", rest):
                    by_ending.setdefault(rest.lower(), []).append(kind)
                else:
                    wild.append((re.compile(fnmatch.translate(name.lower())), kind))
        # One look for most files: a pattern each for 100,000 of them takes a second.
        any_wild = re.compile("|".join(pattern.pattern for pattern, _ in wild) or r"(?!)")
        found: list[tuple[str, Kind]] = []
        for path in self.source.files:
            if is_installed(path):
                continue
            name = path.rpartition("/")[2].lower()
            ending = name[name.rfind(".") :] if "." in name else ""
            kinds = [*exact.get(name, ()), *by_ending.get(ending, ())]
            if any_wild.match(name):
                kinds += [kind for pattern, kind in wild if pattern.match(name)]
            found += [(path, kind) for kind in dict.fromkeys(kinds)]
        for kind in self.kinds:
            if hasattr(kind, "more"):
                more = kind.more(self.source)
                found += [(path, kind) for path in more if not is_installed(path)]
        return tuple(sorted(dict.fromkeys(found), key=lambda one: (one[0], one[1].KIND)))

    @cached_property
    def programs(self) -> dict[str, Follower]:
        """The programs that call launchers, such as make, each with what follows its call."""
        return {
            name: kind.called  # type: ignore[attr-defined]
            for kind in self.kinds
            for name in getattr(kind, "PROGRAMS", ())
        }

    @cached_property
    def builds(self) -> tuple[Build, ...]:
        """Every image that something in the repository builds."""
        from verify.probes.launchers.images.docker_builds import script_builds

        told: list[Build] = []
        for path, kind in self.claimed:
            if hasattr(kind, "builds") and self.readable(path):
                try:
                    told += kind.builds(path, self)
                except Exception:  # noqa: BLE001, S112 - its own rows say what is wrong with it
                    continue
        return (*told, *script_builds(self))

    def build_of(self, tag: str) -> Build | None:
        """Return how the image of this name is built, or None when nothing here builds it."""
        name = tag.partition("@")[0]
        bare = name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
        for wanted in (name, bare):
            found = [build for build in self.builds if wanted in _names(build.tag)]
            if found:
                # A script may be started from two folders, and build in one of them only.
                return next((b for b in found if self.source.has(b.dockerfile)), found[0])
        return None

    def readable(self, path: str) -> bool:
        """Say whether the file can be read and is no larger than a launcher can be."""
        return self.source.unreadable(path) is None and len(self.source.raw(path)) <= LARGEST

    def place(self, path: str, line: int = 1, *, folder: str = "") -> Place:
        """Return the place of a command of this file that runs in a folder of the checkout."""
        place = Place(self, self.checkout, path, line)
        return place.but(cwd=place.join(folder) if folder else place.cwd)

    def module(self, path: str) -> ast.Module | None:
        """Return a Python file's syntax tree, or None when it has none."""
        try:
            return self.source.module(path)
        except Unparsable:
            return None

    @cached_property
    def drawn(self) -> Drawn:
        """The files that draw a page when they are run."""
        return Drawn(self.source)

    def draws(self, path: str) -> bool:
        """Say whether the file draws a page when it is run."""
        return self.drawn.of(path) is not None

    @cached_property
    def _console_scripts(self) -> dict[str, tuple[str, str]]:
        """The file and function of each command that a project of the repository installs."""
        from verify.probes.launchers.projects import installed

        found: dict[str, tuple[str, str]] = {}
        for path in self._projects:
            if not path.endswith(("Pipfile", "pixi.toml", "hatch.toml")):
                for script in installed.scripts(path, self):
                    module = installed.located(script, self)
                    if module is not None:
                        found.setdefault(script.name, (module, script.function))
        return found

    @cached_property
    def tasks(self) -> dict[tuple[str, str], tuple[Task, ...]]:
        """The commands that a tool such as Hatch knows by a name, by tool and name."""
        from verify.probes.launchers.projects import installed

        found: dict[tuple[str, str], tuple[Task, ...]] = {}
        for path in self._projects:
            if not path.endswith(("setup.cfg", "setup.py")):
                for task in installed.tasks(path, self):
                    key = (task.runner, task.name)
                    found[key] = (*found.get(key, ()), task)
        return found

    @cached_property
    def _projects(self) -> tuple[str, ...]:
        """The files in which a Python project gives names to commands, the root's first."""
        found = [path for path, kind in self.claimed if kind.KIND == "console-script"]
        return tuple(
            sorted((one for one in found if self.readable(one)), key=lambda p: p.count("/"))
        )

    def console_script(self, name: str, place: Place) -> tuple[str, str] | None:
        """Return the file and function of a command that the project installs, or None."""
        del place  # an installed command is found from everywhere
        return self._console_scripts.get(name)
