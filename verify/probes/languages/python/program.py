"""Runs through the statements of a Python program as far as they can be followed."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING

from verify.probes.languages.python.evaluation import Expressions
from verify.probes.languages.python.values import (
    HOLE,
    UNKNOWN,
    Alt,
    Class,
    Function,
    Instance,
    Ref,
    Table,
    Value,
    combined,
    items,
    joined,
    known,
    labelled,
    noted,
    text,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from verify.probes.languages.command import Word
    from verify.probes.languages.python.around import Around
    from verify.probes.languages.python.store import Store

    Body = Sequence[ast.stmt]

_MOST_PASSES = 16  # of a loop over a known list
_DEEPEST_CALL = 8
_DEEPEST = 80

_LOOP = frozenset({"break", "continue"})
_PLAIN_DECORATORS = frozenset(
    {"staticmethod", "classmethod", "property", "cache", "lru_cache", "wraps", "contextmanager"}
    | {"cache_data", "cache_resource", "fragment", "dialog", "overload", "fixture", "dataclass"}
)


class Program(Expressions):
    """A program that is being followed; `found` holds the commands so far.

    Args:
        tree: the program.
        script: its absolute path.
        cwd: the absolute folder it runs in.
        arguments: `sys.argv[1:]`.
        environment: what its environment has set.
        around: the files around it.
        source: its text, to quote from.
    """

    def __init__(
        self,
        tree: ast.Module,
        script: str,
        cwd: str | None,
        arguments: tuple[Word, ...],
        environment: Mapping[str, Word],
        around: Around | None,
        source: str,
    ) -> None:
        super().__init__(script, cwd, arguments, environment, around, source)
        self.tree = tree
        self._globals: set[tuple[int, str]] = set()
        self._returned: list[Value] = []
        self._left: list[tuple[str, int, Store]] = []
        self._active: list[ast.AST] = []

    def run(self, tree: ast.Module, name: str) -> None:
        """Run the program's own file under this `__name__`."""
        self.scope = (0,)
        self.scripts[0] = self._script
        self.store.set((0, "__name__"), known(name))
        self.store.set((0, "__file__"), known(self._script or HOLE))
        self.block(tree.body)

    def named(self, name: str) -> object:
        """Return what a name of the program's own file holds; a dotted name goes into a class."""
        head, _, rest = name.partition(".")
        item = (self.store.get((0, head)) or UNKNOWN)[0].item
        if rest and isinstance(item, Class):
            item = (self.bound(item, rest) or UNKNOWN)[0].item
        return item

    def run_function(self, name: str) -> None:
        """Run what a console script calls: a function, or what collects some (click, typer)."""
        found = self.named(name)
        if isinstance(found, Ref):
            member = self.member(found.name)
            found = member[0].item if member else found
        if isinstance(found, Function):
            self.invoke(found, [], {})
        else:
            self.run_registered()

    def run_registered(self) -> None:
        """Run the functions that a decorator gave to a framework, which may call any of them."""
        wanted = [one for one in self.registered if _command_name(one.node) in self.arguments[:1]]
        for one in wanted or self.registered:
            if one.node not in self.ran:
                self._alone(one)

    def run_offered(self) -> None:
        """Run each function and method of the file that was not run before."""
        self.run_registered()
        for node in self.tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                item = self.named(node.name)
                if isinstance(item, Function) and item.node not in self.ran:
                    self.assumed = (f"when something calls {node.name}()",)
                    self._alone(item)
            elif isinstance(node, ast.ClassDef):
                self._methods(node)

    def _methods(self, node: ast.ClassDef) -> None:
        kind = Class(node, 0, (0,))
        owner = Instance(kind, (self.fresh(),))
        for each in node.body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each not in self.ran:
                self.assumed = (f"when something calls {node.name}.{each.name}()",)
                self._alone(Function(each, 0, (0,), owner))

    def _alone(self, function: Function) -> None:
        self.invoke(function, [], {})
        self.over = ""
        self.assumed = ()

    # Statements -------------------------------------------------------------------------------

    def block(self, body: Body) -> None:
        """Run statements until one of them ends the block (`over` says how)."""
        for statement in body:
            self.step()
            if self.depth > _DEEPEST:
                return
            self.depth += 1
            try:
                self._statement(statement)
            finally:
                self.depth -= 1
            if self.ended():
                return

    def _statement(self, node: ast.stmt) -> None:
        if self.module == 0:
            self.site = node
        match node:
            case ast.Expr(value=value):
                self.value(value)
            case ast.Assign(targets=targets, value=value):
                found = self.value(value)
                for target in targets:
                    self.assign(target, found)
            case ast.AnnAssign(target=target, value=value) if value is not None:
                self.assign(target, self.value(value))
            case ast.AugAssign(target=target, op=operator, value=value):
                self.assign(target, self.value(ast.BinOp(target, operator, value)))
            case ast.Import(names=names):
                for alias in names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    dotted = alias.name if alias.asname else bound
                    self._bind(bound, known(Ref(dotted)))
            case ast.ImportFrom():
                self._import_from(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.ClassDef(name=name):
                self._bind(name, known(Class(node, self.module, self.scope)))
            case ast.If():
                self._if(node)
            case ast.For() | ast.AsyncFor():
                self._for(node)
            case ast.While():
                self._while(node)
            case ast.With(items=parts, body=body) | ast.AsyncWith(items=parts, body=body):
                self._with(parts, body)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.Match(subject=subject, cases=cases):
                self.value(subject)
                bodies = [case.body for case in cases]
                self._branches(node, [*bodies, []])
            case ast.Return(value=value):
                self._returned.append(self.value(value))
                self.over = self.over or "return"
            case ast.Raise(exc=raised):
                self.value(raised)
                self.over = "raise"
            case ast.Break():
                self.over = "break"
            case ast.Continue():
                self.over = "continue"
            case ast.Global(names=names):
                self._globals |= {(self.scope[0], name) for name in names}

    def _bind(self, name: str, value: Value) -> None:
        frame = self.scope[0]
        self.put((self.module if (frame, name) in self._globals else frame, name), value)

    def assign(self, target: ast.expr, value: Value) -> None:
        """Let what stands left of `=` hold the value."""
        match target:
            case ast.Name(id=name):
                self._bind(name, value)
                if any(one.item == Ref("sys.argv") for one in self._raw_name(name)):
                    self.put("argv", value)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for number, each in enumerate(targets):
                    self.assign(each, _unpacked(value, number, len(targets)))
            case ast.Starred(value=inner):
                self.assign(inner, UNKNOWN)
            case ast.Attribute(value=base, attr=attr):
                for one in self.value(base):
                    if isinstance(one.item, Ref) and f"{one.item.name}.{attr}" == "sys.argv":
                        self.put("argv", value)
                    elif isinstance(one.item, Instance | Class):
                        self.put(("attribute", _identity(one.item), attr), value)
            case ast.Subscript(value=base, slice=key):
                self._assign_item(base, key, value)

    def _raw_name(self, name: str) -> Value:
        key = self.name_key(name)
        return self.store.get(key) or () if key else ()

    def _assign_item(self, base: ast.expr, key: ast.expr, value: Value) -> None:
        held = self.value(base)
        if any(one.item == Ref("os.environ") for one in held):
            for name in self.value(key):
                self.set_variable(text(name.item), combined([value], lambda item: item))
        elif isinstance(key, ast.Slice):
            limits = [self.value(one) for one in (key.lower, key.upper)]
            self.assign(base, combined([held, *limits, value], _spliced))
        elif all(isinstance(one.item, tuple | Table) for one in held):
            self.assign(base, combined([held, self.value(key), value], _replaced))

    def _import_from(self, node: ast.ImportFrom) -> None:
        prefix = node.module or ""
        if node.level:
            folder = posixpath.dirname(self.scripts.get(self.module, "") or "")
            for _ in range(min(node.level, 40) - 1):
                folder = posixpath.dirname(folder)
            prefix = f"{folder}|{prefix}"
        for alias in node.names:
            joint = "" if prefix.endswith("|") else "."
            dotted = f"{prefix}{joint}{alias.name}"
            self._bind(alias.asname or alias.name, self.ref_kept(dotted))

    def ref_kept(self, dotted: str) -> Value:
        """Return the name itself: what it stands for may change until it is used."""
        return known(Ref(dotted))

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        function = Function(node, self.module, self.scope)
        self._bind(node.name, known(function))
        names = {_last_name(decorator) for decorator in node.decorator_list}
        if names - _PLAIN_DECORATORS and self.module == 0:
            self.registered.append(function)

    def _if(self, node: ast.If) -> None:
        holds, absent, note = self.truth_of(node.test)
        if self.ended():
            return
        if holds is None:
            self._branches(node, [node.body, node.orelse])
            return
        taken, other = (node.body, node.orelse) if holds else (node.orelse, node.body)
        if not absent:
            self._assuming(taken, note)
            return
        outer, before = self.store, self.arms
        name = self.branching(node)
        self.store, self.arms = outer.branch(), joined(before, ((name, 0),))
        count = len(self.found)
        self.block(taken)
        inner, self.store = self.store, outer
        if self.ended() and len(self.found) == count:
            # It stops for want of a file: what it would do with it is what it is there for.
            self.over = ""
            self.arms = joined(before, ((name, 1),))
            self._assuming(other, note)
        else:
            outer.own.update(inner.own)
            self.arms = before

    def _assuming(self, body: Body, note: str) -> None:
        outer = self.assumed
        self.assumed = (*outer, note) if note else outer
        self.block(body)
        self.assumed = outer

    def _branches(self, node: ast.AST, bodies: Sequence[Body]) -> None:
        """Run blocks of which only one runs."""
        name = self.branching(node)
        outer, before = self.store, self.arms
        ended: list[str] = []
        through: list[tuple[int, Store]] = []
        for arm, body in enumerate(bodies):
            self.store, self.arms = outer.branch(), joined(before, ((name, arm),))
            self.block(body)
            if self.over in _LOOP:
                self._left.append((name, arm, self.store))
            if self.ended():
                ended.append(self.over)
            else:
                through.append((arm, self.store))
            self.over = ""
        self.store, self.arms = outer, before
        outer.merge(name, through)
        if not through:
            self.over = next((one for one in ended if one not in {"exit", "raise"}), ended[0])
        elif len(through) == 1 and len(bodies) > 1:
            self.arms = joined(before, ((name, through[0][0]),))

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        over = self.value(node.iter)
        passes: list[Value] = [UNKNOWN]
        if len(over) == 1 and isinstance(over[0].item, tuple):
            passes = [known(item, over[0].note) for item in over[0].item[:_MOST_PASSES]]
        before, left, self._left = self.arms, self._left, []
        for one in passes:
            self.assign(node.target, one)
            self.block(node.body)
            if self.over == "continue":
                self.over = ""
            if self.ended():
                break
        self._after_loop(before, left)
        if not self.over:
            self.block(node.orelse)

    def _while(self, node: ast.While) -> None:
        holds = self.truth_of(node.test)[0]
        if holds is False:
            return
        before, left, self._left = self.arms, self._left, []
        self.block(node.body)
        if holds is None and self.over in {"return", "raise", "exit"}:
            self.over = ""
        self._after_loop(before, left)

    def _after_loop(
        self, before: tuple[tuple[str, int], ...], left: list[tuple[str, int, Store]]
    ) -> None:
        """Go on after a loop, also with what branches held that left it."""
        if self.over in _LOOP:
            self.over = ""
        self.arms = before
        for name, arm, store in self._left:
            for key, value in store.own.items():
                other = self.store.get(key)
                if other is None:
                    self.store.set(key, value)
                elif other != value:
                    rest = labelled(other, name, 1 - arm)
                    self.store.set(key, union([*labelled(value, name, arm), *rest]))
        self._left = left

    def _with(self, parts: list[ast.withitem], body: Body) -> None:
        cwd: Value | None = None
        for part in parts:
            held = self.store.get("cwd")
            value = self.value(part.context_expr)
            if part.optional_vars is not None:
                self.assign(part.optional_vars, value)
            if self.store.get("cwd") != held:
                cwd = held
        self.block(body)
        if cwd is not None:
            self.store.set("cwd", cwd)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        bodies = [[*node.body, *node.orelse], *(handler.body for handler in node.handlers)]
        if node.handlers:
            self._branches(node, bodies)
        else:
            self.block(bodies[0])
        over, self.over = self.over, ""
        self.block(node.finalbody)
        self.over = self.over or over

    # Functions --------------------------------------------------------------------------------

    def invoke(self, callee: Function, args: list[Value], named: dict[str, Value]) -> Value:
        """Run a function of the program, and return what it returns."""
        node = callee.node
        if node in self._active or len(self._active) >= _DEEPEST_CALL:
            return UNKNOWN
        outer = (self.scope, self.module, self.arms, self._returned, self._left, self.site)
        frame = self.fresh()
        if callee.owner is not None and not _is_static(node):
            args = [known(callee.owner), *args]
        self._active.append(node)
        self.ran.add(node)
        self._parameters(callee, frame, args, named)
        self.scope, self.module = (frame, *callee.frames), callee.module
        self._returned, self._left = [], []
        try:
            if isinstance(node, ast.Lambda):
                self._returned.append(self.value(node.body))
            else:
                self.block(node.body)
            found = self._results(node)
        finally:
            self._active.pop()
            self.scope, self.module, self.arms, self._returned, self._left, self.site = outer
        if self.over not in {"exit", "raise"}:
            self.over = ""
        return found

    def _results(self, node: ast.AST) -> Value:
        if not self._returned:
            return known(None)
        if len(self._returned) == 1:
            return self._returned[0]
        name = self.branching(node)
        return union(
            alt for arm, value in enumerate(self._returned) for alt in labelled(value, name, arm)
        )

    def _parameters(
        self, callee: Function, frame: int, args: list[Value], named: dict[str, Value]
    ) -> None:
        spec = callee.node.args
        names = [one.arg for one in (*spec.posonlyargs, *spec.args)]
        defaults = dict(zip(reversed(names), reversed(spec.defaults), strict=False))
        own = [*names, *(one.arg for one in spec.kwonlyargs)]
        for one, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
            if default is not None:
                defaults[one.arg] = default
        given = dict(zip(names, args, strict=False)) | {k: v for k, v in named.items() if k in own}
        options, made = _options_of(callee.node), dict(callee.given)
        outer, self.scope = self.scope, callee.frames or self.scope
        for name in own:
            if name in given:
                value = given[name]
            elif name in options:
                value = self._option(options[name])
            elif name in made:
                value = known(made[name])
            elif name in defaults:
                value = self._default(name, defaults[name])
            else:
                value = UNKNOWN
            self.put((frame, name), value)
        self.scope = outer
        if spec.vararg is not None:
            rest = args[len(names) :]
            self.put((frame, spec.vararg.arg), combined(rest, lambda *found: found))
        if spec.kwarg is not None:
            extra = {k: v for k, v in named.items() if k not in own}
            pairs = tuple((k, v[0].item if len(v) == 1 else HOLE) for k, v in extra.items())
            self.put((frame, spec.kwarg.arg), known(Table(pairs)))

    def _default(self, name: str, node: ast.expr) -> Value:
        value = self.value(node)
        if isinstance(node, ast.Call) and _last_name(node) in {"Option", "Argument"}:
            note = f"unless --{name.replace('_', '-')} is given"
            return tuple(Alt(one.item, one.arms, noted(note, one.note)) for one in value)
        return value

    def _option(self, node: ast.Call) -> Value:
        """Return what a parameter is that click reads from the command line."""
        flags = [text(self.value(arg)[0].item) for arg in node.args]
        named = {k.arg: k.value for k in node.keywords if k.arg}
        default = self.value(named.get("default"))
        choices = None
        kind = named.get("type")
        if isinstance(kind, ast.Call) and _last_name(kind) == "Choice" and kind.args:
            choices = self.value(kind.args[0])
        return self.option(node, flags, default, choices)

    # Classes and modules ----------------------------------------------------------------------

    def made(self, kind: Class, args: list[Value], named: dict[str, Value]) -> Value:
        """Make an object of a class of the program."""
        instance = Instance(kind, (self.fresh(),))
        start = self._method_node(kind, "__init__")
        if start is not None:
            self.invoke(Function(start, kind.module, kind.frames, instance), args, named)
        else:  # a dataclass, or the like
            fields = [one.target.id for one in kind.node.body if _is_field(one)]  # type: ignore[attr-defined]
            for name, value in (dict(zip(fields, args, strict=False)) | named).items():
                self.put(("attribute", _identity(instance), name), value)
        return known(instance)

    def bound(self, item: object, name: str) -> Value | None:
        """Return an attribute of an object of the program."""
        value = self.store.get(("attribute", _identity(item), name))
        if value is not None:
            return self.here(value)
        kind = item.of if isinstance(item, Instance) else item
        if not isinstance(kind, Class):
            return None
        node = self._method_node(kind, name)
        if node is not None:
            function = Function(node, kind.module, kind.frames, item)
            if any(_last_name(one) == "property" for one in node.decorator_list):
                return self.invoke(function, [], {})
            return known(function)
        for each in kind.node.body:
            if isinstance(each, ast.Assign) and any(_is_name(t, name) for t in each.targets):
                return self.value(each.value)
            if isinstance(each, ast.AnnAssign) and each.value and _is_name(each.target, name):
                return self.value(each.value)
        return None

    def _method_node(
        self, kind: Class, name: str, depth: int = 0
    ) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        for each in kind.node.body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name == name:
                return each
        for base in kind.node.bases if depth < _DEEPEST_CALL else ():
            if isinstance(base, ast.Name):
                item = (self.store.get((kind.module, base.id)) or UNKNOWN)[0].item
                found = (
                    self._method_node(item, name, depth + 1) if isinstance(item, Class) else None
                )
                if found is not None:
                    return found
        return None

    def member(self, dotted: str) -> Value | None:
        """Return what a name of a module of the repository holds."""
        folder, bar, inner = dotted.rpartition("|")
        module, _, name = inner.rpartition(".")
        if not name or (not module and not bar):
            return None
        frame = self._load(f"{folder}{bar}{module or '__init__'}")
        return None if frame is None else self.store.get((frame, name))

    def _load(self, dotted: str) -> int | None:
        """Run a module of the repository once, and return the frame of its names."""
        if dotted in self.modules:
            return self.modules[dotted]
        self.modules[dotted] = None
        found = self.loaded(dotted)
        if found is None:
            return None
        script, tree = found
        outer = (self.scope, self.module, self.arms, self.site, self.assumed)
        frame = self.fresh()
        self.modules[dotted] = frame
        self.scripts[frame] = script
        self.scope, self.module = (frame,), frame
        self.store.set((frame, "__name__"), known(dotted))
        self.store.set((frame, "__file__"), known(script))
        self.block(tree.body)
        self.over = ""
        self.scope, self.module, self.arms, self.site, self.assumed = outer
        return frame


def _identity(item: object) -> Hashable:
    if isinstance(item, Instance):
        return (_identity(item.of), item.args)
    return item.node if isinstance(item, Class) else None


def _unpacked(value: Value, number: int, count: int) -> Value:
    def one(item: object) -> object:
        found = items(item)
        return found[number] if len(found) == count else HOLE

    return combined([value], one)


def _spliced(held: object, lower: object, upper: object, new: object) -> object:
    if not isinstance(held, tuple):
        return HOLE
    start = lower if isinstance(lower, int) else 0
    stop = upper if isinstance(upper, int) else len(held)
    return (*held[:start], *items(new), *held[stop:])


def _replaced(held: object, key: object, new: object) -> object:
    if isinstance(held, Table):
        return held.put(key, new)
    if isinstance(held, tuple) and isinstance(key, int) and -len(held) <= key < len(held):
        at = key % len(held)
        return (*held[:at], new, *held[at + 1 :])
    return HOLE


def _last_name(node: ast.expr) -> str:
    while isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_static(node: ast.AST) -> bool:
    return any(_last_name(one) == "staticmethod" for one in getattr(node, "decorator_list", ()))


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _options_of(node: ast.AST) -> dict[str, ast.Call]:
    """Return the parameters that a function's decorators read from the command line."""
    found: dict[str, ast.Call] = {}
    for each in getattr(node, "decorator_list", ()):
        if isinstance(each, ast.Call) and _last_name(each) in {"option", "argument"}:
            flags = [one.value for one in each.args if isinstance(one, ast.Constant)]
            words = [one for one in flags if isinstance(one, str)]
            plain = [one for one in words if not one.startswith("-")]
            for name in plain[:1] or sorted(words, key=len)[-1:]:
                found[name.lstrip("-").partition("/")[0].replace("-", "_").lower()] = each
    return found


def _command_name(node: ast.AST) -> str:
    """Return the name under which a command line calls a decorated function."""
    for each in getattr(node, "decorator_list", ()):
        if isinstance(each, ast.Call):
            named = [k.value for k in each.keywords if k.arg == "name"]
            for one in (*each.args[:1], *named):
                if _last_name(each) == "command" and isinstance(one, ast.Constant):
                    return str(one.value)
    return str(getattr(node, "name", "")).replace("_", "-")
