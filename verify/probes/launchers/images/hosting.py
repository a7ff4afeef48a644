"""What the files of hosting platforms share: a process of an image, or of the checkout itself."""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.images.compose_file import inside
from verify.probes.launchers.images.container import container_launches
from verify.probes.launchers.world import Build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.images.image import Changes
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value

GIVEN = frozenset({"PORT"})
"""What a platform sets for a process that is to answer requests."""


def of_dockerfile(
    place: Place,
    dockerfile: str,
    context: str,
    changes: Changes,
    raw: str = "",
    arguments: tuple[tuple[str, str], ...] = (),
) -> list[Launch]:
    """Return what a container of a Dockerfile's image starts.

    Args:
        place: where that is said.
        dockerfile: its path, relative to the root.
        context: the build context's folder, relative to the root.
        changes: what the container is started with.
        raw: the command it is given, as written.
        arguments: build arguments.
    """
    file, folder = inside(dockerfile), inside(context)
    if file is None or folder is None:
        return [place.unknown(f"{dockerfile} is outside of the repository", raw, certain=False)]
    build = Build("", file, folder, place=f"{place.path}:{place.line}", arguments=arguments)
    if not place.world.source.has(file):
        return [place.launch(Status.MISSING, f"{file} is not in the repository", raw)]
    return container_launches(place, "", changes, raw, build)


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a command that no shell reads."""
    try:
        return tuple(shlex.split(text))
    except ValueError:  # an open quote
        return tuple(text.split())


def folder_of(path: str, *parts: str) -> str:
    """Return a folder that is named relative to that of a file."""
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), *parts))
    return "" if joined == "." else joined


def environment(value: Value | None) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a mapping of variables."""
    for name, one in (value.pairs if value is not None else {}).items():
        yield name, one.text
