"""Finds the file of the tree that an import statement means."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING

from verify.probes.source import Unparsable

if TYPE_CHECKING:
    from verify.probes.source import Source


def folder_of(path: str) -> str:
    """Return the file's folder, "" for the root."""
    return posixpath.dirname(path)


def module_name(path: str) -> str:
    """Return the dotted name under which the root imports the file."""
    name = path.removesuffix(".py").removeprefix("src/")
    return name.removesuffix("/__init__").replace("/", ".")


def absolute(module: str, path: str) -> str:
    """Return `module`, as an import in `path` writes it (leading dots), without leading dots."""
    level = len(module) - len(module.lstrip("."))
    if not level:
        return module
    package = module_name(path).split(".")
    if not path.endswith("__init__.py"):
        package = package[:-1]
    package = package[: len(package) - (level - 1)]
    return ".".join([*package, *filter(None, [module[level:]])])


def find_module(source: Source, dotted: str, *, near: str = "") -> str | None:
    """Return the file that `import dotted` loads, or None when it is not one of the tree.

    Args:
        source: the tree.
        dotted: the module's absolute name.
        near: a folder that stands before the root on the search path: the one of the file that is
            started (`python FILE` and `streamlit run FILE` put it there).
    """
    inner = dotted.replace(".", "/")
    for base in dict.fromkeys((f"{near}/" if near else "", "", "src/")):
        for path in (f"{base}{inner}/__init__.py", f"{base}{inner}.py"):
            if source.has(path):
                return path
    return None


def packages_above(source: Source, path: str) -> list[str]:
    """Return the `__init__.py` files that run before the module in `path` does, outermost first."""
    folders = folder_of(path).split("/") if folder_of(path) else []
    inits = ["/".join([*folders[: n + 1], "__init__.py"]) for n in range(len(folders))]
    return [init for init in inits if init != path and source.has(init)]


def imported_heads(source: Source, path: str) -> frozenset[str]:
    """Return the first parts of the names that a file imports, but not by leading dots."""
    found: set[str] = set()
    try:
        module = source.module(path)
    except Unparsable:
        return frozenset()
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                found |= {alias.name.partition(".")[0] for alias in names}
            case ast.ImportFrom(module=str(dotted), level=0):
                found.add(dotted.partition(".")[0])
    return frozenset(found)
