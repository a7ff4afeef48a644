"""render.yaml: the services of a Render blueprint, of a Dockerfile, an image or the checkout."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.probes.launchers.images.container import container_launches
from verify.probes.launchers.images.hosting import GIVEN, of_dockerfile
from verify.probes.launchers.images.image import Changes
from verify.probes.launchers.readers.yaml_values import documents
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World

KIND = "render"
NAMES = ("render.yaml", "render.yml", "render.*.yaml", "render.*.yml")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    found = documents(world.source, path)
    for document in found:
        for value in document.walk():  # services stand at the top, or in a project's environments
            services = value.get("services")
            for service in services.items if services is not None else []:
                if service.pairs:
                    yield _service(service, path, world)


def _service(service: Value, path: str, world: World) -> Found:
    key = next((k for k in ("dockerCommand", "startCommand") if service.at(k)), "")
    line = service.line_of(key) if key else service.line
    command = service.at(key) if key else ""
    variables, given = _environment(service)
    place = world.place(path, line).but(variables=tuple(variables.items()), given=given)
    return Found(line, command, tuple(_launches(service, command, place)))


def _launches(service: Value, command: str, place: Place) -> list[Launch]:
    runtime = service.at("runtime") or service.at("env")
    root = service.at("rootDir").strip("/")
    changes = Changes(command=command or None, environment=dict(place.variables), given=place.given)
    if runtime == "image" or service.get("image") is not None:
        return container_launches(place, service.at("image", "url"), changes, command)
    if runtime == "docker":
        file = posixpath.join(root, service.at("dockerfilePath") or "Dockerfile")
        context = posixpath.join(root, service.at("dockerContext") or ".")
        return of_dockerfile(place, file, context, changes, command)
    where = place.join(root) if root else place.cwd
    return list(code_launches(command, place.but(cwd=where)))


def _environment(service: Value) -> tuple[dict[str, Word], frozenset[str]]:
    """Return the variables it sets, and those that Render or somebody else sets."""
    variables: dict[str, Word] = {}
    given = set(GIVEN)
    listed = service.get("envVars")
    for item in listed.items if listed is not None else []:
        name, value = item.at("key"), item.get("value")
        if value is not None:
            variables[name] = value.text
            given.discard(name)
        elif name:
            given.add(name)
    return variables, frozenset(given)
