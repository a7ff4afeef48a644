"""Finds every literal that names a member of an enum: lookups, filters, comparisons."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from verify.probes.static import enum_sql
from verify.probes.static.code import code_of, excerpt
from verify.probes.static.enum_index import INHERITED, Column, EnumClass, EnumIndex
from verify.probes.static.text_flow import TextFlow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.source import Source

_FILTERS = frozenset({"in_", "notin_", "not_in", "is_", "is_not", "isnot", "is_distinct_from"})
_KEYWORDS = frozenset({"filter_by", "values"})
_FIX_START, _FIX_END = "# DASH_FIX_START", "# DASH_FIX_END"
_NAME_LIKE = re.compile(r"[A-Z][A-Z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class EnumUse:
    """One literal that has to name a member.

    Args:
        enum: the enum's name.
        allowed: what may stand there.
        got: what stands there.
        path: the file of the literal.
        line: 1-based.
        form: how it is used, for people.
    """

    enum: str
    allowed: tuple[object, ...]
    got: object
    path: str
    line: int
    form: str


class EnumUses:
    """Looks for uses in the whole tree outside the tests.

    Args:
        index: the enums and columns to hold them against.
    """

    def __init__(self, index: EnumIndex) -> None:
        self.index = index
        self.flow = TextFlow(index.symbols, index.enums)
        self.aliases: dict[str, dict[str, ast.AST]] = {}

    def find(self, source: Source) -> Iterator[EnumUse]:
        """Yield each use once."""
        seen: set[EnumUse] = set()
        words = {found.name.encode() for found in self.index.enums.values()}
        words |= {column.model.name.encode() for column in self.index.columns}
        named = re.compile(rb"\b(?:" + b"|".join(map(re.escape, sorted(words))) + rb")\b")
        own = set(self.index.paths)
        for path in source.product_files:
            raw = source.raw(path)
            if words and named.search(raw) is None and not (path in own and self._worth_it(raw)):
                continue
            for use in self._in_file(path):
                if use not in seen:
                    seen.add(use)
                    yield use

    def _worth_it(self, raw: bytes) -> bool:
        names = {f".{column.name}".encode() for column in self.index.columns}
        return _FIX_START.encode() in raw or any(name in raw for name in names)

    def _in_file(self, path: str) -> Iterator[EnumUse]:
        file = self.index.symbols.file(path)
        if file is None:
            return
        for node in file.nodes:
            if isinstance(node, ast.Attribute):
                yield from self._attribute(path, node)
            elif isinstance(node, ast.Subscript):
                yield from self._subscript(path, node)
            elif isinstance(node, ast.Compare):
                yield from self._compare(path, node)
            elif isinstance(node, ast.Call):
                yield from self._call(path, node)
                yield from self._statement(path, node)
            elif isinstance(node, ast.Assign):
                yield from self._assignment(path, node)
            elif isinstance(node, ast.Match):
                yield from self._match(path, node)
        yield from self._fix_region(path)

    def _attribute(self, path: str, node: ast.Attribute) -> Iterator[EnumUse]:
        found = self.index.enum_of(path, node.value)
        if found is None or node.attr in found.others or node.attr in INHERITED:
            return
        if not node.attr.startswith("__"):
            form = f"{found.name}.{node.attr}"
            yield _by_name(found, node.attr, path, node.lineno, form)

    def _subscript(self, path: str, node: ast.Subscript) -> Iterator[EnumUse]:
        base = node.value
        if isinstance(base, ast.Attribute) and base.attr in {"__members__", "_member_map_"}:
            base = base.value
        found = self.index.enum_of(path, base)
        if found is not None:
            for text in self.flow.texts(path, node.slice):
                form = f"{found.name}[...]"
                yield _by_name(found, text.value, text.path, text.line, form)

    def _compare(self, path: str, node: ast.Compare) -> Iterator[EnumUse]:
        operands = [node.left, *node.comparators]
        for left, right in pairwise(operands):
            for side, other in ((left, right), (right, left)):
                if isinstance(side, ast.Attribute) and side.attr != "__members__":
                    yield from self._against(path, side, other, "comparison")
                elif isinstance(side, ast.Attribute):
                    found = self.index.enum_of(path, side.value)
                    for text in self.flow.texts(path, other) if found else ():
                        yield _by_name(found, text.value, text.path, text.line, "membership")  # type: ignore[arg-type]

    def _against(
        self, path: str, column: ast.Attribute, other: ast.AST, form: str
    ) -> Iterator[EnumUse]:
        by = ""
        if column.attr in {"name", "value"} and isinstance(column.value, ast.Attribute):
            column, by = column.value, column.attr  # `row.status.name`
        base: ast.AST = column.value
        columns = self._columns(path, base, column.attr)
        if not columns or self._is_another_matter(path, base, other):
            return
        for text in self.flow.texts(path, other):
            shown = f"{form} with {excerpt(column)}{by and f'.{by}'}"
            yield _in_column(columns, text.value, text.path, text.line, shown, by)

    def _is_another_matter(self, path: str, base: ast.AST, other: ast.AST) -> bool:
        """Say whether a thing nobody can tell is held against a class that is no model's enum.

        `row.status is Status.OPEN` says nothing of a column `status` when Status is a class from
        outside of the models; with a model, `Lead.status`, it does.
        """
        symbols = self.index.symbols
        if not isinstance(other, ast.Attribute) or symbols.resolve(path, base) is not None:
            return False
        ref = symbols.resolve(path, other.value)
        if ref is None or ref in self.index.enums or ref.path in self.index.paths:
            return False
        file = symbols.file(ref.path)
        return file is not None and isinstance(file.defined.get(ref.name), ast.ClassDef)

    def _columns(self, path: str, base: ast.AST, name: str) -> list[Column]:
        if isinstance(base, ast.Name):
            model = self._model_behind(path, base)
            if model is not None:
                base = model
        return self.index.column_of(path, base, name)

    def _model_behind(self, path: str, name: ast.Name) -> ast.AST | None:
        """Return the model that `name` is an alias of (`aliased(Lead)`), or None."""
        if path not in self.aliases:
            file = self.index.symbols.file(path)
            self.aliases[path] = _aliased(file.nodes) if file is not None else {}
        return self.aliases[path].get(name.id)

    def _call(self, path: str, node: ast.Call) -> Iterator[EnumUse]:
        function = node.func
        found = self.index.enum_of(path, function)
        if found is not None and len(node.args) == 1 and not found.open:
            yield from self._by_value(path, found, node.args[0])
        yield from self._method(path, node)
        name = function.attr if isinstance(function, ast.Attribute) else ""
        if name in _KEYWORDS:
            yield from self._keywords(path, node, self._model_in(path, function), f"{name}(...)")
        elif self._is_model(path, function):
            yield from self._keywords(path, node, function, f"{excerpt(function)}(...)")
        if name == "case" or (isinstance(function, ast.Name) and function.id == "case"):
            yield from self._case(path, node)

    def _method(self, path: str, node: ast.Call) -> Iterator[EnumUse]:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute() as column, attr=method)):
                if method in _FILTERS:
                    for argument in node.args:
                        yield from self._against(path, column, argument, f".{method}(...)")
                enum = self.index.enum_of(path, column.value)
                if enum is not None and column.attr == "__members__" and node.args:
                    for text in self.flow.texts(path, node.args[0]):
                        yield _by_name(enum, text.value, text.path, text.line, "lookup")
            case ast.Call(func=ast.Name(id="getattr"), args=[base, key]):
                enum = self.index.enum_of(path, base)
                for text in self.flow.texts(path, key) if enum is not None else ():
                    if text.value not in INHERITED and enum is not None:
                        yield _by_name(enum, text.value, text.path, text.line, "getattr")

    def _by_value(self, path: str, found: EnumClass, argument: ast.expr) -> Iterator[EnumUse]:
        values = tuple(found.members.values())
        if any(value is None for value in values):
            return
        for text in self.flow.texts(path, argument):
            form = f"{found.name}(...)"
            yield EnumUse(found.name, values, text.value, text.path, text.line, form)

    def _keywords(
        self, path: str, node: ast.Call, model: ast.AST | None, form: str
    ) -> Iterator[EnumUse]:
        for keyword in node.keywords:
            if keyword.arg is None:
                continue
            base = model if model is not None else ast.Name(id="", ctx=ast.Load())
            columns = self.index.column_of(path, base, keyword.arg)
            for text in self.flow.texts(path, keyword.value) if columns else ():
                yield _in_column(columns, text.value, text.path, text.line, form)

    def _case(self, path: str, node: ast.Call) -> Iterator[EnumUse]:
        """Read the keys of `case({"NEW": 1}, value=Lead.status)`."""
        value = next((word.value for word in node.keywords if word.arg == "value"), None)
        if isinstance(value, ast.Attribute):
            for argument in node.args:
                yield from self._against(path, value, argument, "case(...)")

    def _match(self, path: str, node: ast.Match) -> Iterator[EnumUse]:
        if not isinstance(node.subject, ast.Attribute):
            return
        for case in node.cases:
            for pattern in ast.walk(case.pattern):
                if isinstance(pattern, ast.MatchValue):
                    yield from self._against(path, node.subject, pattern.value, "match")

    def _assignment(self, path: str, node: ast.Assign) -> Iterator[EnumUse]:
        """Read `lead.status = "NEW"`; what a class calls so of itself is another matter."""
        for target in node.targets:
            if isinstance(target, ast.Attribute) and code_of(target.value) not in {"self", "cls"}:
                yield from self._against(path, target, node.value, "assignment")

    def _statement(self, path: str, node: ast.Call) -> Iterator[EnumUse]:
        """Read what SQL holds against a column, whatever its table is."""
        file = self.index.symbols.file(path)
        sql = enum_sql.statement(file, node) if file is not None else None
        if sql is None or enum_sql.OLD_STATES.search(path):
            return
        for text in self.flow.texts(path, sql):
            for name, got in enum_sql.compared(text.value):
                columns = [column for column in self.index.columns if column.name == name]
                if columns:
                    yield _in_column(columns, got, text.path, text.line, f"SQL: {name}")

    def _is_model(self, path: str, function: ast.expr) -> bool:
        ref = self.index.symbols.resolve(path, function)
        return ref is not None and any(column.model == ref for column in self.index.columns)

    def _model_in(self, path: str, chain: ast.expr) -> ast.AST | None:
        """Return the model of `select(Lead).filter_by`, `session.query(Lead).filter_by`."""
        for node in ast.walk(chain):
            if isinstance(node, ast.Name) and self._is_model(path, node):
                return node
        return None

    def _fix_region(self, path: str) -> Iterator[EnumUse]:
        if _FIX_START.encode() not in self.index.source.raw(path):
            return
        lines = self.index.source.text(path).splitlines()
        starts = [n for n, line in enumerate(lines, 1) if line.strip() == _FIX_START]
        ends = [n for n, line in enumerate(lines, 1) if line.strip() == _FIX_END]
        for start in starts:
            end = next((n for n in ends if n > start), None)
            if end is None:
                yield EnumUse("", (_FIX_END,), "no such line", path, start, "end of the region")
                continue
            yield from self._region(path, start, end)

    def _region(self, path: str, start: int, end: int) -> Iterator[EnumUse]:
        file = self.index.symbols.file(path)
        nodes = [n for n in file.nodes if start < getattr(n, "lineno", 0) < end] if file else []
        enums = {e for node in nodes if (e := self.index.enum_of(path, node)) is not None}
        enums = enums or set(self.index.enums.values())
        names = tuple(sorted({name for each in enums for name in each.members}))
        label = " or ".join(sorted(each.name for each in enums))
        for node in nodes:
            match node:
                case ast.Constant(value=str() as text) if _NAME_LIKE.match(text):
                    form = "between the DASH_FIX lines"
                    yield EnumUse(label, names, text, path, node.lineno, form)


def _aliased(nodes: list[ast.AST]) -> dict[str, ast.AST]:
    found: dict[str, ast.AST] = {}
    for node in nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Name(id="aliased") | ast.Attribute(attr="aliased"), args=[model, *_]
                ),
            ):
                found[name] = model
    return found


def _by_name(found: EnumClass, text: str, path: str, line: int, form: str) -> EnumUse:
    return EnumUse(found.name, tuple(found.members), text, path, line, form)


def _in_column(
    columns: list[Column], text: str, path: str, line: int, form: str, by: str = ""
) -> EnumUse:
    """Say what may be held against columns, or against the name or value of what is in them."""
    allowed: dict[object, None] = {}
    for column in columns:
        members = column.enum.members
        if by != "value" and (by or not column.stores_values):
            allowed |= dict.fromkeys(members)
        if by != "name" and (by or column.stores_values or column.enum.is_text):
            allowed |= dict.fromkeys(v for v in members.values() if v is not None)
    label = " or ".join(dict.fromkeys(column.enum.name for column in columns))
    return EnumUse(label, tuple(allowed), text, path, line, form)
