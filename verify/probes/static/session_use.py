"""Finds every use of the function that opens database sessions."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.static.code import code_of
from verify.probes.static.modules import find_module
from verify.probes.static.session_escape import escape
from verify.probes.static.symbols import FileSymbols, Ref, Symbols, symbols_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.source import Source

WITH = "with"
"""What a `Use` says that is the context expression of a `with`."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use.

    Args:
        path: the file.
        line: 1-based.
        how: `WITH`, or in words what is done instead.
        code: the statement's first line.
    """

    path: str
    line: int
    how: str
    code: str


def definition(source: Source, target: str) -> Ref | None:
    """Return where `package.module:function` is defined, or None."""
    module, _, function = target.partition(":")
    path = find_module(source, module)
    return symbols_of(source).lookup(path, function) if path else None


def uses(source: Source, function: Ref) -> Iterator[Use]:
    """Yield every call of the function in the tree outside the tests, and every other use."""
    symbols = symbols_of(source)
    scanned: set[str] = set()
    words = {function.name}
    while True:
        found = {
            path
            for path in source.product_files
            if path not in scanned and any(source.mentions(path, word) for word in words)
        }
        if not found:
            return
        for path in sorted(found):
            scanned.add(path)
            file = symbols.file(path)
            if file is None:
                if function.name.encode() in source.raw(path):
                    fault = source.faults(path)
                    line = fault.line if fault else 1
                    yield Use(path, line, "cannot tell: the file does not parse", "")
                continue
            words |= _other_names(symbols, file, function)
            yield from _in_file(symbols, file, function, words)


def _other_names(symbols: Symbols, file: FileSymbols, function: Ref) -> set[str]:
    """Return what else the file calls the function: other files may import that name."""
    names = {*file.aliases, *(n for n, (_, o) in file.imports.items() if o and o != n)}
    return {name for name in names if symbols.lookup(file.path, name) == function}


def _in_file(symbols: Symbols, file: FileSymbols, function: Ref, words: set[str]) -> Iterator[Use]:
    managed = _is_manager(symbols, function)
    for node in file.nodes:
        if isinstance(node, ast.Name):
            named = node.id in words and isinstance(node.ctx, ast.Load)
        elif isinstance(node, ast.Attribute):
            named = node.attr in words and isinstance(node.ctx, ast.Load)
        elif isinstance(node, ast.Call):
            found = _by_name(symbols, file, node, function)
            if found:
                yield _use(file, node, "looked up by its name: nobody can see what calls it")
            continue
        else:
            continue
        if named and symbols.resolve(file.path, node) == function:
            how = _how(symbols, file, node, managed=managed)
            if how:
                yield _use(file, node, how)


def _how(symbols: Symbols, file: FileSymbols, node: ast.expr, *, managed: bool) -> str:
    parent = file.parents.get(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        return how_called(symbols, file, parent, managed=managed)
    if (
        isinstance(parent, ast.Assign)
        and parent.value is node
        and all(isinstance(target, ast.Name) for target in parent.targets)
    ):
        return ""  # another name for it, whose calls are looked at
    if isinstance(parent, ast.Attribute):
        return f"`.{parent.attr}` of the function itself"
    return "passed on uncalled: nobody can see what calls it"


def how_called(symbols: Symbols, file: FileSymbols, call: ast.Call, *, managed: bool) -> str:
    """Return `WITH`, or in words what is done with what a call gives.

    Args:
        symbols: the tree's.
        file: the file of the call.
        call: the call.
        managed: whether what it gives is to be entered itself.
    """
    node: ast.AST = call
    parent = file.parents.get(node)
    while isinstance(parent, ast.IfExp | ast.NamedExpr):
        node, parent = parent, file.parents.get(parent)
    if isinstance(parent, ast.withitem) and parent.context_expr is node:
        return escape(file, parent) or WITH
    if isinstance(parent, ast.Call) and node in parent.args:
        name = code_of(parent.func).rpartition(".")[2]
        if name in {"enter_context", "enter_async_context"}:
            stack = parent.func.value if isinstance(parent.func, ast.Attribute) else None
            return (
                WITH if _is_stack(file, call, stack) else "entered on a stack that no `with` closes"
            )
        if name in {"closing", "aclosing"} and not managed:
            return how_called(symbols, file, parent, managed=managed)
        if name in {"closing", "aclosing"}:
            return f"{name}(...) never enters it"
        return f"passed to {code_of(parent.func)}(...)"
    if isinstance(parent, ast.Attribute):
        return f"`.{parent.attr}` of the context manager, which is never entered"
    words = {
        ast.Expr: "called, and its result dropped",
        ast.Assign: "assigned, not entered",
        ast.AnnAssign: "assigned, not entered",
        ast.Return: "returned, not entered",
    }
    return words.get(type(parent), "called outside of a `with`")


def _is_stack(file: FileSymbols, node: ast.AST, stack: ast.expr | None) -> bool:
    """Say whether it stands in a `with` that closes this stack."""
    parent = file.parents.get(node)
    while parent is not None and isinstance(stack, ast.Name):
        if isinstance(parent, ast.With | ast.AsyncWith):
            for item in parent.items:
                name = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else ""
                if name == stack.id and code_of(item.context_expr).endswith("ExitStack()"):
                    return True
        parent = file.parents.get(parent)
    return False


def _is_manager(symbols: Symbols, function: Ref) -> bool:
    """Say whether the function makes a context manager, as `@contextmanager` does."""
    file = symbols.file(function.path)
    node = file.defined.get(function.name) if file else None
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    return any("contextmanager" in code_of(each) for each in node.decorator_list)


def _by_name(symbols: Symbols, file: FileSymbols, node: ast.Call, function: Ref) -> bool:
    match node:
        case ast.Call(
            func=ast.Name(id="getattr"), args=[module, ast.Constant(value=function.name), *_]
        ):
            base = symbols.resolve(file.path, module)
            return base is not None and not base.name
    return False


def _use(file: FileSymbols, node: ast.expr, how: str) -> Use:
    code = code_of(node)
    return Use(file.path, node.lineno, how, code)
