"""Parses shell scripts, and expands their words as far as the script itself tells."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node, Parser

Word = str | None
"""A word, or None when it depends on what the script does not tell."""

_LONGEST = 10_000  # characters of a word; a path has 4,096 at most

STATEMENTS = frozenset(
    {"command", "list", "pipeline", "redirected_statement", "negated_command", "subshell"}
    | {"compound_statement", "if_statement", "case_statement", "while_statement"}
    | {"for_statement", "c_style_for_statement", "function_definition", "variable_assignment"}
    | {"variable_assignments", "declaration_command", "test_command", "unset_command"}
)


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def parse(code: str) -> Node:
    """Return the syntax tree of shell code; faults are nodes in it (`first_fault`)."""
    return _parser().parse(code.encode("utf-8", errors="replace")).root_node


def first_fault(node: Node) -> int | None:
    """Return the line of the first thing that is not shell, or None."""
    if not node.has_error:
        return None
    faults = [n for n in walk(node) if n.is_error or n.is_missing]
    return line_of(min(faults, key=lambda n: n.start_byte)) if faults else line_of(node)


def line_of(node: Node) -> int:
    """Return the node's 1-based line."""
    return int(node.start_point[0]) + 1


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all below it, in order."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


def source_of(node: Node) -> str:
    """Return the code of the node."""
    return (node.text or b"").decode("utf-8", errors="replace")


@dataclass(slots=True)
class Shell:
    """What is known while a script runs.

    Args:
        cwd: the working directory, absolute; None once it cannot be told.
        script: the script's own path, `$0`.
        variables: those the script or its environment sets.
        arguments: `$@`.
        functions: bodies of the script's functions.
        substitute: gives the output of `$(...)`, None when that cannot be told.
    """

    cwd: str | None
    script: str = ""
    variables: dict[str, Word] = field(default_factory=dict)
    arguments: tuple[Word, ...] = ()
    functions: dict[str, Node] = field(default_factory=dict)
    substitute: Callable[[Node, Shell], Word] | None = None

    def copy(self) -> Shell:
        """Return a shell that starts from the same state, as a subshell does."""
        return Shell(
            self.cwd,
            self.script,
            dict(self.variables),
            self.arguments,
            dict(self.functions),
            self.substitute,
        )

    def join(self, path: str) -> str | None:
        """Return `path` as seen from the working directory."""
        if path.startswith("/"):
            return posixpath.normpath(path)
        return None if self.cwd is None else posixpath.normpath(posixpath.join(self.cwd, path))

    def words(self, node: Node) -> list[Word]:
        """Expand a command's name and arguments; assignments and redirections are left out."""
        found: list[Word] = []
        for child in node.children:
            if child.type == "command_name":
                found += self._expand(child.children[0])
            elif child.is_named and not _is_other(child):
                found += self._expand(child)
        return found

    def word(self, node: Node | None) -> Word:
        """Expand one word."""
        if node is None:
            return ""
        parts = self._expand(node)
        if any(part is None for part in parts):
            return None
        return " ".join(part for part in parts if part is not None)

    def assign(self, node: Node) -> None:
        """Take over `NAME=value`."""
        name = node.child_by_field_name("name")
        if name is None or name.type != "variable_name":
            return
        value = self.word(node.child_by_field_name("value"))
        if any(child.type == "+=" for child in node.children):
            before = self.variables.get(source_of(name), "")
            value = None if value is None or before is None else _bounded(before + value)
        self.variables[source_of(name)] = value

    def _expand(self, node: Node) -> list[Word]:
        """Expand one word; only `"$@"` and unquoted variables give more or fewer than one."""
        kind = node.type
        text = source_of(node)
        if kind in {"word", "number", "string_content", "extglob_pattern", "regex"}:
            return [_unescaped(text)]
        if kind == "raw_string":
            return [text[1:-1]]
        if kind == "ansi_c_string":
            return [text[2:-1] if "\\" not in text else None]
        if text in {'"$@"', "$@", "$*", '"$*"', "${@}", '"${@}"'}:
            return list(self.arguments)
        if kind == "string":
            return [self._joined(node, quoted=True)]
        if kind in {"concatenation", "command_name"}:
            return [self._joined(node, quoted=False)]
        if kind == "simple_expansion":
            value = self._variable(text[1:])
            return list(value.split()) if value is not None else [None]
        if kind == "expansion":
            return [self._braces(node)]
        if kind == "command_substitution":
            return [self.substitute(node, self) if self.substitute else None]
        return [None]

    def _joined(self, node: Node, *, quoted: bool) -> Word:
        parts: list[str] = []
        end = node.start_byte + (1 if quoted else 0)
        for child in node.children:
            if quoted and child.type == '"':
                continue
            if child.start_byte > end:  # blanks between expansions are no node of their own
                start = end - node.start_byte
                parts.append(
                    (node.text or b"")[start : child.start_byte - node.start_byte].decode()
                )
            end = child.end_byte
            if child.type == "string_content":
                parts.append(_unescaped(source_of(child), quoted=True))
                continue
            value = self.word(child)
            if value is None:
                return None
            parts.append(value)
        return _bounded("".join(parts))

    def _variable(self, name: str) -> Word:
        if name in {"0", "BASH_SOURCE"}:
            return self.script or None
        if name.isdigit():
            index = int(name) - 1
            return self.arguments[index] if index < len(self.arguments) else None
        if name == "PWD":
            return self.cwd
        return self.variables.get(name)

    def _braces(self, node: Node) -> Word:
        """Expand `${NAME}`, `${NAME:-default}` and the like."""
        inner = [child for child in node.children if child.type not in {"${", "}"}]
        if not inner:
            return None
        name = source_of(inner[0])
        if inner[0].type == "subscript":
            name = name.partition("[")[0]
            if not source_of(inner[0]).endswith("[0]"):
                return None
        value = self._variable(name)
        if len(inner) == 1:
            return value
        operator, rest = source_of(inner[1]), inner[2:]
        if operator in {":-", "-", ":=", "="}:
            unset = value is None or (value == "" and operator.startswith(":"))
            if unset and name not in self.variables:
                value = self.word(rest[0]) if rest else ""
                if "=" in operator:
                    self.variables[name] = value
            return value
        if operator in {":?", "?"}:
            return value
        if operator in {"%", "%%"} and value is not None and rest:
            return _without_suffix(value, source_of(rest[0]), longest=operator == "%%")
        return None


def _bounded(text: str) -> Word:
    return text if len(text) <= _LONGEST else None  # X="$X$X", over and over


def _without_suffix(value: str, pattern: str, *, longest: bool) -> Word:
    if pattern == "/*":
        return value.partition("/")[0] if longest else value.rpartition("/")[0]
    if not set(pattern) & set("*?["):
        return value.removesuffix(pattern)
    return None


def _unescaped(text: str, *, quoted: bool = False) -> str:
    found, skip = [], False
    for n, character in enumerate(text):
        following = text[n + 1 : n + 2]
        if character == "\\" and not skip and (not quoted or following in '"\\$`\n'):
            skip = True
            continue
        if not (skip and character == "\n"):
            found.append(character)
        skip = False
    return "".join(found)


def _is_other(node: Node) -> bool:
    return node.type in {"variable_assignment", "comment"} or node.type.endswith("redirect")
