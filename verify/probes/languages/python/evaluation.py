"""Works out what the expressions of a Python program may be, and sees the programs they start."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.languages.python import starts as python_starts
from verify.probes.languages.python.starts import Start
from verify.probes.languages.python.state import ARGUMENTS, State
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
    Weak,
    absolute,
    attribute,
    combined,
    compared,
    function,
    items,
    joined,
    known,
    labelled,
    method,
    noted,
    open_,
    operated,
    text,
    truth,
    union,
)
from verify.probes.static.code import excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEEPEST = 80  # expressions and statements within each other, calls included
_LONGEST_COMPREHENSION = 32

_EXITS = frozenset({"sys.exit", "exit", "quit", "os._exit", "os.abort"})
_NO_STREAMLIT = ("runtime.exists", "get_script_run_ctx", "_is_running_with_streamlit")
_EXISTENCE = frozenset({"os.path.exists", "os.path.isfile", "os.path.isdir"})
_EXISTS = frozenset({"exists", "is_file", "is_dir"})
_CHANGES = frozenset({"append", "extend", "insert", "update", "setdefault", "clear"})
_ENVIRON = Ref("os.environ")
_FLAGS = ("bootstrap.load_config_options", "config.set_option", "streamlit.set_option")
_METHODS_OF_SESSIONS = frozenset({"run", "run_always", "run_install"})


class Expressions(State):
    """A program whose expressions can be worked out."""

    def value(self, node: ast.expr | None) -> Value:
        """Return what an expression may be; programs that it starts are found on the way."""
        if node is None:
            return known(None)
        self.step()
        if self.depth > _DEEPEST:
            return UNKNOWN
        self.depth += 1
        try:
            return self._value(node)
        finally:
            self.depth -= 1

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=constant):
                return known(constant)
            case ast.Name(id=name):
                return self._name(name)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self.call(node)
            case ast.JoinedStr(values=parts):
                shown = [self._format(part) for part in parts]
                return combined(shown, lambda *found: "".join(text(one) for one in found))
            case ast.FormattedValue(value=inner) | ast.Await(value=inner):
                return self.value(inner)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return self._list(elements)
            case ast.Dict():
                return self._dict(node)
            case ast.BinOp(left=left, op=operator, right=right):
                values = [self._operand(left), self._operand(right)]
                return combined(values, lambda one, other: operated(operator, one, other))
            case ast.BoolOp():
                return self._choice(node)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return combined([self.value(operand)], _negated)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return combined([self.value(operand)], lambda one: -one)
            case ast.Compare(left=left, ops=[relation], comparators=[right]):
                values = [self.value(left), self.value(right)]
                if self._is_argv(right):  # what people call may be given anything
                    return UNKNOWN
                return combined(values, lambda one, other: compared(relation, one, other))
            case ast.IfExp():
                return self._conditional(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.NamedExpr(target=target, value=inner):
                value = self.value(inner)
                self.assign(target, value)
                return value
            case ast.ListComp() | ast.GeneratorExp() | ast.SetComp():
                return self._comprehension(node)
            case ast.Lambda():
                return self._lambda(node)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.value(child)
        return UNKNOWN

    def assign(self, target: ast.expr, value: Value) -> None:
        """Let what stands left of `=` hold the value."""
        raise NotImplementedError

    def invoke(self, callee: Function, args: list[Value], named: dict[str, Value]) -> Value:
        """Run a function of the program, and return what it returns."""
        raise NotImplementedError

    def member(self, dotted: str) -> Value | None:
        """Return what a name of a module of the repository holds."""
        raise NotImplementedError

    def made(self, kind: Class, args: list[Value], named: dict[str, Value]) -> Value:
        """Make an object of a class of the program."""
        raise NotImplementedError

    def bound(self, item: object, name: str) -> Value | None:
        """Return an attribute of an object of the program."""
        raise NotImplementedError

    def _lambda(self, node: ast.Lambda) -> Value:
        names = [one.arg for one in (*node.args.posonlyargs, *node.args.args)]
        values = [self.value(one) for one in node.args.defaults]
        pairs = zip(reversed(names), reversed(values), strict=False)
        given = tuple((name, value[0].item if len(value) == 1 else HOLE) for name, value in pairs)
        return known(Function(node, self.module, self.scope, given=given))

    def _format(self, node: ast.expr) -> Value:
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = self.value(node.format_spec)
            plain = len(spec) == 1 and spec[0].item in {"", "s", "d"}
            return self.value(node.value) if plain else UNKNOWN
        return self.value(node)

    def _name(self, name: str) -> Value:
        key = self.name_key(name)
        if key is None:
            return known(Ref(name))
        value = self.flattened(self.held(key))
        only = value[0].item if len(value) == 1 else None
        if isinstance(only, Ref) and name.isupper():
            return self.member(only.name) or value
        return value

    def _attribute(self, node: ast.Attribute) -> Value:
        found: list[Alt] = []
        for base in self.value(node.value):
            for one in self._attribute_of(base.item, node.attr):
                note = noted(base.note, one.note)
                found.append(Alt(one.item, joined(base.arms, one.arms), note))
        return union(found)

    def _attribute_of(self, item: object, name: str) -> Value:
        if isinstance(item, Ref):
            dotted = Ref(f"{item.name}.{name}")
            if name.isupper():
                return self.member(dotted.name) or known(dotted)
            return self.ref(dotted)
        if isinstance(item, Instance | Class):
            if isinstance(item, Instance) and isinstance(item.of, Ref):
                return self._of_instance(item.of.name, name)
            return self.bound(item, name) or UNKNOWN
        return known(attribute(item, name))

    def _of_instance(self, kind: str, name: str) -> Value:
        if kind == "argparse.Namespace":
            return self.store.get(("option", name)) or UNKNOWN
        if kind == "nox.Session" and name == "posargs":
            given = tuple(HOLE if one is None else one for one in self.arguments)
            return known(given, "" if given else ARGUMENTS)
        if kind == "nox.Session" and name == "env":
            return known(_ENVIRON)
        return UNKNOWN

    def _list(self, elements: Sequence[ast.expr]) -> Value:
        starred = [isinstance(element, ast.Starred) for element in elements]
        values = [
            self.value(element.value if isinstance(element, ast.Starred) else element)
            for element in elements
        ]

        def make(*found: object) -> object:
            made: list[object] = []
            for one, spread in zip(found, starred, strict=True):
                made += items(one) if spread else (one,)
            return tuple(made)

        return combined(values, make)

    def _dict(self, node: ast.Dict) -> Value:
        keys = [self.value(key) if key is not None else None for key in node.keys]
        values = [self._operand(value) for value in node.values]
        flat = [one for key, value in zip(keys, values, strict=True) for one in (key, value)]

        def make(*found: object) -> object:
            rest, table = list(found), Table(())
            for key in keys:
                if key is None:
                    other = rest.pop(0)
                    if isinstance(other, Table):
                        table = Table(
                            (*table.pairs, *other.pairs), table.inherits or other.inherits
                        )
                else:
                    table = table.put(rest.pop(0), rest.pop(0))
            return table

        return combined([one for one in flat if one is not None], make)

    def _operand(self, node: ast.expr) -> Value:
        """Return a value, and for the environment itself a dict that inherits from it."""
        value = self.value(node)
        return combined([value], lambda one: Table((), inherits=True) if one == _ENVIRON else one)

    def truth_of(self, node: ast.expr) -> tuple[bool | None, bool, str]:
        """Return whether a condition holds, whether for want of a file, and a note.

        What holds only as long as a variable is not set, or an option not given, is not known.
        """
        value = self.here(self.value(node))
        found = {truth(one.item) for one in value}
        notes = noted(*(one.note for one in value))
        absent = any(isinstance(one.item, Weak) and not one.item.there for one in value)
        if len(found) != 1 or notes not in {"", ARGUMENTS}:
            return None, absent, ""
        return found.pop(), absent, notes

    def _choice(self, node: ast.BoolOp) -> Value:
        stops = isinstance(node.op, ast.Or)
        value = self.value(node.values[0])
        for other in node.values[1:]:
            holds = {truth(one.item) for one in value}
            if holds == {stops}:
                return value
            following = self.value(other)
            if holds == {not stops}:
                note = noted(*(one.note for one in value))
                value = tuple(Alt(a.item, a.arms, noted(note, a.note)) for a in following)
            else:
                name = self.branching(node)
                kept = tuple(one for one in value if truth(one.item) is not (not stops))
                value = union([*labelled(kept, name, 0), *labelled(following, name, 1)])
        return value

    def _conditional(self, node: ast.IfExp) -> Value:
        holds, _, note = self.truth_of(node.test)
        if holds is not None:
            value = self.value(node.body if holds else node.orelse)
            return tuple(Alt(one.item, one.arms, noted(note, one.note)) for one in value)
        name, before = self.branching(node), self.arms
        found: list[Alt] = []
        for arm, branch in enumerate((node.body, node.orelse)):
            self.arms = joined(before, ((name, arm),))
            found += labelled(self.value(branch), name, arm)
        self.arms = before
        return union(found)

    def _subscript(self, node: ast.Subscript) -> Value:
        base = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            parts = [self.value(part) for part in (node.slice.lower, node.slice.upper)]
            return combined([base, *parts], _sliced)
        key = self.value(node.slice)
        return self._looked_up(node, base, key, None)

    def _looked_up(self, node: ast.AST, base: Value, key: Value, default: Value | None) -> Value:
        """Return `base[key]`, or `base.get(key, default)`; for an unknown key, what it may be."""
        found: list[Alt] = []
        for one in base:
            for wanted in key:
                arms, note = joined(one.arms, wanted.arms), noted(one.note, wanted.note)
                got = self._item(node, one.item, wanted.item, default)
                found += [Alt(a.item, joined(arms, a.arms), noted(note, a.note)) for a in got]
        return self.here(union(found))

    def _item(self, node: ast.AST, base: object, key: object, default: Value | None) -> Value:
        if isinstance(base, Table) and not base.inherits and open_(key):
            name = self.branching(node)
            return union([Alt(v, ((name, n),)) for n, (_, v) in enumerate(base.pairs)])
        if isinstance(base, Table) and base.has(key):
            return known(base.get(key))
        if base == _ENVIRON or (isinstance(base, Table) and base.inherits):
            value = self.variable(text(key))
            if value is not None:
                return value
            note = f"unless {text(key)} is set"
            return UNKNOWN if default is None else _assuming(default, note)
        if isinstance(base, Table):
            return UNKNOWN if default is None else default
        if isinstance(base, tuple) and isinstance(key, int) and -len(base) <= key < len(base):
            return known(base[key])
        if isinstance(base, tuple) and open_(key) and HOLE not in base:
            name = self.branching(node)
            return union([Alt(v, ((name, n),)) for n, v in enumerate(base)])
        return UNKNOWN

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Value:
        first = node.generators[0]
        over = self.value(first.iter)
        if len(node.generators) > 1 or len(over) > 1:
            return UNKNOWN
        made: list[object] = []
        outer = self.scope
        self.scope = (self.fresh(), *outer)
        for item in items(over[0].item)[:_LONGEST_COMPREHENSION]:
            self.assign(first.target, known(item))
            holds = [self.truth_of(test)[0] for test in first.ifs]
            if False in holds:
                continue
            value = self.value(node.elt)
            made.append(value[0].item if len(value) == 1 and None not in holds else HOLE)
        self.scope = outer
        return known(tuple(made))

    def call(self, node: ast.Call) -> Value:
        """Return what a call gives; the program that it starts is found."""
        args = self._arguments(node)
        named = {k.arg: self._operand(k.value) for k in node.keywords if k.arg is not None}
        for keyword in node.keywords:
            if keyword.arg is None:  # **options
                for spread in self.value(keyword.value)[:1]:
                    if isinstance(spread.item, Table):
                        named |= {text(name): known(item) for name, item in spread.item.pairs}
        if self.ended():
            return UNKNOWN
        if self.module == 0:
            self.site = node
        if isinstance(node.func, ast.Attribute):
            if node.func.attr == "add_argument":
                self._add_option(node, args, named)
                return UNKNOWN
            return self._method(node, node.func, args, named)
        found: list[Alt] = []
        for callee in self.here(self.value(node.func)):
            for one in self._called(node, callee.item, args, named):
                note = noted(callee.note, one.note)
                found.append(Alt(one.item, joined(callee.arms, one.arms), note))
            if self.ended():
                break
        return union(found)

    def _arguments(self, node: ast.Call) -> list[Value]:
        args: list[Value] = []
        for arg in node.args:
            if not isinstance(arg, ast.Starred):
                args.append(self._operand(arg))
                continue
            spread = self.value(arg.value)
            if len(spread) == 1:
                args += [known(item) for item in items(spread[0].item)]
            else:
                args.append(UNKNOWN)
        return args

    def _called(
        self, node: ast.Call, callee: object, args: list[Value], named: dict[str, Value]
    ) -> Value:
        if isinstance(callee, Function):
            return self.invoke(callee, args, named)
        if isinstance(callee, Class):
            return self.made(callee, args, named)
        if isinstance(callee, Ref):
            return self._library(node, callee.name, args, named)
        self._hand_over(args, named)
        return UNKNOWN

    def _library(
        self, node: ast.Call, name: str, args: list[Value], named: dict[str, Value]
    ) -> Value:
        """Call something that is not defined in the program itself."""
        if name in _EXITS:
            self.over = "exit"
            return UNKNOWN
        if name.endswith(_NO_STREAMLIT):
            return known(None)
        if name in python_starts.APPS and (args or named):
            script = args[0] if args else named.get("script_path", UNKNOWN)
            return combined([script], lambda one: Instance(Ref("streamlit.App"), (one,)))
        if self._start(node, name, args, named):
            return UNKNOWN
        if name in {"os.environ.get", "os.getenv"} and args:
            default = args[1] if len(args) > 1 else named.get("default", known(None))
            return self._looked_up(node, known(_ENVIRON), args[0], default)
        if name == "uvicorn.run" and args:
            values = [args[0], named.get("port", known(8000))]
            self._emit_all(node, combined(values, _served))
        special = self._special(node, name, args, named)
        if special is not None:
            return special
        cwd = self.cwd
        result = combined(args, lambda *found: function(name, found, cwd))
        if result != UNKNOWN or name.startswith(("os.path.", "pathlib.")):
            return result
        member = self.member(name)
        if member is not None:
            found = [self._called(node, one.item, args, named) for one in member]
            return union([alt for one in found for alt in one])
        self._hand_over(args, named)
        return UNKNOWN

    def _special(
        self, node: ast.Call, name: str, args: list[Value], named: dict[str, Value]
    ) -> Value | None:
        """Call what reads or changes the program's surroundings; None for anything else."""
        if name in {"os.chdir", "contextlib.chdir"} and args:
            cwd = self.cwd
            self.put("cwd", combined([args[0]], lambda one: absolute(text(one), cwd)))
            return known(None)
        if name == "os.putenv" and len(args) > 1:
            for one in args[0]:
                self.set_variable(text(one.item), args[1])
            return known(None)
        if name == "os.environ.copy":
            return known(Table((), inherits=True))
        if name == "dict":
            return self._made_dict(args, named)
        if name in _EXISTENCE and args:
            return combined([args[0]], self._stands)
        if name == "len" and args and self._is_argv(node.args[0]):
            return tuple(Alt(len(items(one.item)), one.arms, ARGUMENTS) for one in args[0])
        if name == "next" and args:
            return combined(args, _first)
        if name.endswith(_FLAGS):
            self._set_flags(name, args, named)
            return known(None)
        if name.endswith(("importlib.import_module", "__import__")) and args:
            return combined([args[0]], lambda one: Ref(text(one)))
        if name in {"getattr", "hasattr"} and len(args) > 1 and args[0][0].item == Ref("sys"):
            return args[2] if len(args) > 2 else known(item=False)  # noqa: PLR2004 - not frozen
        if name == "getattr" and len(args) > 1:
            return self._attribute_of(args[0][0].item, text(args[1][0].item))
        return None

    def _is_argv(self, node: ast.expr) -> bool:
        """Say whether the expression is the command line, of which nobody knows what it will be."""
        return not self.exact and excerpt(node) in {"sys.argv", "argv", "sys.argv[1:]"}

    def _made_dict(self, args: list[Value], named: dict[str, Value]) -> Value:
        names = list(named)

        def make(*found: object) -> object:
            base = found[0] if args else Table(())
            table = base if isinstance(base, Table) else Table(())
            for name, item in zip(names, found[len(args) :], strict=True):
                table = table.put(name, item)
            return table

        return combined([*args, *named.values()], make)

    def _set_flags(self, name: str, args: list[Value], named: dict[str, Value]) -> None:
        given = args[0] if args else named.get("flag_options", UNKNOWN)
        if name.endswith("load_config_options"):
            self.put("flags", given if isinstance(given[0].item, Table) else known(Table(())))
        elif len(args) > 1:
            flags = self.held("flags")

            def put(table: object, key: object, item: object) -> object:
                return table.put(key, item) if isinstance(table, Table) else table

            self.put("flags", combined([flags, given, args[1]], put))

    def _stands(self, path: object) -> object:
        full = absolute(text(path), self.cwd)
        if self.around is None or HOLE in full:
            return HOLE
        there = self.around.exists(full)
        return Weak(there, there)

    def _start(self, node: ast.AST, name: str, args: list[Value], named: dict[str, Value]) -> bool:
        """Find the program that a call starts, and say whether it starts any."""
        names, count = list(named), len(args)
        outer = [self.held("argv"), self.held("flags")]

        def make(argv: object, flags: object, *found: object) -> object:
            given = dict(zip(names, found[count:], strict=True))
            table = flags if isinstance(flags, Table) else Table(())
            return python_starts.started(name, found[:count], given, items(argv), table)

        probe = (
            python_starts.started(
                name,
                tuple(arg[0].item for arg in args),
                {key: value[0].item for key, value in named.items()},
                (),
                Table(()),
            )
            if _may_start(name)
            else None
        )
        if probe is None:
            return False
        self._emit_all(node, combined([*outer, *args, *named.values()], make))
        if probe.ends:
            self.over = "exit"
        return True

    def _emit_all(self, node: ast.AST, value: Value) -> None:
        """Add the commands that one call may run; only one of them runs."""
        name = self.branching(node)
        for number, one in enumerate(value):
            if isinstance(one.item, Start):
                own = ((name, number),) if len(value) > 1 else ()
                self.emit(node, one.item, joined(one.arms, own), one.note)

    def _method(
        self, node: ast.Call, func: ast.Attribute, args: list[Value], named: dict[str, Value]
    ) -> Value:
        """Call a method of a text, a list, a dict or an object."""
        found: list[Alt] = []
        bases = self.here(self.value(func.value))
        if func.attr in _CHANGES and self._change(func, bases, args, named):
            return UNKNOWN
        for base in bases:
            if self.ended():
                break
            for one in self._method_of(node, base.item, func.attr, args, named):
                note = noted(base.note, one.note)
                found.append(Alt(one.item, joined(base.arms, one.arms), note))
        return union(found)

    def _method_of(
        self,
        node: ast.Call,
        base: object,
        name: str,
        args: list[Value],
        named: dict[str, Value],
    ) -> Value:
        if isinstance(base, Ref):
            result = self.flattened(known(Ref(f"{base.name}.{name}")))
            return self._called(node, result[0].item, args, named)
        if isinstance(base, Instance) and isinstance(base.of, Ref):
            return self._of_library(node, base, name, args, named)
        if isinstance(base, Instance | Class):
            found = self.bound(base, name)
            if found is not None:
                return union([a for f in found for a in self._called(node, f.item, args, named)])
        if name == "get" and isinstance(base, Table) and args:
            default = args[1] if len(args) > 1 else known(None)
            return self._looked_up(node, known(base), args[0], default)
        if name in _EXISTS and isinstance(base, str):
            return known(self._stands(base))
        if name == "parse_args":
            return known(Instance(Ref("argparse.Namespace")))
        if name == "parse_known_args":
            return known((Instance(Ref("argparse.Namespace")), HOLE))
        self._hand_over(args, named)
        cwd = self.cwd
        return combined([known(base), *args], lambda one, *rest: method(one, name, rest, cwd))

    def _of_library(
        self,
        node: ast.Call,
        base: Instance,
        name: str,
        args: list[Value],
        named: dict[str, Value],
    ) -> Value:
        if base.of == Ref("streamlit.App") and name == "run":
            values = [self.held("argv"), known(base.args[0]), named.get("config", known(None))]
            self._emit_all(
                node,
                combined(
                    values,
                    lambda argv, script, config: python_starts.app_started(
                        script, {"config": config}, items(argv)
                    ),
                ),
            )
        if base.of == Ref("nox.Session") and name in _METHODS_OF_SESSIONS:
            env = named.get("env", known(None))
            self._emit_all(node, combined([env, *args], _session_start))
        if base.of == Ref("nox.Session") and name in {"chdir", "cd"} and args:
            return self._library(node, "os.chdir", args, named)
        return UNKNOWN

    def _hand_over(self, args: list[Value], named: dict[str, Value]) -> None:
        """Run the functions that are given to something unknown, such as a thread."""
        rest = list(args)
        target = named.get("target", named.get("function"))
        given = named.get("args", known(()))
        listed = [known(item) for item in items(given[0].item)]
        for value in [*([target] if target else []), *named.values(), *args]:
            by_place = any(value is one for one in rest)
            if by_place:
                rest = [one for one in rest if one is not value]
            for one in value:
                if isinstance(one.item, Function) and self._is_new(one.item):
                    self.invoke(one.item, rest if by_place and "args" not in named else listed, {})
                elif isinstance(one.item, Ref) and value is target:
                    self._start(ast.Name(one.item.name), one.item.name, listed, {})
        self.over = ""

    def _is_new(self, function: Function) -> bool:
        return function.node not in self.ran or bool(function.given)

    def _change(
        self, func: ast.Attribute, base: Value, args: list[Value], named: dict[str, Value]
    ) -> bool:
        """Take over `words.append(...)` and the like; say whether it is such a call."""
        if any(one.item == _ENVIRON for one in base):
            self._change_environment(func.attr, args, named)
            return True
        if not all(isinstance(one.item, tuple | Table) for one in base):
            return False
        if func.attr == "update" and named:
            args = [self._made_dict(args, named)]
        if args:
            name = func.attr
            self.assign(func.value, combined([base, *args], lambda *x: _changed(name, *x)))
        return True

    def _change_environment(self, name: str, args: list[Value], named: dict[str, Value]) -> None:
        if name == "setdefault" and len(args) > 1:
            for key in args[0]:
                if self.variable(text(key.item)) is None:
                    value = _assuming(args[1], f"unless {text(key.item)} is set")
                    self.set_variable(text(key.item), value)
        if name == "update":
            for table in args[0] if args else ():
                for key_, item in table.item.pairs if isinstance(table.item, Table) else ():
                    self.set_variable(text(key_), known(item))
            for name_, value in named.items():
                self.set_variable(name_, value)

    def _add_option(self, node: ast.Call, args: list[Value], named: dict[str, Value]) -> None:
        """Take over an option of the program's command line, as argparse reads it."""
        flags = [text(arg[0].item) for arg in args]
        long = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else "")
        given = named.get("dest")
        dest = text(given[0].item) if given else long.lstrip("-").replace("-", "_")
        action = named.get("action", known(None))[0].item
        flag = action in {"store_true", "store_false"}
        default = named.get("default", known(action == "store_false" if flag else None))
        self.put(("option", dest), self.option(node, flags, default, named.get("choices")))

    def option(
        self, node: ast.AST, flags: list[str], default: Value, choices: Value | None
    ) -> Value:
        """Return what an option is: what is given, one of its choices, or its default."""
        shown = next((flag for flag in flags if flag.startswith("--")), (*flags, "it")[0])
        words = list(self.arguments)
        for number, word in enumerate(words):
            name, equals, value = (word or "").partition("=")
            if name in flags and name.startswith("-"):
                if equals:
                    return known(value)
                following = words[number + 1] if number + 1 < len(words) else None
                return UNKNOWN if following is None else known(following)
        positional = not shown.startswith("-")
        if positional and len(words) == 1 and words[0] is not None and words[0][:1] != "-":
            return known(words[0])
        if self.exact and None not in words:
            return default
        if choices is not None and isinstance(choices[0].item, tuple):
            name = self.branching(node)
            first = [one.item for one in default if one.item is not None]
            every = list(dict.fromkeys([*first, *choices[0].item]))
            return union([Alt(item, ((name, n),)) for n, item in enumerate(every)])
        return _assuming(default, f"unless {shown} is given")


def _assuming(value: Value, note: str) -> Value:
    return tuple(Alt(one.item, one.arms, noted(note, one.note)) for one in value)


def _negated(item: object) -> object:
    if isinstance(item, Weak):
        return Weak(not item.holds, item.there)
    found = truth(item)
    return HOLE if found is None else not found


def _sliced(item: object, lower: object, upper: object) -> object:
    limits = [one for one in (lower, upper) if one is not None]
    if not isinstance(item, tuple | str) or not all(isinstance(one, int) for one in limits):
        return HOLE
    start, stop = (one if isinstance(one, int) else None for one in (lower, upper))
    return item[start:stop]


def _first(item: object, default: object = HOLE) -> object:
    found = items(item)
    return found[0] if found else default


def _changed(name: str, base: object, *args: object) -> object:
    if isinstance(base, Table):
        other = args[0]
        if name == "update" and isinstance(other, Table):
            return Table((*base.pairs, *other.pairs), base.inherits or other.inherits)
        if name == "setdefault" and len(args) > 1:
            return base if base.has(args[0]) else base.put(args[0], args[1])
        return base
    if not isinstance(base, tuple):
        return HOLE
    if name == "append":
        return (*base, args[0])
    if name == "extend":
        return (*base, *items(args[0]))
    if name == "insert" and isinstance(args[0], int):
        return (*base[: args[0]], args[1], *base[args[0] :])
    return base


def _session_start(env: object, *args: object) -> Start:
    table = Table(env.pairs, inherits=True) if isinstance(env, Table) else None
    return Start(args, env=table)


def _served(app: object, port: object) -> object:
    if not isinstance(app, Instance) or app.of != Ref("streamlit.App"):
        return None
    return python_starts.app_served(app.args[0], {"port": port})


def _may_start(name: str) -> bool:
    head = name.partition(".")[0]
    return head in {"subprocess", "os", "streamlit", "asyncio", "runpy", "pexpect", "pty", "sh"} | {
        "invoke"
    }
