"""Says whether a file that runs another one does nothing else."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.source import Unparsable
from verify.probes.static.code import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.source import Source

_SEARCH_PATH = "sys.path"
"""What a file in a folder of its own must change to find the other one."""

_CHANGERS = frozenset({"setdefault", "update", "putenv", "pop", "clear", "append", "extend"})
_SETTERS = frozenset({"setattr", "delattr"})


def changed(source: Source, path: str) -> str:
    """Return which line changes something that is not the file's own, and what; "" for none.

    A program that takes rows out of the entry's table, or sets a variable for it, is another
    dashboard, although all it draws is drawn by the entry.
    """
    try:
        module = source.module(path)
    except Unparsable:
        return ""
    foreign = _imported(module)
    for node in _in_order(module):
        target = _changes(node, foreign)
        if target is not None and not ast.unparse(target).startswith(_SEARCH_PATH):
            return f"line {node.lineno} changes {excerpt(target)}"
    return ""


def _in_order(module: ast.Module) -> Iterator[ast.expr]:
    found = [node for node in ast.walk(module) if isinstance(node, ast.expr)]
    yield from sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _imported(module: ast.Module) -> frozenset[str]:
    """Return the names that the file has from elsewhere."""
    return frozenset(
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(module)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    )


def _changes(node: ast.expr, foreign: frozenset[str]) -> ast.expr | None:
    """Return what an expression changes that is not the file's own: no variable of it, say."""
    match node:
        case ast.Attribute(ctx=ast.Store() | ast.Del()):
            return node
        case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()) if _is(value, foreign):
            return node
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in _SETTERS:
            return first
        case ast.Call(func=ast.Attribute(value=value, attr=name)):
            return value if name in _CHANGERS and _is(value, foreign) else None
    return None


def _is(value: ast.expr, foreign: frozenset[str]) -> bool:
    return value.id in foreign if isinstance(value, ast.Name) else True
