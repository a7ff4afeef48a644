"""Taskfiles: each command of a task, run by a shell in the task's folder."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.budget import SPENT, affords
from verify.probes.launchers.opaque import Opaque
from verify.probes.launchers.readers.values import Value
from verify.probes.launchers.readers.yaml_values import NotYaml
from verify.probes.launchers.readers.yaml_values import read as read_yaml
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.rows import starts, written
from verify.probes.launchers.tell import unless
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.rows import Start
    from verify.probes.launchers.world import World

KIND = "taskfile"
NAMES = ("Taskfile.yml", "Taskfile.yaml", "Taskfile.dist.yml", "Taskfile.dist.yaml")
PROGRAMS = ("task", "go-task")

_FILES = ("Taskfile.yml", "taskfile.yml", "Taskfile.yaml", "taskfile.yaml", *NAMES[2:])
_EXPRESSION = re.compile(r"\{\{-?(.{0,500}?)-?\}\}", re.DOTALL)
_NAMED = re.compile(r"\.(\w+)")
_DEFAULT = re.compile(
    r"""\.(\w+)\s*\|\s*default\s+(?:"([^"]*)"|(\S+))|default\s+(?:"([^"]*)"|(\S+))\s+\.(\w+)"""
)
_MOST_INCLUDES = 20
_DEEPEST = 8  # variables that name variables
_MARK = "\0task"  # the variable that holds the tasks that are being run
_LONGEST = 2_000  # characters of their names
_WITH_VALUE = frozenset({"-o", "--output", "-C", "--concurrency", "-I", "--interval"})
_LOOKS_ONLY = frozenset(
    {"-l", "--list", "-a", "--list-all", "-n", "--dry", "--summary", "--version"}
)


@dataclass(slots=True)
class _Task:
    """One task, with what surrounds it.

    Args:
        name: as it is called.
        value: its YAML.
        file: the file that it stands in.
        prefix: what the names of that file's tasks begin with.
        folder: where its file's tasks run.
        scopes: the `vars`, `env` and such of that file and of those that include it.
    """

    name: str
    value: Value
    file: str
    prefix: str
    folder: str | None
    scopes: list[Value] = field(default_factory=list)


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    place = world.place(path, folder=posixpath.dirname(path))
    tasks = _tasks(world.source.text(path), path, place)
    for task in tasks.values():
        if task.file == path:
            for command in _commands(task):
                found = _command_starts(command, task, tasks, place, {})
                for start in found:
                    yield Found(start.line, start.raw, (start.launch,))


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what a call of task starts."""
    rest = list(words[1:])
    names: list[str] = []
    given: dict[str, Word] = {}
    file = ""
    while rest:
        word = rest.pop(0)
        if word == "--":
            break
        option, _, value = (word or "").partition("=")
        if word is None:
            continue
        if word in _LOOKS_ONLY:
            return
        if option in {"-t", "--taskfile", "-d", "--dir"}:
            value = value or (rest.pop(0) if rest else "") or ""
            if option in {"-t", "--taskfile"}:
                file = value
            else:
                place = place.but(cwd=place.join(value))
        elif word in _WITH_VALUE:
            del rest[:1]
        elif value and not word.startswith("-"):
            given[option] = value
        elif not word.startswith("-"):
            names.append(word)
    yield from _called(names or ["default"], given, file, raw, place)


def _called(
    names: list[str], given: dict[str, Word], file: str, raw: str, place: Place
) -> Iterator[Launch]:
    for one in (file,) if file else _FILES:
        full = place.join(one)
        text = place.files.text(full) if full else None
        if full is None or text is None:
            continue
        if not affords(place, text):
            yield place.unknown(SPENT, raw, certain=False)
            return
        path = place.files.repo_path(full) or full
        inner = place.deeper(path).but(cwd=posixpath.dirname(full))
        try:
            tasks = _tasks(text, path, inner)
        except NotYaml as error:
            yield inner.launch(Status.BROKEN, str(error), raw, certain=False)
            return
        for name in names:
            if name not in tasks:
                why = f"{path} has no task {name}"
                yield place.launch(Status.MISSING, why, raw, certain=False)
            else:
                yield from _made(tasks[name], tasks, inner, given)
        return


def _tasks(text: str, path: str, place: Place) -> dict[str, _Task]:
    """Return the tasks of a file, and of those it includes, by the names they are called by."""
    found: dict[str, _Task] = {}
    documents = read_yaml(text)
    pending: list[tuple[Value, str, str, str | None, list[Value]]] = []
    pending += [(one, path, "", place.cwd, []) for one in documents[:1]]
    included = 0
    while pending:
        document, file, prefix, folder, outer = pending.pop(0)
        scopes = [*outer, document]
        tasks = document.get("tasks")
        for name, value in (tasks.pairs if tasks is not None else {}).items():
            found[prefix + name] = _Task(prefix + name, value, file, prefix, folder, scopes)
        includes = document.get("includes")
        for name, value in (includes.pairs if includes is not None else {}).items():
            included += 1
            other = _included(value, place) if included <= _MOST_INCLUDES else None
            if other is not None:
                inside = place.join(value.at("dir")) if value.at("dir") else folder
                pending.append((*other, f"{prefix}{name}:", inside, scopes))
    return found


def _included(value: Value, place: Place) -> tuple[Value, str] | None:
    name = value.text or value.at("taskfile")
    for one in (name, *(f"{name}/{file}" for file in _FILES)):
        full = place.join(one)
        text = place.files.text(full) if full else None
        if full is not None and text is not None:
            try:
                documents = read_yaml(text)
            except NotYaml:
                return None
            return (documents[0], place.files.repo_path(full) or full) if documents else None
    return None


def _commands(task: _Task) -> list[Value]:
    """Return the commands of a task, whichever way they are written."""
    value = task.value
    if value.text or value.items:
        return value.items or [value]
    found: list[Value] = []
    for key in ("cmds", "cmd"):
        own = value.get(key)
        if own is not None:
            line = own.line if own.items or own.pairs else value.line_of(key)
            found += own.items or [Value(line, own.content)]
    return found


def _made(
    task: _Task, tasks: dict[str, _Task], place: Place, given: dict[str, Word]
) -> Iterator[Launch]:
    """Run what a task depends on, then itself."""
    marks = dict(place.variables).get(_MARK) or ""
    mark = f"{task.file}:{task.name}\n"
    if mark in marks or len(marks) > _LONGEST:
        return  # task would call itself for ever
    inner = place.but(variables=(*place.variables, (_MARK, marks + mark)))
    needs = task.value.get("deps")
    for need in needs.items if needs is not None else []:
        yield from _other(need, task, tasks, inner, given)
    for command in _commands(task):
        for start in _command_starts(command, task, tasks, inner, given):
            yield start.launch


def _other(
    call: Value, task: _Task, tasks: dict[str, _Task], place: Place, given: dict[str, Word]
) -> Iterator[Launch]:
    """Run another task that this one names."""
    name = call.text or call.at("task")
    wanted = name.removeprefix(":") if name.startswith(":") else task.prefix + name
    own = call.get("vars")
    handed = dict(given)
    for key, value in (own.pairs if own is not None else {}).items():
        handed[key] = _Scope(task, place, given).word(value.text)
    if wanted in tasks:
        yield from _made(tasks[wanted], tasks, place, handed)


def _command_starts(
    command: Value,
    task: _Task,
    tasks: dict[str, _Task],
    place: Place,
    given: dict[str, Word],
) -> list[Start]:
    """Return what one command starts."""
    code = command.text or command.at("cmd") or command.at("defer")
    line = command.line
    if not code:
        if not command.at("task"):
            return []
        inner = place.deeper(task.file).but(line=line)
        launches = _other(command, task, tasks, inner, given)
        return starts(line, f"task: {command.at('task')}", launches)
    scope = _Scope(task, place, given)
    folder = scope.word(task.value.at("dir") or ".")
    opaque = Opaque()
    filled = scope.filled(code, opaque)
    base = place.but(cwd=task.folder)
    inner = base.but(
        path=task.file,
        line=line,
        cwd=None if folder is None else base.join(folder),
        variables=(*place.variables, *scope.environment().items()),
        given=place.given | opaque.given,
    )
    found = opaque.shown(code_launches(filled, inner))
    return starts(line, written(code), (unless(one, scope.used) for one in found))


class _Scope:
    """What the templates of a task's commands come to."""

    def __init__(self, task: _Task, place: Place, given: dict[str, Word]) -> None:
        self.task, self.place, self.given = task, place, given
        self.used: dict[str, str] = {}
        self.variables: dict[str, Value] = {}
        for scope in (*task.scopes, task.value):
            own = scope.get("vars")
            self.variables |= own.pairs if own is not None else {}

    def filled(self, text: str, opaque: Opaque, depth: int = 0) -> str:
        """Return a text with its templates replaced."""
        return opaque.fill(_EXPRESSION, text, lambda inner: self._value(inner.strip(), depth))

    def word(self, text: str) -> Word:
        """Return a text that no shell reads."""
        opaque = Opaque()
        filled = self.filled(text, opaque)
        return None if "${" in filled else opaque.word(filled)

    def environment(self) -> dict[str, Word]:
        """Return the variables that the commands find in their environment."""
        found: dict[str, Word] = {}
        for scope in (*self.task.scopes, self.task.value):
            own = scope.get("env")
            for name, value in (own.pairs if own is not None else {}).items():
                found[name] = None if value.pairs else self.word(value.text)
        return found

    def _value(self, inner: str, depth: int) -> Word:
        name = _NAMED.fullmatch(inner)
        if name is not None:
            return self._variable(name[1], depth)
        default = _DEFAULT.fullmatch(inner)
        if default is None:
            return None
        known = self._variable(default[1] or default[6], depth)
        if known is not None and known.startswith("${"):
            known = default[2] or default[3] or default[4] or default[5] or ""
            self.used[default[1] or default[6]] = known
        return known

    def _variable(self, name: str, depth: int) -> Word:
        if name in self.given:
            return self.given[name]
        fixed = {
            "TASKFILE_DIR": posixpath.dirname(f"{self.place.top}/{self.task.file}"),
            "ROOT_DIR": self.place.cwd,
            "USER_WORKING_DIR": self.place.cwd,
            "TASK": self.task.name,
            "CLI_ARGS": "",
        }
        value = self.variables.get(name)
        if value is None:
            if name in fixed:
                return fixed[name]
            known = dict(self.place.variables)
            return known.get(name, f"${{{name}}}")  # set nowhere: the shell's own
        if value.pairs or depth > _DEEPEST:
            return None  # `sh:` asks a shell
        opaque = Opaque()
        self.variables = {key: one for key, one in self.variables.items() if key != name}
        found = self.filled(value.text, opaque, depth + 1)  # PORT: '{{.PORT | default "8501"}}'
        self.variables[name] = value
        return None if opaque.written else found
