"""Resolves a command to the file of the repository that Streamlit starts."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from verify.probes.static.dockerfile import environment, lineage, stages
from verify.probes.static.image_files import ImageFiles
from verify.probes.static.shell import Shell, Word, first_fault, parse
from verify.probes.static.shell_run import commands
from verify.probes.static.wrappers import unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.probes.source import Source
    from verify.probes.static.dockerfile import Instruction, Stage

ROOT = "/\0root"
"""Where the checkout stands, for scripts that are started in it."""

_WRITERS = frozenset({"cp", "mv", "ln", "rm", "sed", "install", "tee", "dd", "truncate", "patch"})

_DEEPEST = 6  # scripts that call scripts
_PYTHON = re.compile(r"(?:.*/)?python(?:\d[\d.]*)?$")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_PYTHON_WITH_VALUE = frozenset({"-X", "-W", "--check-hash-based-pycs"})


class Files(Protocol):
    """Where commands run: a checkout or an image."""

    def repo_path(self, path: str) -> str | None:
        """Return the repository's file at this absolute path, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Checkout:
    """The checkout itself, standing at `ROOT`."""

    source: Source

    def repo_path(self, path: str) -> str | None:
        """Return the repository's file at this absolute path, or None."""
        inner = path.removeprefix(ROOT + "/")
        return inner if inner != path and self.source.has(inner) else None


@dataclass(frozen=True, slots=True)
class Launch:
    """What one command starts.

    Args:
        entry: the repository's file, or None.
        why: in words, when there is none: "cannot tell: ..." or what is wrong.
        raw: the command as it stands.
        path: the file the command stands in.
        line: 1-based.
    """

    entry: str | None
    why: str
    raw: str
    path: str
    line: int

    @property
    def got(self) -> str:
        """The entry, or why there is none."""
        return self.entry or self.why


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a command stands and what surrounds it."""

    source: Source
    files: Files
    path: str
    line: int
    cwd: str | None
    variables: tuple[tuple[str, Word], ...] = ()
    depth: int = 0
    top: str = ROOT


def script_launches(source: Source, path: str) -> list[Launch]:
    """Return what a script of the tree starts when it is called from the root."""
    place = _Place(source, Checkout(source), path, 1, ROOT)
    return list(_of_script(source.text(path), f"{ROOT}/{path}", (), place))


def image_launches(source: Source, dockerfile: str, context: str) -> list[Launch]:
    """Return what a container of the Dockerfile's image starts."""
    all_stages = stages(source.text(dockerfile))
    if not all_stages:
        return [Launch(None, "cannot tell: there is no FROM", "", dockerfile, 1)]
    files = ImageFiles(source, all_stages, context, dockerfile)
    chain = lineage(all_stages, all_stages[-1])
    entrypoint: Instruction | None = None
    cmd: Instruction | None = None
    for stage in chain:
        if stage.last("ENTRYPOINT"):  # takes back the CMD of the stage it builds on
            entrypoint, cmd = stage.last("ENTRYPOINT"), None
        cmd = stage.last("CMD") or cmd
    started = entrypoint or cmd
    if started is None:
        line = all_stages[-1].line
        return [Launch(None, "cannot tell: neither CMD nor ENTRYPOINT", "", dockerfile, line)]
    argv: list[Word] = []
    for each in filter(None, (entrypoint, cmd)):
        if each is cmd and entrypoint and entrypoint.exec_form is None:
            continue  # an ENTRYPOINT in shell form ignores CMD
        if each.exec_form is not None:
            argv += each.exec_form
        elif each.value.startswith("["):
            why = "broken: not a JSON list, so the shell gets the brackets as they stand"
            return [Launch(None, why, each.value, dockerfile, each.line)]
        else:
            argv += ["/bin/sh", "-c", each.value]
    own: tuple[tuple[str, Word], ...] = tuple(environment(chain).items())
    where = files.workdir(all_stages[-1])
    line = (cmd or started).line
    place = _Place(source, files, dockerfile, line, where, own, 0, where)
    found = list(resolve(argv, place))
    rewritten = _rewritten(chain, {launch.entry for launch in found if launch.entry})
    if rewritten is not None:
        why = f"cannot tell: the RUN of line {rewritten.line} rewrites the file"
        return [Launch(None, why, rewritten.value, dockerfile, rewritten.line)]
    if not found:
        raw = " ".join(map(str, argv))
        found = [Launch(None, f"starts no Streamlit: {raw}", raw, dockerfile, line)]
    return found


@dataclass(frozen=True, slots=True)
class Folder:
    """The application's folder of a built image.

    Args:
        path: where it is in the image.
        files: the absolute paths that stand in it.
    """

    path: str
    files: frozenset[str]

    def repo_path(self, path: str) -> str | None:
        """Return the file as the repository names it, when the image has it."""
        return posixpath.relpath(path, self.path) if path in self.files else None


def command_launches(
    source: Source, argv: Sequence[str], files: Files, *, cwd: str, path: str
) -> list[Launch]:
    """Return what a command starts that is known word by word: of a built image, of a process.

    Args:
        source: the tree, for scripts that the command calls.
        argv: its words.
        files: where it runs.
        cwd: its working directory there.
        path: the file that a finding points to.
    """
    return list(resolve(argv, _Place(source, files, path, 1, cwd, (), 0, cwd)))


def _rewritten(chain: list[Stage], entries: set[str]) -> Instruction | None:
    """Return the RUN that replaces or changes one of these files inside the image, or None."""
    targets = {posixpath.basename(entry) for entry in entries}
    for each in (one for stage in chain for one in stage.instructions if one.name == "RUN"):
        code = "\n".join([each.value, *each.heredocs])
        if not any(target in code for target in targets):
            continue
        for command in commands(code, Shell("/")):
            name = posixpath.basename(command.words[0] or "")
            files = {posixpath.basename(word) for word in command.words[1:] if word}
            if name in _WRITERS and files & targets:
                return each
    return None


def resolve(argv: Sequence[Word], place: _Place) -> Iterator[Launch]:
    """Yield what a command starts; nothing for one that starts no Streamlit."""
    words = unwrapped(list(argv))
    if not words or place.depth > _DEEPEST:
        return
    raw = " ".join("$?" if word is None else word for word in argv)
    name = words[0]
    if name is None:
        if words[1:3] == ["-m", "streamlit"]:  # whichever Python the script found
            yield from _streamlit(words[3:], raw, place)
        elif "run" in words or "streamlit" in words:
            yield _cannot_tell("the program's name depends on a variable", raw, place)
        return
    base = posixpath.basename(name)
    if base in _SHELLS:
        yield from _shell(words, raw, place)
    elif base == "eval":
        code = " ".join(word for word in words[1:] if word is not None)
        yield from _of_script(code, "", (), place, nested=True)
    elif base == "streamlit":
        yield from _streamlit(words[1:], raw, place)
    elif _PYTHON.match(name):
        yield from _python(words, raw, place)
    elif base in {"source", "."} and len(words) > 1:
        yield from _called(words[1], tuple(words[2:]), raw, place)
    elif "/" in name or base.endswith(".sh"):
        yield from _called(name, tuple(words[1:]), raw, place)


def _streamlit(words: list[Word], raw: str, place: _Place) -> Iterator[Launch]:
    while words and words[0] is not None and words[0].startswith("-"):
        words = words[1:]
    if not words:
        return
    if words[0] is None:
        yield _cannot_tell("streamlit's command depends on a variable", raw, place)
        return
    if words[0] != "run":
        if words[0] == "hello":
            yield Launch(None, "starts streamlit hello", raw, place.path, place.line)
        return
    target: Word = "streamlit_app.py"
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word == "--":
            target = rest[0] if rest else target
            break
        if word is not None and word.startswith("-"):
            if "=" not in word and rest:
                rest.pop(0)
            continue
        target = word
        break
    yield _target(target, raw, place)


def _target(target: Word, raw: str, place: _Place) -> Launch:
    if target is None:
        return _cannot_tell("the file depends on a variable that nothing here sets", raw, place)
    if "://" in target:
        return Launch(None, f"starts a file from elsewhere: {target}", raw, place.path, place.line)
    if not target.startswith("/") and place.cwd is None:
        return _cannot_tell("the working directory cannot be followed", raw, place)
    full = posixpath.normpath(posixpath.join(place.cwd or "/", target))
    found = place.files.repo_path(full)
    if found is None:
        shown = full.replace(ROOT + "/", "")
        return Launch(None, f"no such file: {shown}", raw, place.path, place.line)
    return Launch(found, "", raw, place.path, place.line)


def _python(words: list[Word], raw: str, place: _Place) -> Iterator[Launch]:
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        if word is None:
            yield _cannot_tell("what Python runs depends on a variable", raw, place)
            return
        if word == "-m":
            module = rest.pop(0) if rest else None
            if module in {"streamlit", "streamlit.web.cli", "streamlit.cli"}:
                yield from _streamlit(rest, raw, place)
            elif module is None:
                yield _cannot_tell("the module depends on a variable", raw, place)
            return
        if word == "-c":
            if rest and rest[0] and "streamlit" in rest[0]:
                yield _cannot_tell("Python code on the command line", raw, place)
            return
        if word in _PYTHON_WITH_VALUE and rest:
            rest.pop(0)
        elif not word.startswith("-"):
            launch = _target(word, raw, place)
            why = f"runs python {launch.got}, which is not streamlit run"
            yield Launch(None, why, raw, place.path, place.line)
            return


def _shell(words: list[Word], raw: str, place: _Place) -> Iterator[Launch]:
    rest = words[1:]
    while rest and rest[0] is not None and rest[0].startswith("-"):
        option = rest.pop(0)
        if option is not None and option.endswith("c") and not option.startswith("--"):
            if not rest or rest[0] is None:
                yield _cannot_tell("the shell's code depends on a variable", raw, place)
                return
            script = rest[1] if len(rest) > 1 else ""
            yield from _of_script(rest[0], script or "", tuple(rest[2:]), place, nested=True)
            return
        if option in {"-o", "+o"} and rest:
            rest.pop(0)
    if rest:
        yield from _called(rest[0], tuple(rest[1:]), raw, place)


def _called(target: Word, arguments: tuple[Word, ...], raw: str, place: _Place) -> Iterator[Launch]:
    """Follow the call of another script."""
    launch = _target(target, raw, place)
    if launch.entry is None:
        if target is not None and target.startswith(("/bin/", "/usr/", "/opt/", "/sbin/")):
            # A program of the system: it may run its arguments, or do something else with them.
            if any(word == "streamlit" for word in arguments):
                yield _cannot_tell(f"what {target} does with its arguments", raw, place)
            return
        yield launch
        return
    text = place.source.text(launch.entry)
    if launch.entry.endswith(".py") or "python" in text.partition("\n")[0]:
        why = f"runs {launch.entry}, which is not streamlit run"
        yield Launch(None, why, raw, place.path, place.line)
        return
    full = posixpath.normpath(posixpath.join(place.cwd or "/", target or ""))
    inner = _Place(
        place.source,
        place.files,
        launch.entry,
        1,
        place.cwd,
        place.variables,
        place.depth + 1,
        place.top,
    )
    yield from _of_script(text, full, arguments, inner)


def _of_script(
    code: str,
    script: str,
    arguments: tuple[Word, ...],
    place: _Place,
    *,
    nested: bool = False,
) -> Iterator[Launch]:
    fault = first_fault(parse(code))
    if fault is not None:
        yield _cannot_tell(f"line {fault} is not shell", code.split("\n", maxsplit=1)[0], place)
        return
    variables = {**dict(place.variables), "\0root": place.top}
    shell = Shell(place.cwd, script, variables, arguments)
    for command in commands(code, shell):
        line = place.line if nested else command.line
        inner = _Place(
            place.source,
            place.files,
            place.path,
            line,
            command.cwd,
            command.variables,
            place.depth + (1 if nested else 0),
            place.top,
        )
        yield from resolve(command.words, inner)


def _cannot_tell(why: str, raw: str, place: _Place) -> Launch:
    return Launch(None, f"cannot tell: {why}", raw, place.path, place.line)
