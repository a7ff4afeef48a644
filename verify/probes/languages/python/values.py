"""What an expression of a Python program may be, as far as the program itself tells.

A value is the bounded set of what an expression may be: each alternative is an item, the branches
in which it is that, and what was assumed. What cannot be told is the text `HOLE`; a text that holds
it is known but for that part, so that one unknown option does not hide the rest of a command.
"""

from __future__ import annotations

import itertools
import math
import posixpath
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from verify.probes.languages.command import BESIDE_PYTHON, exclusive

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterable, Sequence

    from verify.probes.languages.command import Arms, Word

HOLE = "\ufdd1"
"""Stands for what cannot be told; a character that no text may hold (Unicode, noncharacters)."""

INTERPRETER = "python"
"""What `sys.executable` is taken for."""

_MOST = 16  # alternatives of a value
_MOST_ARMS = 12  # branches within each other, or after each other, that one value depends on
_MOST_COMBINED = 64  # combinations of alternatives
_LONGEST = 8_000  # characters of a text, items of a list: more than any command has
_FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError)


@dataclass(frozen=True, slots=True)
class Ref:
    """Something imported or built in, by its dotted name."""

    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """A dict.

    Args:
        pairs: its keys and values.
        inherits: whether it is a copy of the environment with these changes.
    """

    pairs: tuple[tuple[object, object], ...]
    inherits: bool = False

    def get(self, key: object) -> object:
        """Return what stands under the key; the last that was put there."""
        return next((value for name, value in reversed(self.pairs) if name == key), HOLE)

    def has(self, key: object) -> bool:
        """Say whether the key is there."""
        return any(name == key for name, _ in self.pairs)

    def put(self, key: object, value: object) -> Table:
        """Return it with one more pair."""
        kept = tuple(pair for pair in self.pairs if pair[0] != key)
        return Table((*kept, (key, value)), self.inherits)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the program.

    Args:
        node: its definition.
        module: the number of its module's frame.
        frames: the frames whose names it sees, innermost first.
        owner: the object that it is a method of.
        given: what its parameters were given when it was made.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    module: int
    frames: tuple[int, ...]
    owner: object = None
    given: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the program."""

    node: ast.ClassDef
    module: int
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Instance:
    """An object that a call made.

    Args:
        of: what was called.
        args: with which arguments.
    """

    of: object
    args: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Weak:
    """A truth that holds for the repository as it is.

    Args:
        holds: the truth.
        there: whether the file that it is about is there.
    """

    holds: bool
    there: bool


class Alt(NamedTuple):
    """One of the things that an expression may be."""

    item: object
    arms: Arms = ()
    note: str = ""


Value = tuple[Alt, ...]

UNKNOWN: Value = (Alt(HOLE),)


def known(item: object, note: str = "") -> Value:
    """Return the value that can only be this."""
    return (Alt(item, (), note),)


def union(values: Iterable[Alt]) -> Value:
    """Return the value that may be any of these."""
    found = tuple(dict.fromkeys(values))
    if not 0 < len(found) <= _MOST or all(one.item == HOLE for one in found):
        return UNKNOWN
    return found if all(len(one.arms) <= _MOST_ARMS for one in found) else UNKNOWN


def labelled(value: Value, branching: str, arm: int) -> list[Alt]:
    """Return the alternatives as they are in one arm of a branching."""
    return [Alt(one.item, joined(one.arms, ((branching, arm),)), one.note) for one in value]


def joined(one: Arms, other: Arms) -> Arms:
    """Return the branches that are in either."""
    return tuple({**dict(one), **dict(other)}.items())


def noted(*notes: str) -> str:
    """Return these notes as one."""
    return "; ".join(dict.fromkeys(filter(None, notes)))


def combined(values: Sequence[Value], make: Callable[..., object]) -> Value:
    """Return what `make` gives for each combination of alternatives that can be together."""
    if all(len(value) == 1 for value in values):
        alone = [value[0] for value in values]
        if not any(one.arms for one in alone):
            item = bounded(attempted(make, *(one.item for one in alone)))
            return (Alt(item, (), noted(*(one.note for one in alone))),)
    if math.prod(len(value) for value in values) > _MOST_COMBINED:
        return UNKNOWN
    found: list[Alt] = []
    for combination in itertools.product(*values):
        arms: Arms = ()
        for alt in combination:
            if exclusive(arms, alt.arms):
                break
            arms = joined(arms, alt.arms) if alt.arms else arms
        else:
            item = bounded(attempted(make, *(alt.item for alt in combination)))
            found.append(Alt(item, arms, noted(*(alt.note for alt in combination))))
    return union(found)


def attempted(make: Callable[..., object], *items: object) -> object:
    """Return what `make` gives; `HOLE` where Python itself would raise."""
    try:
        return make(*items)
    except _FAULTS:
        return HOLE


def bounded(item: object) -> object:
    """Return the item, `HOLE` for one that is too large."""
    too_large = isinstance(item, str | bytes | tuple) and len(item) > _LONGEST
    too_great = isinstance(item, int) and item.bit_length() > _LONGEST
    return HOLE if too_large or too_great else item


def text(item: object) -> str:
    """Return `str(item)`."""
    if isinstance(item, str):
        return item
    return str(item) if item is None or isinstance(item, int | float) else HOLE


def open_(item: object) -> bool:
    """Say whether part of the item cannot be told."""
    if isinstance(item, str):
        return HOLE in item
    if isinstance(item, tuple):
        return any(open_(one) for one in item)
    return not (item is None or isinstance(item, int | float | bytes | Table | Weak))


def items(item: object) -> tuple[object, ...]:
    """Return what iterating over the item gives; one `HOLE` where that cannot be told."""
    if isinstance(item, tuple):
        return item
    if isinstance(item, Table) and not item.inherits:
        return tuple(key for key, _ in item.pairs)
    if isinstance(item, str) and HOLE not in item:
        return tuple(item)
    return (HOLE,)


def words(item: object) -> tuple[Word, ...]:
    """Return the words of a command that is given as a list."""
    found: list[Word] = []
    for one in items(item):
        shown = one if isinstance(one, str) else text(one) if isinstance(one, int) else HOLE
        name, equals, _ = shown.partition("=")
        if HOLE not in shown:
            found.append(shown)
        elif equals and name.startswith("--") and HOLE not in name:
            found += [name, None]
        else:
            found.append(None)
    return tuple(found)


def truth(item: object) -> bool | None:
    """Return `bool(item)`, None when that cannot be told."""
    if isinstance(item, Weak):
        return item.holds
    if isinstance(item, Table):
        return bool(item.pairs) or (None if item.inherits else False)
    if isinstance(item, Ref | Function | Class | Instance):
        return None
    if isinstance(item, str | tuple) and item and open_(item):
        return None if item in {HOLE, (HOLE,)} else True
    return bool(item)


def operated(operator: ast.operator, left: object, right: object) -> object:
    """Return `left OPERATOR right`."""
    match type(operator).__name__:
        case "Add":
            if isinstance(left, tuple) or isinstance(right, tuple):
                return (*_listed(left), *_listed(right))
            if isinstance(left, str) or isinstance(right, str):
                return f"{_part(left)}{_part(right)}"
            return left + right  # type: ignore[operator]
        case "Div":
            if isinstance(left, str) or isinstance(right, str):
                return posixpath.join(_part(left), _part(right))
        case "Mod" if isinstance(left, str):
            given = right if isinstance(right, tuple | Table) else (right,)
            return _percent(left, given)
        case "BitOr" if isinstance(left, Table) and isinstance(right, Table):
            return Table((*left.pairs, *right.pairs), left.inherits or right.inherits)
        case "Sub" if isinstance(left, int) and isinstance(right, int):
            return left - right
        case "Mult" if isinstance(left, int) and isinstance(right, int):
            return left * right
    return HOLE


def _listed(item: object) -> tuple[object, ...]:
    return item if isinstance(item, tuple) else (HOLE,)


def _part(item: object) -> str:
    return item if isinstance(item, str) else HOLE


def _percent(template: str, given: tuple[object, ...] | Table) -> object:
    if isinstance(given, Table):
        return template % {key: _shown(value) for key, value in given.pairs}
    return template % tuple(_shown(one) for one in given)


def _shown(item: object) -> object:
    return item if isinstance(item, int | float) else text(item)


def compared(operator: ast.cmpop, left: object, right: object) -> object:
    """Return `left OPERATOR right`, `HOLE` when that cannot be told."""
    name = type(operator).__name__
    if name in {"Is", "IsNot"} and right is None:
        sure = left is None or (isinstance(left, str | int | tuple) and left != HOLE)
        return (left is None) is (name == "Is") if sure else HOLE
    if open_(left) or open_(right):
        return HOLE
    match name:
        case "Eq" | "Is":
            return left == right
        case "NotEq" | "IsNot":
            return left != right
        case "In":
            return left in _within(right)
        case "NotIn":
            return left not in _within(right)
        case "Gt":
            return left > right  # type: ignore[operator]
        case "GtE":
            return left >= right  # type: ignore[operator]
        case "Lt":
            return left < right  # type: ignore[operator]
        case "LtE":
            return left <= right  # type: ignore[operator]
    return HOLE


def _within(item: object) -> tuple[object, ...] | str:
    return item if isinstance(item, str) else items(item)


def attribute(item: object, name: str) -> object:
    """Return `item.name` of a text, which may be a path; `HOLE` where it has no such value."""
    if not isinstance(item, str):
        return HOLE
    match name:
        case "parent" if item == INTERPRETER:
            return BESIDE_PYTHON
        case "parent":
            return posixpath.dirname(item) or "."
        case "parents":
            found: list[str] = []
            current = item
            while len(found) < 40 and posixpath.dirname(current) != current:  # noqa: PLR2004
                current = posixpath.dirname(current)
                found.append(current or ".")
            return tuple(found)
        case "name":
            return posixpath.basename(item)
        case "stem":
            return posixpath.splitext(posixpath.basename(item))[0]
        case "suffix":
            return posixpath.splitext(item)[1]
        case "value":  # of an enum's member
            return item
    return HOLE


def absolute(path: str, cwd: str) -> str:
    """Return the path as seen from the working directory."""
    return posixpath.normpath(posixpath.join(cwd, path))


def method(item: object, name: str, args: tuple[object, ...], cwd: str) -> object:
    """Return `item.name(*args)` of a text, a path, a list or a dict."""
    if isinstance(item, Table):
        return _of_table(item, name)
    if isinstance(item, tuple):
        return item if name == "copy" else HOLE
    if not isinstance(item, str):
        return HOLE
    given = [text(arg) for arg in args]
    match name:
        case "resolve" | "absolute" | "realpath":
            return absolute(item, cwd)
        case "expanduser" | "as_posix" | "__str__" | "__fspath__":
            return item
        case "joinpath":
            return posixpath.join(item, *given)
        case "with_name":
            return posixpath.join(posixpath.dirname(item), given[0])
        case "with_suffix":
            return posixpath.splitext(item)[0] + given[0]
        case "split" if not args or isinstance(args[0], str):
            return tuple(item.split(given[0] if args else None))
        case "join" if args:
            return item.join(text(one) for one in items(args[0]))
        case "replace" if HOLE not in "".join(given):
            return item.replace(given[0], given[1])
        case "strip" | "rstrip" | "lstrip" | "lower" | "upper" | "removeprefix" | "removesuffix":
            return getattr(item, name)(*given)
        case "format":
            return item.format(*(_shown(arg) for arg in args))
        case "startswith" | "endswith" | "isdigit" if HOLE not in item:
            return getattr(item, name)(*args)
    return HOLE


def _of_table(table: Table, name: str) -> object:
    match name:
        case "copy":
            return table
        case "values":
            return tuple(value for _, value in table.pairs)
        case "keys":
            return tuple(key for key, _ in table.pairs)
        case "items":
            return tuple((key, value) for key, value in table.pairs)
    return HOLE


def function(name: str, args: tuple[object, ...], cwd: str) -> object:
    """Return what a function of the standard library gives, `HOLE` for one that is not followed."""
    given = [text(arg) for arg in args]
    first = given[0] if given else ""
    match name:
        case "os.path.join" | "posixpath.join" | "ntpath.join":
            return posixpath.join(*given)
        case "os.path.dirname" | "posixpath.dirname":
            return BESIDE_PYTHON if first == INTERPRETER else posixpath.dirname(first)
        case "os.path.basename" | "posixpath.basename":
            return posixpath.basename(first)
        case "os.path.abspath" | "os.path.realpath" | "posixpath.abspath":
            return absolute(first, cwd)
        case "os.path.normpath":
            return posixpath.normpath(first)
        case "os.path.expanduser" | "os.fspath" | "os.path.expandvars" | "str" | "repr":
            return first
        case "shlex.quote" | "shutil.which":
            return first
        case "pathlib.Path" | "pathlib.PurePath" | "pathlib.PosixPath" | "pathlib.PurePosixPath":
            return posixpath.normpath(posixpath.join("", *given))
        case "os.getcwd" | "os.getcwdb" | "pathlib.Path.cwd":
            return cwd
        case "shlex.split":
            return tuple(shlex.split(first))
        case "shlex.join" if args:
            return " ".join(text(one) for one in items(args[0]))
        case "int" if HOLE not in first:
            return int(first)
        case "list" | "tuple" | "sorted" | "set" | "iter" | "frozenset" | "reversed":
            return items(args[0]) if args else ()
        case "len" if args and not open_(args[0]):
            return len(items(args[0]))
        case "bool" if args:
            found = truth(args[0])
            return HOLE if found is None else found
        case "enumerate":
            return tuple((number, one) for number, one in enumerate(items(args[0])))
        case "zip":
            return tuple(zip(*(items(arg) for arg in args), strict=False))
        case "typer.Option" | "typer.Argument":
            return args[0] if args and args[0] is not Ellipsis else HOLE
    return HOLE
