"""Finds sessions and connections that are made of the engine, past the function for them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.static.code import code_of
from verify.probes.static.session_use import WITH, Use, how_called
from verify.probes.static.symbols import symbols_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from verify.probes.source import Source
    from verify.probes.static.symbols import FileSymbols, Ref, Symbols

OPENS = frozenset({"connect", "begin", "raw_connection"})
TAKES = frozenset({"Session", "AsyncSession"})


def opened(source: Source, engine: Ref, own: Container[str]) -> Iterator[Use]:
    """Yield what is opened of an engine.

    Args:
        source: the tree.
        engine: the function that gives it.
        own: the files in which sessions are made for all others.
    """
    symbols = symbols_of(source)
    for path in source.product_files:
        if path in own or not source.mentions(path, engine.name):
            continue
        file = symbols.file(path)
        for node in file.nodes if file is not None else ():
            if isinstance(node, ast.Call) and symbols.resolve(path, node.func) == engine:
                for call in _calls(file, node):  # type: ignore[arg-type]
                    yield _use(symbols, file, call)  # type: ignore[arg-type]


def _calls(file: FileSymbols, node: ast.Call) -> Iterator[ast.Call]:
    """Yield the calls that open something: of the engine itself, or of the name it is given."""
    places: list[ast.expr] = [node]
    match file.parents.get(node):
        case ast.Assign(targets=[ast.Name(id=name)]):
            places = [n for n in file.nodes if isinstance(n, ast.Name) and n.id == name]
    for place in places:
        parent = file.parents.get(place)
        if isinstance(parent, ast.keyword):
            parent = file.parents.get(parent)
        match parent:
            case ast.Attribute(attr=attr) if attr in OPENS:
                called = file.parents.get(parent)
                if isinstance(called, ast.Call) and called.func is parent:
                    yield called
            case ast.Call(func=function) if code_of(function).rpartition(".")[2] in TAKES:
                yield parent


def _use(symbols: Symbols, file: FileSymbols, call: ast.Call) -> Use:
    how = how_called(symbols, file, call, managed=True)
    return Use(file.path, call.lineno, how if how == WITH else f"past it, {how}", code_of(call))
