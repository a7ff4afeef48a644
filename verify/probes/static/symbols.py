"""Follows a name in one file of the tree to the file that defines it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from verify.probes.source import Unparsable
from verify.probes.static.modules import absolute, find_module, folder_of

if TYPE_CHECKING:
    from verify.probes.source import Source

_LONGEST_CHAIN = 12  # re-exports of re-exports; a circle of them ends here

_MARKS = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop)

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Ref:
    """A definition: the file and the name in it; the name is "" for the module itself."""

    path: str
    name: str


class FileSymbols:
    """What one file imports, defines and gives other names to.

    Args:
        tree: its syntax tree.
        path: its place.
    """

    def __init__(self, tree: ast.Module, path: str) -> None:
        self.tree = tree
        self.path = path

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes but operators and contexts, which are shared and say nothing by themselves."""
        return self._walked[0]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The parent of each node."""
        return self._walked[1]

    @cached_property
    def _walked(self) -> tuple[list[ast.AST], dict[ast.AST, ast.AST]]:
        # By hand, once, and iteratively: ast.walk takes twice as long and knows no parents.
        nodes: list[ast.AST] = [self.tree]
        parents: dict[ast.AST, ast.AST] = {}
        for node in nodes:  # the list grows meanwhile
            for field in node._fields:
                value = getattr(node, field, None)
                if type(value) is list:
                    for child in value:
                        if isinstance(child, ast.AST):
                            nodes.append(child)
                            parents[child] = node
                elif isinstance(value, ast.AST) and not isinstance(value, _MARKS):
                    nodes.append(value)
                    parents[value] = node
        return nodes, parents

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Local names of imports: the module, and the name there ("" for the module itself)."""
        found: dict[str, tuple[str, str]] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    found[bound] = (alias.name if alias.asname else bound, "")
            elif isinstance(node, ast.ImportFrom):
                module = absolute("." * node.level + (node.module or ""), self.path)
                for alias in node.names:
                    found[alias.asname or alias.name] = (module, alias.name)
        return found

    @cached_property
    def stars(self) -> list[str]:
        """The modules of `from m import *`."""
        return [
            absolute("." * node.level + (node.module or ""), self.path)
            for node in self.nodes
            if isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names)
        ]

    @cached_property
    def defined(self) -> dict[str, ast.AST]:
        """Classes and functions of the module's top level, in whatever branch."""
        return {node.name: node for node in self.nodes if isinstance(node, _DEFINITIONS)}

    @cached_property
    def aliases(self) -> dict[str, ast.expr]:
        """Names that are assigned another name: `a = b`, `a = m.b`."""
        return {
            target.id: node.value
            for node in self.nodes
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name | ast.Attribute)
            for target in node.targets
            if isinstance(target, ast.Name)
        }


def symbols_of(source: Source) -> Symbols:
    """Return the tree's symbols, the same for all who ask, so that each file is walked once."""
    if source not in _KNOWN:
        _KNOWN[source] = Symbols(source)
    return _KNOWN[source]


class Symbols:
    """Resolves names across the tree.

    Args:
        source: the tree.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._files: dict[str, FileSymbols | None] = {}
        self._found: dict[tuple[str, str], Ref | None] = {}

    def file(self, path: str) -> FileSymbols | None:
        """Return a file's symbols, or None when it does not parse."""
        if path not in self._files:
            try:
                self._files[path] = FileSymbols(self.source.module(path), path)
            except Unparsable:
                self._files[path] = None
        return self._files[path]

    def resolve(self, path: str, node: ast.AST, depth: int = 0) -> Ref | None:
        """Return what a name or dotted name in the file at `path` refers to, or None."""
        if depth > _LONGEST_CHAIN:
            return None
        if isinstance(node, ast.Name):
            return self.lookup(path, node.id, depth + 1)
        if isinstance(node, ast.Attribute):
            base = self.resolve(path, node.value, depth + 1)
            if base is not None and not base.name:
                return self.lookup(base.path, node.attr, depth + 1) or self._submodule(
                    base.path, node.attr
                )
        return None

    def lookup(self, path: str, name: str, depth: int = 0) -> Ref | None:
        """Return where the name `name` of the file at `path` is defined, or None."""
        key = (path, name)
        if key not in self._found:
            found = self._lookup(path, name, depth)
            if depth > 1:  # the answer may be cut short by the chain so far
                return found
            self._found[key] = found
        return self._found[key]

    def _lookup(self, path: str, name: str, depth: int) -> Ref | None:
        symbols = self.file(path)
        if symbols is None or depth > _LONGEST_CHAIN:
            return None
        if name in symbols.defined:
            return Ref(path, name)
        if name in symbols.imports:
            module, original = symbols.imports[name]
            return self._imported(path, module, original, depth)
        if name in symbols.aliases:
            found = self.resolve(path, symbols.aliases[name], depth + 1)
            if found is not None:
                return found
        for module in symbols.stars:
            target = self._find(module, path)
            star = self.lookup(target, name, depth + 1) if target else None
            if star is not None:
                return star
        return None

    def _imported(self, path: str, module: str, name: str, depth: int) -> Ref | None:
        target = self._find(module, path)
        if not name:
            return Ref(target, "") if target else self._namespace(module)
        if target is not None:
            found = self.lookup(target, name, depth + 1)
            if found is not None:
                return found
        inner = self._find(f"{module}.{name}", path)
        if inner is not None:
            return Ref(inner, "")
        return Ref(target, name) if target is not None else None

    def _namespace(self, module: str) -> Ref | None:
        folder = module.replace(".", "/") + "/"
        found = any(path.startswith(folder) for path in self.source.files)
        return Ref(f"{folder}__init__.py", "") if found else None

    def _submodule(self, path: str, name: str) -> Ref | None:
        folder = path.removesuffix("__init__.py")
        if folder == path:
            return None
        for inner in (f"{folder}{name}/__init__.py", f"{folder}{name}.py"):
            if self.source.has(inner):
                return Ref(inner, "")
        return None

    def _find(self, module: str, path: str) -> str | None:
        return find_module(self.source, module, near=folder_of(path)) if module else None


_KNOWN: WeakKeyDictionary[Source, Symbols] = WeakKeyDictionary()
