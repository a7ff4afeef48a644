"""Reads JSON as editors write it, with comments and trailing commas, and keeps its lines."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from verify.probes.launchers.readers.values import Malformed, Value

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_DEEPEST = 100  # levels; the deepest of any launcher that people wrote has about ten

_TOKEN = re.compile(
    r'"(?:\\.|[^"\\\n])*"?|//[^\n]*|/\*.*?(?:\*/|\Z)|[,{}\[\]]|[^\s",{}\[\]/]+|/', re.DOTALL
)


class NotJson(Malformed):
    """A text is not JSON."""

    FORMAT = "JSON"


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_json

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_json.language()))


def read(text: str) -> Value:
    """Return the document.

    Raises:
        NotJson: it is none, or it is nested too deeply to be read.
    """
    raw = _without_last_commas(text.removeprefix("\ufeff")).encode("utf-8", errors="replace")
    parts = _parts(_parser().parse(raw).root_node)
    if len(parts) != 1:
        line = _line(parts[1]) if parts else 1
        raise NotJson(line, "there is more than one value" if parts else "there is no value")
    return _value(parts[0], 0)


def _without_last_commas(text: str) -> str:
    """Return the text with blanks for the commas after a last item, which the grammar refuses."""
    blanks: list[int] = []
    comma, before = -1, "["
    depth = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        depth += (first in "{[") - (first in "}]")
        if depth > _DEEPEST:  # the parser would take long to come to it
            line = text.count("\n", 0, token.start()) + 1
            raise NotJson(line, f"it is nested more than {_DEEPEST} levels deep")
        if first == "/" and len(token[0]) > 1:
            continue
        if first in "}]" and comma >= 0:
            blanks.append(comma)
        comma = token.start() if first == "," and before not in "[{," else -1
        before = first
    parts = [text[start:end] for start, end in pairwise([0, *(one + 1 for one in blanks)])]
    head = "".join(f"{part[:-1]} " for part in parts)
    return head + text[len(head) :]


def _value(node: Node, depth: int) -> Value:
    if depth > _DEEPEST:
        raise NotJson(_line(node), f"it is nested more than {_DEEPEST} levels deep")
    line = _line(node)
    if node.type == "object":
        pairs, keys = _pairs(node, depth)
        return Value(line, pairs, keys)
    if node.type == "array":
        return Value(line, [_value(part, depth + 1) for part in _parts(node)])
    if node.type == "null":
        return Value(line, "", null=True)
    return Value(line, _string(node) if node.type == "string" else _source(node))


def _pairs(node: Node, depth: int) -> tuple[dict[str, Value], dict[str, int]]:
    found: dict[str, Value] = {}
    keys: dict[str, int] = {}
    for part in _parts(node):
        key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
        if key is None or value is None:
            raise NotJson(_line(part), "there is no pair of a key and a value")
        _parts(part)
        found[_string(key)] = _value(value, depth + 1)
        keys[_string(key)] = _line(key)
    return found, keys


def _parts(node: Node) -> list[Node]:
    """Return what the node is made of, without comments."""
    found: list[Node] = []
    for child in node.children:
        if child.is_missing or child.is_error:
            raise NotJson(_line(child), "this is not JSON")
        if child.is_named and child.type != "comment":
            found.append(child)
    return found


def _string(node: Node) -> str:
    source = _source(node)
    if node.type != "string":
        return source
    try:
        return str(json.loads(source, strict=False))
    except ValueError:
        return source[1:-1]


def _source(node: Node) -> str:
    return (node.text or b"").decode("utf-8", errors="replace")


def _line(node: Node) -> int:
    return int(node.start_point[0]) + 1
