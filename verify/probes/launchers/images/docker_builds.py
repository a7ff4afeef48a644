"""Finds the images that shell code builds: docker build, buildx, podman, gcloud, az acr."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.languages.wrappers import unwrapped
from verify.probes.launchers.images.options import split
from verify.probes.launchers.place import ROOT, Checkout
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.world import Build, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place

ENGINES = frozenset({"docker", "podman", "nerdctl", "buildah"})
PROGRAMS = (*sorted(ENGINES), "gcloud", "az", "docker-compose", "podman-compose")

_FLAGS = frozenset(
    {"--no-cache", "--pull", "--rm", "--force-rm", "-q", "--quiet", "--squash", "--push", "--load"}
    | {"--compress", "--check", "-D", "--debug", "--disable-content-trust", "--no-logs", "--async"}
)
_NAMES = tuple(name.encode() for name in (*sorted(ENGINES), "gcloud", "acr"))
_BUILDS = re.compile(
    rb"\b(?:docker|podman|nerdctl|gcloud)\b[^\n;&|]{0,80}?\b(?:build|submit)\b"
    rb"|(?:buildah|acr|[A-Z]\w*[)}\"]*)[ \t]+(?:build|bud)\b"  # $(DOCKER) build
)
# Following a Python program takes long, and hardly one builds an image.
_NO_SCRIPTS = frozenset({"dockerfile", "compose", "kubernetes", "helm", "python", "nox"})
_MOST = 1000  # builds


def script_builds(world: World) -> tuple[Build, ...]:
    """Return the images that the repository's scripts, Makefiles, workflows and the like build.

    Each is followed by its own kind, for it alone knows its variables and folders, in a world where
    a call of docker is written down and leads nowhere.
    """
    found: list[Build] = []

    def called(words: list[Word], _raw: str, place: Place) -> Iterator[Launch]:
        if isinstance(place.files, Checkout) and len(found) < _MOST:
            found.extend(build_command(words, place.cwd, f"{place.path}:{place.line}"))
        yield from ()

    inner = World(world.source, world.declared)
    inner.__dict__.update(
        kinds=world.kinds,
        claimed=world.claimed,
        programs=world.programs | dict.fromkeys(PROGRAMS, called),
        builds=(),
        module=lambda _path: None,
    )
    for path, kind in world.claimed:
        if kind.KIND not in _NO_SCRIPTS and world.readable(path) and _may_build(world, path):
            before = len(found)
            try:
                for _ in kind.read(path, inner):
                    pass
                if kind.KIND == "shell" and "/" in path:
                    _from_own_folder(path, inner, found, before)
            except Exception:  # noqa: BLE001, S112 - the survey reads it again, and says what is wrong
                continue
    return tuple(dict.fromkeys(found))


def _from_own_folder(path: str, world: World, found: list[Build], before: int) -> None:
    """Follow a script that builds nothing from the root once more, from the folder it stands in."""
    if any(world.source.has(build.dockerfile) for build in found[before:]):
        return
    own = len(found)
    place = world.place(path, folder=posixpath.dirname(path))
    for _ in code_launches(world.source.text(path), place, script=f"{ROOT}/{path}", once=False):
        pass
    if any(world.source.has(build.dockerfile) for build in found[own:]):
        del found[before:own]
    else:
        del found[own:]


def _may_build(world: World, path: str) -> bool:
    raw = world.source.raw(path)
    return any(name in raw for name in _NAMES) and _BUILDS.search(raw) is not None


def build_command(argv: list[Word], cwd: str | None, place: str) -> Iterator[Build]:
    """Yield the images that one command builds; several when it gives it several names.

    Args:
        argv: its words.
        cwd: the absolute folder it runs in.
        place: where it stands, as "path:line".
    """
    words = unwrapped(argv)
    rest = _after_build(words)
    if rest is None or cwd is None:
        return
    options = split(rest, _FLAGS, mixed=True)
    context = options.rest[-1] if options.rest else ("." if words[0] == "gcloud" else None)
    if context is None or context == "-" or "://" in context:
        return
    full = posixpath.normpath(posixpath.join(cwd, context))
    named = options.last("-f", "--file")
    if named is None or named == "-":
        return
    file = posixpath.join(cwd, named) if named else f"{full}/Dockerfile"
    dockerfile, folder = _inner(posixpath.normpath(file)), _inner(full)
    if dockerfile is None or folder is None:
        return
    target = options.last("--target") or ""
    arguments = tuple(
        (name, value)
        for word in options.all("--build-arg")
        if word is not None
        for name, equals, value in [word.partition("=")]
        if equals
    )
    for tag in options.all("-t", "--tag") or [""]:
        yield Build(tag or "", dockerfile, folder, target, place, arguments)


def _after_build(words: list[Word]) -> list[Word] | None:
    """Return what follows the words that mean a build, or None when they mean none."""
    if not words or words[0] is None:
        return None
    program = posixpath.basename(words[0])
    if program in ENGINES:
        for start in (["build"], ["buildx", "build"], ["image", "build"], ["builder", "build"]):
            if words[1 : 1 + len(start)] == start:
                return words[1 + len(start) :]
        if program == "buildah" and words[1:2] == ["bud"]:
            return words[2:]
    if program == "gcloud" and words[1:3] == ["builds", "submit"]:
        return words[3:]
    if program == "az" and words[1:3] == ["acr", "build"]:
        return words[3:]
    return None


def _inner(path: str) -> str | None:
    if path == ROOT:
        return ""
    return path.removeprefix(ROOT + "/") if path.startswith(ROOT + "/") else None
