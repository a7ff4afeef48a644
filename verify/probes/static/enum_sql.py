"""Finds the texts that a statement of SQL holds against a column."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from verify.probes.static.code import code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.static.symbols import FileSymbols

RUNS = frozenset({"exec_driver_sql", "read_sql", "read_sql_query"})
"""Methods whose first argument is a statement."""

OLD_STATES = re.compile(r"(?:^|/)(?:alembic|migrations|versions)/")
"""Where statements name states that were taken out since: that is what they are for."""

_IS = re.compile(r"(?i)\b(\w+)[\"`]?\s*(?:==?|!=|<>|\bis(?:\s+not)?\b)\s*'([^']*)'")
_IN = re.compile(r"(?i)\b(\w+)[\"`]?\s+(?:not\s+)?in\s*\(([^()]*)\)")
_TEXT = re.compile(r"'([^']*)'")


def statement(file: FileSymbols, node: ast.Call) -> ast.expr | None:
    """Return the statement of SQL that a call is given, or None."""
    name = code_of(node.func).rpartition(".")[2]
    if not node.args:
        return None
    if name in RUNS or (name == "text" and _of_sqlalchemy(file, node.func)):
        return node.args[0]
    return None


def compared(sql: str) -> Iterator[tuple[str, str]]:
    """Yield each column and a text that the statement holds it against."""
    yield from _IS.findall(sql)
    for column, texts in _IN.findall(sql):
        yield from ((column, text) for text in _TEXT.findall(texts))


def _of_sqlalchemy(file: FileSymbols, function: ast.expr) -> bool:
    first = code_of(function).partition(".")[0]
    return file.imports.get(first, ("", ""))[0].partition(".")[0] == "sqlalchemy"
