"""Reads tab labels off a literal table, and finds what could change the table later."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.static.code import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_LABEL_KEYWORDS = ("label", "name", "title")

_MUTATORS = frozenset(
    {"append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "__setitem__"}
    | {"__delitem__", "__iadd__", "__imul__"}
)
_REARRANGERS = frozenset(
    {"reversed", "sorted", "filter", "set", "frozenset", "islice", "shuffle", "sample", "choice"}
    | {"takewhile", "dropwhile", "filterfalse", "compress", "chain", "zip_longest", "choices"}
)
_WRAPPERS = frozenset({"tuple", "list"})
_SETTERS = frozenset({"setattr", "delattr"})
_OWN = frozenset({"self", "cls"})


@dataclass(frozen=True, slots=True)
class Label:
    """One row of the table: its label, or in words why it cannot be read off."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Change:
    """One place that changes the table, or uses only a part or another order of it."""

    what: str
    line: int


def rows(value: ast.expr | None) -> list[Label] | None:
    """Return the labels of a literal list or tuple of rows, or None when it is not one."""
    match value:
        case ast.Call(func=ast.Name(id=wrapper), args=[inner], keywords=[]) if wrapper in _WRAPPERS:
            value = inner
    if not isinstance(value, ast.List | ast.Tuple):
        return None
    return [Label(_label(row), row.lineno) for row in value.elts]


def _label(row: ast.expr) -> str:
    match row:
        case ast.Constant(value=str() as text):
            return text
        case ast.Call(args=[ast.Constant(value=str() as text), *_]):
            return text
        case ast.Tuple(elts=[ast.Constant(value=str() as text), *_]):
            return text
        case ast.List(elts=[ast.Constant(value=str() as text), *_]):
            return text
        case ast.Call(args=[], keywords=keywords):
            for keyword in keywords:
                if keyword.arg in _LABEL_KEYWORDS and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return f"computed: {code_of(row)}"


def changes(tree: ast.Module, name: str) -> Iterator[Change]:
    """Yield what changes, filters, cuts or reorders the table called `name` in this module."""
    known = {name}
    for node in ast.walk(tree):  # other names for the same table
        match node:
            case ast.Assign(targets=targets, value=ast.Name(id=source)) if source in known:
                known.update(target.id for target in targets if isinstance(target, ast.Name))
    for node in ast.walk(tree):
        what = _change(node, known)
        if what:
            yield Change(what, getattr(node, "lineno", 1))


def _change(node: ast.AST, known: set[str]) -> str:
    shown = ""
    match node:
        case ast.Call(func=ast.Attribute(value=base, attr=method)) if _is(base, known):
            shown = code_of(node) if method in _MUTATORS else ""
        case ast.Call(func=ast.Attribute(value=ast.Name(id="list"), attr=method), args=[base, *_]):
            shown = code_of(node) if method in _MUTATORS and _is(base, known) else ""
        case ast.Call(func=ast.Name(id=function), args=args) if function in _SETTERS:
            shown = code_of(node) if _names(args, known) else ""
        case ast.Call(func=ast.Name(id=function) | ast.Attribute(attr=function), args=args):
            if function in _REARRANGERS and any(_holds(arg, known) for arg in args):
                shown = code_of(node)
        case ast.Subscript(value=base, ctx=ast.Store() | ast.Del()) if _is(base, known):
            shown = f"assignment to {code_of(node)}"
        case ast.Attribute(value=base, ctx=ast.Store() | ast.Del()) if _is(node, known):
            own = isinstance(base, ast.Name) and base.id in _OWN  # of an object, not of a module
            shown = "" if own else f"assignment to {code_of(node)}"
        case ast.Subscript(value=base, slice=ast.Slice()) if _is(base, known):
            shown = code_of(node)
        case ast.AugAssign(target=target) if _is(target, known):
            shown = code_of(node)
        case ast.BinOp(left=left, right=right) if _is(left, known) or _is(right, known):
            shown = code_of(node)
        case ast.IfExp(body=body, orelse=other) if _is(body, known) or _is(other, known):
            shown = code_of(node)
        case ast.comprehension(iter=base, ifs=[_, *_]) if _holds(base, known):
            shown = f"for ... in {code_of(base)} if ..."
    return shown


def _names(args: list[ast.expr], known: set[str]) -> bool:
    """Say whether the second argument is the table's name, as setattr() wants it."""
    match args:
        case [_, ast.Constant(value=str() as name), *_]:
            return name in known
    return False


def _is(node: ast.AST, known: set[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name in known
        case ast.Attribute(attr=name):  # the_entry.TABS
            return name in known
    return False


def _holds(node: ast.AST, known: set[str]) -> bool:
    """Say whether the table itself, or one pass over it, is this expression."""
    match node:
        case ast.Call(func=ast.Name(id="enumerate" | "iter" | "list" | "tuple"), args=[inner, *_]):
            return _is(inner, known)
        case ast.Lambda():
            return False
    return _is(node, known)


@dataclass(frozen=True, slots=True)
class TabsCall:
    """The page's first `st.tabs(...)`."""

    argument: ast.expr | None
    line: int
    branch: str


def first_tabs_call(tree: ast.Module) -> TabsCall | None:
    """Return the call of Streamlit's `tabs` that stands first in the file, or None."""
    roots, bare = {"st", "streamlit"}, set()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                roots |= {a.asname for a in names if a.name == "streamlit" and a.asname}
            case ast.ImportFrom(module="streamlit", names=names):
                bare |= {a.asname or a.name for a in names if a.name == "tabs"}
    found: list[TabsCall] = []
    stack: list[tuple[ast.AST, str]] = [(tree, "")]
    while stack:
        node, branch = stack.pop()
        if isinstance(node, ast.Call) and _is_tabs(node.func, roots, bare):
            words = [word.value for word in node.keywords if word.arg == "tabs"]
            argument = node.args[0] if node.args else (words[0] if words else None)
            found.append(TabsCall(argument, node.lineno, branch))
        inner, always = branch, _always(node)
        if _branches(node) and not branch:
            word, line = type(node).__name__.lower(), getattr(node, "lineno", 1)
            inner = f"inside the `{word}` of line {line}"
        stack.extend(
            (child, branch if child is always else inner) for child in ast.iter_child_nodes(node)
        )
    return min(found, key=lambda call: call.line, default=None)


def _is_tabs(function: ast.expr, roots: set[str], bare: set[str]) -> bool:
    match function:
        case ast.Name(id=name):
            return name in bare
        case ast.Attribute(attr="tabs", value=base):
            while isinstance(base, ast.Attribute):
                base = base.value
            return isinstance(base, ast.Name) and base.id in roots
    return False


def _always(node: ast.AST) -> ast.AST | None:
    """Return the part of a branching statement that runs whenever the statement is reached."""
    match node:
        case ast.For(iter=first) | ast.Match(subject=first):
            return first
        case ast.If(test=first) | ast.While(test=first) | ast.IfExp(test=first):
            return first
        case ast.BoolOp(values=[first, *_]):
            return first
    return None


def _branches(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return "__name__" not in code_of(node.test)
    return isinstance(
        node, ast.For | ast.While | ast.Try | ast.Match | ast.IfExp | ast.BoolOp | ast.ListComp
    )
