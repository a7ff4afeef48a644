"""Finds every use of a text in the page's code, and what decides whether it is used."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.planting import code
from verify.planting.defect import CannotPlant
from verify.planting.reach import reached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from verify.planting.tree import Tree

Above = tuple[ast.AST, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """One use of a text.

    Args:
        path: the file.
        node: the literal, or the name that was given to it.
        above: what it stands in, the innermost first.
    """

    path: str
    node: ast.expr
    above: Above

    @property
    def statement(self) -> ast.stmt:
        """The statement that it is a part of."""
        return next(one for one in self.above if isinstance(one, ast.stmt))

    @property
    def tests(self) -> list[ast.expr]:
        """What decides whether it is used, the nearest first."""
        pairs = zip((self.node, *self.above), self.above, strict=False)
        return [
            one.test
            for part, one in pairs
            if isinstance(one, ast.If | ast.IfExp) and part is not one.test
        ]


def literals(tree: Tree, fits: Callable[[str], bool]) -> list[Spot]:
    """Return each literal of the page's code that fits, parts of f-strings too; no docstrings."""
    found = []
    for path in reached(tree):
        for node, above in _walk(tree.module(path)):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if fits(node.value) and not isinstance(above[0], ast.Expr):
                found.append(Spot(path, node, above))
    return found


def uses(tree: Tree, text: str) -> list[Spot]:
    """Return where a text is used: as a literal, or by the name that it was given.

    Raises:
        CannotPlant: nowhere.
    """
    found: list[Spot] = []
    for spot in literals(tree, text.__eq__):
        match spot.above[0]:
            case ast.Assign(targets=[ast.Name(id=name)]):
                found += _of_name(tree, name, spot)
            case _:
                found.append(spot)
    if not found:
        raise CannotPlant(f"the page's code has no literal {text!r}")
    return found


def changed(tree: Tree, text: str, new: str) -> str:
    """Give a text other words, wherever the page's code has it; return the first file.

    Raises:
        CannotPlant: it is nowhere.
    """
    found = literals(tree, text.__eq__)
    if not found:
        raise CannotPlant(f"the page's code has no literal {text!r}")
    rewrite(tree, [(spot.path, spot.node, code.literal(new)) for spot in found])
    return found[0].path


def undrawn(tree: Tree, text: str) -> str:
    """Take away the statements that draw a text; return the first one's file.

    Raises:
        CannotPlant: none is seen to draw it.
    """
    found = [spot for spot in uses(tree, text) if isinstance(spot.statement, ast.Expr)]
    if not found:
        raise CannotPlant(f"no statement is seen to draw {text!r}")
    rewrite(tree, [(spot.path, spot.statement, "pass") for spot in found])
    return found[0].path


def decided(tree: Tree, text: str, test: Callable[[str], str]) -> str:
    """Let something else decide whether a text is used; return the first file.

    Args:
        tree: the copy.
        text: the text.
        test: makes the new condition of the old one.

    Raises:
        CannotPlant: no condition is seen to decide it.
    """
    found = [(spot.path, spot.tests[0]) for spot in uses(tree, text) if spot.tests]
    if not found:
        raise CannotPlant(f"no condition is seen to decide whether {text!r} is used")
    rewrite(tree, [(path, old, test(ast.unparse(old))) for path, old in found])
    return found[0][0]


def rewrite(tree: Tree, edits: Sequence[tuple[str, ast.AST, str]]) -> None:
    """Replace nodes of several files, each by its text; the last of a file first."""
    places = {(path, code.span(tree.text(path), node)): text for path, node, text in edits}
    for (path, (start, end)), text in sorted(places.items(), reverse=True):
        whole = tree.text(path)
        tree.write(path, f"{whole[:start]}{text}{whole[end:]}")


def _of_name(tree: Tree, name: str, spot: Spot) -> Iterator[Spot]:
    """Yield the uses of a name: in its function, or in its file and those that import it."""
    function = _function(spot.above)
    for path in [spot.path] if function else reached(tree):
        module = tree.module(path)
        known = path == spot.path or _imports(module, name)
        for node, above in _walk(module):
            match node:
                case ast.Name(id=found, ctx=ast.Load()) if known:
                    pass
                case ast.Attribute(attr=found, ctx=ast.Load()) if not function:
                    pass
                case _:
                    continue
            if found == name and _function(above) == (function or _function(above)):
                yield Spot(path, node, above)


def _function(above: Above) -> int:
    """Return the line of the function that something stands in; 0 for none."""
    return next((one.lineno for one in above if isinstance(one, ast.FunctionDef)), 0)


def _imports(module: ast.Module, name: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names)
        for node in ast.walk(module)
    )


def _walk(node: ast.AST, above: Above = ()) -> Iterator[tuple[ast.AST, Above]]:
    for child in ast.iter_child_nodes(node):
        yield child, (node, *above)
        yield from _walk(child, (node, *above))
