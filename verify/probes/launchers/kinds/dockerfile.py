"""Dockerfiles, whatever they are called: what a container of their image starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.probes.launchers.images.image import image_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import World

KIND = "dockerfile"
NAMES = (
    "Dockerfile",
    "Dockerfile.*",
    "Dockerfile-*",
    "Dockerfile_*",
    "*.Dockerfile",
    "*-Dockerfile",
    "Containerfile",
    "Containerfile.*",
    "*.Containerfile",
)

# What is called so and is something else: a module, notes, an ignore file, a template.
_NONE = (
    *(".py", ".pyi", ".md", ".rst", ".txt", ".yml", ".yaml", ".json", ".toml", ".sh", ".bat"),
    *(".dockerignore", ".j2", ".tmpl", ".template", ".tpl", ".bak", ".orig", ".swp", ".html"),
)


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    if path.lower().endswith(_NONE):
        return
    launches = tuple(image_launches(world, path))
    raw = _as_written(launches[0], path, world)
    yield Found(_line(launches[0], path), raw, launches, always=True)


def _line(launch: Launch, path: str) -> int:
    """Return the line of the instruction that led to a launch."""
    first = launch.through[0] if launch.through else f"{launch.path}:{launch.line}"
    file, _, line = first.rpartition(":")
    return int(line) if file == path else 1


def _as_written(launch: Launch, path: str, world: World) -> str:
    """Return the instruction as it stands, continued lines included."""
    from verify.probes.dockerfile.parse import instructions

    line = _line(launch, path)
    for each in instructions(world.source.text(path)):
        if each.line == line:
            return f"{each.name} {each.value}"
    return launch.raw
