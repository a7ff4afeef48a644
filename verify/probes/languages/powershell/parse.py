"""Reads PowerShell into statements of tokens.

The published grammar takes `--server.port 8501` for a fault, so the few rules that decide what is
started are read here: https://learn.microsoft.com/powershell/scripting/lang-spec/chapter-02.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BARE = re.compile(
    r"(?:`.|\$\{[^}\n]*\}|[^\s;|&(){}'\",`#]|(?<=[^\s;|&(){}'\",])#|\$(?=\())+", re.DOTALL
)
_BLANK = re.compile(r"(?:[ \t\r]|`\r?\n|<#.*?(?:#>|\Z)|#[^\n]*)+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Token:
    """One part of a statement.

    Args:
        kind: "bare", "single" or "double" for text; "(", "@(", "{", "@{", "$(" for what brackets
            hold; "operator" for what joins statements or values.
        text: what it holds, without quotes and brackets.
        line: 1-based.
        glued: whether it follows the one before without a blank.
    """

    kind: str
    text: str
    line: int
    glued: bool = False


def tokens(code: str, line: int = 1) -> list[Token]:
    """Return the tokens of some code, line ends among them as operators."""
    found: list[Token] = []
    at = 0
    glued = False
    while at < len(code):
        blank = _BLANK.match(code, at)
        if blank is not None and not (glued and code[at] == "#"):
            line += blank[0].count("\n")
            at, glued = blank.end(), False
            continue
        token, end = _one(code, at, line, glued=glued)
        found.append(token)
        line += code.count("\n", at, end)
        at, glued = end, token.kind != "operator"
    return found


def statements(found: list[Token]) -> list[list[Token]]:
    """Split tokens where a statement ends; what joins them stands at the start of the next."""
    rows: list[list[Token]] = [[]]
    for token in found:
        if token.kind == "operator" and token.text in {"\n", ";"}:
            rows.append([])
        elif token.kind == "operator" and token.text in {"|", "||", "&&"}:
            rows.append([token])
        else:
            rows[-1].append(token)
    return [row for row in rows if row]


def _one(code: str, at: int, line: int, *, glued: bool) -> tuple[Token, int]:
    """Return the token that stands here and where it ends."""
    sign = code[at]
    two = code[at : at + 2]
    if two in {'@"', "@'"}:
        end = code.find("\n" + two[::-1], at)
        stop = len(code) if end < 0 else end
        text = code[at + 2 : stop].partition("\n")[2]
        return Token("double" if sign + '"' == two else "single", text, line, glued), min(
            len(code), stop + 3
        )
    if sign in "'\"":
        return _quoted(code, at, line, glued=glued)
    if two in {"@(", "@{", "$("}:
        end = _closing(code, at + 1)
        return Token(two, code[at + 2 : end], line, glued), end + 1
    if sign in "({":
        end = _closing(code, at)
        return Token(sign, code[at + 1 : end], line, glued), end + 1
    if two in {"&&", "||"}:
        return Token("operator", two, line, glued), at + 2
    if sign in "\n;|&,)}":
        return Token("operator", sign, line, glued), at + 1
    bare = _BARE.match(code, at)
    if bare is None:
        return Token("operator", sign, line, glued), at + 1
    return Token("bare", bare[0], line, glued), bare.end()


def _quoted(code: str, at: int, line: int, *, glued: bool) -> tuple[Token, int]:
    sign = code[at]
    end = at + 1
    while end < len(code):
        if code[end] == "`" and sign == '"':
            end += 2
            continue
        if code[end] == sign:
            if code[end + 1 : end + 2] != sign:
                break
            end += 2
            continue
        end += 1
    text = code[at + 1 : end]
    kind = "double" if sign == '"' else "single"
    return Token(kind, text.replace("''", "'") if sign == "'" else text, line, glued), end + 1


def _closing(code: str, at: int) -> int:
    """Return where the bracket that opens here is closed, the end for one that never is."""
    depth = 0
    while at < len(code):
        sign = code[at]
        if sign in "'\"" and code[at - 1 : at] != "`":
            at = _quoted(code, at, 0, glued=False)[1]
            continue
        if code.startswith("<#", at):
            end = code.find("#>", at)
            at = len(code) if end < 0 else end + 2
            continue
        if sign == "#" and code[at - 1 : at].strip() in {"", "{", "(", ";"}:
            end = code.find("\n", at)
            at = len(code) if end < 0 else end
            continue
        if sign in "({":
            depth += 1
        elif sign in ")}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return len(code)
