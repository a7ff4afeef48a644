"""Follows a shell script to the commands it would run, without running any."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.static.shell import STATEMENTS, Shell, Word, line_of, parse, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_DEEPEST = 40


@dataclass(frozen=True, slots=True)
class Command:
    """One command that a script may run.

    Args:
        words: its name and arguments, expanded.
        cwd: where it runs; None when that cannot be told.
        line: 1-based.
        raw: as written.
        variables: what the script had set when it came to it.
    """

    words: tuple[Word, ...]
    cwd: str | None
    line: int
    raw: str
    variables: tuple[tuple[str, Word], ...] = ()


class _Ended(Exception):
    """The script ends here: `exit`, or `exec` of another program."""


def commands(code: str, shell: Shell) -> Iterator[Command]:
    """Yield the commands of the script in order, from every branch that is not plainly dead."""
    shell.substitute = _output
    try:
        yield from _run_all(parse(code), shell, 0)
    except _Ended:
        return


def _run_all(node: Node, shell: Shell, depth: int) -> Iterator[Command]:
    for child in node.children:
        if child.type in STATEMENTS:
            yield from _run(child, shell, depth + 1)


def _run(node: Node, shell: Shell, depth: int) -> Iterator[Command]:
    if depth > _DEEPEST:
        return
    kind = node.type
    if kind == "command":
        yield from _command(node, shell, depth)
    elif kind == "variable_assignment":
        shell.assign(node)
    elif kind in {"variable_assignments", "declaration_command"}:
        for child in node.children:
            if child.type == "variable_assignment":
                shell.assign(child)
    elif kind == "function_definition":
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            shell.functions[source_of(name)] = body
    elif kind == "list":
        yield from _list(node, shell, depth)
    elif kind in {"pipeline", "subshell"}:
        yield from _contained(node, shell.copy(), depth)
    elif kind == "if_statement":
        yield from _if(node, shell, depth)
    elif kind in {"case_statement", "while_statement", "for_statement", "c_style_for_statement"}:
        for inner in _bodies(node):
            yield from _branch(inner, shell, depth)
    else:  # { ...; }, redirections, negations
        yield from _run_all(node, shell, depth)


def _command(node: Node, shell: Shell, depth: int) -> Iterator[Command]:
    words = shell.words(node)
    name = words[0] if words else None
    if name == "cd":
        target = words[-1] if len(words) > 1 else None
        shell.cwd = shell.join(target) if target and target != "-" else None
        return
    if name in shell.functions and name is not None:
        body, outer = shell.functions[name], shell.arguments
        shell.arguments = tuple(words[1:])
        yield from _run(body, shell, depth + 1)
        shell.arguments = outer
        return
    if name == "set" and "--" in words:
        shell.arguments = tuple(words[words.index("--") + 1 :])
        return
    if name == "shift":
        shell.arguments = shell.arguments[1:]
        return
    if name in {"exit", "return"}:
        raise _Ended
    if not words:
        for child in node.children:
            if child.type == "variable_assignment":
                shell.assign(child)
        return
    own = dict(shell.variables)
    inner = shell.copy()
    for child in node.children:
        if child.type == "variable_assignment":
            inner.assign(child)
    own.update(inner.variables)
    variables = tuple(own.items())
    yield Command(tuple(words), shell.cwd, line_of(node), source_of(node), variables)
    if name == "exec" and len(words) > 1:
        raise _Ended


def _list(node: Node, shell: Shell, depth: int) -> Iterator[Command]:
    """Run `a && b` and `a || b`; what plainly never runs is left out."""
    operator = next((c.type for c in node.children if c.type in {"&&", "||"}), "&&")
    parts = [child for child in node.children if child.type in STATEMENTS]
    if not parts:
        return
    yield from _run(parts[0], shell, depth + 1)
    known = _constant(parts[0])
    for part in parts[1:]:
        if known is not None and known is not (operator == "&&"):
            return
        if operator == "||":
            yield from _branch([part], shell, depth)
        else:
            yield from _run(part, shell, depth + 1)


def _if(node: Node, shell: Shell, depth: int) -> Iterator[Command]:
    condition: Node | None = None
    taken: list[Node] = []
    other: list[list[Node]] = []
    into = None
    for child in node.children:
        if child.type in {"elif_clause", "else_clause"}:
            other.append([c for c in child.children if c.type in STATEMENTS])
        elif child.type == "then":
            into = taken
        elif child.type in STATEMENTS and into is None:
            condition = child
            yield from _branch([child], shell, depth)
        elif child.type in STATEMENTS:
            taken.append(child)
    known = _constant(condition) if condition is not None else None
    branches = ([taken] if known is not False else []) + (other if known is not True else [])
    ended = 0
    for body in branches:
        inner = shell.copy()
        try:
            for statement in body:
                yield from _run(statement, inner, depth + 1)
        except _Ended:
            ended += 1
            continue
        _merge(shell, inner)
    has_else = any(child.type == "else_clause" for child in node.children)
    if branches and ended == len(branches) and (has_else or known is True):
        raise _Ended


def _branch(body: list[Node], shell: Shell, depth: int) -> Iterator[Command]:
    """Run what may run or not; an `exit` in it ends only this branch."""
    inner = shell.copy()
    try:
        for statement in body:
            yield from _run(statement, inner, depth + 1)
    except _Ended:
        return
    _merge(shell, inner)


def _contained(node: Node, shell: Shell, depth: int) -> Iterator[Command]:
    try:
        yield from _run_all(node, shell, depth)
    except _Ended:
        return


def _bodies(node: Node) -> list[list[Node]]:
    if node.type == "case_statement":
        items = [child for child in node.children if child.type == "case_item"]
        return [[c for c in item.children if c.type in STATEMENTS] for item in items]
    groups = [child for child in node.children if child.type == "do_group"]
    head = [child for child in node.children if child.type in STATEMENTS]
    return [head, *([c for c in group.children if c.type in STATEMENTS] for group in groups)]


def _merge(shell: Shell, branch: Shell) -> None:
    """Keep what holds whether the branch ran or not; what it changed cannot be told any more."""
    for name, value in branch.variables.items():
        if name not in shell.variables or shell.variables[name] != value:
            shell.variables[name] = None if name in shell.variables else value
    if shell.cwd != branch.cwd:
        shell.cwd = None
    shell.functions.update(branch.functions)


def _constant(node: Node) -> bool | None:
    """Say whether a condition plainly always holds or never does."""
    text = source_of(node).strip()
    if text in {"true", ":", "[ 1 ]", "[[ 1 ]]", "((1))", "test 1", "! false"}:
        return True
    if text in {"false", "[ ]", "! true", "((0))", "[ 1 = 0 ]", "[ 0 = 1 ]", "[ 1 -eq 0 ]"}:
        return False
    return None


def _output(node: Node, shell: Shell) -> Word:
    """Return what `$(...)` prints, for the few commands that scripts find their place with."""
    inner, result = shell.copy(), None
    for found in _contained(node, inner, _DEEPEST - 8):
        result = _printed(list(found.words), found.cwd, shell)
    return result


def _printed(words: list[Word], cwd: str | None, shell: Shell) -> Word:
    plain = [word for word in words if word is not None]
    if len(plain) != len(words):
        return None
    last = plain[-1] if len(plain) > 1 else ""
    absolute = posixpath.normpath(posixpath.join(cwd, last)) if cwd else None
    match plain[0]:
        case "pwd":
            return cwd
        case "dirname":
            return posixpath.dirname(last) or "."
        case "basename":
            return posixpath.basename(last)
        case "realpath" | "readlink":
            return absolute
        case "echo" | "printf":
            return " ".join(plain[1:]) if "%" not in last else None
        case "git" if plain[1:] == ["rev-parse", "--show-toplevel"]:
            return shell.variables.get("\0root")
        case "command" | "which":
            return last
    return None
