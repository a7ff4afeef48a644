"""Reads a makefile as GNU make does: line by line, with its conditionals, variables and rules.

There is a grammar of make for tree-sitter; it takes a conditional after a rule for a part of that
rule's recipe, and loses the rule that follows a recipe without a tab.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.probes.launchers.make.expand import Expansion, Variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MOST_LINES = 20_000
_MOST_INCLUDES = 20

_ASSIGNMENT = re.compile(
    r"[ \t]*(?P<how>(?:(?:export|override|private|unexport)[ \t]+)*)"
    r"(?P<name>[^\s:#=!?+$]+)[ \t]*(?P<operator>:{0,3}=|\?=|\+=|!=)[ \t]*(?P<value>.*)",
    re.DOTALL,
)
_CONDITION = re.compile(r"[ \t]*(?:else[ \t]+)?(ifeq|ifneq|ifdef|ifndef)\b[ \t]*(.*)")
_DEFINE = re.compile(r"[ \t]*(?:(?:export|override)[ \t]+)*define[ \t]+(\S+)[ \t]*(\S*)")
_INCLUDE = re.compile(r"[ \t]*(?:-include|sinclude|include)[ \t]+(.*)")
_EXPORT = re.compile(r"[ \t]*(?:export|unexport)\b(.*)")
_OTHER = re.compile(r"[ \t]*(?:vpath|undefine|load|-load|endef)\b|[ \t]*\$[({]")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One line of a recipe, with those it is continued by."""

    path: str
    line: int
    text: str


@dataclass(slots=True)
class Rule:
    """How a target is made.

    Args:
        path: the file it stands in.
        line: 1-based.
        target: its name, perhaps with `%`.
        needs: what is made before.
        recipe: its lines.
        variables: those that hold for this target only.
    """

    path: str
    line: int
    target: str
    needs: list[str] = field(default_factory=list)
    recipe: list[Recipe] = field(default_factory=list)
    variables: dict[str, Variable] = field(default_factory=dict)


@dataclass(slots=True)
class Makefile:
    """What a makefile comes to when its conditionals are taken one way.

    Args:
        variables: as they are at its end.
        rules: by target.
        exported: variables that the commands find in their environment; None for all.
        arms: the conditionals that could have gone another way, with the arm that was taken.
        sizes: how many arms each of them has.
        fault: the line that make refuses, 0 for none.
        oneshell: whether one shell runs a whole recipe.
    """

    variables: dict[str, Variable]
    rules: dict[str, Rule] = field(default_factory=dict)
    exported: set[str] | None = field(default_factory=set)
    arms: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    fault: int = 0
    oneshell: bool = False

    @property
    def goal(self) -> str:
        """The target that is made when none is named."""
        chosen = self.variables.get(".DEFAULT_GOAL")
        if chosen is not None:
            return Expansion(self.variables).expand(chosen.value).strip()
        return next((name for name in self.rules if "%" not in name and name[:1] != "."), "")


@dataclass(slots=True)
class _Conditional:
    key: str
    arm: int = 0
    taken: bool = False
    active: bool = True
    chosen: int | None = None


def read(
    path: str,
    text: str,
    other: Callable[[str], tuple[str, str] | None],
    variables: Mapping[str, Variable],
    arms: Mapping[str, int],
) -> Makefile:
    """Return what a makefile comes to.

    Args:
        path: of the file.
        text: its content.
        other: gives the path and the text of a file that it includes, or None.
        variables: those of the environment and of the command line.
        arms: the arms to take of conditionals that could go either way; the first without it.
    """
    reader = _Reader(other, arms, Makefile(dict(variables)))
    reader.read(path, text)
    return reader.made


@dataclass(slots=True)
class _Reader:
    other: Callable[[str], tuple[str, str] | None]
    arms: Mapping[str, int]
    made: Makefile
    included: int = 0
    current: list[Rule] = field(default_factory=list)

    def read(self, path: str, text: str) -> None:
        lines = _logical(text)
        conditionals: list[_Conditional] = []
        self.current = []
        for number, line in lines:
            if self._recipe(path, number, line, conditionals):
                continue
            plain = joined(line)
            if self._conditional(path, number, plain, conditionals):
                continue
            if not all(one.active for one in conditionals):
                continue
            definition = _DEFINE.match(plain)
            if definition is not None:
                self._define(definition, lines)
                continue
            self._statement(path, number, plain)

    def _recipe(self, path: str, number: int, line: str, conditionals: list[_Conditional]) -> bool:
        prefix = self.made.variables.get(".RECIPEPREFIX", Variable("\t")).value[:1] or "\t"
        if not line.startswith(prefix) or not self.current:
            return False
        if all(one.active for one in conditionals):
            for rule in self.current:
                rule.recipe.append(Recipe(path, number, line[1:]))
        return True

    def _conditional(
        self, path: str, number: int, line: str, conditionals: list[_Conditional]
    ) -> bool:
        words = _uncommented(line).split()
        first = words[0] if words else ""
        if first in {"ifeq", "ifneq", "ifdef", "ifndef"}:
            one = _Conditional(f"{path}:{number}")
            outer = all(other.active for other in conditionals)
            conditionals.append(one)
            one.active = outer and self._enters(one, holds=self._holds(line))
        elif first == "else" and conditionals:
            one = conditionals[-1]
            one.arm += 1
            outer = all(other.active for other in conditionals[:-1])
            holds = self._holds(line) if len(words) > 1 else True
            one.active = outer and not one.taken and self._enters(one, holds=holds)
        elif first == "endif" and conditionals:
            conditionals.pop()
        else:
            return False
        return True

    def _enters(self, one: _Conditional, *, holds: bool | None) -> bool:
        """Say whether an arm is taken; one that could go either way is, unless told otherwise."""
        if holds is None or one.key in self.made.arms:
            wanted = self.arms.get(one.key, 0)
            self.made.arms[one.key] = wanted
            self.made.sizes[one.key] = max(one.arm + (2 if holds is None else 1), 2)
            holds = wanted == one.arm
        one.taken = one.taken or holds
        return holds

    def _holds(self, line: str) -> bool | None:
        found = _CONDITION.match(_uncommented(line))
        if found is None:
            return None
        expansion = Expansion(self.made.variables)
        if found[1] in {"ifdef", "ifndef"}:
            variable = self.made.variables.get(expansion.expand(found[2]).strip())
            if variable is None or variable.default:
                return None
            return bool(variable.value) is (found[1] == "ifdef")
        sides = _sides(found[2])
        if sides is None:
            return None
        one, other = (expansion.expand(side.strip()) for side in sides)
        if "${" in one + other or expansion.used:
            return None
        return (one == other) is (found[1] == "ifeq")

    def _define(self, found: re.Match[str], lines: Iterator[tuple[int, str]]) -> None:
        body: list[str] = []
        depth = 1
        for _, line in lines:
            depth += bool(_DEFINE.match(line)) - (line.split()[:1] == ["endef"])
            if depth == 0:
                break
            body.append(line)
        self._assign(found[1], found[2] or "=", "\n".join(body), self.made.variables)

    def _statement(self, path: str, number: int, line: str) -> None:
        text = _uncommented(line)
        if not text.strip():
            return
        assignment = _ASSIGNMENT.fullmatch(text)
        include = _INCLUDE.match(text)
        export = _EXPORT.match(text)
        if assignment is not None:
            self.current = []
            self._set(assignment)
        elif include is not None:
            self._include(include[1])
        elif export is not None:
            self._export(export[1].split())
        elif not _OTHER.match(text) or _colon(text) >= 0:
            self._rule(path, number, text, line)

    def _set(self, found: re.Match[str]) -> None:
        self._assign(found["name"], found["operator"], found["value"], self.made.variables)
        if "export" in found["how"].split():
            self._export([found["name"]])

    def _export(self, names: list[str]) -> None:
        if not names:
            self.made.exported = None
        elif self.made.exported is not None:
            self.made.exported |= set(names)

    def _assign(self, name: str, operator: str, value: str, variables: dict[str, Variable]) -> None:
        before = variables.get(name) or self.made.variables.get(name)
        if before is not None and (before.fixed or operator == "?="):
            return
        expansion = Expansion(self.made.variables)
        if operator == "!=":
            variables[name] = Variable(f"$(shell {value})")
        elif operator == "+=" and before is not None:
            added = expansion.expand(value) if before.simple else value
            variables[name] = Variable(f"{before.value} {added}"[:_MOST_LINES], before.simple)
        elif operator.startswith(":") and not _later(expansion, value):
            variables[name] = Variable(expansion.expand(value), simple=True)
        else:
            variables[name] = Variable(value, default=operator == "?=")

    def _include(self, names: str) -> None:
        before = self.current
        for name in Expansion(self.made.variables).expand(names).split():
            self.included += 1
            found = self.other(name) if self.included <= _MOST_INCLUDES else None
            if found is not None:
                self.read(*found)
        self.current = before

    def _rule(self, path: str, number: int, text: str, line: str) -> None:
        at = _colon(text)
        if at < 0:
            self._separator_missing(path, number, line)
            return
        rest = text[at:].lstrip(":&")
        own = _ASSIGNMENT.fullmatch(rest)
        needs, _, recipe = rest.partition(";")
        expansion = Expansion(self.made.variables, {"MAKEFILE_LIST": path})
        targets = expansion.expand(text[:at]).split()
        if targets == [".ONESHELL"]:
            self.made.oneshell = True
        self.current = []
        for target in targets[:100]:
            rule = self.made.rules.setdefault(target, Rule(path, number, target))
            self.current.append(rule)
            if own is not None:
                self._assign(own["name"], own["operator"], own["value"], rule.variables)
                continue
            found = [word for word in expansion.expand(needs).split() if word != "|"]
            rule.needs += found if ":" not in needs else []
            if recipe.strip():
                rule.recipe.append(Recipe(path, number, recipe))

    def _separator_missing(self, path: str, number: int, line: str) -> None:
        if line[:1] == " " and self.current and not self.made.fault:
            self.made.fault = number
        if line[:1] == " ":
            for rule in self.current:
                rule.recipe.append(Recipe(path, number, line))


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines, each with those it is continued by and the number of its first."""
    pending: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n")[:_MOST_LINES], 1):
        bare = line.removesuffix("\r")
        if not pending:
            first = number
        pending.append(bare)
        if (len(bare) - len(bare.rstrip("\\"))) % 2 == 0:
            yield first, "\n".join(pending)
            pending = []
    if pending:
        yield first, "\n".join(pending)


def _later(expansion: Expansion, value: str) -> bool:
    """Say whether a value holds what cannot be told yet, and is best expanded where it is used."""
    return "${" in expansion.expand(value) or bool(expansion.used)


def _uncommented(line: str) -> str:
    found = re.search(r"(?<!\\)#", line)
    return line[: found.start()].rstrip() if found else line


def _colon(text: str) -> int:
    """Return where the colon stands that ends the targets, or -1."""
    depth = 0
    for index, character in enumerate(text):
        if character in "({":
            depth += 1
        elif character in ")}":
            depth -= 1
        elif character == ":" and depth <= 0:
            return index
    return -1


def _sides(text: str) -> tuple[str, str] | None:
    """Return both sides of `(a,b)`, `"a" "b"` or `'a' 'b'`."""
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        depth = 0
        for index, character in enumerate(text[1:-1], 1):
            depth += (character in "({") - (character in ")}")
            if character == "," and depth == 0:
                return text[1:index], text[index + 1 : -1]
        return None
    found = re.fullmatch(r"""(["'])(.*?)\1\s*(["'])(.*?)\3""", text)
    return (found[2], found[4]) if found else None


def joined(line: str) -> str:
    """Return a line and those it is continued by as one."""
    first, *rest = line.split("\\\n")
    return " ".join([first.rstrip(" \t"), *(part.strip(" \t") for part in rest)]) if rest else line
