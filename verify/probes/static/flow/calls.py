"""Evaluates expressions for the control-flow analysis: what ends a path, what has effects."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.static.code import excerpt
from verify.probes.static.flow.harmless import PATH, harmless
from verify.probes.static.flow.values import (
    MOST_STATES,
    Effect,
    End,
    External,
    Function,
    Items,
    Known,
    ModuleOf,
    Raisable,
    State,
    TooComplex,
    Unknown,
    Value,
    builtin,
    exception_class,
    fold_method,
    fold_operator,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_FALSE = frozenset({"typing.TYPE_CHECKING", "typing_extensions.TYPE_CHECKING"})

_DEEPEST = 12  # calls within calls
_MOST_STEPS = 20_000

Results = list[tuple[Value, State]]


class Expressions:
    """Evaluates expressions along one path; what ends it goes to `self.ends`.

    Where the code stands decides what counts as an effect, `self.level`: at the top level of a
    "retired" file any call that does not refuse; at that of an imported "module" and in a
    "function" only what does more than ask and tell.
    """

    def __init__(self) -> None:
        self.ends: list[End] = []
        self.effects: list[Effect] = []
        self.path = ""
        self.level = "retired"
        self.depth = 0
        self.steps = 0
        self.active: list[ast.AST] = []
        self.used: set[str] = set()

    def step(self) -> None:
        """Count one step of work.

        Raises:
            TooComplex: it is one too many.
        """
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise TooComplex("too many steps")

    def effect(self, node: ast.AST, what: str) -> None:
        """Note something that should not run here."""
        found = Effect(self.path, getattr(node, "lineno", 1), what)
        if found not in self.effects:
            self.effects.append(found)

    def end(self, kind: str, node: ast.AST, state: State, value: Value | None = None) -> None:
        """Note that this path ends here."""
        line = getattr(node, "lineno", 1)
        self.ends.append(End(kind, state, self.path, line, value or Unknown()))

    def member(self, module: ModuleOf, name: str) -> Value | None:
        """Return what a module of the tree calls `name`, or None."""
        raise NotImplementedError

    def call_function(
        self, function: Function, arguments: dict[str, Value], state: State
    ) -> Results:
        """Run a function of the tree."""
        raise NotImplementedError

    def evaluate(self, node: ast.expr | None, state: State) -> Results:
        """Return the values an expression can have, each with its path."""
        self.step()
        if node is None:
            return [(Known(None), state)]
        special: Callable[[ast.expr, State], Results] | None = getattr(
            self, f"_{type(node).__name__.lower()}", None
        )
        if special is not None:
            return special(node, state)
        states = [state]
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                states = [after for s in states for _, after in self.evaluate(child, s)]
        if isinstance(node, ast.Yield | ast.YieldFrom | ast.Await):
            self.effect(node, f"`{excerpt(node)}`")
        return [(Unknown(excerpt(node)), after) for after in states]

    def _constant(self, node: ast.Constant, state: State) -> Results:
        return [(Known(node.value), state)]

    def _name(self, node: ast.Name, state: State) -> Results:
        value = state.names.get(node.id)
        if value is None:
            if node.id in {"__name__", "__file__", "__doc__", "__spec__", "__package__"}:
                return [(Unknown(node.id), state)]
            value = builtin(node.id) if node.id != "__debug__" else Unknown("__debug__")
        if value is None and "*" in state.names:
            value = Unknown(node.id)
        if value is None:
            problem = Raisable("NameError", f"name {node.id!r} is not defined", 1)
            self.end("raise", node, state, problem)
            return []
        return [(value, state)]

    def _attribute(self, node: ast.Attribute, state: State) -> Results:
        found: Results = []
        for base, after in self.evaluate(node.value, state):
            value: Value = Unknown(excerpt(node))
            if isinstance(base, External):
                value = External(f"{base.name}.{node.attr}")
            elif isinstance(base, ModuleOf):
                value = self.member(base, node.attr) or value
            found.append((value, after))
        return found

    def _tuple(self, node: ast.Tuple | ast.List, state: State) -> Results:
        found: Results = []
        for values, after in self._all(node.elts, state):
            known = [value.value for value in values if isinstance(value, Known)]
            whole = len(known) == len(values)
            made = Items(known) if isinstance(node, ast.List) else tuple(known)
            found.append((Known(made) if whole else Unknown(excerpt(node)), after))
        return found

    _list = _tuple

    def _joinedstr(self, node: ast.JoinedStr, state: State) -> Results:
        results: Results = []
        for values, after in self._all(node.values, state):
            texts = [v.value for v in values if isinstance(v, Known)]
            whole = len(texts) == len(values)
            text = "".join(map(str, texts)) if whole else ""
            results.append((Known(text) if whole else Unknown(excerpt(node)), after))
        return results

    def _formattedvalue(self, node: ast.FormattedValue, state: State) -> Results:
        plain = node.format_spec is None and node.conversion in {-1, 115}
        return [
            (Known(str(value.value)) if plain and _is_text(value) else Unknown(), after)  # type: ignore[union-attr]
            for value, after in self.evaluate(node.value, state)
        ]

    def _binop(self, node: ast.BinOp, state: State) -> Results:
        found: Results = []
        for (left, right), after in self._all([node.left, node.right], state):
            value: Value = Unknown(excerpt(node))
            if isinstance(left, Known) and isinstance(right, Known):
                value = fold_operator(node.op, left.value, right.value)
            elif left == External(PATH) or right == External(PATH):
                value = External(PATH)
            found.append((value, after))
        return found

    def _unaryop(self, node: ast.UnaryOp, state: State) -> Results:
        found: Results = []
        for value, after in self.evaluate(node.operand, state):
            result: Value = Unknown(excerpt(node))
            if isinstance(node.op, ast.Not) and truth(value) is not None:
                result = Known(not truth(value))
            elif isinstance(node.op, ast.USub) and _is_number(value):
                result = Known(-value.value)  # type: ignore[union-attr,operator]
            found.append((result, after))
        return found

    def _boolop(self, node: ast.BoolOp, state: State) -> Results:
        ends_on = isinstance(node.op, ast.Or)
        pending: Results = [(Unknown(), state)]
        done: Results = []
        for operand in node.values:
            results = [r for _, s in pending for r in self.evaluate(operand, s)]
            pending = []
            for value, after in results:
                known = truth(value)
                if operand is node.values[-1] or known is None or known is ends_on:
                    done.append((value if known is not None else Unknown(), after))
                if operand is not node.values[-1] and known is not ends_on:
                    pending.append((value, after))
        return done

    def _ifexp(self, node: ast.IfExp, state: State) -> Results:
        found: Results = []
        for value, after in self.evaluate(node.test, state):
            known = truth(value)
            if known is not False:
                found += self.evaluate(node.body, after)
            if known is not True:
                found += self.evaluate(node.orelse, after)
        return found

    def _namedexpr(self, node: ast.NamedExpr, state: State) -> Results:
        return [(v, s.bind(node.target.id, v)) for v, s in self.evaluate(node.value, state)]

    def _lambda(self, node: ast.Lambda, state: State) -> Results:
        states = self.defaults(node.args, state)
        return [(Function(node, self.path, s.names), s) for s in states]

    def _comprehension(self, node: ast.expr, state: State) -> Results:
        # How often its parts run is not known, so nothing in it ends a path for certain.
        for child in ast.walk(node):
            if isinstance(child, ast.Call) and self.level != "function":
                self.effect(child, f"calls `{excerpt(child.func)}`")
            elif isinstance(child, ast.NamedExpr):
                state = state.bind(child.target.id, Unknown(child.target.id))
        return [(Unknown(excerpt(node)), state)]

    _listcomp = _setcomp = _dictcomp = _generatorexp = _comprehension

    def _all(self, nodes: list[ast.expr], state: State) -> list[tuple[list[Value], State]]:
        rows: list[tuple[list[Value], State]] = [([], state)]
        for node in nodes:
            rows = [
                ([*values, value], after)
                for values, before in rows
                for value, after in self.evaluate(node, before)
            ]
            if len(rows) > MOST_STATES:
                raise TooComplex("too many paths")
        return rows

    def _call(self, node: ast.Call, state: State) -> Results:
        found: Results = []
        method = node.func if isinstance(node.func, ast.Attribute) else None
        for function, before in self.evaluate(method.value if method else node.func, state):
            called = function
            if method is not None and not isinstance(function, Known):
                called = self._member_of(function, method)
            words = [word.value for word in node.keywords]
            for values, after in self._all([*node.args, *words], before):
                args = values[: len(node.args)]
                named = {
                    word.arg or "**": value
                    for word, value in zip(node.keywords, values[len(args) :], strict=True)
                }
                if method is not None and isinstance(function, Known):
                    found.append((self._text_method(node, function, args, named), after))
                else:
                    found += self._apply(node, called, args, named, after)
        return found

    def _member_of(self, base: Value, node: ast.Attribute) -> Value:
        if isinstance(base, External):
            return External(f"{base.name}.{node.attr}")
        if isinstance(base, ModuleOf):
            return self.member(base, node.attr) or Unknown(excerpt(node))
        return Unknown(excerpt(node))

    def _text_method(
        self, node: ast.Call, base: Known, args: list[Value], named: dict[str, Value]
    ) -> Value:
        plain = [a.value for a in args if isinstance(a, Known)]
        words = {key: w.value for key, w in named.items() if isinstance(w, Known)}
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        whole = len(plain) == len(args) and len(words) == len(named) and "**" not in named
        if isinstance(base.value, str) and whole:
            result = fold_method(base.value, method, plain, words)
            if isinstance(result, Known):
                return result
        if self.level == "retired":
            self.effect(node, f"calls `{excerpt(node.func)}`")
        return Unknown(excerpt(node))

    def _apply(
        self,
        node: ast.Call,
        function: Value,
        args: list[Value],
        named: dict[str, Value],
        state: State,
    ) -> Results:
        starred = any(isinstance(arg, ast.Starred) for arg in node.args) or "**" in named
        if isinstance(function, External):
            return self._external(node, function.name, args, named, state)
        if isinstance(function, Function):
            if starred:
                return self._not_followed(node, state, "is called with * or **")
            return self._tree_function(node, function, args, named, state)
        return self._not_followed(node, state, "")

    def _not_followed(self, node: ast.Call, state: State, why: str) -> Results:
        if self.level != "function" or why:
            self.effect(node, f"calls `{excerpt(node.func)}`" + (f", which {why}" if why else ""))
        return [(Unknown(excerpt(node)), state)]

    def _external(
        self,
        node: ast.Call,
        name: str,
        args: list[Value],
        named: dict[str, Value],
        state: State,
    ) -> Results:
        first = args[0] if args else next(iter(named.values()), Known(None))
        if name in {"sys.exit", "builtins.exit", "builtins.quit"}:
            self.end("exit", node, state, first)
            return []
        if name == "os._exit":
            self.end("kill", node, state, first)
            return []
        if name == "streamlit.stop":
            self.used.add("streamlit")
            self.end("stop", node, state)
            return [(Known(None), state)]  # under plain Python it does nothing
        if name == "streamlit.error":
            self.used.add("streamlit")
            drawn = (*state.drawn, _text_of(first))
            return [(Unknown(), State(state.names, drawn, state.printed))]
        if name in {"builtins.print", "sys.stderr.write", "sys.stdout.write"}:
            if self.level == "retired" and _text_of(first) is None:
                self.effect(node, f"calls `{excerpt(node.func)}`")
            printed = (*state.printed, _text_of(first))
            return [(Known(None), State(state.names, state.drawn, printed))]
        if exception_class(name) is not None:
            text = first.value if isinstance(first, Known) and args else None
            count = len(args) + len(named)
            return [(Raisable(name.removeprefix("builtins."), text, count), state)]
        if self.level == "retired" or not harmless(name, node):
            self.effect(node, f"calls `{excerpt(node.func)}`")
        return [(self._returned(node, name, args), state)]

    def _returned(self, node: ast.Call, name: str, args: list[Value]) -> Value:
        """Return what a call of something outside of the tree gives."""
        match name, args:
            case "builtins.str", [Known(value=value)]:
                return Known(str(value))
            case "builtins.getattr", [External() | ModuleOf() as base, Known(value=str(part)), *_]:
                owner = ast.Attribute(node.args[0], part, ast.Load())
                return self._member_of(base, ast.copy_location(owner, node))
        if name == "pathlib.Path" or name.startswith(f"{PATH}."):
            return External(PATH)
        return Unknown(excerpt(node))

    def _tree_function(
        self,
        node: ast.Call,
        function: Function,
        args: list[Value],
        named: dict[str, Value],
        state: State,
    ) -> Results:
        code = function.node
        if code in self.active or self.depth >= _DEEPEST:
            return self._not_followed(node, state, "calls itself or is nested too deeply")
        if isinstance(code, ast.AsyncFunctionDef) or _is_generator(code):
            return self._not_followed(node, state, "only makes an object and runs nothing")
        bound = _parameters(code.args, args, named)
        if bound is None:
            self.end("raise", node, state, Raisable("TypeError", "wrong arguments", 1))
            return []
        before = len(self.ends)
        level, path = self.level, self.path
        self.active.append(code)
        self.depth += 1
        self.level, self.path = "function", function.path
        try:
            results = self.call_function(function, bound, state)
        finally:
            self.active.pop()
            self.depth -= 1
            self.level, self.path = level, path
        if len(self.ends) > before:
            self.used.add(function.path)
        if results and level == "retired" and not _stopped(self.ends[before:]):
            self.effect(node, f"calls `{excerpt(node.func)}`, which comes back")
        return results

    def defaults(self, args: ast.arguments, state: State) -> list[State]:
        """Evaluate the default values of parameters, which run when the function is defined."""
        states = [state]
        for default in [*args.defaults, *filter(None, args.kw_defaults)]:
            states = [after for s in states for _, after in self.evaluate(default, s)]
        return states


def truth(value: Value) -> bool | None:
    """Say whether a value counts as true; None when that is not known."""
    if isinstance(value, Known):
        return None if isinstance(value.value, Items) else bool(value.value)
    if isinstance(value, External) and value.name in _FALSE:
        return False
    return True if isinstance(value, ModuleOf | Function) else None


def _is_text(value: Value) -> bool:
    return isinstance(value, Known) and isinstance(value.value, str | int)


def _is_number(value: Value) -> bool:
    return isinstance(value, Known) and isinstance(value.value, int | float)


def _text_of(value: Value) -> object:
    return value.value if isinstance(value, Known) else None


def _stopped(ends: list[End]) -> bool:
    return any(end.kind == "stop" for end in ends)


def _is_generator(code: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> bool:
    stack: list[ast.AST] = list(code.body) if isinstance(code.body, list) else [code.body]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))
    return False


def _parameters(
    signature: ast.arguments, args: list[Value], named: dict[str, Value]
) -> dict[str, Value] | None:
    """Bind arguments to parameters; None when the call does not fit the signature."""
    places = [*signature.posonlyargs, *signature.args]
    bound: dict[str, Value] = {}
    for parameter, value in zip(places, args, strict=False):
        bound[parameter.arg] = value
    if len(args) > len(places) and signature.vararg is None:
        return None
    everything = [*places, *signature.kwonlyargs]
    by_name = {p.arg for p in [*signature.args, *signature.kwonlyargs]}
    for name, value in named.items():
        if name in bound or (name not in by_name and signature.kwarg is None):
            return None
        bound[name] = value
    from_last = list(zip(reversed(places), reversed(signature.defaults), strict=False))
    from_last += [
        (p, d) for p, d in zip(signature.kwonlyargs, signature.kw_defaults, strict=True) if d
    ]
    for parameter, default in from_last:
        literal = default.value if isinstance(default, ast.Constant) else None
        value = Known(literal) if isinstance(default, ast.Constant) else Unknown(parameter.arg)
        bound.setdefault(parameter.arg, value)
    if any(p.arg not in bound for p in everything):
        return None
    for extra in (signature.vararg, signature.kwarg):
        if extra is not None:
            bound[extra.arg] = Unknown(extra.arg)
    return bound
