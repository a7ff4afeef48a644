"""Follows imports for the control-flow analysis: into the tree, and no further."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from verify.probes.source import Unparsable
from verify.probes.static.flow.calls import Expressions
from verify.probes.static.flow.values import (
    End,
    External,
    Function,
    Known,
    ModuleOf,
    Raisable,
    State,
    Unknown,
    Value,
)
from verify.probes.static.modules import absolute, find_module, module_name, packages_above

if TYPE_CHECKING:
    from verify.probes.source import Source

# Modules of the standard library that do something when they are imported.
_NOISY = frozenset({"antigravity", "this", "__hello__", "__phello__", "idlelib", "turtledemo"})


class Imports(Expressions):
    """Expressions, and the import statements that bind names to modules of the tree.

    Args:
        source: the tree.
        near: the folder that stands first on the search path.
    """

    def __init__(self, source: Source, near: str) -> None:
        super().__init__()
        self.source = source
        self.near = near
        self.globals: dict[str, dict[str, Value]] = {}
        self.loading: set[str] = set()
        self.origins: dict[str, set[str]] = {}
        self.imported: list[tuple[str, int, str]] = []

    def run_module(self, tree: ast.Module) -> list[State]:
        """Run a module's top level."""
        raise NotImplementedError

    def member(self, module: ModuleOf, name: str) -> Value | None:
        """Return what a module of the tree calls `name`, or None."""
        names = self.globals.get(module.path, {})
        if name in names:
            return names[name]
        inner = self._find(f"{module_name(module.path)}.{name}")
        if inner is not None:
            return ModuleOf(inner)
        return Unknown(name) if "*" in names or module.path in self.loading else None

    def import_statement(self, node: ast.Import, state: State) -> list[State]:
        """Bind what `import a.b as c` binds."""
        for alias in node.names:
            root = alias.name.partition(".")[0]
            going = self._load(alias.name, node, state)
            if not going:
                return []
            bound = alias.name if alias.asname else root
            path = self._find(bound)
            if path is None and self._find(alias.name):
                path = bound.replace(".", "/") + "/__init__.py"  # a folder without that file
            value: Value = ModuleOf(path) if path else External(bound)
            state = state.bind(alias.asname or root, value)
        return [state]

    def import_from(self, node: ast.ImportFrom, state: State) -> list[State]:
        """Bind what `from a.b import c as d` binds."""
        if node.module == "__future__":
            return [state]
        if node.level and self.level == "retired":
            self.effect(node, "a relative import, which fails when the file itself is started")
        dotted = absolute("." * node.level + (node.module or ""), self.path)
        for alias in node.names:
            inner = self._find(f"{dotted}.{alias.name}") if alias.name != "*" else None
            if self._find(dotted) is None and inner is not None:  # a folder without __init__.py
                if not self._load(f"{dotted}.{alias.name}", node, state):
                    return []
                state = state.bind(alias.asname or alias.name, ModuleOf(inner))
                continue
            if not self._load(dotted, node, state):
                return []
            found = self._from(dotted, alias, state, node)
            if found is None:
                return []
            state = found
        return [state]

    def _from(
        self, dotted: str, alias: ast.alias, state: State, node: ast.ImportFrom
    ) -> State | None:
        path = self._find(dotted)
        bound = alias.asname or alias.name
        if path is None:
            if alias.name == "*":
                return state.bind("*", Unknown("*"))
            return state.bind(bound, External(f"{dotted}.{alias.name}"))
        if alias.name == "*":
            names = self.globals.get(path, {})
            public = {k: v for k, v in names.items() if _is_public(k, names)}
            for each in public.values():
                self._came_through(path, each)
            return State({**state.names, **public}, state.drawn, state.printed)
        value = self.member(ModuleOf(path), alias.name)
        if value is None:
            problem = Raisable("ImportError", f"{dotted} has no {alias.name}", 1)
            self.end("raise", node, state, problem)
            return None
        self._came_through(path, value)
        if isinstance(value, ModuleOf) and not self._load(f"{dotted}.{alias.name}", node, state):
            return None
        return state.bind(bound, value)

    def _came_through(self, path: str, value: Value) -> None:
        """Note that a function needs the module which exports it again."""
        if isinstance(value, Function):
            self.origins.setdefault(path, set()).add(value.path)

    def _find(self, dotted: str) -> str | None:
        if dotted.partition(".")[0] in sys.builtin_module_names:
            return None  # these come before every folder
        return find_module(self.source, dotted, near=self.near)

    def _load(self, dotted: str, node: ast.AST, state: State) -> bool:
        """Run the module and the packages above it; False when that never ends well."""
        path = self._find(dotted)
        if path is None:
            root = dotted.partition(".")[0]
            if root in _NOISY or dotted.startswith("test."):
                self.effect(node, f"imports {dotted}, which does something when imported")
            elif root == "streamlit":
                if self.level != "function":
                    self.imported.append((self.path, getattr(node, "lineno", 1), root))
            elif root not in sys.stdlib_module_names:
                self.effect(node, f"imports {dotted}, which is not the standard library's")
            return True
        if self.level == "retired":
            self.imported.append((self.path, getattr(node, "lineno", 1), path))
        return all(
            self.load_file(each, node, state) for each in [*packages_above(self.source, path), path]
        )

    def load_file(self, path: str, node: ast.AST, state: State) -> bool:
        """Run a file of the tree as an import does; False when that never ends well."""
        if path in self.globals or path in self.loading:
            return True
        try:
            tree = self.source.module(path)
        except Unparsable as error:
            self.end("raise", node, state, Raisable("SyntaxError", str(error.fault), 1))
            return False
        outer = (self.ends, self.path, self.level, self.depth, self.active)
        self.ends, self.path, self.level, self.depth, self.active = [], path, "module", 0, []
        self.loading.add(path)
        try:
            falls = self.run_module(tree)
            ends = self.ends
        finally:
            self.loading.discard(path)
            self.ends, self.path, self.level, self.depth, self.active = outer
        self.ends += [End(e.kind, state, e.path, e.line, e.value) for e in ends]
        if ends:
            self.used.add(path)
        self.globals[path] = _merged(falls) | {name: Unknown(name) for name in _rebound(tree)}
        return bool(falls)


def _rebound(tree: ast.Module) -> set[str]:
    """Return the module's names that its functions bind anew: a later call sees other values."""
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


def _is_public(name: str, names: dict[str, Value]) -> bool:
    """Say whether `import *` takes a name of a module that holds these."""
    listed = names.get("__all__")
    if isinstance(listed, Known) and isinstance(listed.value, tuple):
        return name in listed.value
    return not name.startswith("_")


def _merged(states: list[State]) -> dict[str, Value]:
    """Return the names after all paths; those the paths disagree about are unknown."""
    if not states:
        return {}
    names = dict(states[0].names)
    for state in states[1:]:
        for name in {*names, *state.names}:
            if names.get(name) != state.names.get(name):
                names[name] = Unknown(name)
    return names
