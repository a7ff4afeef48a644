"""Finds the files that a page is made of: the entry, and all it imports, however late."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.static.modules import absolute, find_module, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.planting.tree import Tree


def reached(tree: Tree) -> list[str]:
    """Return the page's own files, the entry first; a module named in a text counts."""
    found = [tree.entry]
    for path in found:  # the list grows meanwhile
        for name in _named(tree.module(path), path):
            file = find_module(tree.source, name, near=folder_of(tree.entry))
            if file is not None and file not in found:
                found.append(file)
    return found


def _named(module: ast.Module, path: str) -> Iterator[str]:
    """Yield the dotted names that may be modules."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(names=names, module=name, level=level):
                base = absolute("." * level + (name or ""), path)
                yield base
                yield from (f"{base}.{alias.name}" for alias in names)
            case ast.Constant(value=str() as text) if text.isascii():
                name = text.partition(":")[0]
                if all(part.isidentifier() for part in name.split(".")):
                    yield name
