"""Finds the lines of Diagnostics in the page's code: `Label: value`, in the sidebar and a tab."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting import code, page, wording
from verify.planting.defect import CannotPlant
from verify.planting.reach import reached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.planting.tree import Tree
    from verify.planting.wording import Spot
    from verify.tables import Diagnostics


def declared(tree: Tree) -> Diagnostics:
    """Return what the manifest says of Diagnostics.

    Raises:
        NotDeclared: nothing.
    """
    if tree.manifest.diagnostics is None:
        raise NotDeclared("verify.toml declares no [diagnostics]")
    return tree.manifest.diagnostics


def wanted(label: str, key: str) -> str:
    """Return a label of the manifest.

    Raises:
        NotDeclared: it is empty.
    """
    if not label:
        raise NotDeclared(f"verify.toml declares no {key}")
    return label


def drawn(tree: Tree, label: str, value: str) -> str:
    """Draw one more line in the tab; return the file it stands in.

    Args:
        tree: the copy.
        label: stands before the colon.
        value: an expression for a text.
    """
    statement = (
        f"import os\nimport streamlit as st\nst.markdown({code.literal(label + ': ')} + {value})"
    )
    return page.draw_first(tree, declared(tree).tab, statement)


def renamed(tree: Tree, label: str, new: str) -> None:
    """Give a line another label, or all those whose label begins so.

    Args:
        tree: the copy.
        label: of the line; `{}` in it stands for any text, to its end.
        new: takes its place, or that of the part before `{}`.

    Raises:
        CannotPlant: there is none.
    """
    start, pattern, _ = label.partition("{}")
    fits = (lambda text: text.startswith(start)) if pattern else partial(_labels, label)
    edits = []
    for spot in wording.literals(tree, fits):
        whole = _whole(spot)
        for part in ast.walk(whole):
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and fits(part.value):
                part.value = part.value.replace(start, new, 1)
        edits.append((spot.path, whole, ast.unparse(whole)))
    if not edits:
        raise CannotPlant(f"the page's code has no label {label!r}")
    wording.rewrite(tree, edits)


def fixed(tree: Tree, label: str, value: str) -> None:
    """Write a value down for good, where the page finds it out.

    Raises:
        CannotPlant: what stands beside the label cannot be seen.
    """
    edits: list[tuple[str, ast.AST, str]] = []
    for spot in wording.literals(tree, partial(_labels, label)):
        match spot.above[0]:
            case ast.JoinedStr(values=parts) as whole:
                following = parts.index(spot.node) + 1
                whole.values = [*parts[:following], ast.Constant(value), *parts[following + 1 :]]
                edits.append((spot.path, whole, ast.unparse(whole)))
    edits += [
        (spot.path, beside, code.literal(value))
        for spot in ([] if edits else wording.uses(tree, label))
        if (beside := _beside(spot)) is not None
    ]
    if not edits:
        raise CannotPlant(f"what the page shows beside {label!r} is not seen in its code")
    wording.rewrite(tree, edits)


def _labels(label: str, text: str) -> bool:
    """Say whether a text is a label, or a line that begins with it."""
    plain = text.replace("**", "").replace("`", "").strip()
    return plain == label or plain.startswith(f"{label}:")


def _whole(spot: Spot) -> ast.expr:
    """Return the f-string that a text is a part of, or the text."""
    above = spot.above[0]
    return above if isinstance(above, ast.JoinedStr) else spot.node


def no_sidebar(tree: Tree) -> None:
    """Let the page draw nothing in its sidebar.

    Raises:
        CannotPlant: nothing is seen to do so.
    """
    edits: list[tuple[str, ast.AST, str]] = []
    for path in reached(tree):
        edits += ((path, node, "pass") for node in _of_sidebar(tree.module(path)))
    if not edits:
        raise CannotPlant("no statement is seen to draw in the sidebar")
    wording.rewrite(tree, edits)


def _of_sidebar(module: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(module):
        if isinstance(node, ast.With):
            opened = {ast.unparse(item.context_expr) for item in node.items}
            if any(one.rpartition(".")[2] == "sidebar" for one in opened):
                yield node
        elif isinstance(node, ast.Expr) and "sidebar." in ast.unparse(node.value).partition("(")[0]:
            yield node


def _beside(spot: Spot) -> ast.expr | None:
    """Return what stands next to a label: the next argument or item, or the value of its key."""
    match spot.above[0]:
        case ast.Call(args=items) | ast.Tuple(elts=items) | ast.List(elts=items):
            following = items[items.index(spot.node) + 1 :] if spot.node in items else []
            return following[0] if following else None
        case ast.Dict(keys=keys, values=values) if spot.node in keys:
            return values[keys.index(spot.node)]
    return None


def defaults(module: ast.Module, variable: str) -> Iterator[ast.expr]:
    """Yield what stands for a variable of the environment that is not set."""
    for node in ast.walk(module):
        match node:
            case ast.Call(args=[ast.Constant(value=name), default]) if name == variable:
                if ast.unparse(node.func).rpartition(".")[2] in {"get", "getenv"}:
                    yield default
