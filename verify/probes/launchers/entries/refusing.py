"""Says whether a file refuses to run on every path, and if not, why not."""

from __future__ import annotations

import ast
import itertools
import re
from typing import TYPE_CHECKING

from verify.probes.source import Unparsable
from verify.probes.static.flow.guard import refusal
from verify.probes.static.modules import find_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.source import Source
    from verify.probes.static.flow.guard import Ending
    from verify.probes.static.flow.values import Effect

_LONGEST = 90  # of a refusal's text, for people
_NEEDLESS = re.compile(r"imports (\S+), which the refusal does not need")
_LARGEST = 1_000_000
# What a mistake raises, and no guard.
_ACCIDENTS = frozenset({"NameError", "UnboundLocalError", "AttributeError", "TypeError"})
_SMALL = 20_000  # bytes of a file that may hide its guard; most that are retired are far smaller
_SAID = rb"(?:deprecated|retired|no longer|obsolete|removed|replaced|moved)"
_TOLD = re.compile(_SAID, re.IGNORECASE)
_ENDS = re.compile(rb"\braise\b|\b(?:exit|stop|quit|abort)\s*\(")
_ENDS_ALONE = re.compile(rb"^(?:raise\b|[\w.]*(?:exit|stop|quit|abort)\s*\()", re.MULTILINE)
_REFUSING_CALL = re.compile(rb"^[\w.]+\([^()]{0,200}" + _SAID, re.MULTILINE | re.IGNORECASE)
# What `_may_end` takes or looks into, as it stands at the top level: where no line is indented, or
# behind a semicolon. One pattern for each first byte: so they are found eight times as fast.
_ENDING = rb"(?:(?:if|with|try|raise)\b|[\w.\x80-\xff]+[ \t\f]*[(\[\\.]|[(\[])"
_TOP_LEVEL = tuple(
    re.compile(before + _ENDING) for before in (rb"\n", rb"\r", rb"\f[ \t]*", rb";[ \t\f\\\r\n]*")
)
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?" + _ENDING)
_EXITS = frozenset({"exit", "quit", "_exit", "abort", "stop"})


def guard(source: Source, path: str) -> tuple[bool, str]:
    """Return whether the file refuses on every path, and how or why not."""
    try:
        found = refusal(source, path)
    except Unparsable as error:
        return False, f"it cannot be parsed: {error.fault}"
    if found.problem:
        return False, f"whether it refuses cannot be told: {found.problem}"
    if found.passes is not None:
        text = _stops_page(source, source.module(path))
        if text:
            how = "shows a text and stops the page, which under plain Python does nothing"
            return True, f"it {how}: {_cut(text)!r}"
        return False, f"it does not refuse: {_hint(source.module(path), source.raw(path))}"
    effects = [effect for effect in found.effects if not _harmless(source, effect)]
    if effects:
        first = effects[0]
        place = f"{first.path}:{first.line}" if first.path != path else f"line {first.line}"
        return False, f"before it refuses, {place} {first.what}"
    for ending in found.endings:
        fault = _fault(ending)
        if fault:
            return False, fault
    if not found.endings:
        return False, "it never ends"
    ways = {"raise": "raises RuntimeError", "exit": "exits", "stop": "stops the page"}
    how = " or ".join(dict.fromkeys(ways.get(ending.way, ending.way) for ending in found.endings))
    return True, f"it {how}: {_cut(str(found.endings[0].text))!r}"


def may_refuse(source: Source, path: str) -> bool:
    """Say whether it is worth looking for a guard in the file; few are parsed for that."""
    raw = source.raw(path)
    if len(raw) > _LARGEST:
        return False
    if not (_FIRST.match(raw) or any(pattern.search(raw) for pattern in _TOP_LEVEL)):
        return False
    ends = _ENDS.search(raw) is not None
    told = _TOLD.search(raw) is not None
    if not told and not (ends and source.mentions(path, "streamlit")):
        return False
    small = len(raw) <= _SMALL and (told or ends)
    if not (small or _ENDS_ALONE.search(raw) or (told and _REFUSING_CALL.search(raw))):
        return False
    return ends_for_good(source, path)


def ends_for_good(source: Source, path: str) -> bool:
    """Say whether the program may end for good before its last line, by parsing it."""
    if len(source.raw(path)) > _LARGEST:
        return False
    try:
        body = source.module(path).body
    except Unparsable:
        return False
    return _any(body)


def _any(body: list[ast.stmt]) -> bool:
    return any(_may_end(statement) for statement in body)


def _may_end(node: ast.stmt) -> bool:
    """Say whether every path may end with this statement."""
    match node:
        case ast.Raise():
            return True
        case ast.Expr(value=ast.Call(func=function, args=args)):
            name = getattr(function, "attr", getattr(function, "id", ""))
            # A function of the project that is given the text.
            return name in _EXITS or (bool(args) and not _is_streamlit(function))
        case ast.If(body=body, orelse=other):
            return _any(body) and _any(other)
        case ast.With(body=body) | ast.Try(body=body):
            return _any(body)
    return False


def _is_streamlit(function: ast.expr) -> bool:
    while isinstance(function, ast.Attribute):
        function = function.value
    return isinstance(function, ast.Name) and function.id in {"st", "streamlit"}


def _harmless(source: Source, effect: Effect) -> bool:
    """Say whether it is the import of an installed package, which draws nothing."""
    needless = _NEEDLESS.fullmatch(effect.what)
    return needless is not None and not source.has(needless[1])


def _fault(ending: Ending) -> str:
    if ending.way.removeprefix("raises ") in _ACCIDENTS:
        return f"it does not refuse: line {ending.line} fails by accident: {ending.text}"
    if ending.way not in {"raise", "exit", "stop"} and not ending.way.startswith("raises "):
        return f"it does not refuse: line {ending.line} {ending.way}"
    if not isinstance(ending.text, str) or not ending.text.strip():
        return f"it ends in line {ending.line} without a text that says why"
    return ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."


def _stops_page(source: Source, tree: ast.Module) -> str:
    """Return the text of a file that does nothing but show it on the page and call st.stop()."""
    text = ""
    for node in tree.body:
        match node:
            case ast.Import(names=names) if not any(_is_ours(source, one.name) for one in names):
                continue
            case ast.ImportFrom(module=str(name), level=0) if not _is_ours(source, name):
                continue
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name) as function, args=args)):
                if not _is_streamlit(function):
                    return ""
                if name == "stop":
                    return text
                match args:
                    case [ast.Constant(value=str(shown)), *_] if name != "title":
                        text = shown
                    case _ if name != "set_page_config":
                        return ""
            case _:
                return ""
    return ""


def _is_ours(source: Source, dotted: str) -> bool:
    return find_module(source, dotted) is not None


def _hint(tree: ast.Module, raw: bytes) -> str:
    """Tell where the file's refusal stands, if it has one that does not hold."""
    for node, above in _ends(tree, []):
        line = node.lineno
        for parent, child in itertools.pairwise([*above, node]):
            match parent:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    return f"line {line} stands in {name}(), which nothing calls on every path"
                case ast.If(test=ast.Constant(value=value)) if not value and child in parent.body:
                    return f"line {line} stands in a branch that never runs"
                case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
                    return f"line {line} stands under the main guard, which an import passes"
                case ast.If(test=test):
                    return f"line {line} stands behind a condition: {_cut(ast.unparse(test))}"
                case ast.Try(handlers=[handler, *_]) if child in parent.body:
                    return f"line {line} is caught by the except of line {handler.lineno}"
                case ast.For() | ast.While():
                    return f"line {line} stands in a loop that may not run"
        return f"line {line} does not end every path"
    if any(word in raw for word in (b"raise ", b"exit(", b"stop()")):
        return "its refusal stands only in a comment or a text"
    return "nothing in it does"


def _ends(node: ast.AST, above: list[ast.AST]) -> Iterator[tuple[ast.stmt, list[ast.AST]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Raise):
            yield child, above
        elif isinstance(child, ast.Expr) and isinstance(child.value, ast.Call):
            function = child.value.func
            if getattr(function, "attr", getattr(function, "id", "")) in _EXITS:
                yield child, above
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _ends(child, [*above, child])
