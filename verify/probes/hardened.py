"""Starts the image a second time with every restriction there is, and sees whether it still works.

The restrictions are those of the project's compose.yaml; a test holds the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from verify.errors import CouldNotCheck, SubjectBroken
from verify.probes import inside, ready, wire
from verify.probes.container import LOG_LINES, plain
from verify.probes.inside.decode import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.container import Container
    from verify.probes.engine import Engine
    from verify.surroundings import Inside
    from verify.tables import Hardening, Image

READ_ONLY: Final = "a read-only root file system"
RIGHTS: Final = "no capabilities and no new privileges"
PROCESSES: Final = "the limit of processes"
MEMORY: Final = "the limit of memory"
TEMPORARY: Final = "writable folders that hold little"

SIGNS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        READ_ONLY: re.compile(r"read-only file ?system|\[Errno 30\]|\bEROFS\b", re.IGNORECASE),
        RIGHTS: re.compile(r"operation not permitted|\[Errno 1\]|\bEPERM\b", re.IGNORECASE),
        PROCESSES: re.compile(
            r"can't start new thread|resource temporarily unavailable|\[Errno 11\]|cannot fork",
            re.IGNORECASE,
        ),
        MEMORY: re.compile(
            r"\bMemoryError\b|out of memory|cannot allocate memory|\[Errno 12\]", re.IGNORECASE
        ),
        TEMPORARY: re.compile(r"no space left on device|\[Errno 28\]", re.IGNORECASE),
    }
)
"""How a program complains of each restriction, in the words of errno(3) and of Python."""

LONGEST: Final = 300
"""Characters of a line of the log that are shown."""


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What the image must work under.

    Args:
        memory: as Docker writes it.
        processes: how many, threads counted.
        writable: folders that may be written, in memory.
        volumes: the image's own, which may be written, too.
    """

    memory: str
    processes: int
    writable: tuple[str, ...]
    volumes: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """The memory in bytes."""
        from docker.utils import parse_bytes

        return int(parse_bytes(self.memory))

    def settings(self) -> dict[str, Any]:
        """Return them as the SDK's `containers.create` takes them, the memory left out."""
        return {
            "read_only": True,
            "tmpfs": dict.fromkeys(self.writable, ""),
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "pids_limit": self.processes,
        }


@dataclass(frozen=True, slots=True)
class Hardened:
    """What came of the image under all restrictions.

    Args:
        restrictions: which.
        page: the page it gave, every tab opened; None when it gave none.
        ended: what it did instead.
        causes: of each restriction that its log complains of, the first line that does.
        inside: what really was in force; None when it ended before anybody could look.
        last_words: the end of its log, when it gave no page.
        hindered: why nobody could look inside, though it ran.
    """

    restrictions: Restrictions
    page: wire.Page | None
    ended: str
    causes: Mapping[str, str]
    inside: Inside | None
    last_words: str = ""
    hindered: CouldNotCheck | None = None


def of(spec: Image, hardening: Hardening, config: Mapping[str, Any]) -> Restrictions:
    """Return the restrictions that the manifest asks for.

    Args:
        spec: its `[image]`.
        hardening: its `[hardening]`.
        config: the image's configuration.
    """
    volumes = tuple(config.get("Volumes") or ())
    return Restrictions(spec.memory, hardening.processes, hardening.writable, volumes)


def start_hardened(
    engine: Engine,
    image_id: str,
    spec: Image,
    restrictions: Restrictions,
    *,
    tab_seconds: float,
    deadline: float,
) -> Hardened:
    """Start a container of the image under restrictions, read its page, and look inside.

    Args:
        engine: where.
        image_id: which image.
        spec: the manifest's `[image]`.
        restrictions: under which.
        tab_seconds: for the run of each tab.
        deadline: seconds for reading the page, and again for the look inside.

    Raises:
        CouldNotCheck: it or the engine went away.
    """
    try:
        container = engine.start(
            image_id,
            ports=(spec.port,),
            memory=restrictions.memory,
            role="hardened",
            restrictions=restrictions.settings(),
        )
    except SubjectBroken as error:
        return Hardened(restrictions, None, error.got, causes(error.got), None)
    try:
        return _look(container, spec, restrictions, tab_seconds, deadline)
    finally:
        engine.remove(container)


def _look(
    container: Container,
    spec: Image,
    restrictions: Restrictions,
    tab_seconds: float,
    deadline: float,
) -> Hardened:
    url = container.url(spec.port)
    try:
        ready.first_page(
            url,
            what="the container under restrictions",
            ended=container.ended,
            log=container.log,
            deadline=spec.ready_seconds,
        )
        container.hold()
        page = wire.read(url, deadline=deadline, open_tabs=True, tab_deadline=tab_seconds)
        hindered, seen = None, None
        try:
            facts = inside.look(
                f"docker://{container.id}",
                spec.python,
                {"root": spec.app_dir, "processes": True, "mounts": True, "limits": True},
                deadline=deadline,
                watch=container.same,
            )
            seen = decode(facts, "the container under restrictions")
        except CouldNotCheck as error:
            hindered = error  # a limit that stops the page may stop whoever looks, too
        container.same()
    except (SubjectBroken, CouldNotCheck) as error:
        # One that ended says itself why; whether what was asked of it failed, too, is no matter.
        how = container.ended() or (error.got if isinstance(error, SubjectBroken) else "")
        if not how:
            raise
        log = plain(container.finish()).strip()
        words = "\n".join(log.splitlines()[-LOG_LINES:])
        return Hardened(restrictions, None, how, causes(f"{log}\n{how}"), None, words)
    found = causes(container.whole_log())
    return Hardened(restrictions, page, "", found, seen, hindered=hindered)


def causes(log: str) -> dict[str, str]:
    """Return for each restriction that a log complains of the first line that does."""
    lines = [line.strip() for line in plain(log).splitlines()]
    found = {}
    for restriction, sign in SIGNS.items():
        line = next((line for line in lines if sign.search(line)), None)
        if line is not None:
            found[restriction] = line[:LONGEST]
    return found
