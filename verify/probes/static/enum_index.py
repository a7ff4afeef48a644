"""Finds the enums of the tree, and the columns of its models that hold them."""

from __future__ import annotations

import ast
import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.probes.static.code import code_of
from verify.probes.static.symbols import Ref, symbols_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.probes.source import Source
    from verify.probes.static.symbols import FileSymbols

_ROOTS = frozenset({"Enum", "StrEnum", "IntEnum", "Flag", "IntFlag", "ReprEnum"})
_TEXT_ROOTS = frozenset({"StrEnum", "str"})
_COLUMN_CALLS = frozenset({"mapped_column", "Column", "column_property"})

INHERITED = frozenset({*dir(enum.StrEnum), *dir(enum.IntFlag), "_missing_", "_ignore_", "_order_"})
"""What every enum class has besides its members."""


@dataclass(slots=True, eq=False)
class EnumClass:
    """One enum.

    Args:
        ref: where it is defined.
        line: 1-based.
        members: its names with their literal values; None where a value cannot be read off.
        others: what else its class body defines: methods, properties.
        is_text: whether its members are texts themselves.
        open: whether it takes values besides its members' (`_missing_`).
    """

    ref: Ref
    line: int
    members: dict[str, object] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    is_text: bool = False
    open: bool = False

    @property
    def name(self) -> str:
        """The class's name."""
        return self.ref.name


@dataclass(frozen=True, slots=True)
class Column:
    """A model's attribute that holds an enum.

    Args:
        model: the class.
        name: the attribute.
        enum: what it holds.
        stores_values: whether the database has the members' values, not their names.
    """

    model: Ref
    name: str
    enum: EnumClass
    stores_values: bool

    def takes(self, text: object) -> bool:
        """Say whether the text names a member, as this column wants it named."""
        if (self.stores_values or self.enum.is_text) and text in self.enum.members.values():
            return True
        return text in self.enum.members and not self.stores_values


class EnumIndex:
    """Enums and columns of the declared packages.

    Args:
        source: the tree.
        packages: folders.
    """

    def __init__(self, source: Source, packages: Iterable[str]) -> None:
        self.source = source
        self.symbols = symbols_of(source)
        self.enums: dict[Ref, EnumClass] = {}
        self.columns: list[Column] = []
        self.unparsed: list[str] = []
        inside = tuple(f"{package.rstrip('/')}/" for package in packages)
        self.paths = [
            path
            for path in source.product_files
            if path.startswith(inside) or "./" in inside  # "." is the whole tree
        ]
        classes = []
        for path in self.paths:
            file = self.symbols.file(path) if self._interesting(path) else None
            if file is None:
                if self._interesting(path):
                    self.unparsed.append(path)
                continue
            for node in file.nodes:
                if isinstance(node, ast.ClassDef):
                    classes.append((file, node))
                elif isinstance(node, ast.Assign):
                    self._functional(file, node)
        while self._add_enums(classes):  # an enum may derive from one further down
            pass
        for file, node in classes:
            self._add_columns(file, node)

    def enum_of(self, path: str, node: ast.AST) -> EnumClass | None:
        """Return the enum that a name or dotted name in the file at `path` means."""
        if not isinstance(node, ast.Name | ast.Attribute):
            return None
        ref = self.symbols.resolve(path, node)
        return self.enums.get(ref) if ref is not None else None

    def column_of(self, path: str, base: ast.AST, name: str) -> list[Column]:
        """Return the columns that `base.name` may be: one for a model, else all of that name."""
        named = [column for column in self.columns if column.name == name]
        model = self.symbols.resolve(path, base) if named else None
        own = [column for column in named if column.model == model]
        return own or (named if model is None else [])

    def _interesting(self, path: str) -> bool:
        raw = self.source.raw(path)
        return b"Enum" in raw or b"Mapped" in raw or b"Column" in raw

    def _add_enums(self, classes: list[tuple[FileSymbols, ast.ClassDef]]) -> bool:
        found = False
        for file, node in classes:
            ref = Ref(file.path, node.name)
            if ref not in self.enums and any(self._is_enum(file, base) for base in node.bases):
                self.enums[ref] = self._read(file, node, ref)
                found = True
        return found

    def _is_enum(self, file: FileSymbols, base: ast.expr) -> bool:
        match base:
            case ast.Name(id=name) if file.imports.get(name, ("", ""))[0] == "enum":
                return file.imports[name][1] in _ROOTS
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                if file.imports.get(module, ("", ""))[0] == "enum":
                    return name in _ROOTS
        return self.enum_of(file.path, base) is not None

    def _read(self, file: FileSymbols, node: ast.ClassDef, ref: Ref) -> EnumClass:
        found = EnumClass(ref, node.lineno)
        for base in node.bases:
            parent = self.enum_of(file.path, base)
            name = code_of(base).rpartition(".")[2]
            original = file.imports.get(name, ("", name))[1] or name
            found.is_text |= original in _TEXT_ROOTS or bool(parent and parent.is_text)
            found.others |= parent.others if parent else set()
            found.open |= bool(parent and parent.open)
        for statement in node.body:
            match statement:
                case ast.Assign(targets=targets, value=value):
                    for target in targets:
                        for name in _names(target):
                            if not name.startswith("_"):
                                found.members[name] = _value(name, value, found)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    found.members[name] = _value(name, value, found)
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    found.others.add(name)
                    found.open |= name == "_missing_"
        return found

    def _functional(self, file: FileSymbols, node: ast.Assign) -> None:
        """Read `Status = Enum("Status", "NEW LOST")`."""
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=function, args=[ast.Constant(), names, *_]),
            ) if self._is_enum(file, function):
                found = EnumClass(Ref(file.path, name), node.lineno)
                for member in _functional_names(names):
                    found.members[member] = None
                file.defined[name] = node
                self.enums[found.ref] = found

    def _add_columns(self, file: FileSymbols, node: ast.ClassDef) -> None:
        ref = Ref(file.path, node.name)
        for statement in node.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=kind, value=value):
                    held = self._held(file, kind) if "Mapped" in code_of(kind) else None
                    if held is None and _is_column(value):
                        held = self._held(file, value)
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_column(value):
                    held = self._held(file, value)
                case _:
                    continue
            if held is not None:
                by_value = value is not None and "values_callable" in code_of(value)
                self.columns.append(Column(ref, name, held, by_value))

    def _held(self, file: FileSymbols, node: ast.expr | None) -> EnumClass | None:
        """Return the enum that an annotation or a column's arguments mention."""
        for child in ast.walk(node) if node is not None else ():
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                try:  # Mapped["LeadStatus"]
                    inner = ast.parse(child.value, mode="eval").body
                except (SyntaxError, ValueError, RecursionError, MemoryError):
                    continue
                found = self._held(file, inner)
            else:
                found = self.enum_of(file.path, child)
            if found is not None:
                return found
        return None


def _is_column(node: ast.expr | None) -> bool:
    if not isinstance(node, ast.Call):
        return False
    return code_of(node.func).rpartition(".")[2] in _COLUMN_CALLS


def _names(target: ast.expr) -> list[str]:
    return [child.id for child in ast.walk(target) if isinstance(child, ast.Name)]


def _value(name: str, node: ast.expr, owner: EnumClass) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    if code_of(node).endswith("auto()") and owner.is_text:
        return name.lower()
    return None


def _functional_names(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str() as text):
            return text.replace(",", " ").split()
        case ast.Dict(keys=keys):
            return [key.value for key in keys if isinstance(key, ast.Constant)]  # type: ignore[misc]
        case ast.List(elts=rows) | ast.Tuple(elts=rows):
            firsts = [r.elts[0] if isinstance(r, ast.Tuple) and r.elts else r for r in rows]
            return [f.value for f in firsts if isinstance(f, ast.Constant)]  # type: ignore[misc]
    return []
