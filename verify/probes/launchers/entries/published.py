"""Finds the files that an entry publishes as pages of its own."""

from __future__ import annotations

import ast
import posixpath
from functools import cached_property
from typing import TYPE_CHECKING

from verify.probes.source import Unparsable
from verify.probes.static.modules import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.entries.drawn import Drawn
    from verify.probes.source import Source

_FOLDER = "pages"  # streamlit/runtime/scriptrunner/script_runner.py: it must be called so


class Published:
    """The pages of a tree.

    Args:
        source: the tree.
        drawn: what draws in it.
        starts: the files that launchers start.
    """

    def __init__(self, source: Source, drawn: Drawn, starts: frozenset[str]) -> None:
        self.source = source
        self.drawn = drawn
        self.starts = starts

    @cached_property
    def listed(self) -> dict[str, str]:
        """Every file that a call of st.Page or st.navigation names, and where that stands."""
        found: dict[str, str] = {}
        for path in self._navigating:
            for line, target in _python_paths(self.source.module(path)):
                page = self._resolve(path, target)
                if page is not None and page != path:
                    found.setdefault(page, f"{path}:{line}")
        return found

    @cached_property
    def _navigating(self) -> tuple[str, ...]:
        """Every file that calls st.Page or st.navigation."""
        found: list[str] = []
        for path in self.source.product_files:
            if self.drawn.can_draw(path) and (
                self.source.mentions(path, "navigation") or self.source.mentions(path, "Page")
            ):
                try:
                    tree = self.source.module(path)
                except Unparsable:
                    continue
                if _calls_any(tree, {"navigation", "Page"}):
                    found.append(path)
        return tuple(found)

    def _resolve(self, path: str, target: str) -> str | None:
        """Return the file that is meant: as the entry's folder sees it, which may be another's."""
        if posixpath.isabs(target):
            return None
        folders = [folder_of(path), *(folder_of(start) for start in sorted(self.starts)), ""]
        for folder in dict.fromkeys(folders):
            full = posixpath.normpath(posixpath.join(folder, target))
            if self.source.has(full):
                return full
        return None

    def navigates(self, entry: str) -> bool:
        """Say whether the entry, or what it runs, calls st.navigation: its pages/ is no more."""
        drawing = self.drawn.of(entry)
        near = {entry, *(drawing.through if drawing else ())}
        return any(
            path in near and _calls_any(self.source.module(path), {"navigation"})
            for path in self._navigating
        )

    def why(self, path: str) -> str:
        """Return who publishes the file as a page, "" when nobody does."""
        if path in self.listed:
            return f"{self.listed[path]} lists it as a page"
        owners = self._owners(path)
        open_ones = [owner for owner in owners if not self.navigates(owner)]
        if open_ones:
            return f"Streamlit publishes the folder {_FOLDER} beside {open_ones[0]}"
        return ""

    def why_not(self, path: str) -> str:
        """Return why a file of a folder called pages is none, "" for any other file."""
        owners = self._owners(path)
        if owners:
            return f"{owners[0]} uses st.navigation and does not list it"
        if posixpath.basename(folder_of(path)) == _FOLDER:
            return f"nothing that draws stands beside its folder {_FOLDER}"
        return ""

    def _owners(self, path: str) -> list[str]:
        """Return the entries beside the file's folder, if that and its name are published."""
        folder, name = posixpath.split(path)
        above, last = posixpath.split(folder)
        if last != _FOLDER or name.startswith(".") or name == "__init__.py":
            return []
        beside = [one for one in self.drawn.files if folder_of(one) == above]
        return sorted(beside, key=lambda one: (one not in self.starts, one))


def _calls_any(tree: ast.Module, names: set[str]) -> bool:
    return any(
        getattr(node.func, "attr", getattr(node.func, "id", "")) in names
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


def _python_paths(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield every path of a Python file that the code writes, whole or joined of its parts."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if text.endswith(".py"):
                yield node.lineno, text
            case ast.BinOp(op=ast.Div()) | ast.Call(func=ast.Attribute(attr="join" | "joinpath")):
                parts = [
                    part.value
                    for part in ast.walk(node)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                ordered = _in_order(node)
                if len(parts) > 1 and ordered and ordered[-1].endswith(".py"):
                    yield node.lineno, "/".join(ordered)


def _in_order(node: ast.AST) -> list[str]:
    """Return the texts of an expression from left to right."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    return [text for child in ast.iter_child_nodes(node) for text in _in_order(child)]
