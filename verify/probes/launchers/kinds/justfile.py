"""Justfiles: each line of a recipe, run by a shell in the justfile's folder."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.budget import SPENT, affords
from verify.probes.launchers.make.rules import joined
from verify.probes.launchers.opaque import Opaque
from verify.probes.launchers.projects.just_rules import Justfile, Recipe, Scope
from verify.probes.launchers.projects.just_rules import read as read_rules
from verify.probes.launchers.resolve import argv_launches, code_launches
from verify.probes.launchers.rows import Start, founds, starts
from verify.probes.launchers.tell import unless

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import Found, World

KIND = "justfile"
NAMES = ("justfile", ".justfile", "*.just")
PROGRAMS = ("just",)

_FILES = ("justfile", ".justfile", "Justfile", "JUSTFILE")
_MOST_NEEDS = 50
_EXPRESSION = re.compile(r"(?<!\{)\{\{(?!\{)(.{0,500}?)\}\}")
_FOLDER = re.compile(
    r"""working-directory\s*:\s*["']([^"']+)["']|working-directory\(["']([^"']+)"""
)
_MARK = "\0just"
_WITH_VALUE = frozenset({"--shell", "--shell-arg", "--color", "--dotenv-path", "--dotenv-filename"})
_LOOKS_ONLY = frozenset({"-l", "--list", "-n", "--dry-run", "--show", "-s", "--version", "--fmt"})


@dataclass(frozen=True, slots=True)
class _File:
    """A justfile and where its recipes run."""

    rules: Justfile
    path: str
    place: Place


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    file = _load(path, world.source.text(path), world.place(path, folder=posixpath.dirname(path)))
    own = read_rules(world.source.text(path)).recipes
    for name in own:
        recipe = file.rules.recipes[name]
        yield from founds(_recipe_starts(recipe, file, ()))


def _load(path: str, text: str, place: Place) -> _File:
    """Read a justfile with those it imports."""
    rules = read_rules(text)
    pending, seen = list(rules.imports), set[str]()
    while pending and len(seen) < _MOST_NEEDS:
        name = pending.pop(0)
        full = place.join(name)
        other = place.files.text(full) if full and name not in seen else None
        seen.add(name)
        if other is not None:
            more = read_rules(other)
            pending += more.imports
            rules.variables = {**more.variables, **rules.variables}
            rules.recipes = {**rules.recipes, **more.recipes, **rules.recipes}
    folder = rules.settings.get("working-directory", "").strip("\"'")
    return _File(rules, path, place.but(cwd=place.join(folder) if folder else place.cwd))


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what a call of just starts."""
    rest = list(words[1:])
    name = ""
    given: dict[str, Word] = {}
    while rest:
        word = rest[0]
        if word is None:
            yield place.unknown("the recipe's name depends on a variable", raw, certain=False)
            return
        option, _, value = word.partition("=")
        if word in _LOOKS_ONLY:
            return
        if option in {"-f", "--justfile", "-d", "--working-directory"}:
            del rest[:1]
            value = value or (rest.pop(0) if rest else "") or ""
            if option in {"-f", "--justfile"}:
                name = value
            else:
                place = place.but(cwd=place.join(value))
        elif word in _WITH_VALUE:
            del rest[:2]
        elif word == "--set":
            given[(rest[1:2] or [""])[0] or ""] = (rest[2:3] or [None])[0]
            del rest[:3]
        elif word.startswith("-"):
            del rest[:1]
        elif value and re.fullmatch(r"[\w-]+", option):
            given[option] = value
            del rest[:1]
        else:
            break
    yield from _called(name, rest, given, raw, place)


def _called(
    name: str, rest: list[Word], given: dict[str, Word], raw: str, place: Place
) -> Iterator[Launch]:
    found = _found(name, place)
    if found is None:
        why = f"there is no {name or 'justfile'} where just is called"
        yield place.launch(Status.MISSING, why, raw, certain=False)
        return
    full, text = found
    if not affords(place, text):
        yield place.unknown(SPENT, raw, certain=False)
        return
    path = place.files.repo_path(full) or full
    file = _load(path, text, place.deeper(path).but(cwd=posixpath.dirname(full)))
    while True:
        wanted = (rest.pop(0) if rest else "") or ""
        recipe = file.rules.recipe(wanted)
        if recipe is None:
            why = f"{path} has no recipe {wanted}"
            yield place.launch(Status.MISSING, why, raw, certain=False)
            return
        takes = (
            len(recipe.parameters) if not any(one.many for one in recipe.parameters) else len(rest)
        )
        arguments, rest = rest[:takes], rest[takes:]
        yield from _made(recipe, file, arguments, given)
        if not rest:
            return


def _found(name: str, place: Place) -> tuple[str, str] | None:
    """Return the justfile of the folder or of one above it."""
    folder = place.cwd
    while folder:
        for one in (name,) if name else _FILES:
            full = posixpath.normpath(posixpath.join(folder, one))
            text = place.files.text(full)
            if text is not None:
                return full, text
        if name or folder in {"/", place.top}:
            return None
        folder = posixpath.dirname(folder)
    return None


def _made(
    recipe: Recipe, file: _File, arguments: Sequence[Word], given: dict[str, Word]
) -> Iterator[Launch]:
    """Run what a recipe needs, then itself."""
    pending: list[tuple[Recipe, Sequence[Word], bool]] = [(recipe, arguments, False)]
    done: set[str] = set()
    while pending and len(done) < _MOST_NEEDS:
        one, own, ready = pending.pop()
        if ready:
            yield from (start.launch for start in _recipe_starts(one, file, own, given))
        elif one.name not in done:
            done.add(one.name)
            pending.append((one, own, True))
            for name, texts in reversed(one.needs):
                need = file.rules.recipe(name)
                if need is not None:
                    scope = _scope(one, file, own, given)
                    pending.append((need, [scope.value(text) for text in _split(texts)], False))


def _split(text: str) -> list[str]:
    return re.findall(r"""(?:"(?:\\.|[^"\\])*"|'[^']*'|\([^()]*\)|[^\s"'()]+)+""", text)


def _scope(
    recipe: Recipe, file: _File, arguments: Sequence[Word], given: dict[str, Word] | None
) -> Scope:
    variables = dict(file.place.variables)

    def environment(name: str) -> Word:
        return None if name in file.place.given else variables.get(name, "")

    folder = posixpath.dirname(f"{file.place.top}/{file.path}")
    values: dict[str, Word] = dict(given or {})
    scope = Scope(file.rules.variables, values, environment, folder)
    rest = list(arguments)
    for parameter in recipe.parameters:
        if parameter.many and rest:
            plain = [word for word in rest if word is not None]
            values[parameter.name] = " ".join(plain) if len(plain) == len(rest) else None
            rest = []
        elif rest:
            values[parameter.name] = rest.pop(0)
        elif parameter.default:
            values[parameter.name] = scope.value(parameter.default)
            scope.used[parameter.name] = values[parameter.name] or ""
        else:
            values[parameter.name] = "" if parameter.many == "*" else None
    return scope


def _recipe_starts(
    recipe: Recipe, file: _File, arguments: Sequence[Word], given: dict[str, Word] | None = None
) -> Iterator[Start]:
    """Yield what the lines of a recipe start."""
    scope = _scope(recipe, file, arguments, given)
    place = _inside(recipe, file, scope)
    mark = f"{file.path}:{recipe.name}\n"
    marks = dict(place.variables).get(_MARK) or ""
    if mark in marks:
        return  # just would call itself for ever
    place = place.but(variables=(*place.variables, (_MARK, marks + mark)))
    body = _logical(recipe.body)
    if body and body[0][1].startswith("#!"):
        yield from _script_starts(recipe, body[0][1], scope, place)
        return
    for number, line in body:
        opaque, raw = Opaque(), line.lstrip("@- \t")
        code = _filled(raw, scope, opaque)
        inner = place.but(line=number, given=place.given | opaque.given)
        launches = opaque.shown(_by_shell(code, file, inner))
        shown = joined(raw).strip()
        yield from starts(number, shown, (unless(one, scope.used) for one in launches))


def _script_starts(recipe: Recipe, shebang: str, scope: Scope, place: Place) -> Iterator[Start]:
    """Yield what a recipe starts that is a script as a whole."""
    opaque = Opaque()
    first = recipe.body[0][0]
    text = "\n".join(line for _, line in recipe.body)
    margin = re.match(r"[ \t]*", text)
    width = len(margin[0]) if margin else 0
    code = _filled("\n".join(line[width:] for line in text.split("\n")), scope, opaque)
    inner = place.but(line=first, given=place.given | opaque.given)
    if "python" in shebang:
        found = list(argv_launches(["python", "-c", code], inner))
    else:
        found = list(code_launches("\n" * (first - 1) + code, inner, once=False))
    for launch in opaque.shown(found):
        line = int(launch.through[-1].rpartition(":")[2]) if launch.through else launch.line
        line = launch.line if launch.path == place.path else line
        yield Start(line, "", unless(launch, scope.used))


def _inside(recipe: Recipe, file: _File, scope: Scope) -> Place:
    place = file.place
    for attribute in recipe.attributes:
        folder = _FOLDER.search(attribute)
        if folder is not None:
            place = place.but(cwd=place.join(folder[1] or folder[2]))
    variables: dict[str, Word] = dict(place.variables)
    everything = file.rules.settings.get("export", "") == "true"
    for name in file.rules.variables if everything else sorted(file.rules.exported):
        variables[name] = scope.value(name)
    for parameter in recipe.parameters:
        if parameter.exported or everything:
            variables[parameter.name] = scope.values.get(parameter.name)
    return place.but(variables=tuple(variables.items()))


def _by_shell(code: str, file: _File, place: Place) -> Iterator[Launch]:
    """Follow one line in the shell that the justfile sets."""
    shell = re.findall(r"""["']([^"']*)["']""", file.rules.settings.get("shell", ""))
    if shell and posixpath.basename(shell[0]) not in {"sh", "bash", "zsh", "dash", "ksh"}:
        return argv_launches([*shell, code], place)
    return code_launches(code, place)


def _filled(text: str, scope: Scope, opaque: Opaque) -> str:
    filled = opaque.fill(_EXPRESSION, text, lambda inner: scope.value(inner.strip()))
    return filled.replace("{{{{", "{{")


def _logical(body: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Join lines that end in a backslash; blank ones and comments are left out."""
    found: list[tuple[int, str]] = []
    open_ = False
    for number, line in body:
        bare = line.strip()
        if open_:
            found[-1] = (found[-1][0], f"{found[-1][1]}\n{bare}")
        elif bare and (not bare.startswith("#") or bare.startswith("#!")):
            found.append((number, bare))
        open_ = bare.endswith("\\") and bool(found)
    return found
