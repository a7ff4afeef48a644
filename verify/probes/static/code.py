"""Turns syntax trees back into code that people read."""

from __future__ import annotations

import ast


def code_of(node: ast.AST) -> str:
    """Return the node's code; only its kind when it is nested too deeply for that."""
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return f"<{type(node).__name__}>"


def excerpt(node: ast.AST, longest: int = 80) -> str:
    """Return the node's code, cut to a length that people read."""
    text = code_of(node)
    return text if len(text) <= longest else text[: longest - 3] + "..."
