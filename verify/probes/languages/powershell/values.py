"""Gives the values of PowerShell's words, as far as the script itself tells."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.languages.powershell.parse import Token, tokens

if TYPE_CHECKING:
    from verify.probes.languages.command import Word
    from verify.probes.languages.shell.state import Shell

_EXPANSION = re.compile(
    r"`(?P<escaped>.)|\$\{(?P<braces>[^}]*)\}|\$(?P<name>(?:env:)?\w+)(?P<rest>(?:\.\w+)*)|\$\(",
    re.IGNORECASE | re.DOTALL,
)
_CMDLET = re.compile(r"[A-Za-z]+-[A-Za-z]+$")
_LONGEST = 10_000
_DEEPEST = 5
_ENVIRONMENT = "env:"


def told(name: str) -> str:
    """Return the key under which a variable is kept: those of the environment under their name."""
    if name.lower().startswith(_ENVIRONMENT):
        return name[len(_ENVIRONMENT) :].upper()
    return f"${name.lower()}"


class Values:
    """Values in one state of a script.

    Args:
        state: what is known.
        depth: brackets in brackets.
    """

    def __init__(self, state: Shell, depth: int = 0) -> None:
        self.state = state
        self.depth = depth

    def assign(self, name: str, right: list[Token], *, adds: bool = False) -> None:
        """Take over `$NAME = ...`."""
        self.state.met.clear()
        calls = bool(right) and right[0].kind == "bare" and _CMDLET.match(right[0].text)
        found = self.computed(right) if calls else self.words(right)
        key = told(name)
        listed = any(token.kind == "@(" or token.text == "," for token in right)
        if adds and key in self.state.arrays:
            self.state.arrays[key] = (*self.state.arrays[key], *found)[:500]
            return
        if listed:
            self.state.arrays[key] = tuple(found)
            self.state.variables.pop(key, None)
            return
        self.state.arrays.pop(key, None)
        plain = len(found) == 1 and not adds
        value = found[0] if plain else None
        self.state.set(key, value, frozenset(self.state.met))

    def words(self, row: list[Token]) -> list[Word]:
        """Return the words of a statement; those that follow without a blank belong together."""
        found: list[Word] = []
        joins = False
        for token in row:
            if token.kind == "operator":
                joins = False
                continue
            if token.kind == "bare" and re.match(r"\*?\d?>", token.text):
                break  # a redirection
            values = self.of(token)
            if token.glued and joins and found and len(values) == 1:
                before, after = found[-1], values[0]
                found[-1] = None if before is None or after is None else before + after
            else:
                found += values
            joins = True
        return [_path(word) for word in found]

    def of(self, token: Token) -> list[Word]:
        """Return the words that one token stands for."""
        if token.kind == "single":
            return [token.text]
        if token.kind == "double":
            return [self.expanded(token.text)]
        if token.kind in {"(", "$("}:
            return self.computed(tokens(token.text, token.line))
        if token.kind == "@(":
            if self.depth > _DEEPEST:
                return [None]
            inner = [one for one in tokens(token.text, token.line) if one.text not in {"\n", ";"}]
            return Values(self.state, self.depth + 1).words(inner)
        if token.kind != "bare":
            return [None]
        listed = re.fullmatch(r"[$@](\w+)", token.text)
        if listed is not None and (array := self.state.arrays.get(told(listed[1]))) is not None:
            return list(array)
        return [self.expanded(token.text)]

    def expanded(self, text: str) -> Word:
        """Expand `$NAME`, `${NAME}` and `$env:NAME` in a text."""
        parts: list[str] = []
        end = 0
        for found in _EXPANSION.finditer(text):
            if found["escaped"] is not None:
                value: Word = {"n": "\n", "t": "\t"}.get(found["escaped"], found["escaped"])
            elif found["rest"] and found["rest"].lower() != ".path":
                value = self._property(found["name"], found["rest"])
            elif found["name"] or found["braces"]:
                value = self.variable(found["name"] or found["braces"])
            else:
                value = None
            if value is None:
                return None
            parts += [text[end : found.start()], value]
            end = found.end()
        whole = "".join([*parts, text[end:]])
        return whole if len(whole) <= _LONGEST else None

    def variable(self, name: str) -> Word:
        """Return a variable's value."""
        folder = posixpath.dirname(self.state.script) or None
        match name.lower():
            case "psscriptroot":
                return folder
            case "pscommandpath":
                return self.state.script or None
            case "pwd":
                return self.state.cwd
            case "true" | "false" | "null":
                return ""
        return self.state.variable(told(name))

    def _property(self, name: str, rest: str) -> Word:
        """Return `$MyInvocation.MyCommand.Path`, or a text that merely goes on with a dot."""
        if name.lower() == "myinvocation":
            return self.state.script if rest.lower().endswith((".path", ".definition")) else None
        value = self.variable(name)
        return None if value is None else value + rest  # "$name.py"

    def computed(self, code: list[Token]) -> list[Word]:
        """Return what `(Join-Path $PSScriptRoot "app.py")` and the like give."""
        if self.depth > _DEEPEST:
            return [None]
        inner = Values(self.state, self.depth + 1)
        row = [one for one in code if one.text != "\n"]
        if not row or any(one.kind == "operator" and one.text in {"|", ";"} for one in row):
            return [None]
        name = row[0].text.lower() if row[0].kind == "bare" else ""
        words = [
            word
            for word in inner.words(row[1:])
            if word is None or not re.fullmatch(r"-[A-Za-z]+", word)
        ]
        options = {one.text.lower() for one in row[1:] if one.kind == "bare"}
        if name == "join-path":
            return [None if None in words else posixpath.join("", *_known(words))]
        if name == "split-path":
            cut = posixpath.basename if "-leaf" in options else posixpath.dirname
            return [cut(word) if word is not None else None for word in words[:1]]
        if name in {"resolve-path", "convert-path"}:
            return [None if word is None else self.state.join(word) for word in words[:1]]
        if name in {"get-location", "gl", "pwd"}:
            return [self.state.cwd]
        if re.match(r"[a-z]+-[a-z]+$|get-command", name) or any(one.text == "+" for one in row):
            return [None]
        return inner.words(row) if len(row) == 1 or "," in {one.text for one in row} else [None]


def _known(words: list[Word]) -> list[str]:
    return [word for word in words if word is not None]


def _path(word: Word) -> Word:
    """Return a word as POSIX writes paths."""
    return None if word is None else word.replace("\\", "/")
