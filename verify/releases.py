"""Compares two releases of an image: files, dependencies, configuration, size; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from verify.difference import STORED, Change, Difference, letters
from verify.inventory import File, Inventory, Kind
from verify.settings import Changed, named, settings
from verify.surroundings import Distribution

NOBODY = "no distribution"
"""Owns the files of an environment that no RECORD names."""

_SITE = re.compile(r"(?P<environment>.*)/lib(?:64)?/python[^/]*/(?:site|dist)-packages(?=/|$)")
_CACHED = re.compile(r"/__pycache__/([^/]+?)\.[^./]+(?:\.opt-\d)?\.pyc$")
_DEEP = ("/opt", "/usr", "/var")


@dataclass(frozen=True, slots=True)
class Packed:
    """One layer.

    Args:
        diff_id: its digest.
        size: bytes; None where the engine does not tell.
        created_by: the step that made it.
    """

    diff_id: str
    size: int | None
    created_by: str


@dataclass(frozen=True, slots=True)
class Release:
    """One image, looked at.

    Args:
        name: what it was asked for by.
        id: the engine's id.
        tags: the names it has.
        created: when it was made, as its configuration claims.
        platform: such as linux/amd64.
        size: bytes of all layers.
        config: its command, user, variables and so on; the names are the engine's.
        layers: the lowest first.
        inventory: its files.
        distributions: what is installed in its Python environments.
        packages: what the system's package manager installed: version by name.
        app_dir: where the application stands; empty when nothing says so.
    """

    name: str
    id: str
    tags: tuple[str, ...]
    created: str
    platform: str
    size: int
    config: Mapping[str, Any]
    layers: tuple[Packed, ...]
    inventory: Inventory
    distributions: tuple[Distribution, ...]
    packages: Mapping[str, str]
    app_dir: str


@dataclass(frozen=True, slots=True)
class Group:
    """Files that belong together, and how they differ.

    Args:
        name: a distribution, or a folder.
        environment: the environment the distribution is installed in; empty for a folder.
        differences: sorted by path; one that is missing was removed, an extra one added.
    """

    name: str
    environment: str
    differences: tuple[Difference, ...]

    def count(self, change: Change) -> int:
        """Return how many files differ in this way."""
        return sum(one.change is change for one in self.differences)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two releases.

    Args:
        before: the first release.
        after: the second.
        app: files of the application.
        environment: files of Python environments, by distribution.
        system: all other files, by folder.
        dependencies: installed distributions.
        packages: packages of the system.
        config: settings.
        not_compared: paths that nobody could compare, and why.
    """

    before: Release
    after: Release
    app: tuple[Difference, ...] = ()
    environment: tuple[Group, ...] = ()
    system: tuple[Group, ...] = ()
    dependencies: tuple[Changed, ...] = ()
    packages: tuple[Changed, ...] = ()
    config: tuple[Changed, ...] = ()
    not_compared: Mapping[str, str] = field(default_factory=dict)

    @property
    def files(self) -> Iterator[Difference]:
        """Each file that differs."""
        yield from self.app
        for group in (*self.environment, *self.system):
            yield from group.differences

    @property
    def growth(self) -> int:
        """How many bytes larger the second one is."""
        return self.after.size - self.before.size

    @property
    def same(self) -> bool:
        """Whether nothing of what was compared differs."""
        named = self.dependencies or self.packages or self.config
        return not (named or self.growth or any(True for _ in self.files))


def compared(before: Release, after: Release) -> Comparison:
    """Compare two releases; times of files count for nothing, as each build has its own."""
    if before.id == after.id:
        return Comparison(before, after)
    app, environment, system = _grouped(before, after)
    return Comparison(
        before,
        after,
        app=tuple(app),
        environment=tuple(environment),
        system=tuple(system),
        dependencies=tuple(_dependencies(before.distributions, after.distributions)),
        packages=tuple(named(before.packages, after.packages)),
        config=tuple(_config(before, after)),
        not_compared={**before.inventory.unread, **after.inventory.unread},
    )


def differences(
    before: Mapping[str, File], after: Mapping[str, File], attributes: str = STORED
) -> Iterator[Difference]:
    """Yield what differs, sorted by path; a folder that holds something is told by that alone."""
    full = {one.rpartition("/")[0] for one in before} | {one.rpartition("/")[0] for one in after}
    for path in sorted(before.keys() | after.keys()):
        one, other = before.get(path), after.get(path)
        if one is not None and other is not None:
            told = letters(one, other, attributes)
            if told.strip(".?"):
                yield Difference(path, Change.CHANGED, told, one, other)
        elif (one or other) is not None:
            folder = (one or other).kind is Kind.FOLDER  # type: ignore[union-attr]
            if not (folder and path in full):
                change = Change.MISSING if other is None else Change.EXTRA
                yield Difference(path, change, "", one, other)


def environment_of(path: str) -> str:
    """Return the Python environment that a path belongs to; empty for none."""
    found = _SITE.match(path)
    return found["environment"] or "/" if found else ""


def _grouped(before: Release, after: Release) -> tuple[list[Difference], list[Group], list[Group]]:
    owners = {**_owners(before), **_owners(after)}
    prefixes = {*_prefixes(before), *_prefixes(after)}
    folders = tuple(f"{one.app_dir}/" for one in (before, after) if one.app_dir.strip("/"))
    app: list[Difference] = []
    installed: dict[tuple[str, str], list[Difference]] = {}
    system: dict[str, list[Difference]] = {}
    for one in differences(before.inventory.files, after.inventory.files):
        if f"{one.path}/".startswith(folders):
            app.append(one)
        elif owner := _owner(one.path, owners, prefixes):
            installed.setdefault(owner, []).append(one)
        else:
            system.setdefault(_top(one.path), []).append(one)
    return (
        app,
        [Group(name, where, tuple(rows)) for (where, name), rows in sorted(installed.items())],
        [Group(name, "", tuple(rows)) for name, rows in sorted(system.items())],
    )


def _owners(release: Release) -> dict[str, tuple[str, str]]:
    """Return by path: environment and name of the distribution that put it there."""
    found = {}
    for one in release.distributions:
        owner = (environment_of(one.folder), one.name)
        found[one.folder] = owner
        for recorded in one.record or ():
            found[recorded.path] = owner
    return found


def _prefixes(release: Release) -> set[str]:
    """Return the environments that are no system's own: each has a pyvenv.cfg."""
    return {
        path.rpartition("/")[0]
        for path in release.inventory.files
        if path.endswith("/pyvenv.cfg") and "/site-packages/" not in path
    }


def _owner(
    path: str, owners: Mapping[str, tuple[str, str]], prefixes: Iterable[str]
) -> tuple[str, str] | None:
    if owner := owners.get(path):
        return owner
    cached = _CACHED.search(path)
    if cached and (owner := owners.get(f"{path[: cached.start()]}/{cached[1]}.py")):
        return owner
    parent = path.rpartition("/")[0]
    if owner := owners.get(parent):  # what stands in a .dist-info
        return owner
    if environment := environment_of(path):
        return environment, NOBODY
    return next(((each, NOBODY) for each in prefixes if path.startswith(f"{each}/")), None)


def _top(path: str) -> str:
    parts = path.split("/")
    deep = 2 + (f"/{parts[1]}" in _DEEP)
    return "/".join(parts[: min(deep, max(2, len(parts) - 1))])


def _dependencies(
    before: Iterable[Distribution], after: Iterable[Distribution]
) -> Iterator[Changed]:
    one, other = _versions(before), _versions(after)
    for environment, name in sorted(one.keys() | other.keys()):
        was, now = one.get((environment, name)), other.get((environment, name))
        if was != now:
            yield Changed(name, was, now, environment)


def _versions(distributions: Iterable[Distribution]) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], list[str]] = {}
    for one in distributions:
        found.setdefault((environment_of(one.folder), one.name), []).append(one.version)
    return {key: ", ".join(sorted(versions)) for key, versions in found.items()}


def _config(before: Release, after: Release) -> Iterator[Changed]:
    if before.platform != after.platform:
        yield Changed("platform", before.platform, after.platform)
    yield from settings(before.config, after.config)
