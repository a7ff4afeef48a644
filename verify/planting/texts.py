"""Finds where the code writes a text that people read, and what draws it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.planting.defect import CannotPlant
from verify.probes.source import Unparsable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.planting.tree import Tree


@dataclass(frozen=True, slots=True)
class Spot:
    """A text in the code.

    Args:
        path: the file.
        node: the text, or the part of it that stands in an f-string.
    """

    path: str
    node: ast.Constant


@dataclass(frozen=True, slots=True)
class Drawing:
    """A statement that hands a text to a function.

    Args:
        path: the file.
        statement: the statement.
        call: the call in it that has the text as its first argument.
    """

    path: str
    statement: ast.Expr
    call: ast.Call


def written(tree: Tree, text: str) -> list[Spot]:
    """Return where the code writes a text; docstrings and the tests are left out.

    Raises:
        CannotPlant: nowhere.
    """
    found = []
    for path in tree.source.product_files:
        if text.encode() not in tree.source.raw(path):
            continue
        try:
            module = tree.module(path)
        except (SyntaxError, Unparsable):
            continue
        loose = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
        found += [
            Spot(path, node)
            for node in ast.walk(module)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and text in node.value
            and id(node) not in loose
        ]
    if not found:
        raise CannotPlant(f"the code writes {text!r} nowhere as one text")
    return found


def drawing(tree: Tree, text: str) -> Drawing:
    """Return the statement that draws a text, which may stand in a constant of that file.

    Raises:
        CannotPlant: there is none.
    """
    for spot in written(tree, text):
        module = tree.module(spot.path)
        names = {spot.node.value, *_constants(module, text)}
        for statement, call in _calls(module):
            if call.args and names & set(_leaves(call.args[0])):
                return Drawing(spot.path, statement, call)
    raise CannotPlant(f"nothing draws {text!r} in a statement of its own")


def _constants(module: ast.Module, text: str) -> set[str]:
    """Return the names that the module binds to a text that holds this one."""
    return {
        ast.unparse(target)
        for node in module.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and text in node.value.value
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }


def _calls(module: ast.Module) -> Iterator[tuple[ast.Expr, ast.Call]]:
    for node in ast.walk(module):
        match node:
            case ast.Expr(value=ast.Call() as call):
                yield node, call


def _leaves(node: ast.expr) -> Iterator[str]:
    """Yield the names and the texts in an expression."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value
