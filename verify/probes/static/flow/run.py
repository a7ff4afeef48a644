"""Runs statements abstractly: which paths fall through, and where and how the others end."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.probes.static.code import excerpt
from verify.probes.static.flow.calls import truth
from verify.probes.static.flow.imports import Imports
from verify.probes.static.flow.values import (
    End,
    External,
    Function,
    Known,
    ModuleOf,
    Raisable,
    State,
    TooComplex,
    Unknown,
    distinct,
    exception_class,
)

if TYPE_CHECKING:
    from verify.probes.source import Source
    from verify.probes.static.flow.calls import Results
    from verify.probes.static.flow.values import Value

_MOST_ENDS = 400

# Context managers that let an exception pass.
_TRANSPARENT = frozenset({"builtins.open", "contextlib.nullcontext", "warnings.catch_warnings"})


class Flow(Imports):
    """The analysis itself; `block` is the way in."""

    def __init__(self, source: Source, near: str) -> None:
        super().__init__(source, near)
        self.watchers: list[list[State]] = []
        self.caught: list[End | None] = []
        self.docstring: ast.stmt | None = None

    def run_module(self, tree: ast.Module) -> list[State]:
        """Run a module's top level; return the paths that reach its end."""
        watchers, self.watchers = self.watchers, []
        caught, self.caught = self.caught, []
        try:
            return self.block(tree.body, [State({})])
        finally:
            self.watchers, self.caught = watchers, caught

    def call_function(
        self, function: Function, arguments: dict[str, Value], state: State
    ) -> Results:
        """Run a function's body; return its results with the paths that come back."""
        if function.names:  # it closes over the names of the function around it
            around = function.names
        elif self.depth == 1 and function.path not in self.globals:
            around = state.names  # of the file that runs just now: as they are at the call
        else:
            around = self.globals.get(function.path, {})
        inner = State({**around, **arguments}, state.drawn, state.printed)
        outer, self.ends = self.ends, []
        code = function.node
        if isinstance(code, ast.Lambda):
            results = self.evaluate(code.body, inner)
        else:
            results = [(Known(None), after) for after in self.block(code.body, [inner])]
        for end in self.ends:
            if end.kind == "return":
                results.append((end.value, end.state))
            else:
                outer.append(replace(end, state=_back(state, end.state)))
        self.ends = outer
        return [(value, _back(state, after)) for value, after in results]

    def block(self, body: list[ast.stmt], states: list[State]) -> list[State]:
        """Run statements one after the other; return the paths that reach the last one's end."""
        for statement in body:
            if not states:
                break
            states = distinct([after for s in states for after in self._statement(statement, s)])
            if len(self.ends) > _MOST_ENDS:
                raise TooComplex("too many paths")
        return states

    def _statement(self, node: ast.stmt, state: State) -> list[State]:
        self.step()
        if self.watchers and _may_fail(node):
            for watcher in self.watchers:
                watcher.append(state)
        run = getattr(self, f"_run_{type(node).__name__.lower()}", None)
        if run is None:
            self.effect(node, f"`{excerpt(node).splitlines()[0]}`")
            return [state]
        result: list[State] = run(node, state)
        return result

    def _run_pass(self, _node: ast.Pass, state: State) -> list[State]:
        return [state]

    _run_global = _run_nonlocal = _run_pass

    def _run_expr(self, node: ast.Expr, state: State) -> list[State]:
        before = len(self.effects)
        results = self.evaluate(node.value, state)
        # Streamlit draws whatever stands alone in the file that it runs, but for a docstring.
        quiet = node is self.docstring or isinstance(node.value, ast.Call)
        if results and not quiet and self.level == "retired" and len(self.effects) == before:
            self.effect(node, f"evaluates `{excerpt(node.value)}`")
        return [after for _, after in results]

    def _run_import(self, node: ast.Import, state: State) -> list[State]:
        return self.import_statement(node, state)

    def _run_importfrom(self, node: ast.ImportFrom, state: State) -> list[State]:
        return self.import_from(node, state)

    def _run_assign(self, node: ast.Assign, state: State) -> list[State]:
        return self._assign(node, node.targets, node.value, state)

    def _run_annassign(self, node: ast.AnnAssign, state: State) -> list[State]:
        if self.level != "function":
            state = self._annotation(node.annotation, state)
        return self._assign(node, [node.target], node.value, state) if node.value else [state]

    def _run_augassign(self, node: ast.AugAssign, state: State) -> list[State]:
        states = [after for _, after in self.evaluate(node.value, state)]
        if self.level == "retired":
            self.effect(node, f"`{excerpt(node)}`")
        if isinstance(node.target, ast.Name):
            return [s.bind(node.target.id, Unknown(node.target.id)) for s in states]
        return states

    def _run_typealias(self, node: ast.stmt, state: State) -> list[State]:
        return [state.bind(node.name.id, Unknown("type"))]  # type: ignore[attr-defined]

    def _assign(
        self, node: ast.stmt, targets: list[ast.expr], value: ast.expr, state: State
    ) -> list[State]:
        found = []
        for result, after in self.evaluate(value, state):
            if isinstance(result, Unknown) and self.level == "retired" and not _literal(value):
                self.effect(node, f"assigns `{excerpt(value)}`")
            bound = after
            for target in targets:
                bound = self._bind(target, result, bound)
            found.append(bound)
        return found

    def _bind(self, target: ast.expr, value: Value, state: State) -> State:
        if isinstance(target, ast.Name):
            return state.bind(target.id, value)
        if isinstance(target, ast.Attribute | ast.Subscript):
            # Also inside a function: sys.excepthook or a module's names decide what a guard does.
            root: ast.expr = target
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            held = state.names.get(root.id) if isinstance(root, ast.Name) else None
            if self.level != "function" or isinstance(held, External | ModuleOf):
                self.effect(target, f"changes `{excerpt(target)}`")
            return state
        for name in _stored(target):
            state = state.bind(name, Unknown(name))
        return state

    def _run_delete(self, node: ast.Delete, state: State) -> list[State]:
        for target in node.targets:
            if isinstance(target, ast.Name):
                state = state.unbind(target.id)
            elif self.level != "function":
                self.effect(node, f"`{excerpt(node)}`")
        return [state]

    def _run_functiondef(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, state: State
    ) -> list[State]:
        states = [state]
        for decorator in node.decorator_list:
            states = [after for s in states for _, after in self.evaluate(decorator, s)]
            if self.level == "retired":
                self.effect(decorator, f"the decorator `{excerpt(decorator)}`")
        states = [after for s in states for after in self.defaults(node.args, s)]
        if self.level != "function":
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            for annotation in [node.returns, *(a.annotation for a in arguments)]:
                states = [self._annotation(annotation, s) for s in states]
        found = []
        for after in states:
            captured = after.names if self.depth else {}
            function: Value = Function(node, self.path, captured)
            if node.decorator_list:
                function = Unknown(node.name)  # what the decorator made of it
            found.append(after.bind(node.name, function))
        return found

    _run_asyncfunctiondef = _run_functiondef

    def _annotation(self, node: ast.expr | None, state: State) -> State:
        """Note calls in an annotation: most Pythons evaluate it when the name is defined."""
        for child in ast.walk(node) if node is not None else ():
            if isinstance(child, ast.Call):
                self.effect(child, f"calls `{excerpt(child.func)}` in an annotation")
        return state

    def _run_classdef(self, node: ast.ClassDef, state: State) -> list[State]:
        value: Value = Unknown(node.name)
        plain = not node.decorator_list and not node.keywords
        if plain and len(node.bases) == 1 and all(map(_is_quiet, node.body)):
            base, state = (self.evaluate(node.bases[0], state) or [(value, state)])[0]
            if isinstance(base, External) and exception_class(base.name):
                value = base  # it adds nothing to the exception it derives from
        elif self.level != "function":
            for child in [*node.decorator_list, *node.bases, *node.keywords]:
                if not isinstance(child, ast.Name | ast.Attribute):
                    self.effect(child, f"`{excerpt(child)}` of class {node.name}")
            for decorator in node.decorator_list:
                self.effect(decorator, f"the decorator `{excerpt(decorator)}`")
            for statement in node.body:
                if not _is_quiet(statement):
                    self.effect(statement, f"runs `{excerpt(statement)}` in class {node.name}")
        return [state.bind(node.name, value)]

    def _run_return(self, node: ast.Return, state: State) -> list[State]:
        for value, after in self.evaluate(node.value, state):
            self.end("return", node, after, value)
        return []

    def _run_break(self, node: ast.Break, state: State) -> list[State]:
        self.end("break", node, state)
        return []

    def _run_continue(self, node: ast.Continue, state: State) -> list[State]:
        self.end("continue", node, state)
        return []

    def _run_assert(self, node: ast.Assert, state: State) -> list[State]:
        results = self.evaluate(node.test, state)
        return [after for _, after in results] or [state]  # `python -O` drops it

    def _run_raise(self, node: ast.Raise, state: State) -> list[State]:
        if node.exc is None:
            current = self.caught[-1] if self.caught else None
            if current is not None:
                self.ends.append(replace(current, state=state))
            else:
                self.end("implicit", node, state)
            return []
        for value, after in self.evaluate(node.exc, state):
            for _, last in self.evaluate(node.cause, after):
                self._raise(node, value, last)
        return []

    def _raise(self, node: ast.Raise, value: Value, state: State) -> None:
        if isinstance(value, External) and exception_class(value.name):
            value = Raisable(value.name.removeprefix("builtins."))
        if isinstance(value, Raisable) and value.kind == "SystemExit":
            given = value.arguments == 1 and value.text is None
            status: Value = Unknown("status") if given else Known(value.text)
            self.end("exit", node, state, status)
        else:
            self.end("raise", node, state, value)

    def _run_if(self, node: ast.If, state: State) -> list[State]:
        found = []
        for value, after in self.evaluate(node.test, state):
            known = truth(value)
            if known is not False:
                found += self.block(node.body, [after])
            if known is not True:
                found += self.block(node.orelse, [after])
        return found

    def _run_while(self, node: ast.While, state: State) -> list[State]:
        before = self._forget(node.body, state)
        found: list[State] = []
        for value, after in self.evaluate(node.test, before):
            known = truth(value)
            if known is False:
                found += self.block(node.orelse, [after])
                continue
            again, broken = self._loop_body(node.body, after)
            found += broken
            if known is True and again:
                self.end("hang", node, again[0])
            elif known is None:
                found += self.block(node.orelse, distinct([after, *again]))
        return found

    def _run_for(self, node: ast.For | ast.AsyncFor, state: State) -> list[State]:
        found: list[State] = []
        for _, after in self.evaluate(node.iter, self._forget(node.body, state)):
            if self.level == "retired":
                self.effect(node, f"loops over `{excerpt(node.iter)}`")
            inside = self._bind(node.target, Unknown(), after)
            again, broken = self._loop_body(node.body, inside)
            found += broken + self.block(node.orelse, distinct([after, *again]))
        return found

    _run_asyncfor = _run_for

    def _loop_body(self, body: list[ast.stmt], state: State) -> tuple[list[State], list[State]]:
        outer, self.ends = self.ends, []
        again = self.block(body, [state])
        broken = [end.state for end in self.ends if end.kind == "break"]
        again += [end.state for end in self.ends if end.kind == "continue"]
        self.ends = outer + [e for e in self.ends if e.kind not in {"break", "continue"}]
        return distinct(again), broken

    def _forget(self, body: list[ast.stmt], state: State) -> State:
        """Forget what the loop binds: a later round may see other values."""
        for statement in body:
            for name in _stored(statement):
                state = state.bind(name, Unknown(name))
        return state

    def _run_match(self, node: ast.Match, state: State) -> list[State]:
        found: list[State] = []
        for _, after in self.evaluate(node.subject, state):
            whole = False
            for case in node.cases:
                inside = after
                for name in _captured(case.pattern):
                    inside = inside.bind(name, Unknown(name))
                guarded = [inside]
                if case.guard is not None:
                    guarded = [s for _, s in self.evaluate(case.guard, inside)]
                found += self.block(case.body, guarded)
                if case.guard is None and _irrefutable(case.pattern):
                    whole = True
                    break
            found += [] if whole else [after]
        return found

    def _run_with(self, node: ast.With | ast.AsyncWith, state: State) -> list[State]:
        states, swallows = [state], False
        for item in node.items:
            entered = []
            for before in states:
                for _, after in self.evaluate(item.context_expr, before):
                    swallows = swallows or not self._lets_pass(item.context_expr, after)
                    target = item.optional_vars
                    entered.append(self._bind(target, Unknown(), after) if target else after)
            states = entered
        if self.level == "retired":
            self.effect(node, f"`with {excerpt(node.items[0])}`")
        outer, self.ends = self.ends, []
        falls = self.block(node.body, states)
        if swallows:
            falls += [end.state for end in self.ends if end.kind in {"raise", "exit", "stop"}]
            falls += states
        self.ends = outer + self.ends
        return distinct(falls)

    _run_asyncwith = _run_with

    def _lets_pass(self, manager: ast.expr, state: State) -> bool:
        if not isinstance(manager, ast.Call | ast.Attribute):
            return False
        function = manager.func if isinstance(manager, ast.Call) else manager
        ends, effects = list(self.ends), list(self.effects)
        values = self.evaluate(function, state)
        self.ends, self.effects = ends, effects
        names = [value.name for value, _ in values if isinstance(value, External)]
        return bool(names) and all(
            name in _TRANSPARENT or name.startswith("streamlit.") for name in names
        )

    def _run_try(self, node: ast.Try, state: State) -> list[State]:
        outer, self.ends = self.ends, []
        watched: list[State] = []
        self.watchers.append(watched)
        falls = self.block(node.body, [state])
        self.watchers.pop()
        thrown, self.ends = self.ends, []
        falls = self.block(node.orelse, falls)
        before = distinct(watched)
        for end in thrown:
            falls += self._handlers(node, end, end.state)
        for entry in before:  # any call or import may throw anything
            falls += self._handlers(node, None, entry)
        if node.finalbody:
            falls = self._finally(node.finalbody, distinct(falls), before)
        self.ends = outer + self.ends
        return distinct(falls)

    _run_trystar = _run_try

    def _handlers(self, node: ast.Try, end: End | None, state: State) -> list[State]:
        """Run the handlers that may take `end`; None stands for an exception nobody foresaw."""
        falls: list[State] = []
        for handler in node.handlers:
            fits = _catches(self._types(handler, state), end)
            if fits is False:
                continue
            inside = state.bind(handler.name, Unknown(handler.name)) if handler.name else state
            self.caught.append(end)
            falls += self.block(handler.body, [inside])
            self.caught.pop()
            if fits:
                return falls
        if end is not None:
            self.ends.append(end)
        return falls

    def _types(self, handler: ast.ExceptHandler, state: State) -> list[str]:
        """Return the builtin classes a handler names; "?" for any other."""
        if handler.type is None:
            return ["BaseException"]
        one = handler.type
        names = []
        for node in one.elts if isinstance(one, ast.Tuple) else [one]:
            ends = list(self.ends)
            values = [value for value, _ in self.evaluate(node, state)]
            self.ends = ends
            value = values[0] if len(values) == 1 else Unknown()
            known = isinstance(value, External) and exception_class(value.name)
            names.append(known.__name__ if known else "?")
        return names

    def _finally(
        self, body: list[ast.stmt], falls: list[State], before: list[State]
    ) -> list[State]:
        ends, self.ends = self.ends, []
        after = self.block(body, falls)
        kept, self.ends = self.ends, []
        for end in ends:
            passed = self.block(body, [end.state])
            kept += self.ends  # `return`, `break` or `raise` in finally takes the end's place
            kept += [replace(end, state=passed[0])] if passed else []
            self.ends = []
        self.block(body, before)
        self.ends = kept + self.ends
        return after


def _catches(names: list[str], end: End | None) -> bool | None:
    """Say whether a handler for these classes takes this end; None when it may."""
    if end is None:
        return None
    if end.kind in {"kill", "hang", "return", "break", "continue"}:
        return False
    if "BaseException" in names:
        return True
    kind = {"exit": "SystemExit", "stop": ""}.get(end.kind)
    if kind is None:
        kind = end.value.kind if isinstance(end.value, Raisable) else "?"
    thrown = exception_class(kind) if kind else None
    classes = [exception_class(name) for name in names if name != "?"]
    if thrown is not None and any(c is not None and issubclass(thrown, c) for c in classes):
        return True
    return None if "?" in names or kind == "?" else False


def _back(caller: State, callee: State) -> State:
    """Return to the caller's names, keeping what was shown meanwhile."""
    return State(caller.names, callee.drawn, callee.printed)


def _may_fail(node: ast.stmt) -> bool:
    """Say whether the statement itself, not one inside it, may throw what nobody foresaw."""
    match node:
        case ast.ImportFrom(module="__future__") | ast.Pass():
            return False
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=args)):
            return exception_class(name) is None or any(map(_has_call, args))
        case (
            ast.If(test=head) | ast.While(test=head) | ast.For(iter=head) | ast.Match(subject=head)
        ):
            return _has_call(head)
        case ast.Try() | ast.TryStar() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return False
    return _has_call(node)


def _has_call(node: ast.AST) -> bool:
    risky = ast.Call | ast.Subscript | ast.Attribute | ast.Delete | ast.Div
    return any(isinstance(child, risky) for child in ast.walk(node))


def _stored(node: ast.AST) -> list[str]:
    names = [
        child.id
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
    ]
    for child in ast.walk(node):
        if isinstance(child, ast.alias):
            names.append(child.asname or child.name.partition(".")[0])
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(child.name)
    return names


def _captured(pattern: ast.pattern) -> list[str]:
    names = []
    for child in ast.walk(pattern):
        if isinstance(child, ast.MatchAs | ast.MatchStar) and child.name:
            names.append(child.name)
        elif isinstance(child, ast.MatchMapping) and child.rest:
            names.append(child.rest)
    return names


def _irrefutable(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and (
        pattern.pattern is None or _irrefutable(pattern.pattern)
    )


def _literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _is_quiet(node: ast.stmt) -> bool:
    """Say whether a statement of a class body does nothing."""
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
    return False
