"""Finds the modules that must import, those that may be missing, and what they need."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting import code
from verify.probes.importable import STREAMLIT
from verify.probes.static.modules import find_module

if TYPE_CHECKING:
    from verify.manifest import Manifest
    from verify.planting.tree import Tree


def required(tree: Tree, number: int = 0) -> tuple[str, str]:
    """Return a module that must import, other than the entry: its name and its file.

    Args:
        tree: the copy.
        number: which one, counted from 0.

    Raises:
        NotDeclared: the manifest names no such.
    """
    found = [
        (name, path)
        for name in _declared(tree.manifest, "required")
        if (path := find_module(tree.source, name)) is not None and path != tree.entry
    ]
    if len(found) <= number:
        raise NotDeclared(f"verify.toml declares {len(found)} of [imports].required besides it")
    return found[number]


def optional(tree: Tree) -> tuple[str, str]:
    """Return a module that may be missing, and is there: its name and its file.

    Raises:
        NotDeclared: the manifest names no such.
    """
    for name in _declared(tree.manifest, "optional"):
        path = find_module(tree.source, name)
        if path is not None:
            return name, path
    raise NotDeclared("verify.toml declares no [imports].optional that is in the tree")


def dependency(tree: Tree) -> str:
    """Return a package from outside of the tree that a required module needs and Streamlit not.

    Raises:
        NotDeclared: there is none.
    """
    for name in _declared(tree.manifest, "required"):
        path = find_module(tree.source, name)
        for node in tree.module(path).body if path is not None else ():
            if isinstance(node, ast.ImportFrom) and not node.level:
                top = str(node.module).partition(".")[0]
            elif isinstance(node, ast.Import):
                top = node.names[0].name.partition(".")[0]
            else:
                continue
            if not (top in sys.stdlib_module_names or top in STREAMLIT or _own(tree, top)):
                return top
    raise NotDeclared("the modules of [imports] need nothing but Python and Streamlit")


def begin(tree: Tree, path: str, statements: str) -> None:
    """Let a module begin with these statements, after its docstring and `__future__`."""
    for node in tree.module(path).body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not is_text and not is_future:
            tree.write(path, code.before(tree.text(path), node, statements))
            return
    if tree.text(path).strip():
        tree.append(path, statements)
    else:
        tree.write(path, statements + "\n")


def _declared(manifest: Manifest, key: str) -> tuple[str, ...]:
    if manifest.imports is None:
        raise NotDeclared("verify.toml declares no [imports]")
    names: tuple[str, ...] = getattr(manifest.imports, key)
    return names


def _own(tree: Tree, top: str) -> bool:
    return find_module(tree.source, top) is not None or top in tree.source.folders
