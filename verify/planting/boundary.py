"""Finds the error boundary of a page: the `try` around a tab whose handlers show the fault."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting import code, page
from verify.planting.defect import CannotPlant
from verify.probes.static.symbols import Ref, symbols_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.planting.tree import Tree
    from verify.probes.static.symbols import Symbols

DEEPEST = 5
"""Calls between a handler and the text that it shows; 2 are usual."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """The `try` around a tab.

    Args:
        path: its file.
        node: the statement.
        handlers: those that show the fault, the widest last.
    """

    path: str
    node: ast.Try
    handlers: tuple[ast.ExceptHandler, ...]

    @property
    def widest(self) -> ast.ExceptHandler:
        """The handler that takes most."""
        return self.handlers[-1]


def boundary(tree: Tree) -> Boundary:
    """Return the error boundary, found by what its handlers show: `[dashboard].fault_text`.

    Where several are found, one that hands over to a `with` block comes first, then one around a
    call of whatever it is given; last, one that is inside of a tab itself.

    Raises:
        NotDeclared: verify.toml has no fault_text.
        CannotPlant: there is none.
    """
    text = tree.manifest.dashboard.fault_text
    if not text:
        raise NotDeclared("verify.toml declares no [dashboard].fault_text, no error boundary")
    found = [
        Boundary(path, node, handlers)
        for path in page.reached(tree)
        for node in ast.walk(tree.module(path))
        if isinstance(node, ast.Try) and (handlers := _telling(tree, path, node, text))
    ]
    if not found:
        raise CannotPlant(f"no `except` that the entry reaches shows {text!r}")
    return min(found, key=lambda one: _rank(one.node))


def handled(tree: Tree, found: Boundary, statements: str) -> str:
    """Let every handler of the boundary do these statements instead; return the file."""
    text = tree.text(found.path)
    for handler in reversed(found.handlers):
        start, _ = code.span(text, handler.body[0])
        _, end = code.span(text, handler.body[-1])
        opened = code.before(text, handler.body[0], statements)
        head = opened[: len(opened) - len(text) + start].rstrip()
        text = f"{head}{text[end:]}"
    page.change(tree, found.path, text)
    return found.path


def handled_first(tree: Tree, found: Boundary, statements: str) -> str:
    """Let every handler of the boundary begin with these statements; return the file."""
    text = tree.text(found.path)
    for handler in reversed(found.handlers):
        text = code.before(text, handler.body[0], statements)
    page.change(tree, found.path, text)
    return found.path


def handled_last(tree: Tree, found: Boundary, statements: str) -> str:
    """Let every handler of the boundary do these statements besides; return the file."""
    text = tree.text(found.path)
    for handler in reversed(found.handlers):
        text = code.after(text, handler.body[-1], statements)
    page.change(tree, found.path, text)
    return found.path


def taking(text: str, handler: ast.ExceptHandler, kind: str) -> str:
    """Return a file's text in which a handler takes only this kind of exception."""
    if handler.type is not None:
        return code.replaced(text, handler.type, kind)
    start, _ = code.span(text, handler)
    return f"{text[:start]}except {kind}{text[start:].removeprefix('except')}"


def _telling(tree: Tree, path: str, node: ast.Try, text: str) -> tuple[ast.ExceptHandler, ...]:
    symbols = symbols_of(tree.source)
    return tuple(
        handler for handler in node.handlers if _shows(symbols, path, handler.body, text, DEEPEST)
    )


def _shows(symbols: Symbols, path: str, nodes: Sequence[ast.AST], text: str, depth: int) -> bool:
    """Say whether the text stands in this code, or in a function that it calls."""
    walked = [one for node in nodes for one in ast.walk(node)]
    if any(isinstance(one, ast.Constant) and text in str(one.value) for one in walked):
        return True
    return depth > 0 and any(
        _shows(symbols, there, [inner], text, depth - 1)
        for one in walked
        for there, inner in _meant(symbols, path, one)
    )


def _meant(symbols: Symbols, path: str, node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield what a name means: the function, or the value of the constant."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return
    found = symbols.resolve(path, node)
    if found is None and isinstance(node, ast.Name):
        found = Ref(path, node.id)
    file = symbols.file(found.path) if found is not None and found.name else None
    if found is None or file is None:
        return
    if found.name in file.defined:
        yield found.path, file.defined[found.name]
    for one in file.tree.body:
        match one:
            case ast.Assign(targets=[ast.Name(id=found.name)], value=ast.Constant() as value):
                yield found.path, value


def _rank(node: ast.Try) -> int:
    """Say how near a `try` is to a boundary around any tab; 0 is one."""
    inside = [one for statement in node.body for one in ast.walk(statement)]
    if any(isinstance(one, ast.Yield) for one in inside):
        return 0
    called = [ast.unparse(one.func) for one in inside if isinstance(one, ast.Call)]
    handed = any(not function.startswith(("st.", "streamlit.")) for function in called)
    return 1 if handed and len(node.body) == 1 else 2
