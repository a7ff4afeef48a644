"""package.json: its scripts, run by a shell in its folder, and the programs they use."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.budget import affords
from verify.probes.launchers.readers.json_values import NotJson
from verify.probes.launchers.readers.json_values import read as read_json
from verify.probes.launchers.resolve import argv_launches, code_launches
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World

KIND = "package-json"
NAMES = ("package.json",)

_RUN = frozenset({"run", "run-script"})
_EXECUTE = frozenset({"exec", "dlx", "x"})
_SHORT = frozenset({"start", "test", "stop", "restart"})
_FOLDER = frozenset({"--prefix", "-C", "--cwd", "--dir"})
_WITH_VALUE = frozenset({"-w", "--workspace", "--filter", "-F", "-p", "--package"})


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    if b'"scripts"' not in world.source.raw(path):
        return
    document = read_json(world.source.text(path))
    place = world.place(path, folder=posixpath.dirname(path))
    for name, script in (document.get("scripts") or document).pairs.items():
        if script.text:
            launches = tuple(_script(name, document, place.but(line=script.line), ()))
            yield Found(script.line, script.text, launches)


def _script(
    name: str, document: Value, place: Place, arguments: tuple[Word, ...]
) -> Iterator[Launch]:
    """Yield what a script starts; what follows `--` in its call is added to it."""
    script = document.get("scripts", name)
    if script is None or f"{place.path}:{script.line}" in place.through:
        return
    config = document.get("config")
    variables = {
        **dict(place.variables),
        **{
            f"npm_package_config_{key}": value.text
            for key, value in (config.pairs if config else {}).items()
        },
    }
    inner = place.but(line=script.line, variables=tuple(variables.items()))
    words = [f"'{word}'" if word is not None else '"$ARGUMENT"' for word in arguments]
    yield from code_launches(" ".join([script.text, *words]), inner)


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what a call of npm or of a program that such scripts use starts."""
    name = posixpath.basename(words[0] or "")
    yield from _PROGRAMS[name](list(words[1:]), raw, place)


def _manager(rest: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Follow `npm run NAME`, `npm start`, `yarn NAME`, `pnpm exec PROGRAM`."""
    run = False
    while rest:
        word = rest.pop(0)
        option, _, value = (word or "").partition("=")
        if option in _FOLDER:
            place = place.but(cwd=place.join(value or (rest.pop(0) if rest else "") or ""))
        elif word in _WITH_VALUE and rest:
            rest.pop(0)
        elif word in _RUN:
            run = True
        elif not run and word in _EXECUTE:
            yield from argv_launches(_past_options(rest), place, raw)
            return
        elif word is None:
            yield place.unknown("the script's name depends on a variable", raw, certain=False)
            return
        elif not word.startswith("-"):
            yield from _named(word, rest, raw, place, surely=run or word in _SHORT)
            return


def _named(
    name: str, rest: list[Word], raw: str, place: Place, *, surely: bool
) -> Iterator[Launch]:
    found = _document(place)
    if found is None:
        if surely:
            full = place.join("package.json")
            status, why = (
                place.files.absent(full) if full else (Status.UNKNOWN, "the folder cannot be told")
            )
            yield place.launch(status, why, raw, certain=False)
        return
    path, document = found
    if document.get("scripts", name) is None:
        if surely:
            why = f"{path} has no script {name}"
            yield place.launch(Status.MISSING, why, raw, certain=False)
        return
    arguments = tuple(rest[1:] if rest[:1] == ["--"] else rest)
    inner = place.deeper(path)
    for each in (f"pre{name}", name, f"post{name}"):
        yield from _script(each, document, inner, arguments if each == name else ())


def _document(place: Place) -> tuple[str, Value] | None:
    full = place.join("package.json")
    text = place.files.text(full) if full else None
    if full is None or text is None or not affords(place, text):
        return None
    try:
        return place.files.repo_path(full) or full, read_json(text)
    except NotJson:
        return None


def _commands(rest: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Follow `concurrently "one" "npm:two"`: each argument is a command."""
    while rest:
        word = rest.pop(0)
        if word in {"-n", "--names", "-c", "--prefix-colors", "-p", "--prefix", "-l", "-s"}:
            del rest[:1]
        elif word is None:
            if "streamlit" in raw:
                yield place.unknown("one of the commands depends on a variable", raw)
        elif word.startswith("npm:"):
            yield from _manager(["run", word.removeprefix("npm:")], raw, place)
        elif not word.startswith("-"):
            yield from code_launches(word, place.but(depth=place.depth + 1))


def _scripts(rest: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Follow `run-p one two`: each argument is the name of a script, perhaps with `*`."""
    found = _document(place)
    known = found[1].get("scripts") if found else None
    # A shell leaves `ui:*` as it is where no file has such a name.
    globs = (word for word in raw.split() if "*" in word)
    for given in rest:
        word = next(globs, None) if given is None else given
        if word is None or word.startswith("-"):
            continue
        name = word.split()[0] if word.split() else ""
        start, star, _ = name.partition("*")
        matching = [one for one in (known.pairs if known else {}) if star and one.startswith(start)]
        for one in matching or [name]:
            yield from _manager(["run", one, *word.split()[1:]], raw, place)


def _with_variables(rest: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Follow `cross-env NAME=value PROGRAM`."""
    variables = dict(place.variables)
    while rest and rest[0] is not None and "=" in rest[0] and not rest[0].startswith("-"):
        name, _, value = (rest.pop(0) or "").partition("=")
        variables[name] = value
    inner = place.but(variables=tuple(variables.items()))
    if len(rest) == 1 and rest[0] is not None:  # cross-env-shell "a && b"
        yield from code_launches(rest[0], inner.but(depth=place.depth + 1))
    else:
        yield from argv_launches(rest, inner, raw)


def _starter(rest: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Follow `npx PROGRAM` and `dotenv -e .env -- PROGRAM`."""
    words = rest[rest.index("--") + 1 :] if "--" in rest else _past_options(rest)
    yield from argv_launches(words, place.but(depth=place.depth + 1), raw)


def _watcher(rest: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Follow `nodemon --exec "PROGRAM"`."""
    for option in ("--exec", "-x"):
        if option in rest[:-1]:
            code = rest[rest.index(option) + 1]
            if code is not None:
                yield from code_launches(code, place.but(depth=place.depth + 1))
            elif "streamlit" in raw:
                yield place.unknown("the command depends on a variable", raw)


def _past_options(words: list[Word]) -> list[Word]:
    rest = list(words)
    while rest and rest[0] is not None and rest[0].startswith("-"):
        if rest.pop(0) in _WITH_VALUE | {"-e"}:
            del rest[:1]
    return rest


_PROGRAMS: dict[str, Callable[[list[Word], str, Place], Iterator[Launch]]] = {
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun"), _manager),
    **dict.fromkeys(("npm-run-all", "npm-run-all2", "run-s", "run-p"), _scripts),
    **dict.fromkeys(("npx", "bunx", "pnpx", "dotenv"), _starter),
    **dict.fromkeys(("cross-env", "cross-env-shell"), _with_variables),
    "concurrently": _commands,
    "conc": _commands,
    "nodemon": _watcher,
}
PROGRAMS = tuple(_PROGRAMS)
