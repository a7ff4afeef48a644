"""Finds a model with a column that holds an enum, and code that asks for it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.probes.static.enum_index import EnumIndex
from verify.probes.static.modules import module_name
from verify.probes.static.symbols import symbols_of

if TYPE_CHECKING:
    from verify.planting.tree import Tree
    from verify.probes.static.symbols import Ref

ABSENT = "ENGAGED"
"""A name that no enum has."""


@dataclass(frozen=True, slots=True)
class Held:
    """A column that holds an enum.

    Args:
        model: the class.
        name: the column.
        enum: what it holds.
        members: the names of the enum's members.
        values: those that are texts.
    """

    model: Ref
    name: str
    enum: Ref
    members: tuple[str, ...]
    values: tuple[str, ...]


def held(tree: Tree) -> Held:
    """Return a column that holds an enum of two members or more.

    Raises:
        NotDeclared: the manifest declares no enums, or no model holds one.
    """
    for column in _index(tree).columns:
        members = column.enum.members
        if len(members) > 1 and not column.enum.is_text and not column.stores_values:
            texts = tuple(value for value in members.values() if isinstance(value, str))
            return Held(column.model, column.name, column.enum.ref, tuple(members), texts)
    raise NotDeclared("no model of [enums].packages holds an enum by the names of its members")


def asks(tree: Tree, code: str) -> str:
    """Add a file to the package that asks for a column; return its path.

    Args:
        tree: the copy.
        code: in which `Model`, `column`, `States`, `GOOD` and `ABSENT` stand for what is found.
    """
    found = held(tree)
    written = code
    for word, text in (
        ("Model", found.model.name),
        ("column", found.name),
        ("States", found.enum.name),
        ("GOOD", found.members[0]),
        ("ABSENT", ABSENT),
    ):
        written = written.replace(word, text)
    folder = _packages(tree)[0].rstrip("/")
    free = (f"{folder}/more_filters{number or ''}.py" for number in count())
    path = next(name for name in free if not tree.has(name))
    names = [f"from {module_name(ref.path)} import {ref.name}" for ref in (found.model, found.enum)]
    tree.write(path, '"""Filters."""\n\n' + "\n".join(dict.fromkeys(names)) + f"\n\n\n{written}\n")
    return path


def used_member(tree: Tree) -> tuple[str, ast.stmt, str, str]:
    """Return a member that code names as `States.MEMBER`: its file, its line, its name, that file.

    Raises:
        NotDeclared: there is none.
    """
    index, symbols = _index(tree), symbols_of(tree.source)
    for path in index.paths:
        file = symbols.file(path)
        for node in file.nodes if file is not None else ():
            if not isinstance(node, ast.Attribute):
                continue
            found = index.enum_of(path, node.value)
            if found is None or node.attr not in found.members or found.ref.path == path:
                continue
            line = _definition(tree, found.ref, node.attr)
            if line is not None and len(found.members) > 1:
                return found.ref.path, line, f"{found.name}.{node.attr}", path
    raise NotDeclared("no code of [enums].packages names a member of an enum")


def _definition(tree: Tree, enum: Ref, member: str) -> ast.stmt | None:
    """Return the statement that gives an enum a member."""
    for node in ast.walk(tree.module(enum.path)):
        if isinstance(node, ast.ClassDef) and node.name == enum.name:
            for line in node.body:
                match line:
                    case ast.Assign(targets=[ast.Name(id=name)]) if name == member:
                        return line
    return None


def _index(tree: Tree) -> EnumIndex:
    return EnumIndex(tree.source, _packages(tree))


def _packages(tree: Tree) -> tuple[str, ...]:
    if tree.manifest.enums is None:
        raise NotDeclared("verify.toml declares no [enums]")
    return tree.manifest.enums.packages
