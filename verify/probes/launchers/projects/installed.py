"""The commands that a Python project gives names: console scripts, and the tasks of its tools."""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.launchers.readers.toml_lines import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.probes.launchers.world import World

_TARGET = re.compile(r"\s*([\w.]+)\s*:\s*([\w.]+)\s*(?:\[.*\])?\s*")
_LINE = re.compile(r"\s*([\w.-]+)\s*=\s*([\w.]+\s*:\s*[\w.]+)\s*(?:\[.*\])?\s*")
_GROUPS = ("console_scripts", "gui_scripts")
_TASKS = {
    "poe": ("tool", "poe", "tasks"),
    "pdm": ("tool", "pdm", "scripts"),
    "rye": ("tool", "rye", "scripts"),
    "task": ("tool", "taskipy", "tasks"),
    "pixi": ("tool", "pixi", "tasks"),
    "pipenv": ("scripts",),
}


@dataclass(frozen=True, slots=True)
class Script:
    """A name for a function of the project.

    Args:
        name: the command.
        path: the file that says so.
        line: 1-based.
        module: the module, dotted.
        function: the function in it, dotted when it stands in a class.
    """

    name: str
    path: str
    line: int
    module: str
    function: str

    @property
    def raw(self) -> str:
        """The entry as it is written."""
        return f"{self.name} = {self.module}:{self.function}"


@dataclass(frozen=True, slots=True)
class Task:
    """A name for a command of a shell.

    Args:
        runner: the program that knows the name.
        name: the name.
        path: the file that says so.
        line: 1-based.
        code: the command.
        folder: where it runs, relative to the root.
        environment: what is set for it.
    """

    runner: str
    name: str
    path: str
    line: int
    code: str
    folder: str
    environment: tuple[tuple[str, str], ...] = ()


def scripts(path: str, world: World) -> list[Script]:
    """Return the console scripts that a pyproject.toml, a setup.cfg or a setup.py declares."""
    text = world.source.text(path)
    name = path.rpartition("/")[2]
    if name == "setup.cfg":
        return list(_of_setup_cfg(path, text))
    if name == "setup.py":
        return list(_of_setup_py(path, world))
    found: list[Script] = []
    data = document(text)
    tables = [("project", "scripts"), ("project", "gui-scripts"), ("tool", "poetry", "scripts")]
    tables += [("project", "entry-points", group) for group in _GROUPS]
    for keys in tables:
        for key, value in table(data, *keys).items():
            target = value.get("reference") if isinstance(value, dict) else value
            match = _TARGET.fullmatch(target) if isinstance(target, str) else None
            if match is not None:
                line = _line_of(text, key, match[1])
                found.append(Script(key, path, line, match[1], match[2]))
    return found


def _line_of(text: str, name: str, part: str) -> int:
    """Return the line where a name stands for something, `part` of which is written there."""
    found = line_of(text, name, part)
    lines = list(enumerate(text.splitlines(), 1))
    wanted = next((one.strip() for one in part.splitlines() if one.strip()), name)
    if found == 1 and wanted not in text.partition("\n")[0]:
        near = [n for n, line in lines if wanted in line and name in line.partition(wanted)[0]]
        found = next(iter(near or [n for n, line in lines if wanted in line]), 1)
    return found


def toml_fault(text: str) -> str:
    """Return why a text is not TOML, "" when it is."""
    try:
        tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return str(error)
    return ""


def document(text: str) -> Mapping[str, object]:
    """Return the tables of a TOML document, none of one that cannot be read."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def table(data: object, *keys: str) -> dict[str, object]:
    """Return the table under these keys, an empty one where there is none."""
    found = data
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def config(text: str) -> configparser.RawConfigParser | None:
    """Return the sections of a setup.cfg, None when it cannot be read."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return parser


def _of_setup_cfg(path: str, text: str) -> Iterator[Script]:
    parser = config(text)
    if parser is None:
        return
    for group in _GROUPS:
        value = parser.get("options.entry_points", group, fallback="")
        yield from _of_lines(path, text, (value or "").splitlines())


def _of_lines(path: str, text: str, entries: list[str]) -> Iterator[Script]:
    lines = text.splitlines()
    for entry in entries:
        match = _LINE.fullmatch(entry)
        if match is None:
            continue
        target = _TARGET.fullmatch(match[2])
        line = next((n for n, one in enumerate(lines, 1) if entry.strip() in one), 1)
        if target is not None:
            yield Script(match[1], path, line, target[1], target[2])


def _of_setup_py(path: str, world: World) -> Iterator[Script]:
    tree = world.module(path)
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and key.value in _GROUPS:
                texts = [
                    one.value
                    for one in ast.walk(value)
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                ]
                entries = [line for one in texts for line in one.splitlines()]
                yield from _of_lines(path, world.source.text(path), entries)


def tasks(path: str, world: World) -> list[Task]:
    """Return the tasks that a pyproject.toml, a Pipfile, a pixi.toml or a hatch.toml declares."""
    text = world.source.text(path)
    data = document(text)
    name = path.rpartition("/")[2]
    found: list[Task] = []
    for runner, keys in _TASKS.items():
        if (runner == "pipenv") is (name == "Pipfile"):
            found += _of_table(runner, table(data, *keys), path, text)
    for each in table(data, "tool", "pixi", "feature").values():
        found += _of_table("pixi", table(each, "tasks"), path, text)
    hatch = table(data, "envs") if name == "hatch.toml" else table(data, "tool", "hatch", "envs")
    for each in hatch.values():
        found += _of_table("hatch", table(each, "scripts"), path, text)
    if name == "pixi.toml":
        found += _of_table("pixi", table(data, "tasks"), path, text)
    return found


def _of_table(runner: str, entries: dict[str, object], path: str, text: str) -> Iterator[Task]:
    here = path.rpartition("/")[0]
    for name, value in entries.items():
        options = value if isinstance(value, dict) else {}
        folder = next((options[k] for k in ("cwd", "working_dir") if k in options), "")
        where = posixpath.normpath(posixpath.join(here, folder if isinstance(folder, str) else ""))
        environment = tuple((k, str(v)) for k, v in table(options, "env").items())
        for code in _codes(value):
            line = _line_of(text, name, code)
            inner = "" if where in {".", "/"} else where
            yield Task(runner, name, path, line, code, inner, environment)


def _codes(value: object) -> Iterator[str]:
    """Yield the commands of one task: a text, a list of them, or a table of either."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key in ("cmd", "shell", "composite", "sequence", "interpreter"):
            inner = value.get(key)
            if key == "cmd" and isinstance(inner, list):  # the words of one command
                import shlex

                yield shlex.join(str(word) for word in inner)
            else:
                yield from _codes(inner)
    elif isinstance(value, list):
        for one in value[:100]:
            yield from _codes(one) if not isinstance(one, list) else ()


def located(script: Script, world: World) -> str | None:
    """Return the file of a console script's module, or None when the repository has none."""
    here = script.path.rpartition("/")[0]
    inner = script.module.replace(".", "/")
    for base in dict.fromkeys((*_package_roots(script.path, world), "", "src", "lib")):
        for name in (f"{inner}.py", f"{inner}/__init__.py"):
            path = posixpath.normpath(posixpath.join(here, base, name))
            if world.source.has(path):
                return path
    ending = f"/{inner}.py"
    near = [path for path in world.source.python_files if f"/{path}".endswith(ending)]
    return near[0] if len(near) == 1 else None


def _package_roots(path: str, world: World) -> Iterator[str]:
    """Yield the folders that a project says its packages stand in."""
    text = world.source.text(path)
    if path.endswith(".toml"):
        data = document(text)
        setuptools = ("tool", "setuptools")
        directories = table(data, *setuptools, "package-dir").values()
        where = table(data, *setuptools, "packages", "find").get("where", [])
        packages = table(data, "tool", "poetry").get("packages", [])
        wheel = table(data, "tool", "hatch", "build", "targets", "wheel")
        built = wheel.get("packages", [])
        yield from (one for one in directories if isinstance(one, str))
        yield from _texts(where)
        yield from (posixpath.dirname(one) for one in _texts(built))
        for one in packages if isinstance(packages, list) else ():
            origin = one.get("from") if isinstance(one, dict) else None
            yield from _texts([origin])
    else:
        yield from re.findall(
            r"(?:where|package_dir|[\"']{2})\s*[=:]\s*=?\s*[\"']?([\w./-]+)", text
        )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))
