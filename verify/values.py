"""Checks single values of `verify.toml`, each kind in its own way."""

from __future__ import annotations

import shlex
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LONGEST_WAIT = 86_400.0
"""Seconds that any time limit may have: a day; anything longer is a slip."""

HIGHEST_PORT = 65_535

MOST = 1_000_000
"""Of whatever is counted or measured; anything above is a slip."""

_OPERATORS = frozenset({"&&", "||", "|", ";", "&", ">", "<", ">>"})


def named(value: object) -> str:
    """Return what a value is, in words."""
    names = {
        str: "a text",
        bool: "a true/false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return f"{names.get(type(value), type(value).__name__)} ({str(value)[:40]!r})"


def repeated(values: list[Any]) -> list[tuple[int, Any]]:
    """Return the values that stood before, each with its place."""
    return [
        (n, value) for n, value in enumerate(values) if value is not None and value in values[:n]
    ]


# Each check takes (value, root, settings) and returns the value to keep; it raises
# ValueError(problem, ...), whatever kind of fault it is, because all are told in one list.


def _text(value: Any, _root: Path, _settings: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {named(value)}")  # noqa: TRY004
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _choice(value: Any, _root: Path, settings: Mapping[str, Any]) -> str:
    if value not in settings["choices"]:
        raise ValueError(f"must be one of {', '.join(settings['choices'])}, not {named(value)}")
    return str(value)


def _inside(value: Any, root: Path, settings: Mapping[str, Any]) -> Path:
    path = root / _text(value, root, settings)
    if not path.resolve().is_relative_to(root):
        raise ValueError(f"{value!r} is outside the project")
    return path


def _file(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    if not _inside(value, root, settings).is_file():
        raise ValueError(f"there is no file {value!r}")
    return str(value)


def _folder(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    if not _inside(value, root, settings).is_dir():
        raise ValueError(f"there is no folder {value!r}")
    return str(value)


def _list_of(check: Callable[..., str]) -> Callable[..., tuple[str, ...]]:
    def checked(value: Any, root: Path, settings: Mapping[str, Any]) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise ValueError(f"must be a list of texts, not {named(value)}")  # noqa: TRY004
        kept, faults = [], []
        for n, item in enumerate(value):
            try:
                kept.append(check(item, root, settings))
            except ValueError as error:
                faults += [f"item {n + 1}: {problem}" for problem in error.args]
        faults += [f"item {n + 1}: {item!r} stands twice" for n, item in repeated(value)]
        if faults:
            raise ValueError(*faults)
        return tuple(kept)

    return checked


def _command(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    text = _text(value, root, settings)
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no command: {str(error).lower()}") from None
    if not words:
        raise ValueError(f"{text!r} is no command")
    if any(word in _OPERATORS for word in words) or "=" in words[0]:
        raise ValueError(
            f"{text!r} needs a shell, and none reads it; write: sh -c {shlex.quote(text)}"
        )
    return text


def _commands(value: Any, root: Path, settings: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    texts = _list_of(_command)(value, root, settings)
    return tuple(tuple(shlex.split(text)) for text in texts)


def _labels(value: Any, root: Path, settings: Mapping[str, Any]) -> tuple[str, ...]:
    labels = _list_of(_text)(value, root, settings)
    if not labels:
        raise ValueError("must name at least one tab")
    return labels


def _dotted(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    name = _text(value, root, settings)
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{name!r} is not a module's name")
    return name


def _target(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    module, colon, function = _text(value, root, settings).partition(":")
    if (
        not colon
        or not function.isidentifier()
        or not all(p.isidentifier() for p in module.split("."))
    ):
        raise ValueError(f"{value!r} is not of the form package.module:function")
    return str(value)


def _seconds(value: Any, _root: Path, _settings: Mapping[str, Any]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number of seconds, not {named(value)}")  # noqa: TRY004
    if not 0 < value < LONGEST_WAIT:  # not-a-number fails too
        raise ValueError(f"must be above 0 and below 86400 seconds, not {value}")
    return float(value)


def _number(value: Any, _root: Path, settings: Mapping[str, Any]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number, not {named(value)}")  # noqa: TRY004
    most = settings.get("most", MOST)
    if not 0 < value <= most:  # not-a-number fails too
        raise ValueError(f"must be above 0 and at most {most:g}, not {value}")
    return float(value)


def _count(value: Any, root: Path, settings: Mapping[str, Any]) -> int:
    if not isinstance(value, int):
        raise ValueError(f"must be a whole number, not {named(value)}")  # noqa: TRY004
    return int(_number(value, root, settings))


def _counts(value: Any, root: Path, settings: Mapping[str, Any]) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError(f"must be a list of whole numbers, not {named(value)}")
    return tuple(_count(item, root, settings) for item in value)


def _pattern(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    text = _text(value, root, settings)
    if text.count("{}") != 1:
        raise ValueError(f"{value!r} must hold {{}} once, where the name stands")
    return text


def _port(value: Any, _root: Path, _settings: Mapping[str, Any]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= HIGHEST_PORT:
        raise ValueError(f"must be a port from 1 to 65535, not {named(value)}")
    return value


def _env(value: Any, _root: Path, _settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError(f"must be a table of texts, not {named(value)}")
    return tuple(value.items())


def _credentials(
    value: Any, root: Path, settings: Mapping[str, Any]
) -> tuple[tuple[str, str], ...]:
    rows = _env(value, root, settings)
    faults = [f"{name}: must hold {{secret}}" for name, text in rows if "{secret}" not in text]
    if faults:
        raise ValueError(*faults)
    return rows


CHECKS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "text": _text,
        "choice": _choice,
        "file": _file,
        "files": _list_of(_file),
        "folder": _folder,
        "folders": _list_of(_folder),
        "texts": _list_of(_text),
        "labels": _labels,
        "name": _dotted,
        "names": _list_of(_dotted),
        "number": _number,
        "count": _count,
        "counts": _counts,
        "pattern": _pattern,
        "target": _target,
        "seconds": _seconds,
        "port": _port,
        "env": _env,
        "credentials": _credentials,
        "commands": _commands,
    }
)
