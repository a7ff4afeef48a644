"""Follows a Windows batch file to the commands it would run, without running any."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.probes.languages.batch.parse import Block, If, Label, Simple, parse
from verify.probes.languages.command import Command, cut_off
from verify.probes.languages.shell.branches import OPEN, Branches
from verify.probes.languages.shell.conditions import opposite
from verify.probes.languages.shell.state import Shell, Status
from verify.probes.languages.shell.states import collapsed, settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.probes.languages.batch.parse import Statement
    from verify.probes.languages.command import Arms, Word

    States = list[Shell]

_MOST_STEPS = 5_000
_MOST_VISITS = 3  # of one label
_DEEPEST = 40
_VARIABLE = re.compile(
    r"%~(?P<parts>[a-z]*)(?P<own>\d)|%(?P<argument>\d)|%(?P<all>\*)"
    r"|%(?P<name>[\w.() -]+)(?P<more>:[^%]*)?%"
    r"|!(?P<late>\w+)(?P<later>:[^!]*)?!|%%~?[a-z]*(?P<loop>[A-Za-z])",
    re.IGNORECASE,
)
_WORD = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_REDIRECTION = re.compile(r'\s*\d?(?:>>?|<)(?:&\d|\s*(?:"[^"]*"|[^\s&|"]+))')
_ASSIGNED = re.compile(r'\s*"?\s*([^="]+?)=(.*)', re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]:")
_QUIET = frozenset(
    {"echo", "echo.", "rem", "title", "pause", "timeout", "taskkill", "where", "setlocal", "cls"}
    | {"endlocal", "color", "chcp", "mode", "ping", "find", "findstr", "type", "del", "copy"}
    | {"tasklist", "choice", "netstat", "mkdir", "md", "rmdir", "ver", "assoc", "help"}
)


def commands(
    code: str,
    script: str,
    cwd: str | None,
    variables: Mapping[str, Word],
    arguments: tuple[Word, ...] = (),
    *,
    exact: bool = False,
) -> Iterator[Command]:
    """Yield the commands of a batch file, from every branch that is not plainly dead.

    Args:
        code: its text.
        script: its absolute path, `%0`; "" for code on a command line.
        cwd: the absolute folder it runs in; None when that cannot be told.
        variables: what is set.
        arguments: `%*`.
        exact: whether nothing but `arguments` is given.
    """
    known = {name.upper(): value for name, value in variables.items()}
    shell = Shell(cwd, script, known, arguments, exact=exact)
    shell.origins = {name: frozenset({""}) for name in known}
    run = _Run(parse(code))
    run.whole(shell)
    cut = cut_off(code, cwd) if run.steps > _MOST_STEPS else []
    return iter([*run.found, *cut])


class _Run(Branches):
    """One run of a batch file."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = statements
        self.labels = {
            one.name: n for n, one in enumerate(statements) if isinstance(one, Label) and one.name
        }
        self.visits: dict[str, int] = {}
        super().__init__()

    def whole(self, shell: Shell) -> None:
        """Run the file from its start, and on from wherever `goto` leads."""
        pending = [(0, [shell])]
        while pending:
            start, states = pending.pop(0)
            jumps: dict[str, States] = {}
            for state in self.sequence(self.statements[start:], states, 0):
                if state.ended.startswith("goto "):
                    jumps.setdefault(state.ended.removeprefix("goto "), []).append(state)
            for label, jumped in jumps.items():
                self.visits[label] = self.visits.get(label, 0) + 1
                if label in self.labels and self.visits[label] <= _MOST_VISITS:
                    for state in jumped:
                        state.ended = ""
                    pending.append((self.labels[label], self.settle(jumped)))

    def sequence(self, statements: Sequence[Statement], states: States, depth: int) -> States:
        """Run one statement after the other; states that ended stay as they are."""
        over: States = []
        for statement in statements:
            over += [state for state in states if state.ended]
            states = [state for state in states if not state.ended]
            self.steps += len(states)
            if not states or self.steps > _MOST_STEPS or depth > _DEEPEST:
                break
            if isinstance(statement, Simple):
                states = self.simple(statement, states, depth)
            elif isinstance(statement, If):
                states = self.conditional(statement, states, depth)
            elif isinstance(statement, Block):
                states = self.sequence(statement.body, states, depth + 1)
        return [*over, *states]

    def conditional(self, statement: If, states: States, depth: int) -> States:
        """Run `if ... else ...`."""
        name = self.branching()
        then: States = []
        other: States = []
        for state in states:
            found, unset = _answer(statement, state)
            if unset and not _reads(statement.other, unset):
                # if "%PORT%"=="" set PORT=8501: a default
                then.append(state)
                continue
            if found is not Status.NO:
                then.append(self.arm(state.copy(), name, 0))
            if found is not Status.YES:
                other.append(self.arm(state, name, 1))
        unset = next(filter(None, (_answer(statement, state)[1] for state in then)), "")
        before = [dict(state.variables) for state in then]
        left = self.sequence(statement.then, then, depth + 1)
        if unset and before:
            for state in left:
                for key, value in state.variables.items():
                    if before[0].get(key) != value:
                        state.origins[key] = frozenset({unset})
        left += self.sequence(statement.other, other, depth + 1)
        self.taken[name].discard(OPEN)
        return self.settle(left)

    def simple(self, statement: Simple, states: States, depth: int) -> States:
        """Run a plain command."""
        emitted: dict[Command, list[Arms]] = {}
        called: dict[str, States] = {}
        for state in states:
            state.met.clear()
            text = statement.text
            label = re.match(r"call\s+:(\w+)", text, re.IGNORECASE)
            if label is not None:
                called.setdefault(label[1].lower(), []).append(state)
                continue
            for command in _commands(text, state):
                one = Command(
                    command,
                    state.cwd,
                    statement.line,
                    text,
                    tuple(state.variables.items()),
                    assumed=tuple(sorted(filter(None, state.met))),
                )
                emitted.setdefault(one, []).append(state.arms)
        for whole, arms in emitted.items():
            self.found += [replace(whole, arms=way) for way in collapsed(arms, self.taken)]
        for name, callers in called.items():
            self.visits[name] = self.visits.get(name, 0) + 1
            if name in self.labels and self.visits[name] <= _MOST_VISITS:
                rest = self.statements[self.labels[name] :]
                self.sequence(rest, [state.copy() for state in callers], depth + 1)
        return states

    def settle(self, states: States) -> States:
        """Put states together that no longer differ."""
        used = frozenset(name for state in states for name in state.variables)
        live = [state for state in states if state.ended != "exit"]
        return settled(live, used, self.taken)


def _commands(text: str, state: Shell) -> Iterator[tuple[Word, ...]]:
    """Yield the programs that a command starts; what changes the shell itself is carried out."""
    head = text.split(maxsplit=1)
    name = head[0].lower().strip('"') if head else ""
    rest = head[1] if len(head) > 1 else ""
    if not name or name in _QUIET or name.startswith("echo"):
        return
    if name == "set":
        _set(rest, state)
    elif name == "goto":
        label = rest.strip(": \t").lower()
        state.ended = "exit" if label == "eof" or not label else f"goto {label}"
    elif name == "exit":
        state.ended = "exit"
    elif name in {"shift", "popd"}:
        if name == "popd":
            state.cwd = state.folders[-1] if state.folders else None
            state.folders = state.folders[:-1]
        else:
            state.arguments = state.arguments[1:]
    elif name in {"cd", "chdir", "pushd"} or re.match(r"cd[.\\/]", name):
        if name == "pushd":
            state.folders = (*state.folders, state.cwd)[-20:]
        _move(text[2:] if name[:2] == "cd" and len(name) > len("cd") else rest, state)
    elif name == "call":
        yield from _commands(rest, state)
    elif name == "start":
        yield from _started(rest, state)
    elif name.removesuffix(".exe") == "cmd":
        code = re.search(r"/[ckCK]\s+(.*)", rest, re.DOTALL)
        if code is not None:
            inner = code[1].strip()
            inner = inner[1:-1] if inner[:1] == '"' == inner[-1:] else inner
            yield from _nested(inner, state)
    else:
        yield words(text, state)


def _nested(code: str, state: Shell) -> Iterator[tuple[Word, ...]]:
    """Yield what a command line starts that is handed to another shell."""
    inner = state.copy()
    for statement in parse(code):
        if isinstance(statement, Simple) and not statement.text.lower().startswith("cmd"):
            for command in _commands(statement.text, inner):
                yield _there(command, inner, state)
            state.met |= inner.met


def _started(rest: str, state: Shell) -> Iterator[tuple[Word, ...]]:
    """Yield what `start "title" /options COMMAND` starts."""
    rest = rest.strip()
    title = re.match(r'"[^"]*"\s*', rest)
    rest = rest[title.end() :] if title else rest
    inner = state.copy()
    while option := re.match(r'/(d)\s*("[^"]*"|\S+)\s*|/\w+\s*', rest, re.IGNORECASE):
        if option[1]:
            _move(option[2], inner)
        rest = rest[option.end() :]
    for command in _commands(rest, inner):
        yield _there(command, inner, state)
    state.met |= inner.met


def _there(command: tuple[Word, ...], inner: Shell, outer: Shell) -> tuple[Word, ...]:
    """Return the command so that it runs where the inner shell is; `env -C` says just that."""
    return command if inner.cwd == outer.cwd else ("env", "-C", inner.cwd, *command)


def _move(target: str, state: Shell) -> None:
    found = words(re.sub(r"^\s*/d\s+", "", target, flags=re.IGNORECASE), state)
    path = " ".join(word for word in found if word is not None)
    if not found or None in found or _DRIVE.match(path):
        state.cwd = state.cwd if not found else None
    else:
        state.cwd = state.join(path)


def _set(rest: str, state: Shell) -> None:
    """Take over `set NAME=value`, `set "NAME=value"` and `set /p NAME=question`."""
    option = re.match(r"\s*/([apAP])\s+", rest)
    found = _ASSIGNED.match(rest[option.end() :] if option else rest)
    if found is None:
        return
    name = found[1].strip().upper()
    state.met.clear()
    if option is not None:
        if name in state.variables and option[1].lower() == "p":  # Enter keeps what it was
            state.origins[name] = frozenset({name})
        else:
            state.set(name, None)
        return
    text = found[2]
    if rest.lstrip().startswith('"'):
        text = text.rpartition('"')[0] if '"' in text else text
    value = expanded(text.strip(), state)
    state.set(name, value, frozenset(state.met))


def words(text: str, state: Shell) -> tuple[Word, ...]:
    """Return a command's words, expanded, as POSIX writes paths."""
    text = _REDIRECTION.sub("", text)
    found: list[Word] = []
    for word in _WORD.findall(text):
        value = expanded(word, state)
        if value is None:
            found.append(None)
        elif word == value or '"' in word:
            found.append(_plain(value))
        else:  # a variable may hold several words
            found += [_plain(one) for one in _WORD.findall(value)]
    return tuple(found)


def _plain(word: str) -> str:
    return re.sub(r"\^(.)", r"\1", word.replace('"', "")).replace("\\", "/")


def expanded(text: str, state: Shell) -> Word:
    """Expand `%NAME%`, `%~dp0` and `%1`; None when one of them cannot be told."""
    parts: list[str] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        value = _value(found, state)
        if value is None:
            return None
        parts += [text[end : found.start()], value]
        end = found.end()
    parts.append(text[end:])
    whole = "".join(parts)
    return whole if len(whole) <= 10_000 else None  # noqa: PLR2004 - set X=%X%%X%, over and over


def _value(found: re.Match[str], state: Shell) -> Word:
    if found["all"]:
        return " ".join(word or "" for word in state.arguments) if state.arguments else ""
    number = found["own"] or found["argument"]
    if number == "0":
        return _part(state.script, found["parts"]) if state.script else None
    if number:
        value = state.variable(number)
        return value.strip('"') if value is not None and found["own"] else value
    if found["more"] or found["later"] or found["loop"]:
        return None
    name = (found["name"] or found["late"] or "").upper()
    return state.cwd if name == "CD" else state.variable(name)


def _part(script: str, parts: str | None) -> str:
    if not parts:
        return script
    letters = set(parts.lower())
    if "f" in letters:
        return script
    folder, name = posixpath.split(script)
    stem, ending = posixpath.splitext(name)
    return "".join(
        text
        for letter, text in (("p", f"{folder}/"), ("n", stem), ("x", ending))
        if letter in letters
    )


def _answer(statement: If, state: Shell) -> tuple[Status, str]:
    """Answer a condition; and name the variable when it asks for one that nobody sets."""
    condition = statement.condition
    if condition is None:
        return Status.EITHER, ""
    negated = "not" in condition["flags"].lower()
    found, unset = Status.EITHER, ""
    if (condition["ask"] or "").lower() == "defined":
        name = condition["of"].upper()
        found = Status.YES if state.variables.get(name) and name not in state.origins else found
        unset = name if negated and name not in state.variables else ""
    elif condition["left"] is not None:
        found, unset = _compared(condition, state)
        unset = "" if negated else unset
    return (opposite(found) if negated else found), unset


def _compared(condition: re.Match[str], state: Shell) -> tuple[Status, str]:
    operator = condition["operator"].strip().lower()
    state.met.clear()
    left, right = expanded(condition["left"], state), expanded(condition["right"], state)
    asked = re.fullmatch(r'"?(?:%~?(\d)|%(\w+)%)"?', condition["left"])
    if left is None and right in {'""', ""} and operator in {"==", "equ"} and asked is not None:
        name = asked[1] or asked[2].upper()
        return Status.EITHER, name if name not in state.variables else ""
    if left is None or right is None or state.met or operator not in {"==", "equ", "neq"}:
        return Status.EITHER, ""
    same = left == right
    if "/i" in condition["flags"].lower():
        same = left.lower() == right.lower()
    return (Status.YES if same is (operator != "neq") else Status.NO), ""


def _reads(statements: Sequence[Statement], name: str) -> bool:
    """Say whether what runs when the variable is set starts something itself."""
    del name
    return any(isinstance(one, Simple) and "run" in one.text.split() for one in statements)
