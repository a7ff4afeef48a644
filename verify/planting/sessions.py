"""Finds the `with` blocks that open database sessions."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from verify.errors import NotDeclared
from verify.planting.defect import CannotPlant
from verify.planting.reach import reached
from verify.probes.static.session_use import WITH, definition, uses

if TYPE_CHECKING:
    from verify.planting.tree import Tree


class Block(NamedTuple):
    """One `with get_session() as session:` and nothing else in its head.

    Args:
        path: the file.
        node: the statement.
        call: the call in it, as it is written.
        name: what the session is called.
    """

    path: str
    node: ast.With
    call: str
    name: str


def block(tree: Tree) -> Block:
    """Return a block of the page's code that opens a session.

    Raises:
        NotDeclared: the manifest declares no [sessions].
        CannotPlant: no block is as plain as that.
    """
    function = definition(tree.source, target(tree))
    own = set(reached(tree))
    for use in uses(tree.source, function) if function is not None else ():
        if use.how != WITH or use.path not in own or use.path == getattr(function, "path", ""):
            continue
        for node in ast.walk(tree.module(use.path)):
            match node:
                case ast.With(
                    items=[
                        ast.withitem(
                            context_expr=ast.Call() as call, optional_vars=ast.Name(id=name)
                        )
                    ]
                ) if call.lineno == use.line:
                    return Block(use.path, node, ast.unparse(call), name)
    raise CannotPlant(f"no `with` of the page opens a session of {target(tree)} alone")


def target(tree: Tree) -> str:
    """Return the function that opens sessions, as the manifest names it.

    Raises:
        NotDeclared: it names none.
    """
    if tree.manifest.sessions is None:
        raise NotDeclared("verify.toml declares no [sessions]")
    return tree.manifest.sessions.function


def engine(tree: Tree) -> tuple[str, str]:
    """Return module and name of the function that gives the engine.

    Raises:
        NotDeclared: the manifest names none.
    """
    if tree.manifest.sessions is None or not tree.manifest.sessions.engine:
        raise NotDeclared("verify.toml declares no [sessions].engine")
    module, _, name = tree.manifest.sessions.engine.partition(":")
    return module, name
