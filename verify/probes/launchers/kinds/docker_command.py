"""Calls of docker, podman and compose in scripts: what the containers they run start."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.probes.launchers.images.compose_file import Argv, project
from verify.probes.launchers.images.compose_services import command_line, service_launches
from verify.probes.launchers.images.container import container_launches
from verify.probes.launchers.images.image import Changes
from verify.probes.launchers.images.likely import likely_build
from verify.probes.launchers.images.mounts import mount_of
from verify.probes.launchers.images.options import split
from verify.probes.launchers.kinds.compose import default_files
from verify.probes.launchers.place import ROOT, Checkout
from verify.probes.launchers.readers.interpolation import dotenv
from verify.probes.launchers.readers.yaml_values import NotYaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.images.compose_file import Service
    from verify.probes.launchers.images.mounts import Mount
    from verify.probes.launchers.images.options import Options
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import Found, World

KIND = "docker-command"
NAMES: tuple[str, ...] = ()
PROGRAMS = ("docker", "podman", "nerdctl", "docker-compose", "podman-compose")

_RUN_FLAGS = frozenset(
    {"-d", "--detach", "-i", "--interactive", "-t", "--tty", "--rm", "--privileged", "--init"}
    | {"--read-only", "--no-healthcheck", "-P", "--publish-all", "--oom-kill-disable", "-q"}
    | {"--sig-proxy", "--disable-content-trust", "--quiet", "--help", "--replace", "--no-hosts"}
)
_GLOBAL_FLAGS = frozenset({"-D", "--debug", "--tls", "--tlsverify", "-v", "--version", "--help"})
_COMPOSE_FLAGS = frozenset({"--verbose", "--compatibility", "--dry-run", "--no-ansi", "--help"})
_UP_FLAGS = frozenset(
    {"-d", "--detach", "--build", "--no-build", "--force-recreate", "--no-recreate", "--no-deps"}
    | {"--remove-orphans", "--abort-on-container-exit", "--quiet-pull", "--wait", "--watch", "-w"}
    | {"-V", "--renew-anon-volumes", "--no-start", "--no-color", "--no-log-prefix", "-y", "--menu"}
    | {"--always-recreate-deps", "--attach-dependencies", "--timestamps"}
)
_COMPOSE_RUN_FLAGS = _RUN_FLAGS | {
    "-T",
    "--no-TTY",
    "--service-ports",
    "--no-deps",
    "--use-aliases",
}
_COMPOSE_RUN_FLAGS |= {"--build", "--remove-orphans", "--quiet-pull"}


def read(path: str, world: World) -> Iterator[Found]:  # noqa: ARG001
    """Yield nothing: such calls stand in launchers of other kinds."""
    yield from ()


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what a call of docker or of a program like it starts."""
    if not isinstance(place.files, Checkout) or words[0] is None:
        return  # within an image: another machine's engine, or none
    program = posixpath.basename(words[0])
    if program.endswith("compose"):
        yield from _compose(words[1:], raw, place)
        return
    rest = split(words[1:], _GLOBAL_FLAGS).rest
    if rest[:1] == ["container"]:
        rest = rest[1:]
    if rest[:1] == ["compose"]:
        yield from _compose(rest[1:], raw, place)
    elif rest[:1] in (["run"], ["create"]):
        yield from _run(rest[1:], raw, place)
    elif rest[:1] == ["exec"]:
        options = split(rest[1:], _RUN_FLAGS)
        name = options.rest[0] if options.rest else None
        yield from _in_running(name or "", options, raw, place)


def _run(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    options = split(words, _RUN_FLAGS)
    if not options.rest:
        return
    image = options.rest[0]
    changes = _changes(options, place)
    if image is None:
        if "streamlit" in raw or ":8501" in raw:
            yield place.unknown("the image depends on a variable that nothing here sets", raw)
        return
    build, told = place.world.build_of(image), ""
    if build is None:
        ports = _ports(options)
        build, told = likely_build(place.world, image, raw, ports)
        if build is None and told and changes.command is None:
            yield place.unknown(told, raw)
            return
    for launch in container_launches(place, image, changes, raw, build):
        yield launch.because(told) if told else launch


def _in_running(name: str, options: Options, raw: str, place: Place) -> Iterator[Launch]:
    """Yield what a command starts that is run in a container that is there already."""
    changes = _changes(options, place)
    why = f"it runs in the container {name}, and nothing tells of which image that is"
    for launch in container_launches(place, "", changes, raw):
        if launch.certain:
            yield place.unknown(why, raw) if launch.entry is None else launch


def _changes(options: Options, place: Place) -> Changes:
    environment: dict[str, Word] = {}
    given: set[str] = set()
    for word in options.all("--env-file"):
        full = place.join(word) if word else None
        text = place.files.text(full) if full else None
        if text is None:
            given.add("PORT")  # nobody here knows what it sets
        else:
            environment |= dotenv(text)
    known = dict(place.variables)
    for word in options.all("-e", "--env"):
        name, equals, value = (word or "").partition("=")
        if equals:
            environment[name] = value
        elif name in known:
            environment[name] = known[name]
        elif name:
            given.add(name)
    entrypoint = options.last("--entrypoint")
    command = tuple(options.rest[1:])
    return Changes(
        entrypoint=_entrypoint(entrypoint) if options.has("--entrypoint") else None,
        command=command or None,
        environment=environment,
        given=frozenset(given),
        workdir=options.last("-w", "--workdir") or "",
        mounts=tuple(_mounts(options, place)),
    )


def _entrypoint(word: Word) -> tuple[Word, ...]:
    return () if word == "" else (word,)


def _mounts(options: Options, place: Place) -> Iterator[Mount]:
    folder = (place.cwd or ROOT).removeprefix(ROOT).lstrip("/")
    for word in options.all("-v", "--volume"):
        written, _, rest = (word or "").partition(":")
        target = rest.partition(":")[0]
        if target.startswith("/"):
            yield mount_of(written, target, folder, place)
    for word in options.all("--mount"):
        pairs = dict(part.partition("=")[::2] for part in (word or "").split(","))
        target = next((pairs[k] for k in ("target", "destination", "dst") if k in pairs), "")
        if target.startswith("/"):
            origin = pairs.get("source") or pairs.get("src", "")
            bound = pairs.get("type") == "bind"
            yield mount_of(origin if bound else "", target, folder, place)


def _ports(options: Options) -> list[int]:
    found = []
    for word in options.all("-p", "--publish"):
        last = (word or "").partition("/")[0].rpartition(":")[2]
        if last.isdecimal():
            found.append(int(last))
    return found


def _compose(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    options = split(words, _COMPOSE_FLAGS)
    if not options.rest or options.rest[0] not in {"up", "run", "exec", "start", "watch"}:
        return
    services = _project(options, place)
    if services is None:
        if "streamlit" in raw:
            yield place.unknown("the compose file cannot be found", raw)
        return
    verb, rest = options.rest[0], options.rest[1:]
    if verb in {"up", "start", "watch"}:
        named = split(rest, _UP_FLAGS, mixed=True).rest
        profiles = set(options.all("--profile"))
        for name in _wanted(services, named, profiles):
            service = services[name]
            yield from service_launches(service, place.deeper(*command_line(service)))
        return
    inner = split(rest, _COMPOSE_RUN_FLAGS)
    wanted = services.get((inner.rest[0] if inner.rest else None) or "")
    if wanted is not None:
        yield from service_launches(_changed(wanted, inner, raw, place, verb), place)


def _project(options: Options, place: Place) -> dict[str, Service] | None:
    """Return the services of the files that a call of compose takes, or None."""
    folder = place.join(options.last("--project-directory") or ".")
    if folder is None or not (folder == ROOT or folder.startswith(ROOT + "/")):
        return None
    files = []
    for word in options.all("-f", "--file"):
        full = place.join(word) if word else None
        path = place.files.repo_path(full) if full else None
        if path is None:
            return None
        files.append(path)
    files = files or default_files(place.world, folder[len(ROOT) + 1 :])
    try:
        return project(place.world, files) if files else None
    except NotYaml:
        return None


def _wanted(services: dict[str, Service], named: list[Word], profiles: set[Word]) -> list[str]:
    names = [name for name in named if name]
    if names:
        return [name for name in services if name in names]
    return [
        name
        for name, one in services.items()
        if not one.profiles or profiles & {*one.profiles} or "*" in profiles
    ]


def _changed(service: Service, options: Options, raw: str, place: Place, verb: str) -> Service:
    """Return a service with what `compose run` or `compose exec` puts over it."""
    changes = _changes(options, place)
    command = service.command
    entrypoint = service.entrypoint
    if changes.command is not None and not isinstance(changes.command, str):
        command = Argv(changes.command, raw, place.path, place.line)
    if changes.entrypoint is not None and not isinstance(changes.entrypoint, str):
        entrypoint = Argv(changes.entrypoint, "", place.path, place.line)
    if verb == "exec":
        entrypoint = Argv((), "", place.path, place.line)
    return replace(
        service,
        entrypoint=entrypoint,
        command=command,
        variables={**service.variables, **changes.environment},
        given=service.given | changes.given,
        workdir=changes.workdir or service.workdir,
        mounts=(*service.mounts, *changes.mounts),
        ports=(),
        profiles=(),
    )
