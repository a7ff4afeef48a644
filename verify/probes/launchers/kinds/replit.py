""".replit: the run button, the deployment, and the workflows of a repl."""

from __future__ import annotations

import posixpath
import tomllib
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.readers.toml_lines import line_of
from verify.probes.launchers.resolve import argv_launches, code_launches
from verify.probes.launchers.rows import written
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import World

KIND = "replit"
NAMES = (".replit",)

_GIVEN = frozenset({"PORT", "REPL_SLUG", "REPL_OWNER", "REPL_ID", "REPLIT_DOMAINS"})


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    text = world.source.text(path)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if "streamlit" in text:
            why = f"this is not TOML: {error}"
            launch = world.place(path).launch(Status.BROKEN, why, "")
            yield Found(1, "", (launch,), always=True)
        return
    place = world.place(path, folder=posixpath.dirname(path)).but(given=_GIVEN)
    environment = _table(document.get("env"))
    environment |= _table(_table(document.get("run")).get("env"))
    variables = tuple((name, str(value)) for name, value in environment.items())
    place = place.but(variables=variables)
    after: dict[str, int] = {}
    for key, command in _commands(document):
        words = command if isinstance(command, list) else [command]
        first = str(words[-1 if key == "entrypoint" else 0]) if words else ""
        line = line_of(text, key, first, after.get(key, 0)) if command else 1
        after[key] = max(after.get(key, 0), line if command else 0)
        yield _found(command, place.but(line=line))


def _commands(document: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the commands, each with its key."""
    entry = document.get("entrypoint")
    if isinstance(entry, str) and entry.endswith(".py") and not document.get("run"):
        yield "entrypoint", ["python", entry]
    for table in (
        document,
        _table(document.get("deployment")),
        _table(document.get("interpreter")),
    ):
        for key in ("run", "onBoot", "build", "command"):
            command = table.get(key)
            inner = _table(command)
            yield key, inner.get("args") or inner.get("command") if inner else command
    for workflow in _tables(_table(document.get("workflows")).get("workflow")):
        for task in _tables(workflow.get("tasks")):
            if task.get("task") == "shell.exec":
                yield "args", task.get("args")


def _found(command: object, place: Place) -> Found:
    """Return what a command starts: a text is for a shell, a list is not."""
    if isinstance(command, list):
        words = [str(word) for word in command]
        return Found(place.line, " ".join(words), tuple(argv_launches(words, place)))
    if isinstance(command, str):
        return Found(place.line, written(command), tuple(code_launches(command, place)))
    return Found(place.line, "", ())


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
