"""One started container: where it is reached, what it logged, and whether it is still the same."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.probes.docker_errors import engine_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.models.containers import Container as DockerContainer

LOG_LINES = 30
"""Lines of a build's or container's log that a finding shows."""

STOPPING = 10
"""Seconds until a container that is told to stop is killed; 0.3 are usual."""

TERM = "SIGTERM"
"""By which an engine stops a container whose image asks for nothing else."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Identity:
    """What must not change while a container is looked at."""

    id: str
    started: str
    state: str
    restarts: int

    def __str__(self) -> str:
        return f"{self.id[:12]} {self.state} since {self.started}, {self.restarts} restarts"


@dataclass(slots=True)
class Container:
    """A started container.

    Args:
        raw: the SDK's object.
        ports: where on loopback each of its ports is published.
        started: when it was started, on the clock of `time.monotonic`.
        known: the run of it that is being looked at, once `hold` was called.
    """

    raw: DockerContainer
    ports: Mapping[int, int]
    started: float
    known: Identity | None = None

    @property
    def id(self) -> str:
        """The container's full id."""
        return str(self.raw.id)

    @property
    def image_id(self) -> str:
        """The id of the image it runs, as the engine names it."""
        return str(self.raw.attrs["Image"])

    @property
    def inspected(self) -> Mapping[str, Any]:
        """All of what the engine told of it when it was asked last."""
        attrs: Mapping[str, Any] = self.raw.attrs
        return attrs

    @property
    def stop_signal(self) -> str:
        """The signal that an engine stops it by: SIGTERM, unless its image asks for another."""
        return str((self.raw.attrs.get("Config") or {}).get("StopSignal") or TERM)

    def url(self, port: int) -> str:
        """Return the loopback address that leads to this port of the container."""
        return f"http://127.0.0.1:{self.ports[port]}"

    def identity(self) -> Identity:
        """Ask the engine which run of the container this is.

        Raises:
            CouldNotCheck: the container or the engine is gone.
        """
        with engine_errors("the container cannot be inspected"):
            listed = self.raw.client.api.containers(all=True, filters={"id": self.id})
            if listed and listed[0]["State"] == "paused":
                # To inspect it may hang: an exec that the pause froze halfway keeps its lock.
                return Identity(self.id, "an unknown time", "paused", 0)
            self.raw.reload()
        attrs = self.raw.attrs
        state = attrs["State"]
        return Identity(
            str(attrs["Id"]), state["StartedAt"], state["Status"], attrs.get("RestartCount", 0)
        )

    def hold(self) -> None:
        """Remember which run of the container is looked at from here on.

        Raises:
            CouldNotCheck: it is not running.
        """
        self.known = self.identity()
        if self.known.state != "running":
            raise CouldNotCheck(f"the container is not running but {self.known.state}")

    def same(self) -> None:
        """Make sure that it is still the run that was looked at first.

        Raises:
            CouldNotCheck: it was stopped, paused, restarted or removed since, so that what was
                seen meanwhile does not count.
        """
        now = self.identity()
        if now != self.known:
            raise CouldNotCheck(
                f"the container changed while it was looked at: was {self.known}, is {now}",
                "Read its log; what was seen meanwhile does not count.",
            )

    def memory_mb(self) -> float:
        """Return how much memory its processes hold, in MB; what the kernel could drop not counted.

        Raises:
            CouldNotCheck: the container or the engine is gone, or the engine does not count memory.
        """
        with engine_errors("its memory cannot be read"):
            # One sample instead of two a second apart, of which the engine would reckon CPU time.
            told = self.raw.client.api.stats(self.id, stream=False, one_shot=True)
        counted = told.get("memory_stats", {}).get("stats") or {}
        # Control groups version 2 and 1 have different names for it.
        held = sum(counted.get(name, 0) for name in ("anon", "shmem", "total_rss"))
        if not held:
            raise CouldNotCheck(
                "the engine does not say how much memory the container holds",
                "See whether it counts memory: `docker stats`.",
            )
        return float(held) / 1e6

    def log(self) -> str:
        """Return the end of the container's log, or why it cannot be read."""
        try:
            with engine_errors("its log cannot be read"):
                raw: bytes = self.raw.logs(tail=LOG_LINES)
        except CouldNotCheck as error:
            return error.diagnosis
        return plain(raw.decode("utf-8", "replace")).strip()

    def whole_log(self) -> str:
        """Return all the container has logged so far.

        Raises:
            CouldNotCheck: the engine cannot read it.
        """
        with engine_errors("its log cannot be read"):
            raw: bytes = self.raw.logs()
        return plain(raw.decode("utf-8", "replace"))

    def terminate(self, patience: float) -> int | None:
        """Send the signal that an engine stops it by, SIGTERM as a rule, and wait for the end.

        Args:
            patience: seconds to wait.

        Returns:
            The exit code; None when it still runs.

        Raises:
            CouldNotCheck: the engine cannot.
        """
        from requests import RequestException

        with engine_errors("it cannot be told to stop"):
            self.raw.kill(signal=self.stop_signal)
            # The SDK has several errors for a wait that is over; the state tells which it was.
            with contextlib.suppress(RequestException):
                return int(self.raw.wait(timeout=patience)["StatusCode"])
            self.raw.reload()
            state = self.raw.attrs["State"]
        return None if state["Running"] else int(state["ExitCode"])

    def finish(self) -> str:
        """Stop the container and return all it has logged.

        Raises:
            CouldNotCheck: the engine cannot.
        """
        with engine_errors("it cannot be stopped, or its log not be read"):
            self.raw.stop(timeout=STOPPING)
            raw: bytes = self.raw.logs()
        return raw.decode("utf-8", "replace")

    def ended(self) -> str:
        """Say how the container ended; empty while it runs."""
        self.identity()
        state = self.raw.attrs["State"]
        if state["Status"] in {"created", "running", "restarting"}:
            return ""
        why = " (out of memory)" if state.get("OOMKilled") else ""
        return f"{state['Status']} with exit code {state.get('ExitCode')}{why}"


def plain(text: str) -> str:
    """Return a log without the colours in it."""
    return _ANSI.sub("", text)
