"""Compose files: what each service starts, its own command put over that of its image."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.images.compose_file import over, project
from verify.probes.launchers.images.compose_services import (
    command_line,
    command_raw,
    service_launches,
)
from verify.probes.launchers.readers.yaml_values import NotYaml
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.images.compose_file import Service
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import Build, World

KIND = "compose"
NAMES = ("*compose*.yml", "*compose*.yaml")

BASES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""What compose looks for, in this order; it takes compose.override.yaml and the like besides."""

_STARTS = frozenset({"command", "entrypoint", "build", "image", "extends"})


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    if b"services" not in world.source.raw(path):
        return
    own, base = project(world, [path]), _base(world, path)
    for name, alone in own.items():
        service = _together(path, alone, base.get(name))
        where, line = command_line(service)
        launches = service_launches(
            service, world.place(path, line if where == path else alone.line)
        )
        if service is not alone and not _STARTS & alone.own and _same(launches, base[name], world):
            continue
        if service is not alone:
            launches = [one.because(f"taken together with {base[name].path}") for one in launches]
        line = line if where == path else alone.line
        yield Found(line, command_raw(service), tuple(launches), always=service.built)


def builds(path: str, world: World) -> Iterator[Build]:
    """Yield the images that the file builds."""
    if b"build" not in world.source.raw(path):
        return
    try:
        own, base = project(world, [path]), _base(world, path)
    except NotYaml:
        return
    for name, alone in own.items():
        service = _together(path, alone, base.get(name))
        if service.build is not None and not service.inline:
            yield service.build


def default_files(world: World, folder: str) -> list[str]:
    """Return the files that compose takes in a folder when it is told none."""
    inside = f"{folder}/" if folder else ""
    base = next((inside + name for name in BASES if world.source.has(inside + name)), None)
    if base is None:
        return []
    stem = base.rpartition(".")[0]
    more = [f"{stem}.override.{ending}" for ending in ("yml", "yaml")]
    return [base, *(path for path in more if world.source.has(path))]


def _base(world: World, path: str) -> dict[str, Service]:
    """Return the services of the project's first file, when this is another one."""
    folder, name = posixpath.split(path)
    if name in BASES:
        return {}
    files = default_files(world, folder)
    return project(world, files[:1]) if files and files[0] != path else {}


def _together(path: str, alone: Service, base: Service | None) -> Service:
    """Return a service with what the first file says, when it needs that or says it is an override.

    A file with builds or images of its own, such as docker-compose.prod.yml, may be meant to stand
    alone.
    """
    if base is None:
        return alone
    override = re.search(r"\boverride\b", posixpath.basename(path)) is not None
    partial = "build" in alone.own and not alone.own & {"build.context", "build.dockerfile"}
    if override or partial or not alone.own & {"build", "image", "extends"}:
        return over(base, alone)
    return alone


def _same(launches: list[Launch], base: Service, world: World) -> bool:
    """Say whether the first file's service comes to the same."""
    before = service_launches(base, world.place(base.path, base.line))
    return [_outcome(one) for one in launches] == [_outcome(one) for one in before]


def _outcome(launch: Launch) -> tuple[Status, str | None, int | None]:
    return launch.status, launch.entry, launch.port
