"""Reads what tox runs: the commands of each environment, with their lines, folder and variables."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.probes.languages.python.values import HOLE, words
from verify.probes.launchers.projects.installed import document, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.probes.languages.command import Word

_SECTION = re.compile(r"\[([^\]]+)\]\s*$")
_KEY = re.compile(r"([\w.-]+)\s*\+?=\s*(.*)")
_FACTOR = re.compile(r"(?:!?[\w.-]+|\{[\w.,-]*\})(?:,\s*!?[\w.-]+)*:\s+(?=\S)")
_PART = re.compile(r"\{([^{}]*)\}")
_GIVEN = "unless it is given arguments"
_MOST = 20  # parts within parts


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a value."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """One command.

    Args:
        environment: the environment that runs it.
        line: 1-based.
        raw: as written.
        words: its words; None for what cannot be told.
        folder: where it runs, as written; "" for the folder of the file.
        variables: what is set for it.
        note: what was assumed.
    """

    environment: str
    line: int
    raw: str
    words: tuple[Word, ...]
    folder: Word = ""
    variables: tuple[tuple[str, Word], ...] = ()
    note: str = ""


@dataclass(slots=True)
class _Ini:
    """The sections of a file: each key with the lines of its value."""

    sections: dict[str, dict[str, list[Line]]] = field(default_factory=dict)

    def text(self, section: str, *keys: str) -> str:
        """Return a value as one text, the first of these keys that is set."""
        values = self.sections.get(section, {})
        for key in keys:
            if key in values:
                return "\n".join(line.text for line in values[key]).strip()
        return ""


def runs(path: str, text: str, home: str) -> list[Run]:
    """Return the commands of a tox.ini, setup.cfg, tox.toml or pyproject.toml.

    Args:
        path: the file.
        text: its text.
        home: the absolute folder that it stands in.
    """
    if not path.endswith(".toml"):
        return list(_of_ini(text, home, 0))
    data = document(text)
    tool = data if path.endswith("tox.toml") else table(data, "tool", "tox")
    legacy = tool.get("legacy_tox_ini")
    if isinstance(legacy, str):
        first = next((one for one in legacy.splitlines() if one.strip()), "")
        lines = text.splitlines()
        start = next(
            (n for n, one in enumerate(lines) if first and one.strip() == first.strip()), 0
        )
        ahead = next((n for n, one in enumerate(legacy.splitlines()) if one == first), 0)
        return list(_of_ini(legacy, home, start - ahead))
    return list(_of_toml(tool, text, home))


def _read(text: str, before: int) -> _Ini:
    ini = _Ini()
    values: dict[str, list[Line]] = {}
    current: list[Line] | None = None
    for number, line in enumerate(text.splitlines(), before + 1):
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if line[0] in " \t" and current is not None:
            current.append(Line(number, bare))
            continue
        section, key = _SECTION.match(bare), _KEY.match(bare)
        if section is not None:
            values, current = ini.sections.setdefault(section[1].strip(), {}), None
        elif key is not None:
            current = values.setdefault(key[1].strip(), [])
            current.append(Line(number, key[2].strip()))
    return ini


def _of_ini(text: str, home: str, before: int) -> Iterator[Run]:
    ini = _read(text, before)
    for section in ini.sections:
        if section != "testenv" and not section.startswith("testenv:"):
            continue
        name = section.partition(":")[2]
        bases = (section, "testenv")
        folder = next(filter(None, (ini.text(b, "changedir", "change_dir") for b in bases)), "")
        variables: dict[str, Word] = {}
        for base in reversed(bases):
            for line in ini.text(base, "setenv", "set_env").splitlines():
                key, equals, value = line.partition("=")
                if equals:
                    variables[key.strip()] = _word(_filled(value.strip(), ini, home, name)[0])
        where = _word(_filled(folder, ini, home, name)[0])
        for key in ("commands_pre", "commands", "commands_post"):
            for one in _joined(ini.sections[section].get(key, [])):
                run = _run(one, ini, home, name)
                if run is not None:
                    given = tuple(variables.items())
                    yield Run(name, one.number, one.text, run[0], where, given, run[1])


def _joined(lines: list[Line]) -> Iterator[Line]:
    """Yield the commands; a backslash at the end of a line goes on with the next."""
    parts: list[str] = []
    start = 0
    for line in lines:
        start = start if parts else line.number
        parts.append(line.text.removesuffix("\\").strip())
        if not line.text.endswith("\\"):
            if " ".join(parts).strip():
                yield Line(start, " ".join(parts).strip())
            parts = []
    if parts:
        yield Line(start, " ".join(parts))


def _run(line: Line, ini: _Ini, home: str, name: str) -> tuple[tuple[Word, ...], str] | None:
    text = _FACTOR.sub("", line.text, count=1) if _FACTOR.match(line.text) else line.text
    filled, note = _filled(text.lstrip("-!@ "), ini, home, name)
    try:
        return words(tuple(shlex.split(filled, comments=True))), note
    except ValueError:
        return None


def _word(text: str) -> Word:
    return None if HOLE in text else text


def _filled(text: str, ini: _Ini, home: str, name: str) -> tuple[str, str]:
    """Return the text with its parts in braces filled in, and what was assumed for that."""
    notes: list[str] = []

    def part(match: re.Match[str]) -> str:
        kind, _, rest = match[1].partition(":")
        if kind == "posargs":
            notes.append(_GIVEN)
            return rest
        if kind == "env":
            variable, colon, default = rest.partition(":")
            notes.append(f"unless {variable} is set")
            return default if colon else HOLE
        if kind.startswith("["):
            section, _, key = kind[1:].partition("]")
            return ini.text(section, key) or HOLE
        return _known(match[1], home, name)

    for _ in range(_MOST):
        filled = _PART.sub(part, text)
        if filled == text or len(filled) > len(text) + 10_000:
            break
        text = filled
    return text, "; ".join(dict.fromkeys(notes))


def _known(key: str, home: str, name: str) -> str:
    match key:
        case "toxinidir" | "tox_root" | "changedir" | "change_dir":
            return home
        case "/":
            return "/"
        case "envpython" | "env_python":
            return "python"
        case "envbindir" | "env_bin_dir":
            return "/usr/bin"  # where its programs stand, whichever folder that is
        case "envname" | "env_name":
            return name
    return HOLE


def _of_toml(tool: Mapping[str, object], text: str, home: str) -> Iterator[Run]:
    base = table(tool, "env_run_base")
    every = {"": base, **table(tool, "env")}
    lines = text.splitlines()
    for name, values in every.items():
        own = values if isinstance(values, dict) else {}
        header = f"env.{name}" if name else "env_run_base"
        start = next((n for n, one in enumerate(lines) if f"{header}]" in one.replace('"', "")), 0)
        settings = {**table(base, "set_env"), **table(own, "set_env")}
        variables = tuple((k, v) for k, v in settings.items() if isinstance(v, str))
        folder = own.get("change_dir", base.get("change_dir", ""))
        where = _filled(folder, _Ini(), home, name)[0] if isinstance(folder, str) else HOLE
        for key in ("commands_pre", "commands", "commands_post"):
            listed = own.get(key)
            for command in listed if isinstance(listed, list) else ():
                found, note = _words_of(command, home, name)
                line = _line(lines, start, found)
                raw = " ".join(one for one in found if one is not None)
                yield Run(name, line, raw, found, _word(where), variables, note)


def _words_of(command: object, home: str, name: str) -> tuple[tuple[Word, ...], str]:
    found: list[object] = []
    note = ""
    for one in command if isinstance(command, list) else ():
        if isinstance(one, str):
            filled, assumed = _filled(one, _Ini(), home, name)
            found.append(filled)
            note = note or assumed
        elif isinstance(one, dict) and one.get("replace") == "posargs":
            default = one.get("default", [])
            found += default if isinstance(default, list) else [HOLE]
            note = _GIVEN
        else:
            found.append(HOLE)
    return words(tuple(found)), note


def _line(lines: list[str], start: int, found: tuple[Word, ...]) -> int:
    """Return the line after `start` that holds the most of a command's words."""
    best, most = start + 1, 0
    for number, line in enumerate(lines[start:], start + 1):
        if number > start + 1 and line.startswith("["):
            break
        count = sum(word is not None and f'"{word}"' in line.replace("'", '"') for word in found)
        if count > most:
            best, most = number, count
    return best
