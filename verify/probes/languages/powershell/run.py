"""Follows a PowerShell script to the commands it would run, without running any."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.probes.languages.command import Command, cut_off
from verify.probes.languages.powershell.parse import Token, statements, tokens
from verify.probes.languages.powershell.values import Values, told
from verify.probes.languages.shell.branches import OPEN, Branches
from verify.probes.languages.shell.state import Shell, Status
from verify.probes.languages.shell.states import collapsed, settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.probes.languages.command import Arms, Word

    States = list[Shell]

_MOST_STEPS = 3_000
_DEEPEST = 20
_CMDLET = re.compile(r"(?!docker-|podman-)[A-Za-z]+-[A-Za-z]+")
_STARTS = re.compile(r"start-(?:process|job|threadjob)|saps|start|sajb", re.IGNORECASE)
_ASSIGNS = re.compile(r"(?:\[[^\]]*\])?\$(?:global:|script:|local:)?((?:env:)?\w+)", re.IGNORECASE)
_TIGHT = re.compile(r"((?:\[[^\]]*\])?\$[\w:]+)(\+?=)(.*)", re.DOTALL)
_UNSET = re.compile(
    r"\s*(?:!|-not\s)\s*\(?\s*\$(?:\{)?((?:env:)?\w+)\}?\s*\)?\s*"
    r"|\s*\[string\]::IsNullOr(?:Empty|WhiteSpace)\(\s*\$((?:env:)?\w+)\s*\)\s*",
    re.IGNORECASE,
)
_EQUAL = re.compile(r"""\s*\$((?:env:)?\w+)\s+-(i?eq|ne)\s+(["'])([^"'$]*)\3\s*""", re.IGNORECASE)
_QUIET = frozenset({"echo", "cls", "clear", "pause", "sleep", "where", "where.exe", "rm", "mkdir"})
_MOVES = frozenset({"set-location", "cd", "sl", "chdir", "push-location", "pushd"})


def commands(
    code: str,
    script: str,
    cwd: str | None,
    variables: Mapping[str, Word],
    arguments: tuple[Word, ...] = (),
) -> Iterator[Command]:
    """Yield the commands of a PowerShell script, from every branch that is not plainly dead.

    Args:
        code: its text.
        script: its absolute path; "" for code on a command line.
        cwd: the absolute folder it runs in; None when that cannot be told.
        variables: what its environment has set.
        arguments: what it is called with.
    """
    shell = Shell(cwd, script, dict(variables), arguments)
    shell.origins = {name: frozenset({""}) for name in variables}
    run = _Run()
    run.block(code, 1, [shell], 0)
    cut = cut_off(code, cwd) if run.steps > _MOST_STEPS else []
    return iter([*run.found, *cut])


class _Run(Branches):
    """One run of a script."""

    def __init__(self) -> None:
        super().__init__()
        self.functions: dict[str, Token] = {}

    def block(self, code: str, line: int, states: States, depth: int) -> States:
        """Run the statements of a script or of a block."""
        if depth > _DEEPEST:
            return states
        over: States = []
        rows = statements(tokens(code, line))
        n = 0
        while n < len(rows):
            row = rows[n]
            n += 1
            # `}` at the end of a line may be followed by `else` on the next.
            while n < len(rows) and _head(rows[n]) in {"else", "elseif", "catch", "finally"}:
                row = [*row, *rows[n]]
                n += 1
            over += [state for state in states if state.ended]
            states = [state for state in states if not state.ended]
            self.steps += len(states)
            if not states or self.steps > _MOST_STEPS:
                break
            states = self.statement(row, states, depth)
        return [*over, *states]

    def statement(self, row: list[Token], states: States, depth: int) -> States:
        """Run one statement."""
        if row[0].kind == "operator" and row[0].text in {"|", "&&", "||"}:
            row = row[1:]
        if not row:
            return states
        head = _head(row)
        if head == "if":
            return self.conditional(row, states, depth)
        if head == "switch":
            return self.switch(row, states, depth)
        if head == "try":
            return self.guarded(row, states, depth)
        if head in {"while", "for", "foreach", "do", "begin", "process", "end"}:
            return self.loop(row, states, depth)
        if head in {"function", "filter"}:
            block = next((token for token in row if token.kind == "{"), None)
            if block is not None and len(row) > 1:
                self.functions[row[1].text.lower()] = block
            return states
        if head == "param":
            for state in states:
                _parameters(row, state)
            return states
        if head in {"exit", "return", "throw", "break"}:
            for state in states:
                state.ended = "exit" if head in {"exit", "throw"} else "return"
            return states
        tight = _TIGHT.fullmatch(row[0].text) if row[0].kind == "bare" else None
        if tight is not None:  # $NAME="value"
            line = row[0].line
            value = [Token("bare", tight[3], line)] if tight[3] else []
            row = [Token("bare", tight[1], line), Token("bare", tight[2], line), *value, *row[1:]]
        assigned = _ASSIGNS.fullmatch(row[0].text) if row[0].kind == "bare" else None
        if assigned and len(row) > 1 and row[1].text in {"=", "+="}:
            for state in states:
                Values(state).assign(assigned[1], row[2:], adds=row[1].text == "+=")
            if len(row) > 2 and row[2].kind == "bare" and _STARTS.fullmatch(row[2].text):  # noqa: PLR2004
                return self.command(row[2:], states, depth)  # $job = Start-Job { ... }
            return states
        return self.command(row, states, depth)

    def conditional(self, row: list[Token], states: States, depth: int) -> States:
        """Run `if (...) {...} elseif (...) {...} else {...}`."""
        name = self.branching()
        left: States = []
        rest = [state.copy() for state in states]
        condition: Token | None = None
        arm = 0
        for token in row[1:]:
            if token.kind == "(":
                condition = token
            elif token.kind == "{":
                into: States = []
                remaining: States = []
                unset = ""
                for state in rest:
                    answer, asked = _answer(condition, token, state)
                    unset = unset or asked
                    if answer is not Status.NO:
                        into.append(self.arm(state.copy(), name, arm))
                    if answer is not Status.YES:
                        remaining.append(state)
                before = [dict(state.variables) for state in into[:1]]
                after = self.block(token.text, token.line, into, depth + 1)
                if unset and before:
                    _assumed(after, before[0], unset)
                left += after
                rest, condition, arm = remaining, None, arm + 1
        return self.settle([*left, *(self.arm(state, name, arm) for state in rest)], name)

    def switch(self, row: list[Token], states: States, depth: int) -> States:
        """Run `switch (...) { value {...} default {...} }`."""
        name = self.branching()
        body = next((token for token in row if token.kind == "{"), None)
        left: States = []
        inner = tokens(body.text, body.line) if body is not None else []
        blocks = [token for token in inner if token.kind == "{"]
        for arm, block in enumerate(blocks):
            into = [self.arm(state.copy(), name, arm) for state in states]
            left += self.block(block.text, block.line, into, depth + 1)
        for state in left:
            state.ended = "" if state.ended == "return" else state.ended
        if not any(token.text.lower() == "default" for token in inner):
            left += [self.arm(state, name, len(blocks)) for state in states]
        return self.settle(left, name)

    def guarded(self, row: list[Token], states: States, depth: int) -> States:
        """Run `try {...} catch {...} finally {...}`; what catches runs instead of what follows."""
        name = self.branching()
        role = ""
        start = len(self.found)
        for token in row:
            if token.kind == "bare" and token.text.lower() in {"try", "catch", "finally"}:
                role = token.text.lower()
            elif token.kind == "{" and role == "catch":
                end = len(self.found)
                other = [self.arm(state.copy(), name, 1) for state in states]
                caught = self.block(token.text, token.line, other, depth + 1)
                if len(self.found) > end:
                    for n in range(start, end):
                        one = self.found[n]
                        self.found[n] = replace(one, arms=(*one.arms, (name, 0)))
                kept = [self.arm(state, name, 0) for state in states]
                states = self.settle([*kept, *caught], name)
            elif token.kind == "{":
                states = self.block(token.text, token.line, states, depth + 1)
        return states

    def loop(self, row: list[Token], states: States, depth: int) -> States:
        """Run a loop's body once, with what it counts unknown."""
        for token in row:
            if token.kind == "(":
                variable = re.match(r"\s*\$(\w+)", token.text)
                for state in states:
                    if variable is not None:
                        state.set(f"${variable[1].lower()}", None)
            elif token.kind == "{":
                states = self.block(token.text, token.line, states, depth + 1)
        for state in states:
            state.ended = "" if state.ended == "return" else state.ended
        return states

    def command(self, row: list[Token], states: States, depth: int) -> States:
        """Run a command: a cmdlet, a function of the script, or a program."""
        if row[0].kind == "operator" and row[0].text == "&":
            row = row[1:]
        if row and row[0].kind == "bare" and row[0].text == ".":
            row = row[1:]
        if not row:
            return states
        called = self.functions.get(row[0].text.lower()) if row[0].kind == "bare" else None
        if called is not None:
            after = self.block(called.text, called.line, states, depth + 1)
            for state in after:
                state.ended = "" if state.ended == "return" else state.ended
            return after
        head = row[0].text.lower()
        blocks = [token for token in row if token.kind == "{"]
        if blocks and (row[0].kind == "{" or head in {"start-job", "invoke-command", "icm"}):
            for token in blocks:
                inner = [state.copy() for state in states]
                self.block(token.text, token.line, inner, depth + 1)
            return states
        self.emit(row, states)
        return states

    def emit(self, row: list[Token], states: States) -> None:
        """Add a command, once for each thing it may be."""
        ways: dict[Command, list[Arms]] = {}
        for state in states:
            state.met.clear()
            words, folder = _words(row, state)
            if not words:
                continue
            variables = tuple(
                (name, value) for name, value in state.variables.items() if name[:1] != "$"
            )
            command = Command(
                words,
                folder,
                row[0].line,
                _raw(row),
                variables,
                assumed=tuple(sorted(filter(None, state.met))),
            )
            ways.setdefault(command, []).append(state.arms)
        for command, arms in ways.items():
            self.found += [replace(command, arms=one) for one in collapsed(arms, self.taken)]

    def settle(self, states: States, name: str) -> States:
        """Put states together that no longer differ."""
        self.taken[name].discard(OPEN)
        used = frozenset(one for state in states for one in state.variables)
        return settled([one for one in states if one.ended != "exit"], used, self.taken)


def _words(row: list[Token], state: Shell) -> tuple[tuple[Word, ...], str | None]:
    """Return what a command starts and where; nothing for what starts nothing."""
    values = Values(state)
    name = row[0].text.lower() if row[0].kind == "bare" else ""
    if name in _MOVES and len(row) > 1 and row[1].text.lower() in {"$pwd", "$using:pwd"}:
        return (), None
    if name in _MOVES:
        arguments = [
            word
            for word in values.words(row[1:])
            if word is None or not re.match(r"-[a-z]+$", word, re.IGNORECASE)
        ]
        if name.startswith("pu"):
            state.folders = (*state.folders, state.cwd)[-20:]
        target = arguments[0] if arguments else None
        known = target is not None and not re.match(r"[A-Za-z]:|~", target)
        state.cwd = state.join(target) if known and target is not None else None
        return (), None
    if name in {"pop-location", "popd"}:
        state.cwd = state.folders[-1] if state.folders else None
        state.folders = state.folders[:-1]
        return (), None
    if name in {"start-process", "saps", "start"}:
        return _started(values.words(row[1:]), state)
    if name in {"invoke-expression", "iex"}:
        code = values.words(row[1:])
        return (tuple((code[0] or "").split()) if code and code[0] else ()), state.cwd
    if name in _QUIET or _CMDLET.fullmatch(name):
        return (), None
    if row[0].kind == "bare" and len(row) > 1 and row[1].text in {"=", "-eq", "-ne", "++"}:
        return (), None
    return tuple(values.words(row)), state.cwd


def _started(words: list[Word], state: Shell) -> tuple[tuple[Word, ...], str | None]:
    """Read `Start-Process PROGRAM -ArgumentList ... -WorkingDirectory ...`."""
    program: Word = ""
    arguments: list[Word] = []
    folder = state.cwd
    option = ""
    for word in words:
        if word is not None and re.fullmatch(r"-[A-Za-z]{2,}", word):
            option = word.lower()
            if option in {"-nonewwindow", "-wait", "-passthru"}:
                option = ""
        elif option == "-workingdirectory":
            folder, option = (state.join(word) if word is not None else None), ""
        elif option == "-filepath" or (not option and not program):
            program, option = word, ""
        elif option in {"-argumentlist", "-args", ""}:
            arguments.append(word)
        elif option in {"-windowstyle", "-verb", "-redirectstandardoutput"} or option:
            option = ""
    if len(arguments) == 1 and arguments[0] is not None:
        arguments = [word.strip("\"'") for word in arguments[0].split()]
    return ((program, *arguments) if program != "" else ()), folder


def _parameters(row: list[Token], state: Shell) -> None:
    """Take over the defaults of `param(...)`."""
    group = next((token for token in row if token.kind == "("), None)
    if group is None:
        return
    inner = tokens(group.text, group.line)
    for n, token in enumerate(inner):
        found = re.fullmatch(r"(?:\[[^\]]*\])*\$(\w+)", token.text)
        if found is None or token.kind != "bare":
            continue
        if n + 2 < len(inner) and inner[n + 1].text == "=":
            end = next((m for m in range(n + 2, len(inner)) if inner[m].text == ","), len(inner))
            Values(state).assign(found[1], inner[n + 2 : end])
            state.origins[f"${found[1].lower()}"] = frozenset({f"-{found[1]}"})


def _answer(condition: Token | None, body: Token, state: Shell) -> tuple[Status, str]:
    """Answer a condition; and name the variable for which the body is the default."""
    if condition is None:
        return Status.YES, ""
    text = condition.text
    if text.strip().lower() in {"$true", "$false"}:
        return (Status.YES if "true" in text.lower() else Status.NO), ""
    unset = _UNSET.fullmatch(text)
    if unset is not None:
        name = unset[1] or unset[2]
        key = told(name)
        sets_it = re.compile(rf"\${re.escape(name)}\s*=", re.IGNORECASE)
        if key not in state.variables and sets_it.search(body.text):
            return Status.YES, name.removeprefix("env:")
    equal = _EQUAL.fullmatch(text)
    if equal is not None:
        key = told(equal[1])
        value = state.variables.get(key)
        if value is not None and key not in state.origins:
            same = value.lower() == equal[4].lower()
            return (Status.YES if same is equal[2].lower().endswith("eq") else Status.NO), ""
    return Status.EITHER, ""


def _assumed(states: States, before: dict[str, Word], name: str) -> None:
    for state in states:
        for key, value in state.variables.items():
            if before.get(key) != value:
                state.origins[key] = frozenset({name})


def _head(row: list[Token]) -> str:
    return row[0].text.lower() if row[0].kind == "bare" else ""


def _raw(row: list[Token]) -> str:
    quotes = {"single": "'{}'", "double": '"{}"', "(": "({})", "@(": "@({})", "{": "{{{}}}"}
    parts: list[str] = []
    for token in row:
        text = quotes.get(token.kind, "{}").format(token.text)
        if parts and not token.glued and token.text != ",":
            parts.append(" ")
        parts.append(text)
    return posixpath.join("".join(parts).strip())
