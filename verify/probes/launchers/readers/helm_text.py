"""Fills in a Helm template as far as the chart's own values tell; the rest becomes unknown.

Only what is plain is done: `.Values.a.b`, `default`, `quote`, `toYaml`, `toJson`, and conditions on
one value. Line numbers stay as they are.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.probes.launchers.readers.values import Value

UNKNOWN = "\ue000"
"""What stands in a text for something that cannot be told."""

_ACTION = re.compile(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}", re.DOTALL)
_ALONE = re.compile(r"^\s*\{\{-?.*-?\}\}\s*$")
_PATH = re.compile(r"^\.(Values|Chart)((?:\.\w+)+)$")
_INDENT = re.compile(r"\bn?indent\s+(\d+)")
_OPENS = frozenset({"if", "range", "with", "define", "block"})
_FALSE = frozenset({"", "false", "0"})
_DEEPEST = 20  # levels of a value that are written out


@dataclass(slots=True)
class _Block:
    """An action that has not come to its `end`.

    Args:
        shown: whether its lines count.
        known: whether that was told by a value.
        any_shown: whether one of its branches counted before.
    """

    shown: bool
    known: bool
    any_shown: bool


def filled(text: str, values: Value | None, chart: Value | None) -> str:
    """Return a template as YAML, every line where it was."""
    filler = _Filler({"Values": values, "Chart": chart})
    return "\n".join(filler.line(line) for line in _one_line(text).split("\n"))


def told(text: str) -> str | None:
    """Return a text of a filled-in template, or None when something in it cannot be told."""
    return None if UNKNOWN in text else text


def _one_line(text: str) -> str:
    """Put actions that go over several lines on the first of them; comments are such."""

    def joined(match: re.Match[str]) -> str:
        return " ".join(match[0].split("\n")) + "\n" * match[0].count("\n")

    return _ACTION.sub(joined, text)


class _Filler:
    def __init__(self, roots: dict[str, Value | None]) -> None:
        self.roots = roots
        self.blocks: list[_Block] = []

    def line(self, line: str) -> str:
        """Return one line filled in, empty when only control stands on it or it does not count."""
        if "{{" not in line:
            return line if self._shown() else ""
        for match in _ACTION.finditer(line):
            self._control(match[2])
        if not self._shown():
            return ""
        if _ALONE.match(line) and len(_ACTION.findall(line)) == 1:
            return self._alone(line)
        return _ACTION.sub(lambda match: self._inline(match[2]), line)

    def _shown(self) -> bool:
        return all(block.shown for block in self.blocks)

    def _control(self, action: str) -> None:
        word, _, rest = action.partition(" ")
        if word in _OPENS:
            verdict = self._condition(rest) if word == "if" else None
            hidden = word == "define"
            shown = not hidden and verdict is not False
            self.blocks.append(_Block(shown, verdict is not None, shown))
        elif word == "else" and self.blocks:
            block = self.blocks[-1]
            if block.known:
                verdict = self._condition(rest.removeprefix("if ")) if rest else True
                block.shown = not block.any_shown and verdict is not False
                block.any_shown = block.any_shown or block.shown
        elif word == "end" and self.blocks:
            self.blocks.pop()

    def _condition(self, text: str) -> bool | None:
        """Say whether a condition on one value holds; None when that cannot be told."""
        negated = text.startswith("not ")
        path = _PATH.match(text.removeprefix("not ").strip())
        if path is None or self.roots[path[1]] is None:
            return None
        value = self._value(path)
        holds = value is not None and (bool(value.items or value.pairs) or value.text not in _FALSE)
        return holds is not negated

    def _alone(self, line: str) -> str:
        """Return a line that is nothing but one action: a value written out, or nothing."""
        match = _ACTION.search(line)
        if match is None:
            return ""
        found = self._pipeline(match[2])
        if found is None or "toYaml" not in match[2]:
            return ""
        indent = _INDENT.search(match[2])
        blanks = int(indent[1]) if indent else len(line) - len(line.lstrip())
        return " " * min(blanks, 200) + _written(found)

    def _inline(self, action: str) -> str:
        word = action.partition(" ")[0].strip()
        if word in _OPENS or word in {"else", "end"} or action.startswith("/*"):
            return ""
        found = self._pipeline(action)
        if found is None:
            return UNKNOWN
        if found.items or found.pairs:
            return _written(found) if "toJson" in action or "toYaml" in action else UNKNOWN
        if re.search(r"\b(?:quote|toJson)\b", action):
            return json.dumps(found.text)
        return found.text

    def _pipeline(self, action: str) -> Value | None:
        """Return what `.Values.a | default "b" | quote` gives, or None when that is not plain."""
        head, *rest = (part.strip() for part in action.split("|"))
        words = head.split()
        if words and words[0] in {"toYaml", "toJson", "quote", "tpl"}:
            words = words[1:2]
        if words[:1] == ["default"] and len(words) == 3:  # noqa: PLR2004 - default "b" .Values.a
            rest, words = [f"default {words[1]}", *rest], words[2:]
        path = _PATH.match(words[0]) if len(words) == 1 else None
        found = self._value(path) if path is not None else None
        for part in rest:
            word, _, argument = part.partition(" ")
            if word == "default":
                if found is None or (found.text in _FALSE and not (found.items or found.pairs)):
                    found = self._default(argument.strip())
            elif word not in {"quote", "toYaml", "toJson", "nindent", "indent", "trim", "toString"}:
                return None
        return found

    def _default(self, argument: str) -> Value | None:
        from verify.probes.launchers.readers.values import Value

        path = _PATH.match(argument)
        if path is not None:
            return self._value(path)
        if re.fullmatch(r'"[^"\\]*"|`[^`]*`|[\d.]+', argument):
            return Value(1, argument.strip('"`'))
        return None

    def _value(self, path: re.Match[str]) -> Value | None:
        found = self.roots[path[1]]
        names = path[2].strip(".").split(".")
        if path[1] == "Chart":  # its fields begin with a small letter in the file
            names = [name[:1].lower() + name[1:] for name in names]
        return found.get(*names) if found is not None else None


def _written(value: Value) -> str:
    """Return a value in YAML's one-line form."""
    return json.dumps(_plain(value, 0), ensure_ascii=False)


def _plain(value: Value, depth: int) -> object:
    if depth > _DEEPEST:
        return UNKNOWN
    if value.items:
        return [_plain(item, depth + 1) for item in value.items[:1000]]
    if value.pairs:
        return {key: _plain(item, depth + 1) for key, item in list(value.pairs.items())[:1000]}
    return value.text
