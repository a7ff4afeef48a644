"""Says whether a file draws a page when Streamlit runs it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.source import Unparsable
from verify.probes.static.modules import absolute, find_module, folder_of

if TYPE_CHECKING:
    from verify.probes.source import Source


def top_level_calls(tree: ast.Module) -> list[ast.Call]:
    """Return the calls that run with the file: at its top level, or under its main guard."""
    found: list[ast.Call] = []
    pending: list[ast.stmt] = list(reversed(tree.body))
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If):
            if not (isinstance(node.test, ast.Constant) and not node.test.value):
                pending += reversed(node.body)
            pending += reversed(node.orelse)
        elif isinstance(node, ast.Raise):
            break  # nothing after it runs
        elif isinstance(node, ast.With | ast.For | ast.Try | ast.While):
            pending += reversed(node.body)
        elif isinstance(node, ast.Expr | ast.Assign) and isinstance(node.value, ast.Call):
            found.append(node.value)
    return found


def uses_streamlit(source: Source, path: str) -> bool:
    """Say whether the file, or a file of the tree that it imports, imports Streamlit."""
    near, seen, pending = folder_of(path), {path}, [path]
    while pending:
        current = pending.pop()
        try:
            tree = source.module(current)
        except Unparsable:
            continue
        for dotted in _imports(tree, current):
            if dotted.partition(".")[0] == "streamlit":
                return True
            found = find_module(source, dotted, near=near)
            if found is not None and found not in seen:
                seen.add(found)
                pending.append(found)
    return False


def _imports(tree: ast.Module, path: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [alias.name for alias in names]
            case ast.ImportFrom(names=names, module=module, level=level):
                dotted = absolute("." * level + (module or ""), path)
                found += [dotted, *(f"{dotted}.{alias.name}" for alias in names)]
    return found
