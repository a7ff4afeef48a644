"""Answers the conditions of a script as far as the script itself tells."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.languages.shell.state import Status, source_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from verify.probes.languages.command import Word
    from verify.probes.languages.shell.state import Shell

_YES = frozenset({"[ 1 ]", "[[ 1 ]]", "((1))", "(( 1 ))"})
_NO = frozenset({"[ ]", "((0))", "(( 0 ))"})

_FILLED = re.compile(r'\[\[?\s+(-[zn])\s+"?\$\{?(\w+)(?::?-)?\}?"?\s+\]\]?')
_COUNTED = re.compile(r'\[\[?\s+"?\$#"?\s+(-\w\w)\s+"?([01])"?\s+\]\]?')

_ASKING = frozenset(
    {"command", "which", "type", "hash", "grep", "egrep", "pgrep", "pidof", "lsof", "nc", "curl"}
    | {"wget", "diff", "cmp", "ss", "netstat", "getopts", "read", "test", "[", "expr", "ping"}
)
"""Commands whose failure is an answer and not a fault."""


def opposite(status: Status) -> Status:
    """Return what `!` makes of it."""
    return {Status.YES: Status.NO, Status.NO: Status.YES}.get(status, Status.EITHER)


def answer(node: Node, shell: Shell) -> Status:
    """Answer `[ ... ]`, `[[ ... ]]` or `(( ... ))`."""
    text = source_of(node).strip()
    if text in _YES or text in _NO:
        return Status.YES if text in _YES else Status.NO
    inner = [child for child in node.children if child.is_named]
    return _expression(inner[0], shell, 0) if len(inner) == 1 else Status.EITHER


def answer_words(node: Node, words: Sequence[Word], shell: Shell) -> Status:
    """Say how a plain command ends."""
    name = posixpath.basename(words[0] or "") if words else ":"
    if name in {"true", ":"}:
        return Status.YES
    if name == "false":
        return Status.NO
    if name == "test":
        inner = [child for child in node.children if child.is_named][1:]
        if len(inner) == 3:  # noqa: PLR2004 - LEFT OPERATOR RIGHT
            return _compared(shell.sure(inner[0]), source_of(inner[1]), shell.sure(inner[2]))
        if len(inner) == 2 and source_of(inner[0]) in {"-n", "-z"}:  # noqa: PLR2004
            return _filled(source_of(inner[0]), shell.sure(inner[1]))
    return Status.EITHER if name in _ASKING else Status.LIKELY


def fits(value: Word, pattern: Node, shell: Shell) -> Status:
    """Say whether a value fits one pattern of a `case`."""
    text = source_of(pattern)
    if text == "*":
        return Status.YES
    if value is None or "$" in text or "`" in text:
        return Status.EITHER
    if pattern.type in {"string", "raw_string"}:
        return _truth(value == shell.word(pattern))
    return _truth(fnmatch.fnmatchcase(value, text.replace("\\", "")))


def default(condition: str, body: str, other: str, shell: Shell) -> tuple[Status, str]:
    """Answer `[ -z "$NAME" ]` where one of two bodies stands in for what nobody gave.

    Args:
        condition: as written.
        body: what runs when it holds.
        other: what runs when it does not.
        shell: what is known.

    Returns:
        the answer when nobody sets NAME, and NAME; or EITHER and "".
    """
    filled, counted = _FILLED.fullmatch(condition.strip()), _COUNTED.fullmatch(condition.strip())
    if filled is not None:
        name, holds = filled[2], filled[1] == "-z"
    elif counted is not None:
        name, holds = "1", counted.groups() in {("-eq", "0"), ("-lt", "1")}
        if not holds and counted.groups() not in {("-gt", "0"), ("-ne", "0"), ("-ge", "1")}:
            return Status.EITHER, ""
    else:
        return Status.EITHER, ""
    if name in shell.variables or name in shell.arrays or (name.isdigit() and shell.exact):
        return Status.EITHER, ""
    unset, given = (body, other) if holds else (other, body)
    sets_it = re.search(rf"\b{name}=", unset) is not None and not name.isdigit()
    takes_it = name.isdigit() and re.search(r"=\S*\$\{?[1@*]", given) is not None
    return (_truth(holds), name) if sets_it or takes_it else (Status.EITHER, "")


def _expression(node: Node, shell: Shell, depth: int) -> Status:
    if depth > 10:  # noqa: PLR2004 - nobody nests conditions that deeply
        return Status.EITHER
    parts = node.children
    if node.type == "parenthesized_expression":
        inner = [part for part in parts if part.is_named]
        return _expression(inner[0], shell, depth + 1) if len(inner) == 1 else Status.EITHER
    if node.type == "unary_expression" and len(parts) == 2:  # noqa: PLR2004
        operator = source_of(parts[0])
        if operator == "!":
            return opposite(_expression(parts[1], shell, depth + 1))
        if operator in {"-n", "-z"}:
            return _filled(operator, shell.sure(parts[1]))
        return Status.EITHER
    if node.type != "binary_expression" or len(parts) != 3:  # noqa: PLR2004
        return Status.EITHER
    left, operator, right = parts[0], source_of(parts[1]), parts[2]
    if operator in {"&&", "||", "-a", "-o"}:
        both = (_expression(left, shell, depth + 1), _expression(right, shell, depth + 1))
        deciding = Status.NO if operator in {"&&", "-a"} else Status.YES
        if deciding in both:
            return deciding
        return Status.EITHER if Status.EITHER in both else opposite(deciding)
    if right.type == "binary_expression":  # [ A = B -a C = D ]
        return Status.EITHER
    if right.type == "extglob_pattern" and operator in {"=", "==", "!="}:
        found = fits(shell.sure(left), right, shell)
        return opposite(found) if operator == "!=" else found
    return _compared(shell.sure(left), operator, shell.sure(right))


def _filled(operator: str, value: Word) -> Status:
    if value is None:
        return Status.EITHER
    return _truth(bool(value) is (operator == "-n"))


def _compared(left: Word, operator: str, right: Word) -> Status:
    if left is None or right is None:
        return Status.EITHER
    if operator in {"=", "==", "!="}:
        return _truth((left == right) is (operator != "!="))
    try:
        one, other = int(left[:20]), int(right[:20])
    except ValueError:
        return Status.EITHER
    found = {
        "-eq": one == other,
        "-ne": one != other,
        "-gt": one > other,
        "-ge": one >= other,
        "-lt": one < other,
        "-le": one <= other,
    }.get(operator)
    return Status.EITHER if found is None else _truth(found)


def _truth(holds: bool) -> Status:  # noqa: FBT001 - a truth value is all there is
    return Status.YES if holds else Status.NO
