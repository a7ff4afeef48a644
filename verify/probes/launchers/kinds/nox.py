"""Nox: what the sessions of a noxfile.py run, in the folder that it stands in."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.languages.python.run import session_commands
from verify.probes.launchers.resolve import program_launches
from verify.probes.launchers.scripts import founds
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import World

KIND = "nox"
NAMES = ("noxfile.py",)
PROGRAMS = ("nox",)

_NAMING = frozenset({"-s", "-e", "--session", "--sessions"})
_Definition = ast.FunctionDef | ast.AsyncFunctionDef


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    place = world.place(path, folder=path.rpartition("/")[0])
    if world.module(path) is None and world.source.mentions(path, "streamlit"):
        fault = world.source.faults(path)
        line = fault.line if fault else 1
        why = f"it is not Python: {fault.reason if fault else 'it cannot be parsed'}"
        yield Found(line, "", (place.but(line=line).unknown(why, ""),))
    for node in _sessions(path, world).values():
        yield from founds(path, world, _of_session(node, place, ()))


def _of_session(node: _Definition, place: Place, arguments: tuple[Word, ...]) -> list[Launch]:
    tree = place.world.module(place.path)
    if tree is None or place.cwd is None:
        return []
    script = f"{place.cwd}/{place.path.rpartition('/')[2]}"
    text = place.world.source.text(place.path)
    found = session_commands(tree, script, place.cwd, node.name, arguments, text=text)
    return program_launches(found, place)


def _sessions(path: str, world: World) -> dict[str, _Definition]:
    """Return the sessions of a noxfile by their names."""
    tree = world.module(path)
    found: dict[str, _Definition] = {}
    for node in tree.body if tree is not None else ():
        if isinstance(node, _Definition):
            for each in node.decorator_list:
                call = each if isinstance(each, ast.Call) else None
                target = call.func if call is not None else each
                if ast.unparse(target) in {"nox.session", "session"}:
                    found[_name(call) or node.name] = node
    return found


def _name(call: ast.Call | None) -> str:
    for keyword in call.keywords if call is not None else ():
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return ""


def _defaults(path: str, world: World) -> set[str]:
    """Return the sessions that `nox` runs by itself; none when the noxfile does not say."""
    tree = world.module(path)
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "nox.options.sessions":
            return {one.value for one in ast.walk(node.value) if _is_text(one)}  # type: ignore[attr-defined]
    return set()


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what `nox -s NAME` starts."""
    rest = list(words[1:])
    arguments: tuple[Word, ...] = ()
    if "--" in rest:
        cut = rest.index("--")
        rest, arguments = rest[:cut], tuple(rest[cut + 1 :])
    names: set[str] = set()
    file = "noxfile.py"
    naming = False
    for number, word in enumerate(rest):
        option, equals, value = (word or "").partition("=")
        if option.startswith("-"):
            naming = option in _NAMING and not equals
            names |= {value} if option in _NAMING and equals else set()
            if option in {"-f", "--noxfile"}:
                file = value or (rest[number + 1] if number + 1 < len(rest) else "") or file
        elif naming:
            names.add(option)
    full = place.join(file)
    path = place.files.repo_path(full) if full is not None else None
    if path is None:
        yield place.unknown(f"there is no {file} in the working directory", raw, certain=False)
        return
    sessions = _sessions(path, place.world)
    wanted = names or _defaults(path, place.world) or set(sessions)
    inner = place.deeper(path).but(cwd=place.join(file.rpartition("/")[0] or "."))
    for name, node in sessions.items():
        if name in wanted:
            yield from _of_session(node, inner, arguments)
