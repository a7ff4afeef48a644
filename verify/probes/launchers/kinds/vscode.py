"""VS Code: the tasks and the debug configurations of a workspace."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.launchers.opaque import Opaque
from verify.probes.launchers.readers.json_values import read as read_json
from verify.probes.launchers.resolve import argv_launches, code_launches
from verify.probes.launchers.rows import written
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World
    from verify.probes.source import Source

KIND = "vscode-task"
NAMES = ("*.code-workspace",)

_VARIABLE = re.compile(r"\$\{([^{}]+)\}")
_PLAIN = re.compile(r"[\w@%+=:,./-]+")
_FOLDERS = frozenset({"workspaceFolder", "workspaceRoot"})
_FIXED = {"pathSeparator": "/", "/": "/", "command:python.interpreterPath": "python"}
_PYTHON_TYPES = frozenset({"debugpy", "python"})


def more(source: Source) -> tuple[str, ...]:
    """Return the files of .vscode folders."""
    names = (".vscode/tasks.json", ".vscode/launch.json")
    return tuple(
        path for path in source.files if f"/{path}".endswith(("/" + names[0], "/" + names[1]))
    )


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    document = read_json(world.source.text(path))
    folder = posixpath.dirname(path).removesuffix(".vscode").rstrip("/")
    place = world.place(path, folder=folder)
    place = place.but(variables=(("workspaceFolder", place.cwd),))
    for holder in (document, document.get("tasks"), document.get("launch")):
        if holder is not None:
            yield from _all(holder, place)


def _all(document: Value, place: Place) -> Iterator[Found]:
    for task in (document.get("tasks") or document).items:
        for system in ("", "windows", "linux", "osx"):
            own = task.get(system) if system else task
            if own is not None and (own.get("command") or own.get("args")):
                yield from _task(task, own, place, windows=system == "windows")
    for configuration in (document.get("configurations") or document).items:
        if configuration.at("type") in _PYTHON_TYPES:
            yield from _configuration(configuration, place)


def _task(task: Value, own: Value, place: Place, *, windows: bool) -> Iterator[Found]:
    """Yield what one task starts, or its variant for one system."""
    opaque = Opaque()
    command = own.get("command") or task.get("command")
    if command is None:
        return
    arguments = own.get("args") or task.get("args")
    options = own.get("options") or task.get("options")
    inner = _inside(options, place.but(line=command.line), place, opaque)
    words = [_spoken(command), *(_spoken(item) for item in (arguments.items if arguments else []))]
    raw = " ".join(words)
    if task.at("type") == "process":
        argv = [_word(word, place, opaque) for word in words]
        inner = inner.but(given=inner.given | opaque.given)
        launches = tuple(opaque.shown(argv_launches(argv, inner, _code(raw, opaque))))
    else:
        parts = [
            words[0],
            *(word if _PLAIN.fullmatch(word) else _quoted(word) for word in words[1:]),
        ]
        code = _code(" ".join(parts), opaque)
        if windows:
            code = code.replace("\\", "/")
        inner = inner.but(given=inner.given | opaque.given)
        launches = tuple(opaque.shown(code_launches(code, inner)))
    yield Found(command.line, written(raw), launches)


def _configuration(configuration: Value, place: Place) -> Iterator[Found]:
    """Yield what one debug configuration starts; no shell reads its words."""
    opaque = Opaque()
    module, program = configuration.get("module"), configuration.get("program")
    started = module or program
    if started is None or configuration.at("request") == "attach":
        return
    arguments = configuration.get("args")
    words = arguments.words() if arguments else []
    if arguments is not None and arguments.text:
        words = arguments.text.split()
    if module is not None:
        argv = ["python", "-m", module.text, *words]
    elif posixpath.basename(started.text) == "streamlit":
        argv = ["streamlit", *words]
    else:
        argv = ["python", started.text, *words]
    inner = _inside(configuration, place.but(line=started.line), place, opaque)
    expanded = [_word(word, place, opaque) for word in argv]
    raw = " ".join(argv)
    found = argv_launches(expanded, inner, _code(raw, opaque))
    yield Found(started.line, raw, tuple(opaque.shown(found)))


def _inside(options: Value | None, inner: Place, place: Place, opaque: Opaque) -> Place:
    """Return the place with the folder and the variables that the options set."""
    if options is None:
        return inner
    cwd = _word(options.at("cwd") or ".", place, opaque)
    variables: dict[str, Word] = dict(inner.variables)
    own = options.get("env")
    for name, value in (own.pairs if own else {}).items():
        variables[name] = _word(value.text, place, opaque)
    folder = None if cwd is None else inner.join(cwd)
    return inner.but(cwd=folder, variables=tuple(variables.items()))


def _spoken(value: Value) -> str:
    """Return a word, written plainly or as an object with its quoting."""
    inner = value.get("value")
    if inner is not None:
        return " ".join(inner.words()) or inner.text
    return value.text


def _word(text: str, place: Place, opaque: Opaque) -> Word:
    """Return a word that no shell reads."""

    def value(name: str) -> Word:
        return place.cwd if name.partition(":")[0] in _FOLDERS else _FIXED.get(name)

    return opaque.word(opaque.fill(_VARIABLE, text, value))


def _code(text: str, opaque: Opaque) -> str:
    """Return what a shell reads; it finds the workspace's folder in a variable."""

    def value(name: str) -> Word:
        return "${workspaceFolder}" if name.partition(":")[0] in _FOLDERS else _FIXED.get(name)

    return opaque.fill(_VARIABLE, text, value)


def _quoted(word: str) -> str:
    return word if word[:1] in "\"'" else f'"{word}"'
