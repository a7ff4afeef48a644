"""fly.toml: the processes that Fly.io runs of the image it builds."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from verify.probes.launchers.images.container import container_launches
from verify.probes.launchers.images.hosting import folder_of, of_dockerfile, split_words
from verify.probes.launchers.images.image import Changes
from verify.probes.launchers.readers.toml_lines import line_of
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import World

KIND = "fly"
NAMES = ("fly.toml", "fly.*.toml")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    text = world.source.text(path)
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if "streamlit" in text:
            why = f"this is not TOML: {error}"
            yield Found(1, "", (world.place(path).unknown(why, ""),))
        return
    processes = {
        name: command
        for name, command in _table(found, "processes").items()
        if isinstance(command, str)
    }
    for name, command in (processes or {"": ""}).items():
        line = line_of(text, name, command) if name else _line_without(text)
        launches = _launches(found, command, world.place(path, line))
        yield Found(line, command, tuple(launches))


def _line_without(text: str) -> int:
    """Return the line of a file without processes that says what is built."""
    lines = (line_of(text, key) for key in ("dockerfile", "image", "app"))
    return next((line for line in lines if line > 1), 1)


def _launches(found: dict[str, Any], command: str, place: Place) -> list[Launch]:
    build = _table(found, "build")
    changes = Changes(
        command=split_words(command) or None,
        environment={name: str(value) for name, value in _table(found, "env").items()},
        target=str(build.get("build-target") or ""),
    )
    if build.get("image"):
        launches = container_launches(place, str(build["image"]), changes, command)
    else:
        file = folder_of(place.path, str(build.get("dockerfile") or "Dockerfile"))
        if "dockerfile" not in build and not place.world.source.has(file):
            return []  # built by buildpacks, from a Procfile
        arguments = tuple((name, str(one)) for name, one in _table(build, "args").items())
        context = folder_of(place.path)
        launches = of_dockerfile(place, file, context, changes, command, arguments)
    return [_noted(one, found) for one in launches]


def _noted(launch: Launch, found: dict[str, Any]) -> Launch:
    port = _table(found, "http_service").get("internal_port")
    if launch.entry is None or launch.port is None or port in {None, launch.port}:
        return launch
    why = f"its internal_port is {port}, not {launch.port}, where Streamlit listens"
    return launch.because(why)


def _table(found: dict[str, Any], key: str) -> dict[str, Any]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}
