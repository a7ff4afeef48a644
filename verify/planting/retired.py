"""Finds the guards of retired files, and changes them: where each begins, and its text."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting import code
from verify.planting.defect import CannotPlant, Sign

if TYPE_CHECKING:
    from verify.planting.tree import Tree

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class Guarded:
    """One retired file, in two parts.

    Args:
        path: the file.
        way: how it refuses, as in verify.toml.
        text: what it shows.
        statement: its guard statement, the first that does anything.
        head: its code up to there: docstring, imports, constants.
        guard: its code from there on.
    """

    path: str
    way: str
    text: str
    statement: ast.stmt
    head: str
    guard: str

    @property
    def called(self) -> ast.expr | None:
        """What the guard statement calls, where it is a call."""
        match self.statement:
            case ast.Expr(value=ast.Call(func=called)):
                return called
        return None

    @property
    def folder(self) -> str:
        """Its folder, with a slash at the end; empty for the root."""
        return "".join(self.path.rpartition("/")[:2])


def files(tree: Tree) -> list[Guarded]:
    """Return the retired files, in the order of the manifest.

    Raises:
        NotDeclared: there are none.
        CannotPlant: one has no statement that could be its guard.
    """
    if not tree.manifest.retired:
        raise NotDeclared("verify.toml declares no [[retired]] entry point")
    found = []
    for retired in tree.manifest.retired:
        text = tree.text(retired.path)
        statement = next(filter(_does_something, ast.parse(text).body), None)
        if statement is None:
            raise CannotPlant(f"{retired.path}: has no guard statement")
        start, _ = code.span(text, statement)
        head, guard = text[:start], text[start:]
        found.append(Guarded(retired.path, retired.way, retired.text, statement, head, guard))
    return found


def of_way(tree: Tree, way: str) -> Guarded:
    """Return the first retired file that refuses in this way.

    Raises:
        NotDeclared: there is none.
    """
    found = next((one for one in files(tree) if one.way == way), None)
    if found is None:
        raise NotDeclared(f"verify.toml declares no [[retired]] of the way {way!r}")
    return found


def near(tree: Tree, *ways: str) -> Guarded:
    """Return the first retired file of the first of these ways that there is, or else any."""
    every = files(tree)
    return next((one for way in ways for one in every if one.way == way), every[0])


def nested(tree: Tree) -> Guarded:
    """Return the first retired file that stands in a folder.

    Raises:
        NotDeclared: all stand in the root.
    """
    found = next((one for one in files(tree) if one.folder), None)
    if found is None:
        raise NotDeclared("every [[retired]] file stands in the root")
    return found


def name(file: Guarded) -> str:
    """Return the name by which a retired file calls its guard.

    Raises:
        NotDeclared: it calls none by a name of its own.
    """
    if not isinstance(file.called, ast.Name):
        raise NotDeclared(f"{file.path} calls no guard by a name of its own")
    return file.called.id


def without_docstring(file: Guarded) -> str:
    """Return the head of a retired file, its docstring left out."""
    body = ast.parse(file.head).body
    if not body or ast.get_docstring(ast.Module(body, []), clean=False) is None:
        return file.head
    start, end = code.span(file.head, body[0])
    return file.head[:start] + file.head[end:].lstrip("\n")


def instead(tree: Tree, file: Guarded, statements: str) -> None:
    """Let a retired file do this instead of refusing."""
    write(tree, file.path, f"{file.head}{block(statements)}\n")


def first(tree: Tree, file: Guarded, statements: str) -> None:
    """Let a retired file do this before it refuses."""
    write(tree, file.path, f"{file.head}{block(statements)}\n{file.guard}")


def within(tree: Tree, file: Guarded, opening: str, closing: str = "") -> None:
    """Put the guard into a block.

    Args:
        tree: the copy.
        file: the retired file.
        opening: ends with the line that opens the block.
        closing: comes after it.
    """
    inner = textwrap.indent(file.guard.strip("\n"), "    ")
    end = f"{block(closing)}\n" if closing else ""
    write(tree, file.path, f"{file.head}{block(opening)}\n{inner}\n{end}")


def say(tree: Tree, file: Guarded, expression: str) -> None:
    """Let a retired file show the value of an expression instead of its text.

    Raises:
        CannotPlant: its text is not written in one piece.
    """
    texts = [
        node
        for node in ast.walk(tree.module(file.path))
        if isinstance(node, ast.Constant) and node.value == file.text
    ]
    if not texts:
        raise CannotPlant(f"{file.path}: its text is not written in one piece")
    text = tree.text(file.path)
    for node in sorted(texts, key=lambda one: (one.lineno, one.col_offset), reverse=True):
        text = code.replaced(text, node, expression)
    write(tree, file.path, text)


def passed(file: Guarded) -> Sign:
    """Return what is told of a retired file whose end can be reached."""
    return Sign(f"{file.path}: every path\ngoes on to the end of the file", file.path)


def acted(file: Guarded, what: str, *, at: str = "") -> Sign:
    """Return what is told of a retired file that does something before it refuses.

    Args:
        file: the retired file.
        what: begins the words for it.
        at: the file in which that is written; empty for the retired file.
    """
    return Sign(f"{file.path}: before the guard\n{what}", at or file.path)


def ended(file: Guarded, how: str) -> Sign:
    """Return what is told of a retired file that ends in another way."""
    return Sign(f"{file.path}: how it refuses\n{how}", file.path)


def shown(file: Guarded, text: str) -> Sign:
    """Return what is told of a retired file that shows another text."""
    return Sign(f"\n{text}", file.path)


def _does_something(node: ast.stmt) -> bool:
    """Say whether a statement is no docstring, import, definition or plain assignment."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Import() | ast.ImportFrom():
            return False
        case ast.Try(body=body):  # around an import that may fail
            return not all(isinstance(one, ast.Import | ast.ImportFrom) for one in body)
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return any(isinstance(one, ast.Call) for one in ast.walk(value or node))
    return not isinstance(node, _DEFINITIONS)


def block(statements: str) -> str:
    """Return statements without what all of them are indented by."""
    return textwrap.dedent(statements).strip("\n")


def write(tree: Tree, path: str, text: str) -> None:
    """Write a Python file.

    Raises:
        CannotPlant: it is none.
    """
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise CannotPlant(f"{path}:{error.lineno}: is no Python any more: {error.msg}") from error
    tree.write(path, text)
