"""Tries an image's own health check in a throw-away container: on servers that answer in many ways.

Whether a health check tells anything is not read off its text: it is run, as the image's own user,
against a server that is healthy and against some that only look so.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from verify.errors import CouldNotCheck
from verify.probes import payload
from verify.probes.docker_errors import engine_errors

if TYPE_CHECKING:
    from docker.models.containers import Container as DockerContainer

    from verify.probes.engine import Built, Engine
    from verify.tables import Image

OK: Final = "ok"
REFUSED: Final = "nothing that listens"
SILENT: Final = "a server that takes the connection and never answers"

TRIALS: Final[tuple[tuple[str, int | None, str, str], ...]] = (
    (OK, 200, "text/plain; charset=utf-8", "ok"),
    (
        "a page with status 200, as Streamlit answers on almost any path",
        200,
        "text/html; charset=utf-8",
        "<!doctype html><html><head><title>Streamlit</title></head><body></body></html>",
    ),
    ("status 503", 503, "text/plain; charset=utf-8", "unavailable"),
    (REFUSED, None, "", ""),
    (SILENT, 0, "", ""),
)
"""What the server gives in each: name, status, type and body; see healthcheck.py."""

USUAL: Final = 30.0
"""Seconds that an engine gives a health check whose image does not say (Docker's default)."""

SPARE: Final = 10.0
"""Seconds that a check gets besides, so that a slow one is measured and not guessed at."""

_NO_SUCH: Final = re.compile(r"executable file not found|no such file or directory")
_ACCOUNTS: Final = "/etc/passwd"
_NANO: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Trial:
    """What a health check did, given one kind of server.

    Args:
        name: the kind of server.
        exit: its exit code; None when it had to be ended, or could not be started.
        ended: whether it ended by itself.
        seconds: until then.
        asked: what it asked the server on the declared port for, such as `GET /health`.
        said: the end of what it printed.
    """

    name: str
    exit: int | None
    ended: bool
    seconds: float
    asked: tuple[str, ...]
    said: str


@dataclass(frozen=True, slots=True)
class User:
    """Whom an image runs as.

    Args:
        configured: as its configuration says it; empty for root.
        known: whether that is a number or an account of the image's own.
        uid: the number a process of it really has; None when none can be started.
        gids: the groups it really has.
    """

    configured: str
    known: bool
    uid: int | None
    gids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """An image's user and health check, both seen at work.

    Args:
        user: whom it runs as.
        command: the words of its health check; none without one.
        seconds: after which an engine gives a check up.
        trials: what the check did on each kind of server.
        hindered: why nothing could be tried; empty when it could.
    """

    user: User
    command: tuple[str, ...]
    seconds: float
    trials: tuple[Trial, ...]
    hindered: str = ""


def try_health_check(engine: Engine, image: Built, spec: Image, *, deadline: float) -> Tried:
    """Run the image's health check in one container without network, once for each of TRIALS.

    Args:
        engine: where.
        image: which image.
        spec: the manifest's `[image]`.
        deadline: seconds for all of it; the image's own limits come on top.

    Raises:
        CouldNotCheck: it cannot be done here.
    """
    from docker.errors import APIError

    command, seconds = words(image.config), limit(image.config)
    request = {
        "command": command,
        "port": spec.port,
        "patience": seconds + SPARE,
        "trials": TRIALS,
    }
    configured = str(image.config.get("User") or "")
    look = [spec.python, "-I", "-S", *payload.packed("healthcheck.py", request)]
    settings = {"entrypoint": look[:1], "command": look[1:], "mem_limit": spec.memory}
    what = "the image's health check cannot be tried"
    with engine_errors(what), engine.created(image.ref.id, **settings) as raw:
        known = _is_known(configured, raw)
        if not known:  # nothing can be started as somebody who is not there
            return Tried(User(configured, known, None), command, seconds, ())
        try:
            raw.start()
        except APIError as error:
            if not _NO_SUCH.search(str(error.explanation)):
                raise
            why = f"the image has no {spec.python}, with which to try it"
            return Tried(User(configured, known, None), command, seconds, (), why)
        raw.wait(timeout=deadline + len(TRIALS) * (seconds + SPARE))
        out = raw.logs(stdout=True, stderr=False).decode("utf-8", "replace")
        err = raw.logs(stdout=False, stderr=True).decode("utf-8", "replace")
    facts = payload.answer(out, err, who="the trial of the image's health check")
    user = User(configured, known, facts["uid"], tuple(facts["gids"]))
    return Tried(user, command, seconds, tuple(map(_trial, facts["trials"])))


def words(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what an engine runs to check the health; nothing where it checks none."""
    kind, *rest = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    if kind == "CMD-SHELL":
        return (*(config.get("Shell") or ("/bin/sh", "-c")), *rest)
    return tuple(rest) if kind == "CMD" else ()


def limit(config: Mapping[str, Any]) -> float:
    """Return the seconds after which an engine gives a check up."""
    return float(seconds_of(config, "Timeout") or USUAL)


def seconds_of(config: Mapping[str, Any], name: str) -> float:
    """Return one of the health check's times, which are written in nanoseconds; 0 if not said."""
    return float(((config.get("Healthcheck") or {}).get(name) or 0) / _NANO)


def own_wait(trials: Iterable[Trial]) -> float:
    """Return how many seconds a check waits for an answer, its own start not counted.

    That of a check that finds nobody listening is its start and nothing else.
    """
    by_name = {trial.name: trial.seconds for trial in trials}
    return max(0.0, by_name.get(SILENT, 0.0) - by_name.get(REFUSED, 0.0))


def _trial(fact: Mapping[str, Any]) -> Trial:
    return Trial(
        fact["name"],
        fact["exit"],
        fact["ended"],
        fact["seconds"],
        tuple(fact["asked"]),
        fact["said"],
    )


def _is_known(configured: str, raw: DockerContainer) -> bool:
    """Say whether a user is a number or has an account in the image."""
    name = configured.partition(":")[0]
    return not name or name.isdigit() or name in _accounts(raw)


def _accounts(raw: DockerContainer) -> frozenset[str]:
    from docker.errors import NotFound

    try:
        pieces, _ = raw.get_archive(_ACCOUNTS)
    except NotFound:
        return frozenset()
    try:
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as archive:
            file = archive.extractfile(archive.getmembers()[0])
            lines = file.read().decode("utf-8", "replace").splitlines() if file else []
    except (tarfile.TarError, IndexError, KeyError) as error:
        raise CouldNotCheck(f"the image's {_ACCOUNTS} cannot be read: {error}") from error
    return frozenset(line.partition(":")[0] for line in lines)
