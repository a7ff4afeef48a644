"""heroku.yml: the process types it runs, of images it builds or of the checkout."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.probes.launchers.images.hosting import GIVEN, environment, of_dockerfile
from verify.probes.launchers.images.image import Changes
from verify.probes.launchers.readers.yaml_values import documents
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World

KIND = "heroku"
NAMES = ("heroku.yml", "heroku.yaml")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    found = documents(world.source, path)
    for document in found:
        images = document.get("build", "docker")
        run = document.get("run")
        built = {} if images is None else images.pairs
        ran = {} if run is None else run.pairs
        for name, value in ran.items():
            assert run is not None  # noqa: S101 - it has pairs
            command, image = _command(value), value.at("image") or name
            line = value.line if value.pairs else run.line_of(name)
            place = world.place(path, line)
            launches = _launches(document, built.get(image), command, place, name)
            yield Found(line, command, tuple(launches))
        for name, value in built.items():
            if name not in ran and images is not None:  # Heroku runs the image's own CMD
                place = world.place(path, images.line_of(name))
                launches = _launches(document, value, "", place, name)
                yield Found(place.line, "", tuple(launches))


def _command(value: Value) -> str:
    command = value.get("command") or value
    return command.text or " ".join(command.words())


def _launches(
    document: Value, image: Value | None, command: str, place: Place, name: str
) -> list[Launch]:
    given = GIVEN if name == "web" else frozenset()
    if image is None:
        return list(code_launches(command, place.but(given=given)))
    dockerfile = image.text or image.at("dockerfile") or "Dockerfile"
    changes = Changes(command=command or None, given=given, target=image.at("target"))
    # The build context is the Dockerfile's folder, which cannot be changed (Heroku's heroku.yml).
    arguments = tuple(environment(document.get("build", "config")))
    context = posixpath.dirname(dockerfile)
    return of_dockerfile(place, dockerfile, context, changes, command, arguments)
