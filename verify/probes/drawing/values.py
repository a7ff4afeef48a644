"""What the search for drawing calls knows about a value: a name of Streamlit, code, or a box."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Streamlit:
    """Something of Streamlit, by its dotted name."""

    dotted: str


@dataclass(frozen=True, slots=True)
class External:
    """Something of another package, or a builtin, by its dotted name."""

    dotted: str


@dataclass(frozen=True, slots=True)
class Unread:
    """Something of a file of the tree that cannot draw by itself, only call what it is given."""

    path: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Text:
    """A text that stands in the source."""

    text: str


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a module, class or function.

    Args:
        path: the file it stands in.
        names: what each may be.
        outer: where names are looked up that it has not.
        methods: what functions see that are defined in it, for a class, whose names they do not.
    """

    path: str
    names: dict[str, Values] = field(default_factory=dict)
    outer: Scope | None = None
    methods: Scope | None = None

    def get(self, name: str) -> Values | None:
        """Return what the name may be, or None when nothing binds it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return None

    def add(self, name: str, values: Values) -> None:
        """Let the name be one of these besides what it was, up to a bound."""
        known = self.names.get(name, ())
        self.names[name] = tuple(dict.fromkeys((*values, *known)))[:MOST]


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """A module of the tree."""

    path: str
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the tree."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class of the tree; `scope` has its methods, and what its instances are given."""

    scope: Scope
    bases: Values

    def find(self, name: str, depth: int = 8) -> Values | None:
        """Return what the attribute may be, looked up in the bases too."""
        if name in self.scope.names:
            return self.scope.names[name]
        for base in self.bases:
            if isinstance(base, Class) and depth:
                found = base.find(name, depth - 1)
                if found is not None:
                    return found
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """An object of a class of the tree, and what it was made with."""

    of: Class
    given: Values = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A function together with the object it is called on."""

    function: Function
    on: Instance | Class


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A list, tuple or dictionary, and what is in it."""

    items: Values


Value: TypeAlias = (
    Streamlit | External | Unread | Text | Module | Function | Class | Instance | Method | Box
)
Values: TypeAlias = tuple[Value, ...]
"""What something may be; nothing when that cannot be told."""

MOST = 64
"""Things a name may be; what goes beyond is left out."""
