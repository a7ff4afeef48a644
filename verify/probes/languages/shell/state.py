"""Parses shell scripts, and expands their words as far as the script itself tells."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

from verify.probes.languages.shell.braces import changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node, Parser

    from verify.probes.languages.command import Arms, Word

_MOST_FAULTS = 5  # reports of the parser while it makes up for a fault
_PIECE = 65_536  # bytes the parser is given at once
_LONGEST = 10_000  # characters of a word; a path has 4,096 at most
_LONGEST_ARRAY = 500  # words
_MOST_VARIABLES = 300  # people's scripts set fewer than a hundred
_DEEPEST = 30  # ${A:-${B:-...}}
_DIGITS = 5  # of a positional argument's number

_GLOB = re.compile(r"(?<!\\)[*?]")
_ARRAY = re.compile(r'"?\$\{(\w+)\[[@*]\]\}"?')
_SUM = re.compile(r"\$\(\(\s*\$?(\w+)\s*([+-])\s*\$?(\w+)\s*\)\)")

STATEMENTS = frozenset(
    {"command", "list", "pipeline", "redirected_statement", "negated_command", "subshell"}
    | {"compound_statement", "if_statement", "case_statement", "while_statement"}
    | {"for_statement", "c_style_for_statement", "function_definition", "variable_assignment"}
    | {"variable_assignments", "declaration_command", "test_command", "unset_command"}
)


class Status(Enum):
    """How a command ends, as far as that can be told."""

    YES = "succeeds"
    NO = "fails"
    EITHER = "asks something that only running it answers"
    LIKELY = "succeeds unless something is wrong"


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_bash

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def parse(code: str) -> Node:
    """Return the syntax tree of shell code; faults are nodes in it (`first_fault`)."""
    raw = code.encode("utf-8", errors="replace")
    faults: list[int] = []

    def gives_up(offset: int, has_error: bool) -> bool:  # noqa: FBT001 - the parser's convention
        if has_error:
            faults.append(offset)
        return len(faults) > _MOST_FAULTS

    parser = _parser()
    try:
        # Only a parser that asks for its text can be stopped, and only of one that was given all
        # of it is a node's text cheap: so it parses twice.
        parser.parse(lambda offset, _: raw[offset : offset + _PIECE], progress_callback=gives_up)
        tree = parser.parse(raw)
    except ValueError:  # making sense of what is not shell takes minutes
        parser.reset()
        tree = parser.parse(b"\n" * raw.count(b"\n", 0, faults[0]) + b"(")
    return tree.root_node


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
        exact: whether nothing but `arguments` is given; else whoever calls may give more.
        arrays: those the script sets.
        origins: of a variable, the names that would change its value if somebody set them; "" for
            what an environment sets.
        met: the origins of what was expanded.
        functions: bodies of the script's functions.
        folders: those that `pushd` left.
        frames: the arguments of what called the function it is in.
        arms: the branches it went through.
        status: how its last command ended.
        ended: "exit", "return" or "break" once it goes no further.
        substitute: gives the output of `$(...)`, None when that cannot be told.
        read: gives the text of a file that is sourced.
        depth: expansions and sourced files that it is in.
    """

    cwd: str | None
    script: str = ""
    variables: dict[str, Word] = field(default_factory=dict)
    arguments: tuple[Word, ...] = ()
    exact: bool = False
    arrays: dict[str, tuple[Word, ...]] = field(default_factory=dict)
    origins: dict[str, frozenset[str]] = field(default_factory=dict)
    met: set[str] = field(default_factory=set)
    functions: dict[str, Node] = field(default_factory=dict)
    folders: tuple[str | None, ...] = ()
    frames: tuple[tuple[tuple[Word, ...], bool], ...] = ()
    arms: Arms = ()
    status: Status = Status.LIKELY
    ended: str = ""
    substitute: Callable[[Node, Shell], Word] | None = None
    read: Callable[[str], str | None] | None = None
    depth: int = 0

    def copy(self) -> Shell:
        """Return a shell that starts from the same state, as a subshell does."""
        return replace(
            self,
            variables=dict(self.variables),
            arrays=dict(self.arrays),
            origins=dict(self.origins),
            met=set(),
            functions=dict(self.functions),
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
                found += self.expand(child.children[0])
            elif child.is_named and not _is_other(child):
                found += self.expand(child)
        return found

    def word(self, node: Node | None) -> Word:
        """Expand one word."""
        if node is None:
            return ""
        parts = self.expand(node)
        if any(part is None for part in parts):
            return None
        return " ".join(part for part in parts if part is not None)

    def sure(self, node: Node) -> Word:
        """Expand one word; None, too, when somebody could set what it is made of."""
        outer, self.met = self.met, set()
        value = self.word(node)
        found, self.met = self.met, outer | self.met
        return None if found else value

    def assign(self, node: Node) -> None:
        """Take over `NAME=value`, `NAME+=value` and `NAME=(...)`."""
        name = node.child_by_field_name("name")
        if name is None or name.type != "variable_name":
            return
        adds = any(child.type == "+=" for child in node.children)
        right = node.child_by_field_name("value")
        if right is not None and right.type == "array":
            named = [child for child in right.children if child.is_named]
            found = [word for child in named for word in self.expand(child)]
            before = self.arrays.get(source_of(name), ()) if adds else ()
            self.arrays[source_of(name)] = (*before, *found)[:_LONGEST_ARRAY]
            return
        outer, self.met = self.met, set()
        value = self.word(right)
        if adds:
            former = self.variable(source_of(name)) or ""
            value = None if value is None else _bounded(former + value)
        self.set(source_of(name), value, frozenset(self.met))
        self.met = outer

    def set(self, name: str, value: Word, origins: frozenset[str] = frozenset()) -> None:
        """Give a variable a value, and say whose setting would change it."""
        if len(self.variables) >= _MOST_VARIABLES and name not in self.variables:
            return
        self.variables[name] = value
        if origins:
            self.origins[name] = origins
        else:
            self.origins.pop(name, None)

    def variable(self, name: str) -> Word:
        """Return the value of `$NAME`, None when nothing tells it."""
        if name in {"0", "BASH_SOURCE"}:
            return self.script or None
        if name.isdigit():
            index = int(name) - 1 if len(name) < _DIGITS else _LONGEST
            if index < len(self.arguments):
                return self.arguments[index]
            return "" if self.exact else None
        if name == "#":
            return str(len(self.arguments)) if self.exact else None
        if name == "PWD":
            return self.cwd
        if name in self.arrays and name not in self.variables:
            return next(iter(self.arrays[name]), "")
        if name in self.variables:
            self.met |= self.origins.get(name, frozenset())
        return self.variables.get(name)

    def _is_set(self, name: str) -> bool:
        return name in self.variables or name in self.arrays or (name.isdigit() and self.exact)

    def expand(self, node: Node) -> list[Word]:
        """Expand one word; unquoted variables and lists of words give more or fewer than one."""
        if self.depth > _DEEPEST:
            return [None]
        self.depth += 1
        try:
            return self._expand(node)
        finally:
            self.depth -= 1

    def _expand(self, node: Node) -> list[Word]:
        kind = node.type
        text = source_of(node)
        if kind in {"word", "extglob_pattern"}:
            return [None if text[:1] == "~" or _GLOB.search(text) else _unescaped(text)]
        if kind in {"number", "string_content", "regex"}:
            return [_unescaped(text)]
        if kind == "raw_string":
            return [text[1:-1]]
        if kind == "ansi_c_string":
            return [text[2:-1] if "\\" not in text else None]
        if text in {'"$@"', "$@", "$*", '"$*"', "${@}", '"${@}"'}:
            return list(self.arguments)
        array = _ARRAY.fullmatch(text)
        if array is not None:
            known = self.arrays.get(array[1])
            return [None] if known is None else list(known)
        if kind == "string":
            return [self._joined(node, quoted=True)]
        if kind in {"concatenation", "command_name"}:
            return [self._joined(node, quoted=False)]
        if kind in {"simple_expansion", "expansion"}:
            value = self.variable(text[1:]) if kind == "simple_expansion" else self._braces(node)
            return list(value.split()) if value is not None else [None]
        if kind == "command_substitution":
            return [self.substitute(node, self) if self.substitute else None]
        if kind == "arithmetic_expansion":
            return [self._sum(text)]
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

    def _sum(self, text: str) -> Word:
        """Return what `$((PORT + 1))` is."""
        found = _SUM.fullmatch(text)
        if found is None:
            return None
        left, right = (self.variable(one) if one[0].isalpha() else one for one in found.group(1, 3))
        if not (left and right and left.isdecimal() and right.isdecimal()):
            return None
        return str(int(left) + int(right) * (1 if found[2] == "+" else -1))

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
        elif inner[0].type not in {"variable_name", "special_variable_name"}:
            return None  # ${#NAME}, ${!NAME}
        value = self.variable(name)
        if len(inner) == 1:
            return value
        operator, rest = source_of(inner[1]), inner[2:]
        colon = operator.startswith(":")
        if operator in {":-", "-", ":=", "="}:
            unset = (value is None and not self._is_set(name)) or (colon and value == "")
            if unset and not (name in self.variables and not colon):
                value = self.word(rest[0]) if rest else ""
                own = {name} if not self._is_set(name) else set()
                self.met |= own
                if "=" in operator:
                    self.set(name, value, frozenset(own))
            return value
        if operator in {":?", "?"}:
            return value
        if operator in {":+", "+"}:
            if value is None and not self._is_set(name):
                self.met.add(name)
                return ""
            if value == "" and colon:
                return ""
            return None if value is None else self.word(rest[0] if rest else None)
        if value is None:
            return None
        return changed(value, operator, [source_of(each) for each in rest])


def _bounded(text: str) -> Word:
    return text if len(text) <= _LONGEST else None  # X="$X$X", over and over


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
