"""railway.toml and railway.json: the start command that Railway runs, or the image's own."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from verify.probes.launchers.images.hosting import GIVEN, folder_of, of_dockerfile, split_words
from verify.probes.launchers.images.image import Changes
from verify.probes.launchers.readers.json_values import NotJson
from verify.probes.launchers.readers.json_values import read as read_json
from verify.probes.launchers.readers.toml_lines import line_of
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.world import World

KIND = "railway"
NAMES = ("railway.toml", "railway.json", "railway.*.toml", "railway.*.json")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    text = world.source.text(path)
    try:
        command, line, dockerfile = _json(text) if path.endswith(".json") else _toml(text)
    except (ValueError, RecursionError, NotJson) as error:
        if "streamlit" in text:
            why = f"it cannot be read: {error}"
            yield Found(1, "", (world.place(path).unknown(why, ""),))
        return
    place = world.place(path, line, folder=folder_of(path)).but(given=GIVEN)
    file = folder_of(path, dockerfile or "Dockerfile")
    if dockerfile or world.source.has(file):
        # It takes the place of ENTRYPOINT, and no shell reads it (Railway's "Set a Start Command").
        changes = Changes(entrypoint=split_words(command) or None, given=GIVEN)
        launches = of_dockerfile(place, file, folder_of(path), changes, command)
        yield Found(line, command, tuple(launches))
    elif command:
        yield Found(line, command, tuple(code_launches(command, place)))


def _json(text: str) -> tuple[str, int, str]:
    found = read_json(text)
    deploy = found.get("deploy") or found
    command = deploy.at("startCommand")
    return command, deploy.line_of("startCommand"), found.at("build", "dockerfilePath")


def _toml(text: str) -> tuple[str, int, str]:
    found = tomllib.loads(text)
    command = _text(found, "deploy", "startCommand")
    line = line_of(text, "startCommand", command)
    return command, line, _text(found, "build", "dockerfilePath")


def _text(found: dict[str, Any], table: str, key: str) -> str:
    inner = found.get(table)
    value = inner.get(key) if isinstance(inner, dict) else None
    return value if isinstance(value, str) else ""
