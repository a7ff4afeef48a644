"""What is known while a Python program is followed: its names, its environment, where it stands."""

from __future__ import annotations

import ast
import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING

from verify.probes.languages.command import Command, exclusive
from verify.probes.languages.python.store import Store
from verify.probes.languages.python.values import (
    HOLE,
    INTERPRETER,
    UNKNOWN,
    Alt,
    Ref,
    Table,
    combined,
    joined,
    known,
    noted,
    text,
    words,
)
from verify.probes.static.code import excerpt

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from verify.probes.languages.command import Arms, Word
    from verify.probes.languages.python.around import Around
    from verify.probes.languages.python.starts import Start
    from verify.probes.languages.python.values import Function, Value

ARGUMENTS = "unless it is given arguments"
"""The assumption that nothing follows the script's name."""

_MOST_STEPS = 30_000  # statements and expressions; a launcher of 500 lines takes some 5,000
_MOST_COMMANDS = 100
_MOST_MODULES = 8
_LONGEST_RAW = 200
_DRIVE = re.compile(r"(?:^|/)[A-Za-z]:[\\/]")  # of one machine, which no checkout tells
_SHELL_HOLE = "__unknown"  # a variable that stands in shell code for what cannot be told


class Ended(Exception):
    """The program is too long to be followed any further."""


class State:
    """What is known at one point of a program.

    Args:
        script: its absolute path.
        cwd: the absolute folder it runs in.
        arguments: `sys.argv[1:]`.
        environment: what its environment has set.
        around: the files around it.
        source: its text, to quote from.
    """

    def __init__(
        self,
        script: str,
        cwd: str | None,
        arguments: tuple[Word, ...],
        environment: Mapping[str, Word],
        around: Around | None,
        source: str,
    ) -> None:
        self.found: list[Command] = []
        self.store = Store()
        self.arms: Arms = ()
        self.over = ""  # why what follows does not run: "exit", "return", "break", ...
        self.assumed: tuple[str, ...] = ()
        self.scope: tuple[int, ...] = ()
        self.module = 0
        self.site: ast.AST | None = None
        self.depth = 0
        self.scripts: dict[int, str] = {}
        self.modules: dict[str, int | None] = {}
        self.registered: list[Function] = []
        self.ran: set[ast.AST] = set()
        self.arguments = arguments
        self.exact = False
        self.around = around
        self._script = script
        self._source = source
        self._steps = 0
        self._count = 0
        self._set: set[str] = set()
        argv = (script or "-c", *(HOLE if one is None else one for one in arguments))
        self.store.set("argv", known(argv))
        self.store.set("cwd", known(HOLE if cwd is None else cwd))
        self.store.set("flags", known(Table(())))
        for name, word in environment.items():
            self.set_variable(name, known(HOLE if word is None else word))

    def step(self) -> None:
        """Count one step; a program may take only so many.

        Raises:
            Ended: these were too many.
        """
        self._steps += 1
        if self.spent:
            raise Ended

    @property
    def spent(self) -> bool:
        """Whether it took more steps than a program may, or started more than can be told."""
        return self._steps > _MOST_STEPS or len(self.found) >= _MOST_COMMANDS

    def ended(self) -> bool:
        """Say whether what follows does not run."""
        return bool(self.over)

    def fresh(self) -> int:
        """Return a number that nothing had before."""
        self._count += 1
        return self._count

    def branching(self, node: ast.AST) -> str:
        """Return a name for one passing of a branching."""
        return f"{getattr(node, 'lineno', 0)}#{self.fresh()}"

    def here(self, value: Value) -> Value:
        """Return what of a value can be in the branches that the program is in."""
        if not self.arms or not any(one.arms for one in value):
            return value
        found = tuple(one for one in value if not exclusive(one.arms, self.arms))
        return found or UNKNOWN

    def held(self, key: Hashable) -> Value:
        """Return what stands under a key of the store."""
        value = self.store.get(key)
        return UNKNOWN if value is None else self.here(value)

    def put(self, key: Hashable, value: Value) -> None:
        """Let a key of the store hold a value."""
        if self.assumed:
            notes = self.assumed
            value = tuple(Alt(one.item, one.arms, noted(*notes, one.note)) for one in value)
        self.store.set(key, value)

    @property
    def cwd(self) -> str:
        """The working directory; `HOLE` where it cannot be told."""
        value = self.held("cwd")
        folder = text(value[0].item) if len(value) == 1 else HOLE
        return HOLE if _DRIVE.search(folder) else folder

    def variable(self, name: str) -> Value | None:
        """Return a variable of the environment, None for one that nothing sets."""
        value = self.store.get(("environ", name))
        return None if value is None else self.here(value)

    def set_variable(self, name: str, value: Value) -> None:
        """Set a variable of the environment."""
        self._set.add(name)
        self.put(("environ", name), value)

    def emit(self, node: ast.AST, start: Start, arms: Arms, note: str) -> None:
        """Add a command that the program runs here."""
        self.step()
        if exclusive(arms, self.arms):
            return
        folder = self.cwd
        if start.cwd is not None:
            folder = posixpath.normpath(posixpath.join(folder, text(start.cwd)))
        # A module that the program imports may start it: the row is the program's own line.
        elsewhere = self.module != 0 and self.site is not None
        site = self.site if elsewhere else node
        variables = self._variables(start.env)
        code = None
        if start.code is not None:
            code = start.code.replace(HOLE, f"${{{_SHELL_HOLE}}}")
            variables[_SHELL_HOLE] = None
        found = Command(
            words(start.words),
            None if HOLE in folder else folder,
            getattr(site, "lineno", 1),
            self._raw(site if elsewhere and site is not None else node),
            tuple(variables.items()),
            joined(self.arms, arms),
            code,
            note=noted(self._elsewhere(node) if elsewhere else "", *self.assumed, note, start.note),
            fault=start.fault,
        )
        self.found.append(found)

    def _elsewhere(self, node: ast.AST) -> str:
        script = self.scripts.get(self.module, "")
        shown = script if HOLE in self.cwd else posixpath.relpath(script or "/", self.cwd)
        return f"by way of {shown}:{getattr(node, 'lineno', 1)}"

    def _variables(self, env: Table | None) -> dict[str, Word]:
        found: dict[str, Word] = {}
        if env is None or env.inherits:
            for name in sorted(self._set):
                value = self.variable(name)
                if value is not None:
                    found[name] = words((value[0].item,))[0] if len(value) == 1 else None
        for key, item in env.pairs if env is not None else ():
            if isinstance(key, str) and HOLE not in key:
                found[key] = words((item,))[0]
        return found

    def _raw(self, node: ast.AST) -> str:
        quoted = None
        if self._source and (self.module == 0 or node is self.site):
            quoted = self._segment(node)
        shown = " ".join(quoted.split()) if quoted else excerpt(node, _LONGEST_RAW)
        return shown if len(shown) <= _LONGEST_RAW else shown[: _LONGEST_RAW - 3] + "..."

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._source.encode("utf-8", "replace").splitlines(keepends=True)

    def _segment(self, node: ast.AST) -> str | None:
        """Return a node's text: `ast.get_source_segment` splits the whole source for each."""
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is None or last is None:
            return None
        lines = self._lines[first - 1 : last]
        if not lines:
            return None
        lines[-1] = lines[-1][: getattr(node, "end_col_offset", 0)]
        lines[0] = lines[0][getattr(node, "col_offset", 0) :]
        return b"".join(lines).decode("utf-8", "replace")

    def loaded(self, dotted: str) -> tuple[str, ast.Module] | None:
        """Return the path and tree of a module of the repository, None once these are too many."""
        if self.around is None or len(self.scripts) > _MOST_MODULES:
            return None
        folder, bar, inner = dotted.rpartition("|")
        script = f"{folder}/x" if bar else self._script
        return self.around.module(f".{inner}" if bar else inner, script)

    def name_key(self, name: str) -> tuple[int, str] | None:
        """Return the key under which a name is found, None for one that nothing binds."""
        for frame in self.scope:
            if self.store.get((frame, name)) is not None:
                return frame, name
        return None

    def ref(self, item: object) -> Value:
        """Return what a dotted name stands for, where that is known."""
        if not isinstance(item, Ref):
            return known(item)
        match item.name:
            case "sys.argv":
                return self.held("argv")
            case "sys.executable":
                return known(INTERPRETER)
            case "os.sep" | "os.altsep":
                return known("/")
            case "os.curdir":
                return known(".")
            case "os.pardir":
                return known("..")
            case "typing.TYPE_CHECKING":
                return known(item=False)
        return known(item)

    def flattened(self, value: Value) -> Value:
        """Return a value with its dotted names replaced by what they stand for."""
        if not any(isinstance(one.item, Ref) for one in value):
            return value
        found = [
            Alt(inner.item, joined(one.arms, inner.arms), noted(one.note, inner.note))
            for one in value
            for inner in self.ref(one.item)
        ]
        return combined([tuple(found)], lambda item: item)
