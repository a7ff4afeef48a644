"""What the control-flow analysis knows about a value, a path and the end of a path."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Known:
    """A text, number or tuple of such that can be read off the source."""

    value: object


class Items(tuple[object, ...]):
    """What a list held when it was made: whether it is empty later cannot be told."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything; `what` names it for people."""

    what: str = "something"


@dataclass(frozen=True, slots=True)
class External:
    """A name of the standard library, a builtin or an installed package, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class ModuleOf:
    """A module of the tree, by its file."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the tree, and the names its definition closes over."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    path: str
    names: dict[str, Value] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Raisable:
    """An exception object: its class, and its only argument."""

    kind: str
    text: object = None
    arguments: int = 0


Value: TypeAlias = Known | Unknown | External | ModuleOf | Function | Raisable


@dataclass(frozen=True, slots=True)
class State:
    """One path so far: the names that are bound, and the texts that were shown.

    Args:
        names: must not be changed; `bind` copies.
        drawn: texts given to `st.error`.
        printed: texts printed to the terminal.
    """

    names: dict[str, Value]
    drawn: tuple[object, ...] = ()
    printed: tuple[object, ...] = ()

    def bind(self, name: str, value: Value) -> State:
        """Return the path with one more name bound."""
        return State({**self.names, name: value}, self.drawn, self.printed)

    def unbind(self, name: str) -> State:
        """Return the path with one name gone."""
        rest = {key: value for key, value in self.names.items() if key != name}
        return State(rest, self.drawn, self.printed)


@dataclass(frozen=True, slots=True)
class End:
    """Where one path leaves the code that is looked at.

    Args:
        kind: "raise", "exit", "kill" (`os._exit`), "stop" (`st.stop`), "hang", "return", "break",
            "continue", or "implicit" (any exception that any call may raise).
        state: the path.
        line: 1-based line in `path`.
        value: what is raised, returned, or the status of an exit.
    """

    kind: str
    state: State
    path: str
    line: int
    value: Value = Unknown()


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that runs although it should not."""

    path: str
    line: int
    what: str


class TooComplex(Exception):
    """The analysis gives up: too many paths or too many steps."""


def builtin(name: str) -> External | None:
    """Return the builtin of that name, or None."""
    return External(f"builtins.{name}") if hasattr(builtins, name) else None


def exception_class(name: str) -> type[BaseException] | None:
    """Return the builtin exception class that `name` ("builtins.X" or "X") means, or None."""
    found = getattr(builtins, name.removeprefix("builtins."), None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def distinct(states: list[State]) -> list[State]:
    """Drop states that are the same as one before.

    Raises:
        TooComplex: there are too many that differ.
    """
    kept: list[State] = []
    for state in states:
        if state not in kept:
            kept.append(state)
        if len(kept) > MOST_STATES:
            raise TooComplex("too many paths")
    return kept


MOST_STATES = 64  # a guard has one to four; a page that is not a guard is given up early

_TEXT_METHODS = frozenset(
    {"join", "format", "strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize"}
    | {"replace", "removeprefix", "removesuffix"}
)
_WIDEST = 3  # digits of a width
_LONGEST = 10_000  # characters of a folded text: "x" * 10**9 must not be built


def fold_operator(operator: ast.operator, left: object, right: object) -> Value:
    """Return what `left operator right` is, for the operators that texts are built with."""
    try:
        if isinstance(operator, ast.Add) and type(left) is type(right):
            result = left + right  # type: ignore[operator]
        elif isinstance(operator, ast.Mod) and isinstance(left, str) and len(left) < _LONGEST:
            if "*" in left or _pads_far(left):
                return Unknown()
            result = left % right
        else:
            return Unknown()
    except (TypeError, ValueError, KeyError, OverflowError):
        return Unknown()
    return Known(result) if _small(result) else Unknown()


def fold_method(text: str, method: str, arguments: list[object], words: dict[str, object]) -> Value:
    """Return what a method of a literal text gives, for the methods that texts are built with."""
    if method not in _TEXT_METHODS or not _small(text):
        return Unknown()
    if method == "format" and _pads_far(text):
        return Unknown()
    if method == "replace" and len(text) * sum(len(str(a)) for a in arguments) > _LONGEST * 100:
        return Unknown()
    try:
        result = getattr(text, method)(*arguments, **words)
    except Exception:  # noqa: BLE001 - whatever the arguments provoke
        return Unknown()
    return Known(result) if _small(result) else Unknown()


def _pads_far(template: str) -> bool:
    """Say whether a template has a width that would make its text huge."""
    numbers = "".join(c if c.isdigit() else " " for c in template).split()
    return any(len(digits) > _WIDEST for digits in numbers)


def _small(value: object) -> bool:
    return not isinstance(value, str | tuple | list) or len(value) <= _LONGEST
