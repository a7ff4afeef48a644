"""Follows a command, through the scripts it calls, to what it starts."""

from __future__ import annotations

import ast
import posixpath
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.languages.python import run as python_run
from verify.probes.languages.shell.run import commands
from verify.probes.languages.shell.state import Shell, first_fault, parse
from verify.probes.languages.wrappers import started
from verify.probes.launchers import streamlit_run, written_config
from verify.probes.launchers.around import Around
from verify.probes.launchers.memory import remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from verify.probes.languages.command import Command, Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place

_DEEPEST = 6  # scripts that call scripts
_PYTHON = re.compile(r"(?:.*/)?(?:python|pypy)(?:\d[\d.]*)?(?:\.exe)?$|^py$")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_PYTHON_WITH_VALUE = frozenset({"-X", "-W", "--check-hash-based-pycs"})
_QUOTED_CODE = re.compile(r"\s-[a-z]*c\s+\"((?:[^\"\\]|\\.)*)\"")
_STREAMLIT_MODULES = frozenset({"streamlit", "streamlit.web.cli", "streamlit.cli"})
_SYSTEM = ("/bin/", "/usr/", "/opt/", "/sbin/")


def code_launches(
    code: str,
    place: Place,
    *,
    script: str = "",
    arguments: tuple[Word, ...] = (),
    once: bool = True,
) -> Iterator[Launch]:
    """Yield what shell code starts.

    Args:
        code: shell code.
        place: where it stands; `line` is that of its first line.
        script: its absolute path, `$0`, when it is a script.
        arguments: `$@`.
        once: whether `code` is one line of another file, so that all in it stands on `place.line`.
    """
    code = code.replace("\r\n", "\n")
    tree = parse(code)
    fault = first_fault(tree)
    if fault is not None:
        if "streamlit" in code:
            why = f"line {fault} is not shell" if not once else "this is not shell"
            yield place.unknown(why, code.strip().split("\n", maxsplit=1)[0])
        return
    known = {**dict.fromkeys(place.given), **dict(place.variables), "\0root": place.top}
    place = written_config.noted(code, place)
    exact = bool(arguments) or place.depth > 0  # what people call may be given any arguments
    shell = Shell(place.cwd, script, known, arguments, exact=exact, read=place.files.text)
    first = place.but(expands=True)
    yield from _each(commands(code, shell), first, moves=not once)


def argv_launches(words: Sequence[Word], place: Place, raw: str = "") -> Iterator[Launch]:
    """Yield what a command starts that is given word by word; nothing if it starts no Streamlit."""
    raw = raw or " ".join("$?" if word is None else word for word in words)
    yield from _words(list(words), raw, place)


def python_launches(
    path: str,
    place: Place,
    arguments: tuple[Word, ...] = (),
    *,
    script: str = "",
    function: str = "",
) -> list[Launch]:
    """Return what the Python file of the repository starts when Python runs it.

    Args:
        path: the file.
        place: where it is run.
        arguments: what it is given.
        script: its absolute path; where the checkout has it, if not given.
        function: only this function of it, as a console script calls it.
    """
    tree = place.world.module(path)
    if tree is None or place.depth > _DEEPEST:
        return []
    runs = python_run.commands(
        tree,
        script or f"{place.top}/{path}",
        place.cwd,
        arguments,
        function=function,
        variables=(*((name, None) for name in place.given), *place.variables),
        around=Around(place, path),
        text=place.world.source.text(path),
        exact=place.depth > 0 and not function,  # what people call may be given any arguments
    )
    return list(_each(runs, place.but(expands=False), moves=True))


def command_launches(found: Iterable[Command], place: Place) -> Iterator[Launch]:
    """Yield what the commands of a script of any language start."""
    yield from _each(found, place, moves=True)


def program_launches(found: Iterable[Command], place: Place) -> list[Launch]:
    """Return what the commands of a Python program start, each on its own line."""
    return list(_each(found, place.but(expands=False), moves=True))


def _each(found: Iterable[Command], place: Place, *, moves: bool) -> Iterator[Launch]:
    ports = written_config.ports(place)
    for command in found:
        here = ">".join((*place.through, f"{place.path}:{place.line}"))
        arms = tuple((f"{here}:{name}", arm) for name, arm in command.arms)
        inner = place.but(
            cwd=command.cwd,
            variables=(*(command.variables or place.variables), *ports),
            line=command.line if moves else place.line,
            arms=place.arms + arms,
        )
        for launch in _of_command(command, inner):
            yield _assuming(launch, command.assumed)
        ports = (*ports, *written_config.after(command, inner))


def _of_command(command: Command, place: Place) -> Iterator[Launch]:
    """Follow one command of a program."""
    if command.cut:
        yield place.unknown(command.cut, command.raw)
        return
    found = _words(list(command.words), command.raw, place)
    if command.code is not None:
        if place.depth >= _DEEPEST:
            return
        found = code_launches(command.code, place.but(depth=place.depth + 1))
    for launch in found:
        one = launch
        if command.code is not None and command.raw and not launch.through[len(place.through) :]:
            one = replace(one, raw=command.raw)
        if command.fault:
            one = replace(one, status=Status.BROKEN, why=command.fault)
        yield one.because(command.note) if command.note else one


def _assuming(launch: Launch, names: tuple[str, ...]) -> Launch:
    """Return the launch with what it takes for granted: that nobody sets these variables."""
    if not names or launch.status is not Status.OK:
        return launch
    told = ["an argument" if name.isdigit() else name for name in names]
    verb = "is given" if told == ["an argument"] else "is set"
    return launch.because(f"unless {' or '.join(dict.fromkeys(told))} {verb}")


def _words(argv: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    inner = started(argv)
    words = inner.words
    if not words or place.depth > _DEEPEST:
        return
    if inner.variables:
        place = place.but(variables=(*place.variables, *inner.variables))
    if inner.folder != "":
        place = place.but(cwd=None if inner.folder is None else place.join(inner.folder))
    name = words[0]
    if name is None:
        if words[1:3] == ["-m", "streamlit"]:  # whichever Python the script found
            yield from streamlit_run.started(words[3:], raw, place)
        elif "run" in words or "streamlit" in words:
            yield place.unknown("the program's name depends on a variable", raw)
        return
    name = name.replace("\\", "/")  # of Windows
    base = posixpath.basename(name).removesuffix(".exe")
    if base in _SHELLS:
        yield from _shell(words, raw, place)
    elif base == "eval":
        code = " ".join(word for word in words[1:] if word is not None)
        yield from code_launches(code, place.but(depth=place.depth + 1))
    elif base == "streamlit":
        yield from streamlit_run.started(words[1:], raw, place)
    elif _PYTHON.match(name):
        yield from _python(words, raw, place)
    elif base in {"source", "."} and len(words) > 1:
        if posixpath.basename(words[1] or "").startswith("activate"):
            return  # of a virtual environment, which starts nothing
        yield from _called(words[1], tuple(words[2:]), raw, place)
    elif base in place.world.programs:
        yield from place.world.programs[base](words, raw, place)
    elif (entry := place.world.console_script(base, place)) is not None:
        yield from _console_script(*entry, tuple(words[1:]), place)
    elif (task := (posixpath.basename(argv[0] or ""), name)) in place.world.tasks:
        from verify.probes.launchers.kinds.console_script import task_launches

        yield from task_launches(place.world.tasks[task], place)
    elif base.lower().endswith((".bat", ".cmd")):
        yield from place.world.programs["cmd"](["cmd", *words], raw, place)
    elif base.lower().endswith(".ps1"):
        yield from place.world.programs["powershell"](["powershell", *words], raw, place)
    elif "/" in name or base.endswith(".sh"):
        yield from _called(name, tuple(words[1:]), raw, place)


def _python(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word is None:
            yield place.unknown("what Python runs depends on a variable", raw, certain=False)
            return
        if word == "-m":
            yield from _python_module(rest, raw, place)
            return
        if word == "-c":
            yield from _python_code(rest, raw, place)
            return
        if word in _PYTHON_WITH_VALUE and rest:
            rest.pop(0)
        elif not word.startswith("-"):
            if word.endswith("/bin/streamlit"):  # the script that pip installs
                yield from streamlit_run.started(rest, raw, place)
            else:
                yield from _python_file(word, tuple(rest), raw, place)
            return


def _python_module(rest: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    module = rest.pop(0) if rest else None
    if module is None:
        yield place.unknown("the module depends on a variable", raw, certain=False)
    elif module in _STREAMLIT_MODULES:
        yield from streamlit_run.started(rest, raw, place)
    else:
        for full in _module_paths(module, place):
            if place.files.repo_path(full) is not None:
                yield from _python_file(full, tuple(rest), raw, place)
                return
        if module in place.world.programs:  # python -m nox
            yield from place.world.programs[module]([module, *rest], raw, place)


def _module_paths(module: str, place: Place) -> Iterator[str]:
    """Yield where `python -m MODULE` may find it: here, on PYTHONPATH, or in an installed src/."""
    inner = module.replace(".", "/")
    listed = dict(place.variables).get("PYTHONPATH") or ""
    for base in dict.fromkeys(("", *listed.split(":"), f"{place.top}/src", place.top)):
        for name in (f"{inner}.py", f"{inner}/__main__.py"):
            full = place.join(posixpath.join(base, name))
            if full is not None:
                yield full


def _python_code(rest: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    code = rest[0] if rest else None
    if code is None:
        if "streamlit" in raw:
            yield place.unknown("Python code that depends on a variable", raw)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if "streamlit" in code:
            yield place.launch(Status.BROKEN, "the code after -c is not Python", raw)
        return
    given = (*((name, None) for name in place.given), *place.variables)
    around = Around(place, "")
    runs = python_run.commands(
        tree, "", place.cwd, tuple(rest[1:]), variables=given, around=around, text=code
    )
    yield from _each(runs, place.but(depth=place.depth + 1, expands=False), moves=False)


def _handed_on(place: Place) -> Place:
    """Return the place of a program of its own: what a script keeps for itself is not set there.

    Names in small letters are a script's own by custom (POSIX, "Environment Variables").
    """
    kept = tuple(pair for pair in place.variables if not pair[0].islower() or pair[0][0] == "\0")
    return place.but(variables=kept)


def _python_file(
    target: str, arguments: tuple[Word, ...], raw: str, place: Place
) -> Iterator[Launch]:
    full = place.join(target)
    if full is None:
        yield place.unknown("the working directory cannot be followed", raw, certain=False)
        return
    path = place.files.repo_path(full)
    if path is None:
        status, why = place.files.absent(full)
        yield place.launch(status, why, raw, certain=False)
        return
    found = remembered(
        _handed_on(place.deeper(path)),
        (full, arguments),
        lambda inner: python_launches(path, inner, arguments, script=full),
    )
    yield from found
    if not found and place.world.draws(path):
        why = f"it runs {path} with Python alone, which draws no page"
        yield place.launch(Status.NOT_STREAMLIT, why, raw, entry=path)


def _console_script(
    path: str, function: str, arguments: tuple[Word, ...], place: Place
) -> Iterator[Launch]:
    yield from python_launches(path, place.deeper(path), arguments, function=function)


def _shell(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    rest = words[1:]
    while rest and rest[0] is not None and rest[0].startswith("-"):
        option = rest.pop(0)
        if option is not None and option.endswith("c") and not option.startswith("--"):
            code = rest[0] if rest else None
            if code is None:
                code = _quoted_code(raw)
            if code is None:
                yield place.unknown("the shell's code depends on a variable", raw)
                return
            script = rest[1] if len(rest) > 1 else ""
            inner = place.but(depth=place.depth + 1)
            arguments = tuple(rest[2:])
            yield from code_launches(code, inner, script=script or "", arguments=arguments)
            return
        if option in {"-o", "+o"} and rest:
            rest.pop(0)
    if rest:
        yield from _called(rest[0], tuple(rest[1:]), raw, place)


def _quoted_code(raw: str) -> str | None:
    """Return the code of `sh -c "..."` as written, for code that holds unknown variables.

    The outer shell expands them, the inner one has the same environment: what either does is the
    same, unless a value holds shell code of its own.
    """
    found = _QUOTED_CODE.search(raw)
    return None if found is None else re.sub(r"\\([\"\\])", r"\1", found[1])


def _called(target: Word, arguments: tuple[Word, ...], raw: str, place: Place) -> Iterator[Launch]:
    """Follow the call of another script."""
    if target is None:
        yield place.unknown("the script's name depends on a variable", raw, certain=False)
        return
    full = place.join(target)
    if full is None:
        yield place.unknown("the working directory cannot be followed", raw, certain=False)
        return
    text = place.files.text(full)
    if text is None:
        if target.startswith(_SYSTEM) or "/bin/" in f"/{target}":  # of an environment
            # A program of the system: it may run its arguments, or do something else with them.
            if any(word == "streamlit" for word in arguments):
                yield place.unknown(f"nothing tells what {target} does with its arguments", raw)
            return
        status, why = place.files.absent(full)
        yield place.launch(status, why, raw, certain=False)
        return
    path = place.files.repo_path(full)
    if path is not None and (path.endswith(".py") or "python" in text.partition("\n")[0]):
        yield from _python_file(full, arguments, raw, place)
        return
    yield from remembered(
        place.deeper(path) if path else place.but(depth=place.depth + 1),
        (full, arguments),
        lambda inner: code_launches(
            text, inner, script=full, arguments=arguments, once=path is None
        ),
    )
