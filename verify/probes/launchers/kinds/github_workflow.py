"""GitHub workflows and composite actions: each step's `run`, and the images that steps build."""

from __future__ import annotations

import posixpath
import re
from itertools import islice, product
from typing import TYPE_CHECKING

from verify.probes.launchers.opaque import Opaque
from verify.probes.launchers.readers.yaml_values import NotYaml, documents
from verify.probes.launchers.resolve import argv_launches, code_launches
from verify.probes.launchers.rows import written
from verify.probes.launchers.world import Build, Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World
    from verify.probes.source import Source

KIND = "github-workflow"
NAMES: tuple[str, ...] = ("action.yml", "action.yaml")

_EXPRESSION = re.compile(r"\$\{\{(.{0,500}?)\}\}", re.DOTALL)
_NEVER = frozenset({"false", "${{ false }}", "${{false}}"})
_BUILDERS = ("docker/build-push-action", "redhat-actions/buildah-build")
_MOST_WAYS = 16  # in which a job of a matrix is followed
_WORKSPACE = "github.workspace"


def more(source: Source) -> tuple[str, ...]:
    """Return the files of the folder that GitHub reads workflows from."""
    return tuple(
        path
        for path in source.files
        if path.startswith(".github/workflows/") and path.endswith((".yml", ".yaml"))
    )


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    for document in documents(world.source, path):
        for scopes, step in _steps(document):
            if step.at("run"):
                place = world.place(path, step.line_of("run"))
                ways = [_launches(scopes, way, place) for way in _ways(scopes)]
                launches = dict.fromkeys(launch for way in ways for launch in way)
                yield Found(place.line, written(step.at("run")), tuple(launches))


def builds(path: str, world: World) -> Iterator[Build]:
    """Yield the images that steps build."""
    raw = world.source.raw(path)
    if not any(name.encode() in raw for name in _BUILDERS):
        return
    try:
        found = documents(world.source, path)
    except NotYaml:
        return
    for document in found:
        for _, step in _steps(document):
            if step.at("uses").partition("@")[0] in _BUILDERS:
                yield from _built(step, path)


def _built(step: Value, path: str) -> Iterator[Build]:
    context = posixpath.normpath(step.at("with", "context") or ".")
    name = step.at("with", "file") or step.at("with", "containerfiles")
    file = posixpath.normpath(name.strip() or posixpath.join(context, "Dockerfile"))
    if "${{" in context + file or context.startswith(".."):
        return
    place = f"{path}:{step.line_of('uses')}"
    tags = [tag for tag in re.split(r"[\s,]+", step.at("with", "tags")) if tag]
    for tag in tags or [""]:
        folder = "" if context == "." else context
        yield Build(tag, file, folder, step.at("with", "target"), place)


def _steps(document: Value) -> Iterator[tuple[list[Value], Value]]:
    """Yield each step that may run, with what surrounds it, innermost first."""
    jobs = document.get("jobs")
    scopes = [(job, [job, document]) for job in jobs.pairs.values()] if jobs is not None else []
    runs = document.get("runs")
    if runs is not None:
        scopes.append((runs, [runs]))
    for holder, outer in scopes:
        steps = holder.get("steps")
        if steps is None or holder.at("if").strip() in _NEVER:
            continue
        for step in steps.items:
            if step.at("if").strip() not in _NEVER:
                yield [step, *outer], step


def _ways(scopes: list[Value]) -> list[dict[str, str]]:
    """Return what the names of the job's matrix stand for, each way that the step names them."""
    matrix = next((one for scope in scopes if (one := scope.get("strategy", "matrix"))), None)
    if matrix is None:
        return [{}]
    code = scopes[0].at("run") + _default(scopes, "working-directory")
    named: dict[str, list[str]] = {}
    for holder in (matrix, *(matrix.pairs["include"].items if "include" in matrix.pairs else ())):
        for name, value in holder.pairs.items():
            texts = value.words() if value.items else [value.text]
            if re.search(rf"matrix\.{re.escape(name)}\b", code) and all(texts):
                named.setdefault(name, []).extend(texts)
    ways = islice(product(*(dict.fromkeys(texts) for texts in named.values())), _MOST_WAYS)
    return [dict(zip(named, way, strict=True)) for way in ways]


def _launches(scopes: list[Value], way: dict[str, str], place: Place) -> list[Launch]:
    environment, opaque = _environment(scopes), Opaque()

    def value(expression: str) -> Word:
        name = expression.strip()
        if name == _WORKSPACE:
            return place.top
        if name.startswith("env."):
            return environment.get(name.removeprefix("env."))
        return way.get(name.removeprefix("matrix.")) if name.startswith("matrix.") else None

    filled = opaque.fill(_EXPRESSION, scopes[0].at("run"), value)
    folder = opaque.word(opaque.fill(_EXPRESSION, _default(scopes, "working-directory"), value))
    variables = {**environment, "GITHUB_WORKSPACE": place.top}
    inner = place.but(
        cwd=None if folder is None else place.join(folder),
        variables=tuple(variables.items()),
        given=opaque.given,
    )
    windows = any("windows" in scope.at("runs-on") for scope in scopes)
    shell = _default(scopes, "shell") or ("pwsh" if windows else "bash")
    return list(opaque.shown(_followed(filled, shell, inner)))


def _followed(code: str, shell: str, place: Place) -> Iterator[Launch]:
    """Follow a step's code in the language of its shell."""
    name = posixpath.basename(shell.split(maxsplit=1)[0]) if shell.split() else "bash"
    if name in {"bash", "sh"}:
        yield from code_launches(code, place)
    elif name == "python":
        yield from argv_launches(["python", "-c", code], place)
    elif name in {"pwsh", "powershell"}:
        yield from argv_launches([name, "-Command", code], place)
    elif name == "cmd":
        yield from argv_launches(["cmd", "/c", code], place)
    elif "streamlit" in code:
        raw = next(line for line in code.splitlines() if "streamlit" in line)
        yield place.unknown(f"nothing here reads the language of {name}", raw.strip())


def _default(scopes: list[Value], name: str) -> str:
    """Return a step's own setting, else its job's, else its workflow's default."""
    own, *outer = scopes
    found = own.at(name)
    for scope in outer:
        found = found or scope.at("defaults", "run", name)
    return found


def _environment(scopes: list[Value]) -> dict[str, Word]:
    """Return the variables that are set, None for those that only the run tells."""
    found: dict[str, Word] = {}
    for scope in reversed(scopes):
        own = scope.get("env")
        for name, value in (own.pairs if own is not None else {}).items():
            text: Word = value.text
            whole = _EXPRESSION.fullmatch(value.text.strip())
            if whole and whole[1].strip().startswith("env."):
                text = found.get(whole[1].strip().removeprefix("env."))
            elif "${{" in value.text:
                text = None
            found[name] = text
    return found
