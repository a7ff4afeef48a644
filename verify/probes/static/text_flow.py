"""Finds the literal texts that reach an expression: through constants, loops and other modules."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.static.symbols import Ref

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from verify.probes.static.symbols import FileSymbols, Symbols

_DEEPEST = 10
_CALLERS = 5  # as deep as callers are looked for: functions may call each other in a circle

_PASSING = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "dict"})
_ADDING = frozenset({"append", "add", "extend", "update", "insert"})
_CASES = frozenset({"upper", "lower", "strip", "title"})
_SCOPES = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.Module
_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


@dataclass(frozen=True, slots=True)
class Text:
    """One literal text and where it stands."""

    value: str
    path: str
    line: int


class TextFlow:
    """Follows texts backwards.

    Args:
        symbols: the tree's.
        closed: classes whose attributes are no texts (enums).
    """

    def __init__(self, symbols: Symbols, closed: Container[Ref] = frozenset()) -> None:
        self.symbols = symbols
        self.closed = closed
        self._known: dict[tuple[Ref, str], list[tuple[str, ast.expr]]] = {}

    def texts(self, path: str, node: ast.AST | None, depth: int = 0) -> Iterator[Text]:
        """Yield the literal texts that `node`, or what is in it, may be."""
        if node is None or depth > _DEEPEST:
            return
        match node:
            case ast.Constant(value=str() as text):
                yield Text(text, path, node.lineno)
            case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
                for item in items:
                    yield from self.texts(path, item, depth + 1)
            case ast.Dict(keys=keys):
                for key in keys:
                    yield from self.texts(path, key, depth + 1)
            case ast.Starred(value=inner) | ast.NamedExpr(value=inner):
                yield from self.texts(path, inner, depth + 1)
            case ast.BinOp(left=left, right=right):
                yield from self._both(path, node.op, left, right, depth)
            case ast.BoolOp(values=values):
                for value in values:
                    yield from self.texts(path, value, depth + 1)
            case ast.IfExp(body=body, orelse=other):
                yield from self.texts(path, body, depth + 1)
                yield from self.texts(path, other, depth + 1)
            case ast.ListComp(elt=element) | ast.SetComp(elt=element):
                yield from self.texts(path, element, depth + 1)
            case ast.GeneratorExp(elt=element):
                yield from self.texts(path, element, depth + 1)
            case ast.Call():
                yield from self._call(path, node, depth)
            case ast.Subscript(value=base, slice=key):
                if not isinstance(key, ast.Slice):
                    yield from self._items(path, base, depth)
                else:
                    yield from self.texts(path, base, depth + 1)
            case ast.Name() | ast.Attribute():
                yield from self._named(path, node, depth)

    def _both(
        self, path: str, operator: ast.operator, left: ast.expr, right: ast.expr, depth: int
    ) -> Iterator[Text]:
        first = list(self.texts(path, left, depth + 1))
        second = list(self.texts(path, right, depth + 1))
        pieces = isinstance(left, ast.Constant) or isinstance(right, ast.Constant)
        if isinstance(operator, ast.Add) and pieces:
            for a in first:
                for b in second:
                    yield Text(a.value + b.value, a.path, a.line)
        elif isinstance(operator, ast.Add | ast.BitOr | ast.Sub | ast.BitAnd):
            yield from first
            yield from second if isinstance(operator, ast.Add | ast.BitOr) else ()

    def _call(self, path: str, node: ast.Call, depth: int) -> Iterator[Text]:
        match node:
            case ast.Call(func=ast.Name(id=name), args=[inner, *_]) if name in _PASSING:
                yield from self.texts(path, inner, depth + 1)
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(value=str() as text), attr="split")
            ):
                for word in text.replace(",", " ").split():
                    yield Text(word, path, node.lineno)
            case ast.Call(func=ast.Attribute(value=inner, attr=method)) if method in _CASES:
                for found in self.texts(path, inner, depth + 1):
                    yield Text(getattr(found.value, method)(), found.path, found.line)
            case ast.Call(func=ast.Attribute(value=base, attr="get" | "values" | "pop")):
                yield from self._items(path, base, depth)
            case ast.Call(
                func=ast.Attribute(value=base, attr="keys" | "copy" | "union"), args=more
            ):
                for each in (base, *more):
                    yield from self.texts(path, each, depth + 1)

    def _items(self, path: str, node: ast.AST, depth: int) -> Iterator[Text]:
        """Yield the texts that indexing the value of `node` may give."""
        for inner_path, value in self._values(path, node, depth):
            if isinstance(value, ast.Dict):
                for item in value.values:
                    yield from self.texts(inner_path, item, depth + 1)
            elif isinstance(value, ast.Tuple | ast.List | ast.Set):
                yield from self.texts(inner_path, value, depth + 1)

    def _named(self, path: str, node: ast.Name | ast.Attribute, depth: int) -> Iterator[Text]:
        if isinstance(node, ast.Name):
            loop = self._loop(path, node)
            if loop is not None:
                iterable, position = loop
                yield from self._looped(path, iterable, position, depth)
                return
        for inner_path, value in self._values(path, node, depth):
            yield from self.texts(inner_path, value, depth + 1)

    def _looped(
        self, path: str, iterable: ast.expr, position: int | None, depth: int
    ) -> Iterator[Text]:
        """Yield what a loop's target takes: item `position` of each row, or the whole row."""
        if position is None:
            yield from self.texts(path, iterable, depth + 1)
            return
        match iterable:
            case ast.Call(func=ast.Attribute(value=base, attr="items")):
                for inner_path, value in self._values(path, base, depth):
                    if isinstance(value, ast.Dict):
                        column = value.keys if position == 0 else value.values
                        for item in column:
                            yield from self.texts(inner_path, item, depth + 1)
                return
            case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
                if position == 1:
                    yield from self.texts(path, inner, depth + 1)
                return
            case ast.Call(func=ast.Name(id="zip"), args=columns):
                if position < len(columns):
                    yield from self.texts(path, columns[position], depth + 1)
                return
        for inner_path, value in self._values(path, iterable, depth):
            if isinstance(value, ast.Tuple | ast.List | ast.Set):
                for row in value.elts:
                    if isinstance(row, ast.Tuple | ast.List) and position < len(row.elts):
                        yield from self.texts(inner_path, row.elts[position], depth + 1)

    def _loop(self, path: str, name: ast.Name) -> tuple[ast.expr, int | None] | None:
        """Return what the loop or comprehension around `name` that binds it runs over."""
        file = self.symbols.file(path)
        node: ast.AST | None = name
        while file is not None and node is not None and not isinstance(node, _SCOPES):
            node = file.parents.get(node)
            pairs: list[tuple[ast.expr, ast.expr]] = []
            if isinstance(node, _COMPREHENSIONS):
                pairs = [(each.target, each.iter) for each in node.generators]
            elif isinstance(node, ast.For | ast.AsyncFor):
                pairs = [(node.target, node.iter)]
            for target, iterable in pairs:
                if isinstance(target, ast.Name) and target.id == name.id:
                    return iterable, None
                if isinstance(target, ast.Tuple | ast.List):
                    for position, item in enumerate(target.elts):
                        if isinstance(item, ast.Name) and item.id == name.id:
                            return iterable, position
        return None

    def _values(self, path: str, node: ast.AST, depth: int) -> Iterator[tuple[str, ast.expr]]:
        """Yield what a name is bound to, in this file or the one it is imported from."""
        if depth > _DEEPEST:
            return
        if not isinstance(node, ast.Name | ast.Attribute):
            if isinstance(node, ast.expr):
                yield path, node
            return
        file = self.symbols.file(path)
        if file is None:
            return
        name = node.id if isinstance(node, ast.Name) else node.attr
        if isinstance(node, ast.Name):
            around = _function_around(file, node)
            local = list(_assigned(file, name, around)) if around is not None else []
            given = self._given(path, around, name) if around and depth < _CALLERS else []
            yield from given
            if given or local:
                yield from ((path, value) for value in local)
                return
            if name not in file.imports:
                yield from ((path, value) for value in _assigned(file, name, None))
                return
        ref = self.symbols.resolve(path, node)
        if ref is None and isinstance(node, ast.Attribute):
            owner = self.symbols.resolve(path, node.value)
            target = self.symbols.file(owner.path) if owner is not None else None
            if target is None or owner is None:
                return
            if not owner.name:
                yield from ((owner.path, value) for value in _assigned(target, name, None))
            elif owner not in self.closed:  # a constant of a class
                holder = target.defined.get(owner.name)
                if isinstance(holder, ast.ClassDef):
                    yield from ((owner.path, value) for value in _assigned(target, name, holder))
            return
        target = self.symbols.file(ref.path) if ref is not None and ref.name else None
        if target is not None and ref is not None:
            yield from ((ref.path, value) for value in _assigned(target, ref.name, None))

    def _given(self, path: str, function: ast.AST, name: str) -> list[tuple[str, ast.expr]]:
        """Return what a parameter is given wherever the function is called by its name."""
        if not isinstance(function, ast.FunctionDef) or name not in _parameters(function):
            return []
        file, ref = self.symbols.file(path), Ref(path, function.name)
        if file is None or file.defined.get(function.name) is not function:
            return []  # a method, or a function inside of another
        if (ref, name) not in self._known:
            position = _parameters(function).index(name)
            self._known[ref, name] = list(self._calls(ref, name, position))
        return self._known[ref, name]

    def _calls(self, ref: Ref, name: str, position: int) -> Iterator[tuple[str, ast.expr]]:
        for there in self.symbols.source.product_files:
            if not self.symbols.source.mentions(there, ref.name):
                continue
            caller = self.symbols.file(there)
            for node in caller.nodes if caller is not None else ():
                if isinstance(node, ast.Call) and self.symbols.resolve(there, node.func) == ref:
                    yield from ((there, value) for value in _argument(node, position, name))


def _parameters(function: ast.FunctionDef) -> list[str]:
    places = function.args
    return [one.arg for one in (*places.posonlyargs, *places.args, *places.kwonlyargs)]


def _argument(call: ast.Call, position: int, name: str) -> Iterator[ast.expr]:
    yield from (word.value for word in call.keywords if word.arg == name)
    if position < len(call.args) and not any(isinstance(a, ast.Starred) for a in call.args):
        yield call.args[position]


def _function_around(file: FileSymbols, node: ast.AST) -> ast.AST | None:
    parent = file.parents.get(node)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
        parent = file.parents.get(parent)
    return parent


def _assigned(file: FileSymbols, name: str, scope: ast.AST | None) -> Iterator[ast.expr]:
    """Yield all that is assigned or added to a name; in the whole file when `scope` is None."""
    for node in file.nodes if scope is None else ast.walk(scope):
        match node:
            case ast.Assign(targets=targets, value=value):
                if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                    yield value
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                if target == name:
                    yield value
            case ast.AugAssign(target=ast.Name(id=target), value=value):
                if target == name:
                    yield value
            case ast.NamedExpr(target=ast.Name(id=target), value=value):
                if target == name:
                    yield value
            case ast.Call(func=ast.Attribute(value=ast.Name(id=base), attr=method), args=args):
                if base == name and method in _ADDING:
                    yield from args
            case ast.arguments():
                yield from _default(node, name)


def _default(node: ast.arguments, name: str) -> Iterator[ast.expr]:
    places = [*node.posonlyargs, *node.args]
    for place, default in zip(reversed(places), reversed(node.defaults), strict=False):
        if place.arg == name:
            yield default
    for place, keyword in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        if place.arg == name and keyword is not None:
            yield keyword
