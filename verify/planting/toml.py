"""Changes `verify.toml` of a copy, key by key."""

from __future__ import annotations

import re
import tomllib

from verify.manifest import FILE_NAME
from verify.planting.defect import CannotPlant
from verify.planting.tree import Tree


def give(tree: Tree, table: str, key: str, value: str) -> None:
    """Give a key of a table another value; both are made where they are not there yet.

    Args:
        tree: the copy.
        table: its name.
        key: of it.
        value: written as TOML.

    Raises:
        CannotPlant: the value that is there cannot be replaced.
    """
    text = tree.text(FILE_NAME)
    there = tomllib.loads(text).get(table)
    if there is None:
        text = f"{text.rstrip()}\n\n[{table}]\n{key} = {value}\n"
    else:
        head = re.search(rf"(?m)^[ \t]*\[{re.escape(table)}\][ \t]*(#.*)?$\n?", text)
        if head is None:
            raise CannotPlant(f"{FILE_NAME}: [{table}] is not written as a table of its own")
        body, rest = _table(text[head.end() :])
        if key in there:
            body, count = _without(body, key)
            if count != 1:
                raise CannotPlant(f"{FILE_NAME}: {key} of [{table}] stands there {count} times")
        text = f"{text[: head.end()].rstrip(chr(10))}\n{key} = {value}\n{body}{rest}"
    tree.write(FILE_NAME, text)
    tomllib.loads(text)


def _table(text: str) -> tuple[str, str]:
    """Split what follows a table's head where the next table begins."""
    after = re.search(r"(?m)^[ \t]*\[", text)
    # A line of an array may begin so, too, but is then no head of a table.
    while after and not re.match(r"[ \t]*\[{1,2}[\w.\"-]+\]{1,2}[ \t]*(#.*)?$", _line(text, after)):
        after = re.compile(r"(?m)^[ \t]*\[").search(text, after.end())
    end = after.start() if after else len(text)
    return text[:end], text[end:]


def _line(text: str, at: re.Match[str]) -> str:
    return text[at.start() :].partition("\n")[0]


def _without(body: str, key: str) -> tuple[str, int]:
    """Take a key with its value out of the lines of a table; a value may take several lines."""
    lines = body.splitlines(keepends=True)
    for first, line in enumerate(lines):
        if line.partition("=")[0].strip() == key:
            for last in range(first + 1, len(lines) + 1):
                try:
                    tomllib.loads("".join(lines[first:last]))
                except tomllib.TOMLDecodeError:
                    continue
                return "".join(lines[:first] + lines[last:]), 1
    return body, 0
