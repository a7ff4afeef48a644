"""Evaluates the expressions of a program far enough to see which calls of Streamlit it makes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.drawing import names as drawing_names
from verify.probes.drawing.values import (
    MOST,
    Box,
    Class,
    External,
    Function,
    Instance,
    Method,
    Module,
    Scope,
    Streamlit,
    Text,
    Unread,
    Value,
    Values,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

OWN_CLASS = "\0class"
"""The name under which methods find their class."""

CALLED = "()"
"""Among the names of what was not read: what a call of it gives."""

_DEEPEST = 40  # calls within calls
_STEPS = 40_000  # a page's own run takes a few hundred
_ENDS = frozenset({"exit", "quit", "sys.exit", "os._exit", "os.abort", "streamlit.stop"})
# Functions of other packages that call the function they are given.
_RUNNERS = frozenset({"Fire", "run", "submit", "map", "Thread", "Process", "launch", "filter"})
_BOX_METHODS = frozenset({"get", "values", "items", "keys", "pop", "copy", "setdefault"})
_PASSES_ON = frozenset(
    {"str", "Path", "pathlib.Path"}
    | {"list", "tuple", "dict", "set", "sorted", "reversed", "enumerate", "zip", "iter", "next"}
    | {"functools.partial", "partial", "functools.wraps", "types.SimpleNamespace"}
)


class TooLong(Exception):
    """No error: the program takes more steps than are followed."""


class Expressions:
    """The half of the search that knows expressions; `Drawing` adds statements and modules."""

    def __init__(self) -> None:
        self.stopped = False
        self._steps = 0
        self._called: set[tuple[object, ...]] = set()
        self._depth = 0

    def drew(self, node: ast.AST, scope: Scope) -> None:
        """Take note of a call that draws."""
        raise NotImplementedError

    def module(self, dotted: str, *, main: bool = False) -> Values:
        """Return the module of this name after running it."""
        raise NotImplementedError

    def read(self, unread: Unread) -> Values:
        """Return what it is after all, by running its file."""
        raise NotImplementedError

    def was_read(self, unread: Unread) -> bool:
        """Say whether this run had to read its file."""
        raise NotImplementedError

    def body(self, function: Function, scope: Scope) -> Values:
        """Run a function's body and return what it may return."""
        raise NotImplementedError

    def executed(self, node: ast.Call, scope: Scope, *, main: bool) -> Values:
        """Run the file of the tree that a call like `runpy.run_path("x.py")` names."""
        raise NotImplementedError

    def step(self) -> None:
        """Count one step.

        Raises:
            TooLong: it is one too many.
        """
        self._steps += 1
        if self._steps > _STEPS:
            raise TooLong

    def value(self, node: ast.expr | None, scope: Scope) -> Values:
        """Return what an expression may be; the calls in it are followed."""
        self.step()
        match node:
            case None:
                return ()
            case ast.Constant(value=str(text)):
                return (Text(text),)
            case ast.Constant():
                return ()
            case ast.Name(id=name):
                found = scope.get(name)
                return (External(name),) if found is None else found
            case ast.Attribute(value=inner, attr=attr):
                return self.attributes(self.value(inner, scope), attr)
            case ast.Call():
                return self._call(node, scope)
            case ast.Lambda():
                return (Function(node, scope),)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return (_box([self.value(item, scope) for item in items]),)
            case ast.Dict(keys=keys, values=items):
                for key in keys:
                    self.value(key, scope)
                return (_box([self.value(item, scope) for item in items]),)
            case ast.Subscript(value=inner, slice=index):
                self.value(index, scope)
                return items_of(self.value(inner, scope))
            case ast.NamedExpr(target=ast.Name(id=name), value=inner):
                scope.names[name] = self.value(inner, scope)
                return scope.names[name]
            case ast.IfExp(test=test, body=one, orelse=other):
                self.value(test, scope)
                return self._perhaps([one, other], scope)
            case ast.BoolOp(values=items):
                return (*self.value(items[0], scope), *self._perhaps(items[1:], scope))
            case ast.BinOp(left=left, op=ast.Div(), right=right):  # Path(__file__).parent / "x.py"
                return _joined([self.value(left, scope), self.value(right, scope)])
            case ast.Await(value=inner) | ast.Starred(value=inner):
                return self.value(inner, scope)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node, scope)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child, scope)
        return ()

    def _perhaps(self, nodes: Sequence[ast.expr], scope: Scope) -> Values:
        """Evaluate what may or may not run: that it ends the program says nothing."""
        found = tuple(value for node in nodes for value in self.value(node, scope))
        self.stopped = False
        return found

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope
    ) -> Values:
        inner = Scope(scope.path, outer=scope)
        for each in node.generators:
            self.bind(each.target, items_of(self.value(each.iter, inner)), inner)
            for test in each.ifs:
                self.value(test, inner)
        result = node.value if isinstance(node, ast.DictComp) else node.elt
        return (_box([self._perhaps([result], inner)]),)

    def bind(self, target: ast.expr, values: Values, scope: Scope) -> None:
        """Assign to a name, an attribute, an item, or several of them."""
        match target:
            case ast.Name(id=name):
                scope.names[name] = values
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for each in targets:
                    self.bind(each, items_of(values), scope)
            case ast.Starred(value=inner):
                self.bind(inner, values, scope)
            case ast.Attribute(value=inner, attr=attr):
                for holder in self._holders(self.value(inner, scope), values):
                    owner = holder.of if isinstance(holder, Instance) else holder
                    if isinstance(owner, Class | Module):
                        owner.scope.add(attr, values)
            case ast.Subscript(value=ast.Name(id=name)):
                if (known := scope.get(name)) is not None:
                    scope.names[name] = (_box([items_of(known), values]),)

    def _holders(self, holders: Values, given: Values) -> Values:
        """Return what is given something, read if that may be called: `helper.st = st`."""
        if not _can_be_called([given]):
            return holders
        return tuple(
            one
            for holder in holders
            for one in (self.read(holder) if isinstance(holder, Unread) else (holder,))
        )

    def _inherited(self, of: Class, attr: str, depth: int = 8) -> Values | None:
        """Return an attribute that a class has of a base in a file that was not read yet."""
        self.step()
        for base in of.bases if depth else ():
            read = self.read(base) if isinstance(base, Unread) else (base,)
            for one in read:
                if isinstance(one, Class):
                    found = one.find(attr)
                    found = self._inherited(one, attr, depth - 1) if found is None else found
                    if found is not None:
                        return found
        return None

    def attributes(self, holders: Values, attr: str) -> Values:
        """Return what an attribute of any of these may be."""
        found: list[Value] = []
        for holder in holders:
            match holder:
                case Streamlit(dotted=dotted):
                    found.append(Streamlit(f"{dotted}.{attr}"))
                case External(dotted=dotted):
                    found.append(External(f"{dotted}.{attr}"))
                case Unread(path=path, names=names):
                    found.append(Unread(path, (*names, attr)))
                case Module(scope=scope):
                    found += scope.names.get(attr, ())
                case Class():
                    own = holder.find(attr)
                    found += _bound(own or self._inherited(holder, attr) or (), holder)
                case Instance(of=of, given=given):
                    known = of.find(attr)
                    known = self._inherited(of, attr) if known is None else known
                    found += given if known is None else _bound(known, holder)
                case Box(items=items) if attr in _BOX_METHODS:
                    found.append(External(f"\0box.{attr}"))
                    found += items
        return tuple(dict.fromkeys(found))[:MOST]

    def _call(self, node: ast.Call, scope: Scope) -> Values:
        callees = self.value(node.func, scope)
        given: list[Values] = []
        for each in node.args:
            values = self.value(each, scope)
            spread = isinstance(each, ast.Starred)
            given += [(item,) for item in items_of(values)] if spread else [values]
        named = {each.arg or "": self.value(each.value, scope) for each in node.keywords}
        found: list[Value] = []
        for callee in callees:
            found += self.called(callee, node, scope, given, named)
        return tuple(dict.fromkeys(found))[:MOST]

    def called(
        self,
        callee: Value,
        node: ast.Call,
        scope: Scope,
        given: list[Values],
        named: dict[str, Values],
    ) -> Values:
        """Return what a call of a value gives, after following it."""
        match callee:
            case Streamlit(dotted=dotted):
                return self._streamlit(dotted, node, scope, given)
            case Function():
                return self.call(callee, given, named)
            case Method(function=function, on=on):
                return self.call(function, [(on,), *given], named)
            case Class():
                return self._made(callee, given, named)
            case Instance(of=of):
                for method in of.find("__call__") or ():
                    if isinstance(method, Function):
                        return self.call(method, [(callee,), *given], named)
            case Unread() if _can_be_called([*given, *named.values()]) or self.was_read(callee):
                found = self.read(callee)
                return tuple(
                    value
                    for one in found
                    if not isinstance(one, Unread)
                    for value in self.called(one, node, scope, given, named)
                )
            case Unread(path=path, names=names) if len(names) < _DEEPEST:
                return (Unread(path, (*names, CALLED)),)
            case External(dotted=dotted):
                return self._external(dotted, node, scope, [*given, *named.values()])
        return ()

    def _streamlit(self, dotted: str, node: ast.Call, scope: Scope, given: list[Values]) -> Values:
        if dotted in _ENDS:
            self.stopped = True
        elif drawing_names.draws(dotted):
            self.drew(node, scope)
        return given[0] if given else (Streamlit("streamlit.\0"),)  # st.cache_data(function)

    def _made(self, of: Class, given: list[Values], named: dict[str, Values]) -> Values:
        made = Instance(of, tuple(v for each in (*given, *named.values()) for v in each)[:MOST])
        for name in ("__init__", "__post_init__"):
            for method in of.find(name) or ():
                if isinstance(method, Function):
                    self.call(method, [(made,), *(given if name == "__init__" else ())], named)
        return (made,)

    def _external(self, dotted: str, node: ast.Call, scope: Scope, given: list[Values]) -> Values:
        last = dotted.rpartition(".")[2]
        first = given[0] if given else ()
        if dotted in _ENDS:
            self.stopped = True
        elif last in {"import_module", "__import__"}:
            return tuple(
                value
                for text in first
                if isinstance(text, Text)
                for value in self.module(text.text)
            )
        elif last in {"run_module", "run_path"} or dotted in {"exec", "execfile"}:
            names = {each.arg: each.value for each in node.keywords}
            run_name = names.get("run_name")
            main = last not in {"run_module", "run_path"} or (
                isinstance(run_name, ast.Constant) and run_name.value == "__main__"
            )
            if last == "run_module":
                found = [self.module(t.text, main=main) for t in first if isinstance(t, Text)]
                return tuple(value for values in found for value in values)
            return self.executed(node, scope, main=main)
        elif dotted == "getattr" and len(given) > 1:
            names_given = [text.text for text in given[1] if isinstance(text, Text)]
            return tuple(v for name in names_given for v in self.attributes(first, name))
        elif dotted == "super":
            return tuple(
                Instance(Class(Scope(scope.path), one.bases))
                for one in scope.get(OWN_CLASS) or ()
                if isinstance(one, Class)
            )
        elif last in {"join", "joinpath"}:
            return _joined(given)
        elif dotted in _PASSES_ON:
            return tuple(value for values in given for value in values)
        elif last in _RUNNERS:
            for function in (value for values in given for value in values):
                if isinstance(function, Function | Method):
                    self.called(function, node, scope, [], {})
        return ()

    def call(self, function: Function, given: list[Values], named: dict[str, Values]) -> Values:
        """Follow a call into a function of the tree, once for the same arguments."""
        key = (
            id(function.node),
            tuple(given),
            tuple(sorted(named.items(), key=lambda one: one[0])),
        )
        if key in self._called or self._depth >= _DEEPEST:
            return ()
        self._called.add(key)
        scope = Scope(function.scope.path, outer=function.scope)
        arguments = function.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        for argument in (*positional, *arguments.kwonlyargs):
            scope.names[argument.arg] = named.get(argument.arg, ())
        for argument, values in zip(positional, given, strict=False):
            scope.names[argument.arg] = values
        rest = {"vararg": given[len(positional) :], "kwarg": list(named.values())}
        for kind, more in rest.items():
            if (argument := getattr(arguments, kind)) is not None:
                scope.names[argument.arg] = (_box(more),)
        self._depth += 1
        try:
            return self.body(function, scope)
        finally:
            self._depth -= 1


def _joined(parts: list[Values]) -> Values:
    """Return the path that is made of these parts, as far as they can be told."""
    texts = [next((one.text for one in part if isinstance(one, Text)), "") for part in parts]
    return (Text("/".join(filter(None, texts))),) if texts and texts[-1] else ()


def _can_be_called(given: list[Values]) -> bool:
    """Say whether a function is among the arguments, or Streamlit itself."""
    return any(
        isinstance(value, Function | Method | Instance | Streamlit)
        for values in given
        for value in values
    )


def _bound(values: Values, on: Instance | Class) -> Values:
    """Return functions of a class as methods of the object they are looked up on."""
    return tuple(
        Method(value, on) if isinstance(value, Function) and not _static(value) else value
        for value in values
    )


def _static(function: Function) -> bool:
    decorators = getattr(function.node, "decorator_list", [])
    return any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in decorators)


def _box(items: list[Values]) -> Box:
    return Box(tuple(dict.fromkeys(value for values in items for value in values))[:MOST])


def items_of(values: Values) -> Values:
    """Return what is in a box; what a thing of Streamlit gives is of Streamlit too."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, Box):
            found += value.items
        elif not isinstance(value, Text):
            found.append(value)
    return tuple(dict.fromkeys(found))[:MOST]
