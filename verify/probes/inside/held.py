"""Makes sure that all was seen of one and the same run of a container or machine."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from verify.errors import CouldNotCheck, VerifyError
from verify.probes.inside import client
from verify.probes.inside.hosts import Host, Kind, require
from verify.probes.inside.reach import shell
from verify.probes.inside.refusals import refusal

if TYPE_CHECKING:
    from verify.probes.container import Container
    from verify.probes.engine import Engine

SECONDS = 20.0
"""For one reading of an identity; a connection by ssh may take some."""

LATE = 1.0
"""Seconds in which an engine knows of the end of a container whose connections are gone already."""

PAUSE = 0.1
"""Seconds between two questions."""

STARTED = 19
"""Where behind its name /proc/PID/stat says when a process was started (proc(5), field 22)."""


class Subject(Protocol):
    """What is looked at, and can tell whether it is still the same."""

    known: Any
    """Which run of it is looked at; None before `hold`."""

    def hold(self) -> None:
        """Remember which run of it is looked at from here on.

        Raises:
            CouldNotCheck: it is not running, or cannot be asked.
        """

    def same(self) -> None:
        """Make sure that it is still that run.

        Raises:
            CouldNotCheck: it is another, has ended, or cannot be asked.
        """


@contextlib.contextmanager
def held(subject: Subject) -> Iterator[Callable[[], None]]:
    """Hold one run of a subject through several looks; yields what a long one may watch.

    One that is held already must still be the same run.

    Raises:
        CouldNotCheck: it is not the same at the end; then nothing that was seen meanwhile counts,
            nor what went wrong: that is told only where the subject stayed the same.
    """
    if subject.known is None:
        subject.hold()
    else:
        subject.same()
    try:
        yield subject.same
    except VerifyError:
        ends = time.monotonic() + LATE
        while time.monotonic() < ends:
            subject.same()
            time.sleep(PAUSE)
        raise
    subject.same()


@dataclass(slots=True)
class Attached:
    """A subject that somebody else started.

    Args:
        host: where looks go. Of Docker by its id: a name may pass on to another container.
        container: what the engine knows of it; None where no engine of ours runs it.
        known: the run of it that is being looked at, once `hold` was called.
    """

    host: Host
    container: Container | None = None
    known: Any = None

    def hold(self) -> None:
        """Remember which run of it is looked at from here on."""
        if self.container is not None:
            self.container.hold()
            self.known = self.container.known
        else:
            self.known = _identity(self.host)

    def same(self) -> None:
        """Make sure that it is still that run."""
        if self.container is not None:
            self.container.same()
            return
        now = _identity(self.host)
        if now != self.known:
            was, is_now = (", ".join(run or ()) for run in (self.known, now))
            raise CouldNotCheck(
                f"{self.host} changed while it was looked at: was {was}; is {is_now}",
                "What was seen meanwhile does not count; look again.",
            )


def attach(host: Host, connected: Callable[[], Engine]) -> Attached:
    """Return what a reference names, to be held and looked at.

    Args:
        host: the reference.
        connected: returns the container engine; called for Docker's containers only.

    Raises:
        Unavailable: what reaches it is missing here.
        CouldNotCheck: there is no such container.
    """
    require(host)
    if host.kind is not Kind.DOCKER:
        return Attached(host)
    container = connected().attach(host.name)
    return Attached(replace(host, name=container.id), container)


def _identity(host: Host) -> tuple[str, ...]:
    return _of_podman(host) if host.kind is Kind.PODMAN else _of_kernel(host)


def _of_podman(host: Host) -> tuple[str, ...]:
    """Return what podman says of a container: its id, its start, its state and its restarts."""
    command = ["podman", "container", "inspect", host.name]
    ran = client.run(command, who=f"the inspection of {host}", seconds=SECONDS)
    if ran.exit != 0:
        raise refusal(host, ran)
    try:
        (told,) = json.loads(ran.out)
        state = told["State"]
        found = (told["Id"], state["Status"], state["StartedAt"], told.get("RestartCount", 0))
    except (ValueError, KeyError, TypeError) as error:
        raise CouldNotCheck(f"podman does not say which run of {host} this is") from error
    if state["Status"] != "running":
        raise CouldNotCheck(
            f"{host} is not running but {state['Status']}", f"Read why: `podman logs {host.name}`."
        )
    return tuple(map(str, found))


def _of_kernel(host: Host) -> tuple[str, ...]:
    """Return which boot of the kernel this is, its name there, and the start of process 1.

    Inside a container process 1 is the container's own, and starts again with it.
    """
    paths = ("/proc/sys/kernel/random/boot_id", "/proc/1/stat", "/proc/sys/kernel/hostname")
    line = f"cat {' '.join(['%s'] * len(paths))}"
    ran = shell(host, line, *paths, who=f"the identity of {host}", seconds=SECONDS)
    if ran.exit != 0:
        raise refusal(host, ran)
    boot, _, rest = ran.out.decode("utf-8", "replace").strip().partition("\n")
    stat, _, name = rest.rpartition("\n")
    fields = stat.rpartition(")")[2].split()
    if len(fields) <= STARTED:
        raise CouldNotCheck(f"{host} does not say since when it runs", "It needs a Linux /proc.")
    return (f"boot {boot}", f"process 1 since tick {fields[STARTED]}", f"name {name}")
