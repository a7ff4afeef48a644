"""Reads compose files into the services they describe, as docker compose puts them together.

The rules are those of the compose specification: an override's keys win, lists of variables and
mounts are joined, paths start from the folder of the project's first file.
"""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from verify.probes.launchers.images.mounts import mount_of
from verify.probes.launchers.readers.interpolation import Interpolation, dotenv, words_of
from verify.probes.launchers.readers.yaml_values import documents
from verify.probes.launchers.world import Build

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.probes.languages.command import Word
    from verify.probes.launchers.images.mounts import Mount
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World

_DEEPEST = 8  # services that extend services
_EXAMPLES = (".env.example", ".env.sample", ".env.template", ".env.dist", "example.env")


@dataclass(frozen=True, slots=True)
class Argv:
    """A command of a service.

    Args:
        words: its words.
        raw: as written.
        path: the file it stands in.
        line: 1-based.
        fault: what is wrong with it, "" when nothing is.
    """

    words: tuple[Word, ...]
    raw: str
    path: str
    line: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One service; what no file says of it is None or empty.

    Args:
        name: its name.
        path: the file it stands in.
        line: that of its name, 1-based.
        entrypoint: replaces the image's.
        command: replaces the image's.
        build: how its image is built.
        fault: why its image cannot be built from the repository, "" when it can.
        arguments: build arguments.
        inline: the Dockerfile's text, when it stands in the compose file.
        image: the name of its image.
        variables: the environment of its container.
        given: variables that somebody else sets.
        workdir: the working directory.
        mounts: what is mounted.
        ports: the container's ports that it publishes.
        host_network: whether it shares the host's ports.
        profiles: those it is started with only.
        notes: what was assumed, for people.
        own: the keys the file itself has for it.
    """

    name: str
    path: str
    line: int
    entrypoint: Argv | None = None
    command: Argv | None = None
    build: Build | None = None
    fault: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    inline: str = ""
    image: str = ""
    variables: dict[str, Word] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    workdir: str = ""
    mounts: tuple[Mount, ...] = ()
    ports: tuple[int, ...] = ()
    host_network: bool = False
    profiles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()

    @property
    def built(self) -> bool:
        """Whether its image is built from the repository."""
        return self.build is not None or bool(self.fault)


def project(world: World, paths: Sequence[str]) -> dict[str, Service]:
    """Return the services of files that are taken together, later ones over earlier ones.

    Raises:
        NotYaml: one of them is not YAML.
    """
    folder = posixpath.dirname(paths[0]) if paths else ""
    found: dict[str, Service] = {}
    for path in paths:
        for name, service in _of_file(world, path, folder).items():
            found[name] = over(found[name], service) if name in found else service
    return found


def over(base: Service, other: Service) -> Service:
    """Return a service with what another file says of it put over it."""
    chosen = {
        name: getattr(other, name) or getattr(base, name)
        for name in ("inline", "image", "workdir", "ports", "profiles", "host_network")
    }
    return replace(
        other,
        **chosen,
        entrypoint=base.entrypoint if other.entrypoint is None else other.entrypoint,
        # An entrypoint takes back the command of the image, not that of the service.
        command=base.command if other.command is None else other.command,
        build=_build_over(base.build, other),
        fault=other.fault or ("" if other.build else base.fault),
        arguments={**base.arguments, **other.arguments},
        variables={**base.variables, **other.variables},
        given=(base.given - frozenset(other.variables)) | other.given,
        mounts=tuple({one.target: one for one in (*base.mounts, *other.mounts)}.values()),
        notes=tuple(dict.fromkeys((*base.notes, *other.notes))),
    )


def _build_over(base: Build | None, other: Service) -> Build | None:
    """Return the build with the keys that the other file has for it."""
    build = other.build
    if base is None or build is None:
        return build or (None if other.fault else base)
    context = build.context if "build.context" in other.own else base.context
    if "build.dockerfile" in other.own:
        name = posixpath.relpath(build.dockerfile, build.context or ".")
        dockerfile = posixpath.normpath(posixpath.join(context, name))
    elif "build.context" in other.own:
        dockerfile = build.dockerfile
    else:
        dockerfile = base.dockerfile
    tag = other.image or base.tag
    return replace(
        build, tag=tag, context=context, dockerfile=dockerfile, target=build.target or base.target
    )


def _of_file(world: World, path: str, folder: str, depth: int = 0) -> dict[str, Service]:
    found: dict[str, Service] = {}
    for document in documents(world.source, path):
        services = document.get("services")
        if services is None:
            continue
        reader = _Reader(world, path, folder)
        for name, value in services.pairs.items():
            if value.pairs:
                line = services.line_of(name)
                found[name] = reader.service(name, line, value, services, depth)
    return found


class _Reader:
    """Reads the services of one file.

    Args:
        world: the repository.
        path: the file.
        folder: the folder that its paths start from.
    """

    def __init__(self, world: World, path: str, folder: str) -> None:
        self.world = world
        self.path = path
        self.folder = folder
        self.known = self._dotenv(".env")
        self.examples = {name for one in _EXAMPLES for name in self._dotenv(one)}

    def service(self, name: str, line: int, value: Value, others: Value, depth: int) -> Service:
        """Return one service, with what it extends."""
        fill = Interpolation(self.known)
        entrypoint = self._argv(value, "entrypoint", fill)
        command = self._argv(value, "command", fill)
        build, fault = self._build(name, value, fill)
        variables, given = self._environment(value)
        own = frozenset(value.pairs) | {f"build.{key}" for key in self._build_keys(value)}
        found = Service(
            name,
            self.path,
            line,
            entrypoint,
            command,
            build,
            fault,
            self._arguments(value),
            value.at("build", "dockerfile_inline"),
            self._text(value, "image"),
            variables,
            given | (fill.unset & self.examples),
            self._text(value, "working_dir"),
            self._mounts(value),
            self._ports(value),
            value.at("network_mode") == "host",
            tuple(item.text for item in (value.get("profiles") or value).items),
            self._notes(fill),
            own,
        )
        base = self._extended(value, others, depth)
        return found if base is None else over(base, found)

    def _notes(self, fill: Interpolation) -> tuple[str, ...]:
        found = []
        if fill.assumed:
            found.append(f"unless {', '.join(sorted(fill.assumed))} is set where compose is run")
        if unset := fill.unset - self.examples:
            found.append(f"nothing here sets {', '.join(sorted(unset))}")
        return tuple(found)

    def _text(self, value: Value, *path: str) -> str:
        return Interpolation(self.known).fill(value.at(*path)) or ""

    def _argv(self, service: Value, key: str, fill: Interpolation) -> Argv | None:
        """Return a command: None leaves it to the image, no words mean that there is none."""
        value = service.get(key)
        if value is None or value.null or value.pairs:
            return None
        line = service.line_of(key)
        if value.items:
            texts, raw, fault = value.words(), " ".join(value.words()), ""
        else:
            texts, raw, fault = _split(value.text.strip())
        return Argv(tuple(self._words(texts, fill)), raw, self.path, line, fault)

    def _words(self, texts: list[str], fill: Interpolation) -> list[Word]:
        found: list[Word] = []
        for number, text in enumerate(texts):
            word = fill.fill(text)
            if word is None and not fill.unset <= self.examples:
                # Compose puts nothing in place of a variable that is not set: an empty port.
                name, equals, _ = text.partition("=")
                if name == "--server.port" and equals:
                    word = "--server.port="
                elif number and texts[number - 1] == "--server.port":
                    word = ""
            if word is None and " " in text.strip():
                # Code for a shell: let that tell what comes of a variable that is not set.
                left = {name: f"${{{name}}}" for name in fill.unset}
                word = Interpolation({**self.known, **left}).fill(text)
            found += words_of(text, word)
        return found

    @staticmethod
    def _build_keys(service: Value) -> list[str]:
        build = service.get("build")
        if build is None:
            return []
        return ["context"] if build.text else list(build.pairs)

    def _build(self, name: str, service: Value, fill: Interpolation) -> tuple[Build | None, str]:
        """Return how its image is built, or why that cannot be followed."""
        build = service.get("build")
        if build is None or not (build.text or build.pairs):
            return None, ""
        context = fill.fill(build.text or build.at("context") or ".")
        dockerfile = fill.fill(build.at("dockerfile") or "Dockerfile")
        target = fill.fill(build.at("target"))
        if context is None or dockerfile is None or target is None:
            return None, "what is built depends on a variable that nothing here sets"
        if "://" in context or context.startswith(("git@", "github.com/")):
            return None, f"its image is built from elsewhere: {context}"
        folder = inside(posixpath.join(self.folder, context))
        file = inside(posixpath.join(self.folder, context, dockerfile))
        if folder is None or file is None or context.startswith("/"):
            return None, f"the build context {context} is outside of the repository"
        tags = service.get("build", "tags")
        first = tags.items[0].text if tags is not None and tags.items else ""
        tag = self._text(service, "image") or fill.fill(first) or f"{self._project()}-{name}"
        where = f"{self.path}:{service.line_of('build')}"
        return Build(tag, file, folder, target, where), ""

    def _project(self) -> str:
        return posixpath.basename(self.folder) or self.world.source.root.name

    def _arguments(self, service: Value) -> dict[str, str]:
        found = self._pairs(service.get("build", "args"), Interpolation(self.known))[0]
        return {name: value for name, value in found.items() if value is not None}

    def _environment(self, service: Value) -> tuple[dict[str, Word], frozenset[str]]:
        """Return the variables of the container, and those that somebody else sets."""
        variables: dict[str, Word] = {}
        given: set[str] = set()
        files = service.get("env_file")
        for item in [] if files is None else files.items or [files]:
            name = item.at("path") or item.text
            path = inside(posixpath.join(self.folder, name))
            if path is not None and self.world.source.has(path):
                variables |= dotenv(self.world.source.text(path))
            elif name:
                given |= {"PORT", *self.examples}  # nobody here knows what it sets
        own, passed = self._pairs(service.get("environment"), Interpolation(self.known))
        variables |= own
        unknown = frozenset(name for name, value in own.items() if value is None)
        return variables, frozenset(given - own.keys()) | passed | unknown

    @staticmethod
    def _pairs(value: Value | None, fill: Interpolation) -> tuple[dict[str, Word], frozenset[str]]:
        """Return `NAME=value` or `NAME: value`, and the names that have no value."""
        found: dict[str, Word] = {}
        passed: set[str] = set()
        for name, one in (value.pairs if value is not None else {}).items():
            if one.null:
                passed.add(name)
            else:
                found[name] = fill.fill(one.text)
        for item in value.items if value is not None else []:
            name, equals, text = item.text.partition("=")
            if equals:
                found[name] = fill.fill(text)
            else:
                passed.add(name)
        return found, frozenset(passed)

    def _mounts(self, service: Value) -> tuple[Mount, ...]:
        found = []
        place = self.world.place(self.path)
        for item in (service.get("volumes") or service).items:
            if item.pairs:
                origin = self._text(item, "source")
                target = self._text(item, "target")
                if item.at("type") == "volume":
                    origin = ""
            else:
                text = Interpolation(self.known).fill(item.text)
                if text is None:
                    continue
                origin, _, rest = text.partition(":")
                target = rest.partition(":")[0]
                if not rest:
                    origin, target = "", origin
            if target.startswith("/"):
                found.append(mount_of(origin, target, self.folder, place))
        return tuple(found)

    def _ports(self, service: Value) -> tuple[int, ...]:
        found: list[int] = []
        for item in (service.get("ports") or service).items:
            text = Interpolation(self.known).fill(item.at("target") or item.text)
            if text is None:
                return ()  # it cannot be told which it publishes
            last = text.partition("/")[0].rpartition(":")[2]
            first, _, end = last.partition("-")
            if not first.isdecimal() or (end and not end.isdecimal()):
                return ()
            found += range(int(first), min(int(end or first), int(first) + 1000) + 1)
        return tuple(found)

    def _extended(self, service: Value, others: Value, depth: int) -> Service | None:
        extends = service.get("extends")
        if extends is None or depth >= _DEEPEST:
            return None
        name = extends.text or extends.at("service")
        file = extends.at("file")
        if file:
            path = inside(posixpath.join(self.folder, file))
            if path is None or not self.world.source.has(path):
                return None
            return _of_file(self.world, path, posixpath.dirname(path), depth + 1).get(name)
        value = others.get(name)
        if value is None or not value.pairs:
            return None
        return self.service(name, others.line_of(name), value, others, depth + 1)

    def _dotenv(self, name: str) -> dict[str, str]:
        path = posixpath.join(self.folder, name)
        return dotenv(self.world.source.text(path)) if self.world.source.has(path) else {}


def _split(raw: str) -> tuple[list[str], str, str]:
    """Return the words of a command, the command, and what is wrong with it."""
    try:
        return shlex.split(raw), raw, ""
    except ValueError as error:
        return [], raw, f"compose cannot split it into words: {str(error).lower()}"


def inside(path: str) -> str | None:
    """Return a path normalised and relative to the root, or None when it leads out of it."""
    found = posixpath.normpath(path)
    if found.startswith(("..", "/")):
        return None
    return "" if found == "." else found
