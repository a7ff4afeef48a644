"""Finds the function by which retired files refuse, and changes it for all of them."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting import code
from verify.planting.defect import CannotPlant
from verify.planting.retired import block, files, write
from verify.probes.static.symbols import symbols_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.planting.retired import Guarded
    from verify.planting.tree import Tree


@dataclass(frozen=True, slots=True)
class Helper:
    """A function of the tree that refuses for a retired file.

    Args:
        path: the file that defines it.
        node: the function.
        text: the parameter that takes the text.
    """

    path: str
    node: ast.FunctionDef
    text: str


def helper(tree: Tree, file: Guarded) -> Helper:
    """Return the function of another file that refuses for a retired one.

    Raises:
        NotDeclared: it refuses on its own.
        CannotPlant: the function cannot be found, or takes no text.
    """
    if file.called is None:
        raise NotDeclared(f"{file.path} refuses without a function of another file")
    ref = symbols_of(tree.source).resolve(file.path, file.called)
    if ref is None:
        raise NotDeclared(f"{file.path} refuses without a function of the tree")
    for node in tree.module(ref.path).body:
        if isinstance(node, ast.FunctionDef) and node.name == ref.name and node.args.args:
            return Helper(ref.path, node, node.args.args[0].arg)
    raise CannotPlant(f"{ref.path}: {ref.name} is no function that takes a text")


def sharing(tree: Tree, helper: Helper) -> list[Guarded]:
    """Return the retired files for which this function refuses."""
    symbols = symbols_of(tree.source)
    found = []
    for file in files(tree):
        ref = symbols.resolve(file.path, file.called) if file.called is not None else None
        if ref is not None and (ref.path, ref.name) == (helper.path, helper.node.name):
            found.append(file)
    return found


def first(tree: Tree, helper: Helper, statements: str) -> None:
    """Let the function do this before what it does."""
    text = tree.text(helper.path)
    write(tree, helper.path, code.before(text, _body(helper)[0], statements))


def instead(tree: Tree, helper: Helper, statements: str) -> None:
    """Let the function do this instead of what it does."""
    text, body = tree.text(helper.path), _body(helper)
    start, _ = code.span(text, body[0])
    _, end = code.span(text, body[-1])
    inner = textwrap.indent(block(statements), " " * body[0].col_offset)
    write(tree, helper.path, f"{text[:start]}{inner.lstrip(' ')}{text[end:]}")


def within(tree: Tree, helper: Helper, opening: str, closing: str) -> None:
    """Put what the function does into a block, such as `try:` with its handlers."""
    text, body = tree.text(helper.path), _body(helper)
    start, _ = code.span(text, body[0])
    _, end = code.span(text, body[-1])
    indent = " " * body[0].col_offset
    inner = textwrap.indent(text[start:end], "    ")
    last = textwrap.indent(block(closing), indent)
    write(tree, helper.path, f"{text[:start]}{opening}\n{indent}{inner}\n{last}{text[end:]}")


def _body(helper: Helper) -> Sequence[ast.stmt]:
    body = helper.node.body
    is_text = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return body[1:] if is_text and len(body) > 1 else body
