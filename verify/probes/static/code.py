"""Turns syntax trees back into code that people read."""

from __future__ import annotations

import ast
import copy


def code_of(node: ast.AST) -> str:
    """Return the node's code; only its kind when it is nested too deeply for that."""
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return f"<{type(node).__name__}>"


def excerpt(node: ast.AST, longest: int = 80) -> str:
    """Return the node's code, cut to a length that people read."""
    text = code_of(_beginning(node))
    if len(text) <= longest:
        text = code_of(node)
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _beginning(node: ast.AST) -> ast.AST:
    """Return a definition with its first two statements, whose code is the beginning of its own."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if len(node.body) > 2:  # noqa: PLR2004
            short = copy.copy(node)
            short.body = node.body[:2]
            return short
    return node
