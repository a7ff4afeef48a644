"""Says how a retired file refuses, by following every path through its top level."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.static.flow.run import Flow
from verify.probes.static.flow.values import Effect, Known, Raisable, State, TooComplex
from verify.probes.static.modules import folder_of, packages_above

if TYPE_CHECKING:
    from verify.probes.source import Source
    from verify.probes.static.flow.values import End


@dataclass(frozen=True, slots=True)
class Ending:
    """One way in which one path through the file ends.

    Args:
        way: "raise", "exit", "stop", or in words what it does instead.
        text: what whoever started the file gets to see; None when that cannot be told.
        path: the file that holds the line.
        line: where it ends.
        detail: the exception's class or the exit's status, for people.
        drawn: all texts that it shows on the page as errors; None for one that cannot be told.
    """

    way: str
    text: object
    path: str
    line: int
    detail: str = ""
    drawn: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """All there is to know about one retired file.

    Args:
        endings: how its paths end.
        effects: what runs before that although it should not.
        passes: the line after which a path goes on to the file's end; None when none does.
        problem: why the analysis could not be finished; empty when it was.
    """

    endings: tuple[Ending, ...]
    effects: tuple[Effect, ...]
    passes: int | None
    problem: str = ""


def refusal(source: Source, path: str) -> Refusal:
    """Follow every path through the file's top level, in both orders of the search path.

    Raises:
        Unparsable: the file is not Python.
    """
    tree = source.module(path)
    endings: dict[Ending, None] = {}
    effects: dict[Effect, None] = {}
    passes: int | None = None
    for near in dict.fromkeys((folder_of(path), "")):
        flow = Flow(source, near)
        flow.path = path
        flow.docstring = _docstring(tree)
        try:
            for package in packages_above(source, path):
                flow.load_file(package, tree, State({}))
            falls = flow.run_module(tree)
        except (TooComplex, RecursionError) as error:
            return Refusal((), (), None, str(error) or "nested too deeply")
        for end in flow.ends:
            if end.kind != "implicit":
                endings[_ending(end)] = None
        effects |= dict.fromkeys([*flow.effects, *_unused_imports(flow)])
        if falls:
            passes = tree.body[-1].end_lineno if tree.body else 1
    return Refusal(tuple(endings), tuple(effects), passes)


def _docstring(tree: ast.Module) -> ast.stmt | None:
    return tree.body[0] if ast.get_docstring(tree, clean=False) is not None else None


def _unused_imports(flow: Flow) -> list[Effect]:
    return [
        Effect(path, line, f"imports {target}, which the refusal does not need")
        for path, line, target in flow.imported
        if not flow.used & {target, *flow.origins.get(target, ())}
    ]


def _ending(end: End) -> Ending:
    way, text, detail = end.kind, None, ""
    value, state = end.value, end.state
    if end.kind == "raise":
        detail = value.kind if isinstance(value, Raisable) else "an exception nobody can tell"
        way = "raise" if detail == "RuntimeError" else f"raises {detail}"
        text = value.text if isinstance(value, Raisable) and value.arguments == 1 else None
    elif end.kind in {"exit", "kill"}:
        status = value.value if isinstance(value, Known) else "?"
        detail = "1" if isinstance(status, str) and status != "?" else str(status)
        if end.kind == "exit" and isinstance(status, str) and status != "?":
            text = status
        else:
            text = _last(state.printed)
        # The system keeps the lowest eight bits.
        succeeded = status in {None, 0} or (isinstance(status, int) and not status & 0xFF)
        way = "exit"
        if status == "?":
            way = "exits with a status nobody can tell"
        elif succeeded:
            way = "exits with status 0"
    elif end.kind == "stop":
        text = _last(state.drawn)
    elif end.kind == "hang":
        way = "loops for ever"
    else:
        way = f"`{end.kind}` outside of its place"
    return Ending(way, text, end.path, end.line, detail, state.drawn)


def _last(texts: tuple[object, ...]) -> object:
    return texts[-1] if texts else ""
