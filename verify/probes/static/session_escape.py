"""Says how a session gets out of the `with` that closes it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.static.code import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.static.symbols import FileSymbols

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_WITHS = ast.With | ast.AsyncWith


def escape(file: FileSymbols, item: ast.withitem) -> str:
    """Return in words what is done with the session outside of its `with`; "" for nothing."""
    block = file.parents.get(item)
    if not isinstance(item.optional_vars, ast.Name) or not isinstance(block, _WITHS):
        return ""
    name, scope = item.optional_vars.id, _scope(file, block)
    for node in _inside(block):
        if (how := _kept(node, name)) and _scope(file, node) is scope:
            return how
    if isinstance(block.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
        return ""  # what comes after comes when there was no session
    for node in sorted(_named(file, scope, name), key=lambda one: (one.lineno, one.col_offset)):
        if node.lineno <= (block.end_lineno or 0) or _instead(file, block, node):
            continue
        if isinstance(node.ctx, ast.Load) and not _of_another(file, node, name):
            return f"used after its `with`, in line {node.lineno}"
        if isinstance(node.ctx, ast.Store) and not _is_item(file, node):
            break  # from here on it is something else
    return ""


def _kept(node: ast.AST, name: str) -> str:
    match node:
        case ast.Return(value=ast.Name(id=found)) if found == name:
            return "returned out of its `with`, which closes it"
        case ast.Assign(
            targets=[ast.Attribute() | ast.Subscript() as place], value=ast.Name(id=found)
        ):
            return f"kept in {code_of(place)}, after its `with` closes it" if found == name else ""
        case ast.Call(func=ast.Attribute(attr="append") as place, args=[ast.Name(id=found)]):
            return f"kept by {code_of(place)}, after its `with` closes it" if found == name else ""
    return ""


def _inside(block: ast.With | ast.AsyncWith) -> Iterator[ast.AST]:
    for statement in block.body:
        yield from ast.walk(statement)


def _named(file: FileSymbols, scope: ast.AST | None, name: str) -> Iterator[ast.Name]:
    """Yield where the name stands in the same function, or outside of all functions."""
    for node in file.nodes:
        if isinstance(node, ast.Name) and node.id == name and _scope(file, node) is scope:
            yield node


def _scope(file: FileSymbols, node: ast.AST) -> ast.AST | None:
    parent = file.parents.get(node)
    while parent is not None and not isinstance(parent, _FUNCTIONS):
        parent = file.parents.get(parent)
    return parent


def _of_another(file: FileSymbols, node: ast.AST, name: str) -> bool:
    """Say whether another `with`, loop or comprehension around it gives the name its meaning."""
    parent: ast.AST | None = node
    while (parent := file.parents.get(parent) if parent is not None else None) is not None:
        given: list[ast.expr | None] = []
        if isinstance(parent, _WITHS):
            given = [item.optional_vars for item in parent.items]
        elif isinstance(parent, ast.For | ast.AsyncFor):
            given = [parent.target]
        elif isinstance(parent, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            given = [each.target for each in parent.generators]
        if any(name in code_of(one).split(", ") for one in given if one is not None):
            return True
    return False


def _instead(file: FileSymbols, block: ast.AST, node: ast.AST) -> bool:
    """Say whether the node is only reached where the block is not: in the other branch."""
    inner, outer = block, file.parents.get(block)
    while outer is not None:
        others = outer.orelse if isinstance(outer, ast.If) and inner in outer.body else []
        if any(node in ast.walk(other) for other in others):
            return True
        inner, outer = outer, file.parents.get(outer)
    return False


def _is_item(file: FileSymbols, node: ast.Name) -> bool:
    return isinstance(file.parents.get(node), ast.withitem)
