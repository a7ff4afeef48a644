"""Finds every place where a module binds a name, in whatever form Python has for that."""

from __future__ import annotations

import ast
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.static.code import code_of
from verify.probes.static.modules import absolute, find_module

if TYPE_CHECKING:
    from verify.probes.source import Source

MODULE = "module"
STAR = "star import"

_BRANCHES = (
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.Try,
    ast.TryStar,
    ast.With,
    ast.AsyncWith,
    ast.Match,
)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_NAMESPACES = frozenset({"globals", "vars", "locals"})


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that binds a name.

    Args:
        how: in words: "assignment", "import", ...
        line: 1-based.
        scope: "module", or the function or class whose local name it is.
        value: what is assigned, where that can be read off.
        branch: what it depends on, in words; empty for a plain statement of its scope.
        source: for imports, the module and the name there.
    """

    how: str
    line: int
    scope: str
    value: ast.expr | None = None
    branch: str = ""
    source: tuple[str, str] = ("", "")

    @property
    def plain(self) -> bool:
        """Whether it is one unconditional assignment whose value can be read off."""
        return self.how == "assignment" and not self.branch and self.value is not None


@dataclass(frozen=True, slots=True)
class _Scope:
    label: str
    declared_global: frozenset[str] = frozenset()
    branch: str = ""
    hidden: bool = False  # a comprehension: its targets are its own, its walruses are not


def bindings(tree: ast.Module, name: str) -> list[Binding]:
    """List every binding of `name` in the module, in any scope, in the order of the lines."""
    return sorted(_Finder(name).find(tree), key=lambda found: found.line)


def module_bindings(source: Source, path: str, name: str) -> list[Binding]:
    """List the bindings that decide what `name` is once the module has run, and local ones.

    A star import is left out when it cannot bind the name last: another binding comes after it, or
    its module is one of the tree that does not have the name.
    """
    found = bindings(source.module(path), name)
    first = min((b.line for b in found if b.how != STAR), default=0)
    return [b for b in found if b.how != STAR or not _harmless(source, path, name, b, first)]


def _harmless(source: Source, path: str, name: str, star: Binding, first: int) -> bool:
    if star.line < first and star.scope == MODULE:
        return True
    target = find_module(source, absolute(star.source[0], path))
    if target is None:
        return False
    return not source.mentions(target, name) and b"import *" not in source.raw(target)


def local_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Return the names declared `global` in the function's own body."""
    found: set[str] = set()
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Global):
            found.update(node.names)
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(node))
    return frozenset(found)


class _Finder:
    """An iterative walk: source that is nested deeply must not exhaust the stack."""

    def __init__(self, name: str) -> None:
        self.name = unicodedata.normalize("NFKC", name)
        self.found: list[Binding] = []
        self.roles: dict[int, tuple[str, ast.expr | None]] = {}

    def find(self, tree: ast.Module) -> list[Binding]:
        stack: list[tuple[ast.AST, _Scope]] = [(tree, _Scope(MODULE))]
        while stack:
            node, scope = stack.pop()
            self._look(node, scope)
            stack.extend(self._children(node, scope))
        return self.found

    def _children(self, node: ast.AST, scope: _Scope) -> list[tuple[ast.AST, _Scope]]:
        if isinstance(node, _FUNCTIONS):
            inner = _Scope(f"function {node.name}", local_names(node))
            return [
                (child, inner if child in node.body else scope)
                for child in ast.iter_child_nodes(node)
                if not isinstance(child, ast.arguments)
            ] + [(node.args, inner)]
        if isinstance(node, ast.ClassDef):
            inner = _Scope(f"class {node.name}")
            return [
                (child, inner if child in node.body else scope)
                for child in ast.iter_child_nodes(node)
            ]
        if isinstance(node, ast.Lambda):
            inner = _Scope("lambda")
            return [(child, inner) for child in ast.iter_child_nodes(node)]
        if isinstance(node, _COMPREHENSIONS):
            inner = _Scope(scope.label, scope.declared_global, scope.branch, hidden=True)
            return [(child, inner) for child in ast.iter_child_nodes(node)]
        if isinstance(node, _BRANCHES) and not scope.branch:
            word = type(node).__name__.removeprefix("Async").removesuffix("Star").lower()
            branch = f"inside the `{word}` of line {node.lineno}"
            inner = _Scope(scope.label, scope.declared_global, branch, scope.hidden)
            return [(child, inner) for child in ast.iter_child_nodes(node)]
        return [(child, scope) for child in ast.iter_child_nodes(node)]

    def _add(
        self,
        how: str,
        node: ast.AST,
        scope: _Scope,
        value: ast.expr | None = None,
        source: tuple[str, str] = ("", ""),
    ) -> None:
        label, branch = scope.label, scope.branch
        if self.name in scope.declared_global:
            label, branch = MODULE, f"inside {scope.label}"
        self.found.append(Binding(how, getattr(node, "lineno", 1), label, value, branch, source))

    def _look(self, node: ast.AST, scope: _Scope) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self.roles[id(target)] = ("assignment", value)
            case ast.AnnAssign(target=ast.Name() as target, value=value):
                how = "assignment" if value is not None else "annotation"
                self.roles[id(target)] = (how, value)
            case ast.AugAssign(target=target):
                self.roles[id(target)] = ("augmented assignment", None)
            case ast.NamedExpr(target=target, value=value):
                self.roles[id(target)] = ("walrus", value)
            case ast.Name(id=self.name, ctx=ast.Store() | ast.Del() as ctx):
                self._name(node, ctx, scope)
            case ast.Import(names=names):
                self._imported(node, names, "", scope)
            case ast.ImportFrom(names=names, module=module, level=level):
                self._imported(node, names, "." * level + (module or ""), scope)
            case ast.FunctionDef(name=self.name) | ast.AsyncFunctionDef(name=self.name):
                self._add("function", node, scope)
            case ast.ClassDef(name=self.name):
                self._add("class", node, scope)
            case ast.ExceptHandler(name=self.name):
                self._add("except ... as", node, scope)
            case ast.MatchAs(name=self.name) | ast.MatchStar(name=self.name):
                self._add("case pattern", node, scope)
            case ast.MatchMapping(rest=self.name):
                self._add("case pattern", node, scope)
            case ast.arg(arg=self.name):
                self._add("parameter", node, scope)
            case ast.Attribute(attr=self.name, ctx=ast.Store() | ast.Del()):
                how, value = self.roles.get(id(node), ("attribute rebinding", None))
                self._add(f"attribute {how}", node, _Scope("attribute"), value)
            case ast.Subscript(ctx=ast.Store() | ast.Del(), value=base, slice=key):
                if _is_namespace(base) and _may_be(key, self.name):
                    self._add("namespace assignment", node, _dynamic(scope))
            case ast.Call():
                self._call(node, scope)

    def _name(self, node: ast.Name, ctx: ast.expr_context, scope: _Scope) -> None:
        how, value = self.roles.get(id(node), ("rebinding", None))
        if isinstance(ctx, ast.Del):
            how, value = "del", None
        if how == "annotation":
            return
        if scope.hidden and how != "walrus":
            scope = _Scope("comprehension")
        self._add(how, node, scope, value)

    def _imported(self, node: ast.AST, names: list[ast.alias], module: str, scope: _Scope) -> None:
        for alias in names:
            bound = alias.asname or alias.name.partition(".")[0]
            if bound == self.name:
                self._add("import", node, scope, source=(module, alias.name))
            elif alias.name == "*":
                self._add(STAR, node, scope, source=(module, "*"))

    def _call(self, node: ast.Call, scope: _Scope) -> None:
        match node:
            case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[_, key, *rest]):
                if _may_be(key, self.name) and isinstance(key, ast.Constant):
                    self._add("setattr", node, _Scope("attribute"), rest[0] if rest else None)
                elif not isinstance(key, ast.Constant) and "modules" in code_of(node.args[0]):
                    self._add("setattr of a computed name", node, _Scope("dynamic"))
            case ast.Call(func=ast.Attribute(value=base, attr=method), args=args, keywords=words):
                if not _is_namespace(base):
                    return
                if method in {"update", "__ior__"}:
                    named = [word for word in words if word.arg in {self.name, None}]
                    if named or any(_may_hold(arg, self.name) for arg in args):
                        self._add(f"namespace {method}", node, _dynamic(scope))
                elif method in {"__setitem__", "setdefault", "pop", "__delitem__"}:
                    if args and _may_be(args[0], self.name):
                        self._add(f"namespace {method}", node, _dynamic(scope))
                elif method in {"clear", "popitem"}:
                    self._add(f"namespace {method}", node, _dynamic(scope))
            case ast.Call(func=ast.Name(id="exec"), args=[code, *_]):
                text = code.value if isinstance(code, ast.Constant) else None
                if not isinstance(text, str) or self.name in text:
                    self._add("exec", node, _dynamic(scope))


def _dynamic(scope: _Scope) -> _Scope:
    return _Scope(MODULE, branch=scope.branch or f"through the namespace of the {scope.label}")


def _is_namespace(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=function)):
            return function in _NAMESPACES
        case ast.Attribute(attr="__dict__"):
            return True
    return False


def _may_be(key: ast.expr, name: str) -> bool:
    return key.value == name if isinstance(key, ast.Constant) else True


def _may_hold(mapping: ast.expr, name: str) -> bool:
    if isinstance(mapping, ast.Dict):
        return any(key is None or _may_be(key, name) for key in mapping.keys)
    return True
