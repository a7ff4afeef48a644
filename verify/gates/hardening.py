"""The image and its container have no more rights than they need, and hold no secret.

Why: whoever gets into the dashboard gets what it may do: as root, with a setuid program or with the
engine's socket that is the whole machine. A secret in a layer stays readable when a later layer
deletes it. A health check that is content with any answer keeps a broken dashboard in service.
Fix: take it out of the step of the Dockerfile that the finding names, and build again. A secret
that was in an image is known to whoever has the image: replace it, too.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck, NotDeclared, Unavailable
from verify.exposure import NONE, caches, configured, in_layers, published_files, step
from verify.judge import findings_first
from verify.model import AtLeast, AtMost, Observation, OneOf
from verify.probes import secrets, standing, trials
from verify.probes.images import ours
from verify.probes.images.said import Said
from verify.restraint import in_force, works

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.engine import Built
    from verify.probes.hardened import Hardened
    from verify.probes.images.layers import Layers
    from verify.probes.images.ours import Placed
    from verify.probes.source import Source
    from verify.probes.standing import Standing
    from verify.probes.trials import Tried
    from verify.surroundings import Inside, Process
    from verify.tables import Image

LAST = True  # what it asks for is looked at meanwhile, and a health check comes late

MOST = 20
"""Files of one kind of finding that are told one by one."""

ORDINARY = "an ordinary user"
CLOSED = "no more rights than it needs"
FAILS = "fails"

DNS = "127.0.0.11"
"""Where Docker's own name server listens inside of each container on a network of its own."""


def gate_image(
    image: Built,
    image_inside: Inside,
    image_layers: Layers,
    health_check: Tried,
    source: Source,
    manifest: Manifest,
) -> Iterator[Observation]:
    """Read the image's configuration, history and layers, and try its health check out."""
    if manifest.image is None:
        raise NotDeclared("verify.toml declares no [image]")
    path = manifest.image.dockerfile
    place = Said(path, source.text(path), image_layers.history)
    there = ours.finished(image_layers.layers)
    published = partial(published_files, image_inside, source, manifest.image)
    yield from findings_first(
        _user(health_check, place),
        _rights(there, image_layers, manifest.hardening.setuid, place),
        _application(there, health_check, manifest.image.app_dir, place),
        _packages(there, health_check, image_inside, manifest.image.app_dir, place),
        configured(image, image_layers, place),
        in_layers(there, image_layers, published, place),
        caches(image_layers, place),
        _exposed(image, manifest.image, place),
        _health_check(health_check, manifest.image, manifest.hardening.health_path, place),
        _all_seen(image_layers, health_check),
    )


def _user(tried: Tried, place: Said) -> Iterator[Observation]:
    user = tried.user
    got = ORDINARY
    if not user.known:
        got = f"{user.configured!r}, who has no account in the image"
    elif user.uid == 0 or (user.uid is None and user.configured.partition(":")[0] in {"", "0"}):
        got = f"root ({user.configured or 'no user is named'})"
    yield Observation(
        "the user the image runs as",
        ORDINARY,
        got,
        place.path,
        place.line("USER"),
        "Name one by number: USER 10001:10001.",
    )


def _rights(
    there: Mapping[str, Placed], layers: Layers, allowed: Iterable[str], place: Said
) -> Iterator[Observation]:
    """Judge the files of our own layers; the base's are its maker's business, and told."""
    if layers.base.layers is None:
        return
    own = ours.ours(there, layers)
    may = set(allowed)
    found = [
        (path, " and ".join(told))
        for path, file in own.items()
        if (told := [word for word in ours.rights(file) if path not in may or word == ours.OPEN])
    ]
    for path, words in found[:MOST]:
        yield Observation(
            path,
            CLOSED,
            words,
            place.path,
            place.of_layer(layers.layers.index(there[path].layer)),
            f"{_made(there[path], layers)}; {_remedy(words)}",
        )
    if len(found) > MOST:
        yield Observation("more files of ours", CLOSED, f"{len(found) - MOST} more", place.path)
    if not found:
        said = f"{len(own)} files and folders"
        yield Observation("the files of our layers", CLOSED, CLOSED, place.path, message=said)
    theirs = [
        path
        for path, placed in there.items()
        if placed.layer.of_base and any(ours.rights(placed.file))
    ]
    yield Observation(
        "files of the base image that are setuid, setgid, capable or writable by everybody",
        AtLeast(0),
        len(theirs),
        message="not ours to judge; no new privileges takes what they give",
    )


def _remedy(words: str) -> str:
    if words == ours.OPEN:
        return "RUN chmod o-w takes it back, in the step that makes it."
    return "RUN chmod ug-s (or setcap -r) takes it back, or allow it in [hardening].setuid."


def _application(
    there: Mapping[str, Placed], tried: Tried, app_dir: str, place: Said
) -> Iterator[Observation]:
    """Judge whether the code can be changed by whoever gets in."""
    user = tried.user
    folder = app_dir.rstrip("/") or "/"
    inside = {
        path: placed.file
        for path, placed in there.items()
        if path == folder or path.startswith(f"{folder.rstrip('/')}/")
    }
    yield Observation(f"files and folders in {folder}", AtLeast(1), len(inside), place.path)
    if not user.uid:  # root, or nobody: told already
        return
    subject, expected = f"what the user {user.uid} may write in {folder}", NONE
    found = [path for path, file in inside.items() if ours.writable(file, user.uid, user.gids)]
    told = f"Leave it to root: no --chown, and RUN chmod -R go-w {folder}."
    for path in found[:MOST] or [NONE]:
        yield Observation(subject, expected, path, place.path, message=told)
    if len(found) > MOST:
        yield Observation(subject, expected, f"{len(found) - MOST} more", place.path, message=told)


def _packages(
    there: Mapping[str, Placed], tried: Tried, seen: Inside, app_dir: str, place: Said
) -> Iterator[Observation]:
    """Judge whether what the application imports can be changed; its own folder is told apart."""
    user, interpreter = tried.user, seen.interpreter
    if not user.uid or interpreter is None:
        return
    own = f"{app_dir.rstrip('/')}/"
    on_path = (one.rstrip("/") for one in interpreter.path)
    folders = tuple(f"{one}/" for one in on_path if one and not f"{one}/".startswith(own))
    inside = {
        path: placed.file
        for path, placed in there.items()
        if f"{path}/".startswith(folders) and not f"{path}/".startswith(own)
    }
    subject, expected = f"what the user {user.uid} may write where Python finds modules", NONE
    found = [path for path, file in inside.items() if ours.writable(file, user.uid, user.gids)]
    told = "Install as root, and leave it to root: whoever may write there decides what runs."
    for path in found[:MOST] or [NONE]:
        yield Observation(subject, expected, path, place.path, message=told)
    if len(found) > MOST:
        yield Observation(subject, expected, f"{len(found) - MOST} more", place.path, message=told)


def _exposed(image: Built, spec: Image, place: Said) -> Iterator[Observation]:
    got = ", ".join(sorted(image.config.get("ExposedPorts") or ())) or "no port"
    told = "EXPOSE names the port of [image].port, and no other."
    line = place.line("EXPOSE")
    yield Observation("EXPOSE", f"{spec.port}/tcp", got, place.path, line, told)


def _health_check(
    tried: Tried, spec: Image, health_path: str, place: Said
) -> Iterator[Observation]:
    """Judge what the image's own health check made of each kind of server."""
    line = place.line("HEALTHCHECK")
    if not tried.command:
        yield Observation("HEALTHCHECK", "a command", "none", place.path, line)
    wait = trials.own_wait(tried.trials)
    for trial in tried.trials:
        said = secrets.hidden(trial.said)
        told = f"It said: {said}" if said else ""
        if trial.name == trials.OK:
            subject = "the health check, given a healthy server"
            got = "exit code 0" if trial.exit == 0 else _ended(trial)
            yield Observation(f"{subject}: ends with", "exit code 0", got, place.path, line, told)
            asked = ", ".join(one.partition("?")[0] for one in trial.asked) or "nothing"
            expected = OneOf((f"GET {health_path}", f"HEAD {health_path}"))
            what = f"{subject}: asks port {spec.port} for"
            yield Observation(what, expected, asked, place.path, line, told)
            continue
        got = FAILS if trial.exit else _ended(trial)
        subject = f"the health check, given {trial.name}"
        yield Observation(subject, FAILS, got, place.path, line, told)
        if trial.name == trials.SILENT and trial.exit:
            told = "More than the HEALTHCHECK's --timeout: the engine gives up before it does."
            most = AtMost(tried.seconds, "s")
            yield Observation(f"{subject}: waits", most, round(wait, 1), place.path, line, told)


def _ended(trial: trials.Trial) -> str:
    if not trial.ended:
        return f"still running after {trial.seconds:.0f} s"
    return "cannot be started" if trial.exit is None else f"exit code {trial.exit}"


def _made(placed: Placed, layers: Layers) -> str:
    number = layers.layers.index(placed.layer) + 1
    return f"layer {number} of {len(layers.layers)}, {step(placed.layer)}"


def _all_seen(layers: Layers, tried: Tried) -> Iterator[Observation]:
    """Make sure that all was seen.

    Raises:
        CouldNotCheck: it is not known which layers are the base image's.
        Unavailable: the image's health check could not be tried.
    """
    yield from ()
    if tried.hindered:
        raise Unavailable(tried.hindered, "Name its interpreter in [image].python.")
    if layers.base.layers is None:
        name = layers.base.name or "the base image"
        raise CouldNotCheck(
            f"it is not known which layers are those of {name}, so nobody can tell ours",
            f"Fetch it: docker pull {layers.base.name}" if layers.base.name else "",
        )


def gate_container(
    container_inside: Inside,
    container_standing: Standing | None,
    hardened: Hardened | None,
    manifest: Manifest,
) -> Iterator[Observation]:
    """Look at what the running container may do, and at a second one that may do less."""
    if manifest.image is None:
        raise NotDeclared("verify.toml declares no [image]")
    where = manifest.image.dockerfile
    yield from findings_first(
        _processes(container_inside, where),
        _listeners(container_inside, manifest.image.port, where),
        _sockets(container_inside, where),
        _standing(container_standing, where),
        works(hardened, manifest.dashboard, where),
        in_force(hardened),
    )


def _processes(inside: Inside, where: str) -> Iterator[Observation]:
    processes = inside.part("processes")
    yield Observation("processes in the container", AtLeast(1), len(processes), where)
    for process in processes:
        yield _process(process, where)


def _process(process: Process, where: str) -> Observation:
    program = process.args[0].rpartition("/")[2] if process.args else "?"
    got = ORDINARY if process.uid else "root"
    if process.capabilities is None:
        got = f"{got}, and nobody can tell its capabilities"
    elif process.capabilities:
        got = f"{got}, with capabilities {process.capabilities:#x}"
    subject = f"process {process.pid} ({secrets.hidden(program)}) runs as"
    return Observation(subject, ORDINARY, got, where, message="See USER in the Dockerfile.")


def _listeners(inside: Inside, port: int, where: str) -> Iterator[Observation]:
    found = inside.part("listeners")
    for one in found:
        address = f"[{one.address}]" if ":" in one.address else one.address
        if one.address == DNS:
            told = "Docker's own name server"
            yield Observation(f"listens on {address}:{one.port}", told, told, where)
            continue
        told = "Only the port of [image].port may be open; let it go, or bind nothing to it."
        subject = f"listens on {address}, user {one.uid}: port"
        yield Observation(subject, port, one.port, where, message=told)
    if not any(one.port == port for one in found):
        yield Observation("listens on the declared port", port, "not listening", where)


def _sockets(inside: Inside, where: str) -> Iterator[Observation]:
    mounts = inside.part("mounts")
    found = [one.path for one in mounts if one.path in standing.SOCKETS]
    told = "Whoever may speak to the engine has the machine."
    got = ", ".join(found) or NONE
    yield Observation("engines that can be spoken to inside", NONE, got, where, message=told)


def _standing(stands: Standing | None, where: str) -> Iterator[Observation]:
    if stands is None:
        return
    health, granted = stands.health, stands.granted
    if health is not None:
        said = secrets.hidden(health.said)
        told = f"Of the last checks {health.failed} failed: {said}" if health.failed else ""
        yield Observation(
            "the engine calls the container", standing.HEALTHY, health.status, where, message=told
        )
    yield Observation("privileged", expected=False, got=granted.privileged, path=where)
    for what, found in (
        ("shared with the machine", granted.shared),
        ("capabilities added", granted.capabilities),
        ("protections switched off", granted.unconfined),
        ("devices of the machine", granted.devices),
        ("engines that can be spoken to", granted.sockets),
    ):
        yield Observation(what, NONE, ", ".join(found) or NONE, where)
