"""Reads what stands after `streamlit`: the file it runs, and the port it listens on.

What Streamlit does with its words is read in its web/cli.py: each option takes a value, options may
stand before the target, STREAMLIT_RUN_TARGET and then streamlit_app.py stand in for a target, a
folder means the streamlit_app.py in it.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.written_config import AT_HOME, IN_PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place

DEFAULT_TARGET = "streamlit_app.py"
DEFAULT_PORT = 8501

_OTHER_COMMANDS = frozenset({"version", "config", "cache", "init", "docs", "activate", "help"})
_PORT = "--server.port"
_VARIABLE = re.compile(r"\$\{?(\w+)\}?|\$\((\w+)\)|%(\w+)%")
_HIGHEST_PORT = 65535


def started(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what `streamlit WORDS` starts; nothing when it runs no page.

    Args:
        words: what follows `streamlit`.
        raw: the command as written.
        place: where it stands.
    """
    rest = list(words)
    while rest and rest[0] is not None and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--log_level" and rest:
            rest.pop(0)
        if option in {"--help", "--version"}:
            return
    if not rest:
        return
    command = rest.pop(0)
    if command is None:
        yield place.unknown("streamlit's command depends on a variable", raw)
    elif command == "hello":
        why = "streamlit hello runs Streamlit's own demo, no file of the repository"
        yield place.launch(Status.NOT_STREAMLIT, why, raw)
    elif command == "run":
        yield from _run(rest, raw, place)
    elif command not in _OTHER_COMMANDS:
        yield place.launch(Status.BROKEN, f"streamlit has no command {command!r}", raw)


def _run(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    target, options, fault = _split(words)
    if _PORT not in options and None in words and f"{_PORT}=" in raw:
        options[_PORT] = None  # `--server.port=$PORT` is one word, and nobody knows it
    if "--help" in options:
        return
    if fault:
        yield place.launch(Status.BROKEN, fault, raw)
        return
    if target is _NONE:
        variables = dict(place.variables)
        target = variables.get("STREAMLIT_RUN_TARGET", DEFAULT_TARGET)
    port, fault = _port(options, raw, place)
    if fault:
        # Which file was meant is worth knowing, too.
        entry = None if target is None else _found(target, place)
        yield place.launch(Status.BROKEN, fault, raw, entry=entry)
        return
    yield page(target, raw, place, port)


_NONE = "\0"  # no target given, which is not a target that cannot be told


def _split(words: list[Word]) -> tuple[Word, dict[str, Word], str]:
    """Return the target, the options and what is wrong."""
    target: Word = _NONE
    options: dict[str, Word] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            if target is _NONE and rest:
                target = rest[0]
            break
        if word is None or not word.startswith("-"):
            if target is _NONE:
                target = word
            continue
        name, equals, value = word.partition("=")
        if equals:
            options[name] = value
        elif name in {"--help", "-h"}:
            options[name] = ""
        elif not rest:
            return target, options, f"{name} has no value"
        else:
            given = rest.pop(0)
            options[name] = given
            if given is not None and given.endswith(".py") and not name.startswith("--global"):
                return target, options, f"Streamlit takes {given} for the value of {name}"
    return target, options, ""


def page(target: Word, raw: str, place: Place, port: int | None = DEFAULT_PORT) -> Launch:
    """Return what `streamlit run TARGET` starts."""
    if target is None:
        why = "the file depends on a variable that nothing here sets"
        return place.unknown(why, raw, port=port)
    if not place.expands and _VARIABLE.search(target):
        why = f"no shell reads this, so Streamlit gets the text {target}"
        return place.launch(Status.BROKEN, why, raw, port=port)
    if "://" in target:
        why = f"it starts a file from elsewhere: {target}"
        return place.launch(Status.MISSING, why, raw, port=port)
    full = place.join(target)
    if full is None:
        return place.unknown("the working directory cannot be followed", raw, port=port)
    found = place.files.repo_path(full)
    if found is None and place.files.is_folder(full):
        full = f"{full}/{DEFAULT_TARGET}"
        found = place.files.repo_path(full)
    if not full.endswith((".py", ".py3")):
        why = f"Streamlit runs only .py files, not {target or 'an empty name'}"
        return place.launch(Status.BROKEN, why, raw, port=port)
    if found is None:
        status, why = place.files.absent(full)
        return place.launch(status, why, raw, port=port)
    return place.launch(Status.OK, "", raw, entry=found, port=port)


def _found(target: str, place: Place) -> str | None:
    full = place.join(target)
    return None if full is None else place.files.repo_path(full)


def _port(options: dict[str, Word], raw: str, place: Place) -> tuple[int | None, str]:
    """Return the port, None for one that is chosen at run time; and what is wrong with it."""
    variables = dict(place.variables)
    if _PORT in options:
        value = options[_PORT]
        if value is None:
            name = _port_variable(raw)
            if name and name not in variables and name not in place.given and place.expands:
                return None, f"the port is empty unless {name} is set, and nothing here sets it"
            return None, ""
    elif "STREAMLIT_SERVER_PORT" in variables:
        value = variables["STREAMLIT_SERVER_PORT"]
        if value is None:
            return None, ""
    elif "STREAMLIT_SERVER_PORT" in place.given:
        return None, ""
    else:
        return _configured(place), ""
    if value.isdecimal() and value.isascii() and int(value) <= _HIGHEST_PORT:
        return int(value), ""
    if not value:
        return None, "the port is empty, which Streamlit refuses"
    if _VARIABLE.search(value):
        return None, f"no shell reads this, so the port is the text {value}"
    return None, f"{value!r} is not a port"


def _port_variable(raw: str) -> str:
    """Return the variable that alone is the port in a command, or ""."""
    found = re.search(
        r"--server\.port(?:=|\s+|[\"',\s]+)[\"']?"
        r"(?:\$\{?(?:env:)?(\w+)\}?|[%!](\w+)[%!])(?=[\"'\s\]]|$)",
        raw,
    )
    return (found[1] or found[2]) if found else ""


def _configured(place: Place) -> int | None:
    """Return the port of .streamlit/config.toml, here or at home, else Streamlit's own."""
    variables = dict(place.variables)
    if IN_PROJECT in variables:
        return _written(variables[IN_PROJECT])
    port = _port_in(place, place.join(".streamlit/config.toml"))
    if port is not None:
        return port
    if AT_HOME in variables:
        return _written(variables[AT_HOME])
    home = variables.get("HOME") or "/root"
    return _port_in(place, f"{home}/.streamlit/config.toml") or DEFAULT_PORT


def _written(port: Word) -> int | None:
    return None if port is None else int(port)


def _port_in(place: Place, path: str | None) -> int | None:
    """Return the port of a config.toml, None for a file that sets none."""
    text = place.files.text(path) if path else None
    if text is None:
        return None
    try:
        port = tomllib.loads(text).get("server", {}).get("port")
    except (ValueError, AttributeError, RecursionError):
        return None  # Streamlit itself goes on without such a file
    return port if isinstance(port, int) else None
