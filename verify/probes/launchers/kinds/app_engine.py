"""app.yaml of Google App Engine: its `entrypoint`, or the Dockerfile beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.probes.launchers.images.hosting import (
    GIVEN,
    environment,
    folder_of,
    of_dockerfile,
)
from verify.probes.launchers.images.image import Changes
from verify.probes.launchers.readers.yaml_values import documents
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.world import World

KIND = "app-engine"
NAMES = ("app.yaml", "app.yml", "app-*.yaml", "app.*.yaml")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    if b"runtime" not in world.source.raw(path):
        return
    found = documents(world.source, path)
    for document in found:
        command = document.at("entrypoint") or document.at("entrypoint", "shell")
        own = dict(environment(document.get("env_variables")))
        place = world.place(path, document.line_of("entrypoint"), folder=folder_of(path))
        place = place.but(given=GIVEN - own.keys(), variables=tuple(own.items()))
        if document.at("runtime") == "custom":
            line = document.line_of("entrypoint" if command else "runtime")
            place = place.but(line=line)
            changes = Changes(
                command=command or None, environment=dict(own), given=GIVEN - own.keys()
            )
            file = folder_of(path, "Dockerfile")
            launches = of_dockerfile(place, file, folder_of(path), changes, command)
            yield Found(line, command, tuple(launches))
        elif command:
            yield Found(place.line, command, tuple(code_launches(command, place)))
