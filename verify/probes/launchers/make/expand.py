"""Expands make's variables and functions into shell code.

A variable that is set nowhere becomes the shell's own `${NAME}`: make takes it from the environment
or as empty, which is just what the shell does. What only a run tells becomes a hidden variable.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.probes.launchers.opaque import Opaque

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DEEPEST = 30  # variables that name variables
_MOST = 2_000  # references of one text
_LONGEST = 20_000  # characters of one text
_SUBST_TAKES = 3  # $(subst from,to,text)
_WORDS = 2  # parts of a text that may stand before a program's name
_NAME = re.compile(r"[A-Za-z_]\w*")
_CLOSING = {"(": ")", "{": "}"}


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of a makefile.

    Args:
        value: its text.
        simple: whether the text is final (`:=`), not to be expanded at each use.
        default: whether the environment or the command line may set it to something else (`?=`).
        fixed: whether it comes from the command line, which the file does not change.
    """

    value: str
    simple: bool = False
    default: bool = False
    fixed: bool = False


@dataclass(slots=True)
class Expansion:
    """The expansion of one text.

    Args:
        variables: those that are set.
        automatic: `$@`, `$<`, `$1` and their kin.
        opaque: holds what only a run tells.
        used: the variables that may be set to something else, with the values they were taken for.
    """

    variables: Mapping[str, Variable]
    automatic: Mapping[str, str] = field(default_factory=dict)
    opaque: Opaque = field(default_factory=Opaque)
    used: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def expand(self, text: str, *, bare: bool = False) -> str:
        """Return the text with every reference replaced.

        Args:
            text: as written.
            bare: whether a variable that is set nowhere is empty, as for a condition.
        """
        return self._expand(text, self.automatic, 0, bare=bare)

    def _expand(self, text: str, automatic: Mapping[str, str], depth: int, *, bare: bool) -> str:
        if "$" not in text:
            return text
        found: list[str] = []
        start = length = 0
        while (at := text.find("$", start)) >= 0 and length < _LONGEST:
            found.append(text[start:at])
            inner, start = _reference(text, at)
            value = self._value(inner, text[at:start], automatic, depth, bare=bare)
            if value.startswith("${") and _begins(found) and text[start : start + 1].strip():
                value = ""  # glued to a program's name: $(Q)streamlit, $(BIN)/streamlit
            found.append(value)
            length += len(value)
        found.append(text[start:])
        return "".join(found)

    def _value(
        self, inner: str, written: str, automatic: Mapping[str, str], depth: int, *, bare: bool
    ) -> str:
        self._count += 1
        if depth > _DEEPEST or self._count > _MOST:
            return self.opaque.hide(written)
        if inner == "$":
            return "$"
        name, blank, rest = inner.partition(" ")
        if blank and name in _FUNCTIONS:
            return self._function(name, rest.lstrip(), written, automatic, depth)
        if blank:
            return self.opaque.hide(written)
        if "$" in inner:
            inner = self._expand(inner, automatic, depth + 1, bare=True)
        if inner in automatic:
            return automatic[inner]
        if written == f"${inner}" and inner not in self.variables:
            return ""  # $PORT is make's P, and "ORT"
        if ":" in inner or "${" in inner:  # $(SRC:.c=.o)
            return self.opaque.hide(written)
        return self._variable(inner, automatic, depth, bare=bare)

    def _variable(self, name: str, automatic: Mapping[str, str], depth: int, *, bare: bool) -> str:
        variable = self.variables.get(name)
        if variable is None:
            if name in {"CURDIR", "PWD"}:
                return "${CURDIR}"
            if name == "MAKE":
                return "make"
            if bare:
                self.used.setdefault(name, "")
                return ""
            return f"${{{name}}}" if _NAME.fullmatch(name) else ""
        if variable.simple:
            value = variable.value
        else:
            value = self._expand(variable.value, automatic, depth + 1, bare=bare)
        if variable.default and not variable.fixed:
            self.used[name] = value
        return value

    def _function(
        self, name: str, rest: str, written: str, automatic: Mapping[str, str], depth: int
    ) -> str:
        arguments = _arguments(rest)
        if name in {"if", "or", "and"}:
            return self._choice(name, arguments, written, automatic, depth)
        values = [self._expand(one, automatic, depth + 1, bare=False) for one in arguments]
        if name == "call":
            own = {"0": values[0].strip()}
            own |= {str(number): value for number, value in enumerate(values[1:], 1)}
            variable = self.variables.get(own["0"])
            if variable is None:
                return ""
            return self._expand(variable.value, {**automatic, **own}, depth + 1, bare=False)
        done = _FUNCTIONS[name](values)
        return self.opaque.hide(written) if done is None else done

    def _choice(
        self,
        name: str,
        arguments: list[str],
        written: str,
        automatic: Mapping[str, str],
        depth: int,
    ) -> str:
        def value(text: str, *, bare: bool) -> str:
            return self._expand(text.strip(), automatic, depth + 1, bare=bare)

        if name == "if":
            condition = value(arguments[0], bare=True)
            if "${" in condition:
                return self.opaque.hide(written)
            branch = arguments[1:2] if condition.strip() else arguments[2:3]
            return value(branch[0], bare=False) if branch else ""
        last = ""
        for argument in arguments:
            last = value(argument, bare=True)
            if "${" in last:
                return self.opaque.hide(written)
            if bool(last) is (name == "or"):
                return last
        return last


def _reference(text: str, at: int) -> tuple[str, int]:
    """Return what stands inside the reference at a dollar sign, and where the text goes on."""
    opening = text[at + 1 : at + 2]
    if opening not in _CLOSING:
        return opening or "$", at + 2
    closing, depth = _CLOSING[opening], 0
    for index in range(at + 1, len(text)):
        if text[index] == opening:
            depth += 1
        elif text[index] == closing:
            depth -= 1
            if depth == 0:
                return text[at + 2 : index], index + 1
    return text[at + 2 :], len(text)


def _begins(before: list[str]) -> bool:
    """Say whether what comes next begins a command."""
    text = "".join(part[-200:] for part in before[-2:]).rstrip()
    return (len(before) <= _WORDS and not text.strip("@-+ \t")) or text.endswith(
        ("&&", "||", ";", "|", "exec")
    )


def _arguments(text: str) -> list[str]:
    """Split at the commas that stand in no reference."""
    found, depth, start = [], 0, 0
    for index, character in enumerate(text):
        if character in "({":
            depth += 1
        elif character in ")}":
            depth -= 1
        elif character == "," and depth == 0:
            found.append(text[start:index])
            start = index + 1
    return [*found, text[start:]]


def _shell(values: list[str]) -> str | None:
    code = ",".join(values).strip()
    return "${CURDIR}" if code in {"pwd", "pwd -P", "echo ${CURDIR}"} else None


def _substituted(values: list[str]) -> str | None:
    if len(values) != _SUBST_TAKES:
        return None
    old, new, text = values
    return text.replace(old, new)[:_LONGEST] if old else text


def _absolute(values: list[str]) -> str:
    path = values[0].strip()
    if path.startswith("${CURDIR}"):
        inner = posixpath.normpath(path.removeprefix("${CURDIR}").lstrip("/") or ".")
        return "${CURDIR}" if inner == "." else f"${{CURDIR}}/{inner}"
    if path.startswith(("/", "$")):
        return path
    return _absolute([f"${{CURDIR}}/{path}"])


def _each(change: Callable[[str], str]) -> Callable[[list[str]], str]:
    return lambda values: " ".join(change(word) for word in values[-1].split())


_FUNCTIONS: dict[str, Callable[[list[str]], str | None]] = {
    **dict.fromkeys(("if", "or", "and", "call"), lambda _: None),
    **dict.fromkeys(("wildcard", "foreach", "filter", "filter-out", "sort"), lambda _: None),
    **dict.fromkeys(("value", "origin", "flavor", "patsubst", "word", "file"), lambda _: None),
    **dict.fromkeys(("eval", "info", "warning", "error"), lambda _: ""),
    "shell": _shell,
    "strip": lambda values: " ".join(values[0].split()),
    "subst": _substituted,
    "abspath": _absolute,
    "realpath": _absolute,
    "dir": _each(lambda word: f"{word.rpartition('/')[0]}/" if "/" in word else "./"),
    "notdir": _each(lambda word: word.rpartition("/")[2]),
    "firstword": lambda values: (values[0].split() or [""])[0],
    "lastword": lambda values: (values[0].split() or [""])[-1],
    "addprefix": lambda values: _each(lambda word: values[0] + word)(values),
    "addsuffix": lambda values: _each(lambda word: word + values[0])(values),
}
