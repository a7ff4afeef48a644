"""Finds where a program draws on Streamlit's page when it is run, without running it."""

from __future__ import annotations

import ast
import contextlib
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.probes.drawing import names as drawing_names
from verify.probes.drawing.calls import CALLED, OWN_CLASS, Expressions, TooLong, items_of
from verify.probes.drawing.values import (
    MOST,
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
    Values,
)
from verify.probes.source import Unparsable
from verify.probes.static.code import excerpt
from verify.probes.static.modules import absolute, find_module, folder_of, packages_above

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from verify.probes.source import Source

_GOES_ON, _LEAVES, _ENDS = "", "leaves", "ends"  # a block, a function or loop, the program

_CALL = ast.Call(ast.Name("", ast.Load()), [], [], lineno=1, col_offset=0)

_MAY_BE_TEXT = (ast.BinOp, ast.Name, ast.Constant, ast.Call)


@dataclass(frozen=True, slots=True)
class Draw:
    """One call that draws.

    Args:
        path: the file it stands in.
        line: 1-based.
        call: the call as code.
    """

    path: str
    line: int
    call: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a file draws when it is run.

    Args:
        first: the first call that draws; one of the file itself if it has any.
        through: the files of the tree that it runs or calls and that draw, when it has none.
    """

    first: Draw
    through: tuple[str, ...] = ()


class _Enough(Exception):
    """No error: a call that draws was found, and more of them would say nothing new."""


@dataclass(slots=True)
class _Loaded:
    """A module of the tree that was run."""

    scope: Scope
    draws: list[Draw] = field(default_factory=list)


class Drawings:
    """Looks for the drawing calls of a tree's files; what is imported is run once for all.

    Args:
        source: the tree.
        reaches: says of a file whether it can draw at all; False must be certain.
        near: says of a started file which folder comes first on the search path. What is imported
            is run once for each such folder, so the fewer the better.
    """

    def __init__(
        self,
        source: Source,
        reaches: Callable[[str], bool] = lambda _: True,
        near: Callable[[str], str] = folder_of,
    ) -> None:
        self.source = source
        self.reaches = reaches
        self.near = near
        self.loaded: dict[tuple[str, str, bool], _Loaded] = {}

    def of(self, path: str) -> Drawing | None:
        """Return how the file draws when Streamlit runs it, or None when it does not.

        Raises:
            Unparsable: the file is not Python.
        """
        tree = self.source.module(path)
        run = _Run(self, path, near=self.near(path), main=True, stops=True)
        with contextlib.suppress(_Enough, TooLong, RecursionError):
            run.whole(tree)
        own = [draw for draw in run.draws if draw.path == path]
        if own:
            return Drawing(own[0])
        return Drawing(run.draws[0], tuple(dict.fromkeys(run.through))) if run.draws else None

    def load(self, path: str, near: str, *, main: bool) -> _Loaded:
        """Run an imported file; one that is already running is as far as it has come."""
        key = (path, near, main)
        if key not in self.loaded:
            loaded = self.loaded[key] = _Loaded(Scope(path))
            try:
                tree = self.source.module(path)
                run = _Run(self, path, near=near, main=main, scope=loaded.scope)
                run.draws = loaded.draws
                run.whole(tree)
            except (Unparsable, TooLong, RecursionError):
                pass
        return self.loaded[key]


class _Run(Expressions):
    """The run of one file."""

    def __init__(
        self,
        drawings: Drawings,
        path: str,
        *,
        near: str,
        main: bool,
        stops: bool = False,
        scope: Scope | None = None,
    ) -> None:
        super().__init__()
        self.drawings = drawings
        self.path = path
        self.near = near
        self.main = main
        self.stops = stops
        self.scope = scope or Scope(path)
        self.draws: list[Draw] = []
        self.through: list[str] = []
        self._away: list[str] = []
        self._returned: list[Values] = []
        self._magic = False
        self._read: set[str] = set()

    def whole(self, tree: ast.Module) -> None:
        """Run the file."""
        for package in packages_above(self.drawings.source, self.path) if not self.main else ():
            self._loaded(package)
        self._block(tree.body, self.scope, root=True)

    def drew(self, node: ast.AST, scope: Scope) -> None:
        """Take note of a call that draws; one of the started file itself is enough."""
        self._note(Draw(scope.path, getattr(node, "lineno", 1), excerpt(node)))

    def _note(self, draw: Draw) -> None:
        if draw not in self.draws:
            self.draws.append(draw)
        if self._away and draw.path != self.path:
            self.through.append(self._away[0])
        if self.stops and (draw.path == self.path or self._away):
            raise _Enough

    # Statements

    def _block(self, body: Sequence[ast.stmt], scope: Scope, *, root: bool = False) -> str:
        for index, statement in enumerate(body):
            self.step()
            self.stopped = False
            how = self._statement(statement, scope)
            if scope is self.scope and self._is_magic(body, index, first=index == 0 and root):
                self.drew(statement, scope)
            if self.stopped:
                self.stopped = False
                return _ENDS
            if how:
                return how
        return _GOES_ON

    def _statement(self, node: ast.stmt, scope: Scope) -> str:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node, scope)
            case ast.ClassDef():
                self._define_class(node, scope)
            case ast.Import(names=names):
                for alias in names:
                    self._import(alias, scope)
            case ast.ImportFrom():
                self._import_from(node, scope)
            case ast.Expr(value=value):
                self.value(value, scope)
            case ast.Assign(targets=targets, value=value):
                values = self.value(value, scope)
                for target in targets:
                    self.bind(target, values, scope)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.bind(target, self.value(value, scope), scope)
            case ast.AugAssign(target=target, value=value):
                self.bind(target, (*self.value(target, scope), *self.value(value, scope)), scope)
            case ast.Return(value=value):
                if value is not None:
                    self._returned.append(self.value(value, scope))
                return _LEAVES
            case ast.Raise(exc=raised):
                self.value(raised, scope)
                return _ENDS
            case ast.Break() | ast.Continue():
                return _LEAVES
            case _:
                return self._compound(node, scope)
        return _GOES_ON

    def _compound(self, node: ast.stmt, scope: Scope) -> str:
        match node:
            case ast.If(test=test, body=body, orelse=otherwise):
                known = self._known(test)
                self.value(test, scope)
                ends = [
                    self._block(block, scope)
                    for block, taken in ((body, known is not False), (otherwise, known is not True))
                    if taken
                ]
                return _LEAVES if all(ends) and _LEAVES in ends else min(ends)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    self._enter(item, scope)
                return self._block(body, scope)
            case ast.For() | ast.AsyncFor():
                self.bind(node.target, items_of(self.value(node.iter, scope)), scope)
                self._block(node.body, scope)
                self._block(node.orelse, scope)
            case ast.While(test=test, body=body, orelse=otherwise):
                self.value(test, scope)
                if self._known(test) is not False:
                    self._block(body, scope)
                self._block(otherwise, scope)
            case ast.Try() | ast.TryStar():
                return self._try(node, scope)
            case ast.Match(subject=subject, cases=cases):
                self.value(subject, scope)
                for case in cases:
                    self._block(case.body, scope)
            case ast.Assert(test=test):
                self.value(test, scope)
        return _GOES_ON

    def _try(self, node: ast.Try | ast.TryStar, scope: Scope) -> str:
        how = self._block(node.body, scope)
        if not how:
            how = self._block(node.orelse, scope)
        ends = [how, *(self._block(handler.body, scope) for handler in node.handlers)]
        last = self._block(node.finalbody, scope)
        return last or min(ends)

    def _enter(self, item: ast.withitem, scope: Scope) -> None:
        values = self.value(item.context_expr, scope)
        for value in values:
            if isinstance(value, Instance):
                for method in value.of.find("__enter__") or ():
                    if isinstance(method, Function):
                        self.call(method, [(value,)], {})
        if item.optional_vars is not None:
            self.bind(item.optional_vars, values, scope)

    def _known(self, test: ast.expr) -> bool | None:
        """Return how a condition turns out, None when that cannot be told."""
        match test:
            case ast.Constant(value=value):
                return bool(value)
            case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
                return False
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                known = self._known(operand)
                return None if known is None else not known
            case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(
                op, ast.Eq | ast.NotEq
            ) and _is_name_check(left, right):
                return self.main is isinstance(op, ast.Eq)
        return None

    def _is_magic(self, body: Sequence[ast.stmt], index: int, *, first: bool) -> bool:
        """Say whether Streamlit draws an expression that stands alone at the file's top level."""
        node = body[index]
        if not (self.stops and self._magic and isinstance(node, ast.Expr)):
            return False
        match node.value:
            case ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom():
                return False
            case ast.Constant(value=str()):
                # The text under an assignment is documentation to whoever wrote it.
                previous = body[index - 1] if index else None
                return not first and not isinstance(previous, ast.Assign | ast.AnnAssign)
            case ast.Constant(value=value):
                return value is not Ellipsis and value is not None
        return True

    # Definitions

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        function = Function(node, scope.methods or scope)
        for decorator in node.decorator_list:
            call = ast.copy_location(ast.Call(decorator, [], []), decorator)
            for value in self.value(decorator, scope):
                if isinstance(value, Function | Method | Unread):
                    self.called(value, call, scope, [(function,)], {})
        scope.names[node.name] = (function,)

    def _define_class(self, node: ast.ClassDef, scope: Scope) -> None:
        bases = tuple(value for base in node.bases for value in self.value(base, scope))
        seen = Scope(scope.path, outer=scope.methods or scope)
        inner = Scope(scope.path, outer=scope, methods=seen)
        made = Class(inner, bases)
        seen.names[OWN_CLASS] = (made,)
        self._block(node.body, inner)
        scope.names[node.name] = (made,)

    def body(self, function: Function, scope: Scope) -> Values:
        """Run a function's body and return what it may return."""
        foreign = scope.path != self.path
        if foreign and self.stops and not self._away:
            return self._foreign(function, scope)
        return self._inside(function, scope)

    def _foreign(self, function: Function, scope: Scope) -> Values:
        """Run another file's function as far as its first call that draws."""
        self._away.append(scope.path)
        try:
            return self._inside(function, scope)
        except _Enough:
            if self.draws[-1].path == self.path:  # it called back
                raise
            return ()
        finally:
            self._away.pop()

    def _inside(self, function: Function, scope: Scope) -> Values:
        if isinstance(function.node, ast.Lambda):
            return self.value(function.node.body, scope)
        outer, self._returned = self._returned, []
        try:
            how = self._block(function.node.body, scope)
            self.stopped = how == _ENDS and not self._returned
            return tuple(value for values in self._returned for value in values)
        finally:
            self._returned = outer

    # Imports

    def _import(self, alias: ast.alias, scope: Scope) -> None:
        root = alias.name.partition(".")[0]
        if root == drawing_names.ROOT:
            self._magic = self._magic or scope is self.scope
            bound = alias.name if alias.asname else root
            scope.names[alias.asname or root] = (Streamlit(bound),)
            return
        found = self.module(alias.name)
        if alias.asname:
            scope.names[alias.asname] = found
        else:  # `import a.b` binds a, which has b
            scope.names[root] = self._package(alias.name, found)

    def _package(self, dotted: str, found: Values) -> Values:
        names = dotted.split(".")
        for depth in range(len(names) - 1, 0, -1):
            outer = self.module(".".join(names[:depth]))
            made: Values = outer
            if not any(isinstance(value, Module) for value in outer):
                made = (Module("", Scope("")),)
            for value in made:
                if isinstance(value, Module) and found:
                    value.scope.names[names[depth]] = found
            found = made
        return found

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        dotted = absolute("." * node.level + (node.module or ""), scope.path)
        if dotted.partition(".")[0] == drawing_names.ROOT and not node.level:
            self._magic = self._magic or scope is self.scope
            for alias in node.names:
                scope.names[alias.asname or alias.name] = (Streamlit(f"{dotted}.{alias.name}"),)
            return
        modules = self.module(dotted) if dotted else ()
        for alias in node.names:
            if alias.name == "*":
                for module in modules:
                    if isinstance(module, Module):
                        scope.names |= module.scope.names
                continue
            scope.names[alias.asname or alias.name] = self._member(dotted, alias.name, modules)

    def _member(self, dotted: str, name: str, modules: Values) -> Values:
        found = self.attributes(modules, name)
        if any(not isinstance(value, External | Unread) for value in found):
            return found
        inner = self.module(f"{dotted}.{name}".lstrip("."))
        return found if all(isinstance(value, External) for value in inner) and found else inner

    def module(self, dotted: str, *, main: bool = False) -> Values:
        """Return the module of this name after running it."""
        if dotted.partition(".")[0] == drawing_names.ROOT:
            return (Streamlit(dotted),)
        path = find_module(self.drawings.source, dotted.lstrip("."), near=self.near)
        if path is None:
            return (External(dotted),)
        return self._loaded(path, main=main)

    def _loaded(self, path: str, *, main: bool = False) -> Values:
        if path == self.path:
            return (Module(path, self.scope),)
        if not self.drawings.reaches(path):
            for package in packages_above(self.drawings.source, path):
                if self.drawings.reaches(package):
                    self._loaded(package)
            return (Unread(path),)
        loaded = self.drawings.load(path, self.near, main=main)
        if loaded.draws:
            self.through.append(path)
            self._away.append(path)
            try:
                self._note(loaded.draws[0])
            except _Enough:
                if len(self._away) > 1:
                    raise
            finally:
                self._away.pop()
        return (Module(path, loaded.scope),)

    def read(self, unread: Unread) -> Values:
        """Return what it is after all, by running its file."""
        self.step()
        self._read.add(unread.path)
        loaded = self.drawings.load(unread.path, self.near, main=False)
        found: Values = (Module(unread.path, loaded.scope),)
        for name in unread.names:
            if name == CALLED:
                calls = [self.called(one, _CALL, loaded.scope, [], {}) for one in found]
                found = tuple(dict.fromkeys(value for values in calls for value in values))[:MOST]
            else:
                found = self.attributes(found, name)
        return found

    def was_read(self, unread: Unread) -> bool:
        """Say whether this run had to read its file."""
        return unread.path in self._read

    def executed(self, node: ast.Call, scope: Scope, *, main: bool) -> Values:
        """Run the file of the tree that a call like `runpy.run_path("x.py")` names."""
        texts: list[str] = []
        for part in ast.walk(node):
            if part is not node and isinstance(part, _MAY_BE_TEXT):
                values = self.value(part, scope)
                texts += [one.text for one in values if isinstance(one, Text)]
        targets = sorted({text for text in texts if text.endswith(".py")}, key=len, reverse=True)
        for target in targets:
            path = self._beside(target.removeprefix("./"), folder_of(scope.path))
            if path is not None:
                self._loaded(path, main=main)
                break
        return ()

    def _beside(self, target: str, folder: str) -> str | None:
        """Return the file that is meant, seen from the folder or from one above it."""
        while True:
            path = posixpath.normpath(posixpath.join(folder, target))
            if self.drawings.source.has(path):
                return path
            if not folder:
                return None
            folder = folder_of(folder)


def _is_name_check(left: ast.expr, right: ast.expr) -> bool:
    match left, right:
        case (ast.Name(id="__name__"), ast.Constant(value="__main__")) | (
            ast.Constant(value="__main__"),
            ast.Name(id="__name__"),
        ):
            return True
    return False
