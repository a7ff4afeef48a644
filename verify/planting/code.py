"""Changes Python code by the places of its syntax tree."""

from __future__ import annotations

import ast
import textwrap


def span(code: str, node: ast.AST) -> tuple[int, int]:
    """Return where a node begins and ends, in characters of the code; decorators included."""
    first = min((node, *getattr(node, "decorator_list", ())), key=lambda one: one.lineno)
    return (
        _offset(code, first.lineno, first.col_offset),
        _offset(code, node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
    )


def _offset(code: str, line: int, column: int) -> int:
    """Return a place in characters; the syntax tree counts columns in bytes of UTF-8."""
    lines = code.splitlines(keepends=True)
    head = lines[line - 1].encode()[:column].decode()
    return sum(map(len, lines[: line - 1])) + len(head)


def replaced(code: str, node: ast.AST, text: str) -> str:
    """Return the code with this text where the node was."""
    start, end = span(code, node)
    return code[:start] + text + code[end:]


def before(code: str, node: ast.stmt, statements: str) -> str:
    """Return the code with these statements before one, as deep as it."""
    start, _ = span(code, node)
    indent = " " * node.col_offset
    block = textwrap.indent(textwrap.dedent(statements).strip("\n"), indent)
    return f"{code[:start]}{block.removeprefix(indent)}\n{indent}{code[start:]}"


def after(code: str, node: ast.stmt, statements: str) -> str:
    """Return the code with these statements after one, as deep as it."""
    _, end = span(code, node)
    block = textwrap.indent(textwrap.dedent(statements).strip("\n"), " " * node.col_offset)
    return f"{code[:end]}\n{block}{code[end:]}"


def wrapped(code: str, node: ast.stmt, head: str, tail: str = "") -> str:
    """Return the code with one statement inside of a block, such as `if False:`.

    Args:
        code: of the file.
        node: the statement.
        head: the line that opens the block.
        tail: what closes it, such as the handlers of a `try`.
    """
    start, end = span(code, node)
    indent = " " * node.col_offset
    inner = textwrap.indent(code[start:end], "    ")
    closing = f"\n{textwrap.indent(textwrap.dedent(tail).strip(chr(10)), indent)}" if tail else ""
    return f"{code[:start]}{head}\n{indent}{inner}{closing}{code[end:]}"


def put_for(code: str, name: str, text: str) -> str:
    """Return the code of a file with this expression wherever a name is read; as often as it is.

    What stands inside of an f-string has no place of its own before Python 3.12: it is written
    anew as a whole.
    """
    tree = ast.parse(code)
    strings = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    inside = {id(part) for node in strings for part in ast.walk(node) if part is not node}
    changes: list[tuple[tuple[int, int], str]] = []
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.JoinedStr):
            new = ast.unparse(_Put(name, text).visit(node))
            if new != ast.unparse(ast.parse(code[slice(*span(code, node))], mode="eval")):
                changes.append((span(code, node), new))
        elif isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            changes.append((span(code, node), text))
    for (start, end), new in sorted(changes, reverse=True):
        code = code[:start] + new + code[end:]
    return code


class _Put(ast.NodeTransformer):
    """Puts an expression wherever a name is read."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace one name."""
        return ast.parse(self._text, mode="eval").body if node.id == self._name else node


def commented(code: str, node: ast.stmt) -> str:
    """Return the code with one statement turned into a comment."""
    start, end = span(code, node)
    kept = code[start:end].replace("\n", "\n# ")
    return f"{code[:start]}# {kept}{code[end:]}"


def literal(text: str) -> str:
    """Return a text as Python writes it, in double quotes where it can."""
    shown = repr(text)
    return f'"{shown[1:-1]}"' if shown.startswith("'") and '"' not in shown else shown
