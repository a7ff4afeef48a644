"""Opens many sessions at the same time, and says what came of each: facts, no judgement."""

from __future__ import annotations

import ipaddress
import math
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from verify.errors import CouldNotCheck, UsageError
from verify.probes.access import ANYBODY, Access
from verify.probes.crowd import Crowd, Seen
from verify.probes.protocol.protobuf import ProtobufError
from verify.probes.server_metrics import Counts

MOST: Final = 500
"""Sessions at once; with more, the limits of this machine would be measured."""

ANYWHERE: Final = "--sessions-anywhere"
"""The option that asks for a burst on another machine."""

_LONGEST: Final = 200  # characters of a reason
_SO_FAR: Final = re.compile(r" after \d+ bytes")  # differs from session to session


@dataclass(frozen=True, slots=True)
class Around:
    """What was seen of the server around a burst.

    Args:
        calm: how many things the page of a session drew that came alone, before.
        before: what the server said of its sessions before; None where it says nothing of them.
        peak: the same, when all were connected.
        after: the same, when they had left and it was at rest, or was given up.
        growth_mb: by how much the memory of its container grew; None when it was not looked at.
        pool: what the page said of the database's connections after; empty when not looked at.
        trouble: why the server could not be looked at after; empty when it could.
    """

    calm: int
    before: Counts | None = None
    peak: Counts | None = None
    after: Counts | None = None
    growth_mb: float | None = None
    pool: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of sessions that were opened at the same time.

    Args:
        url: the page, without user and password.
        sessions: how many were asked for.
        connected: how many of them were connected at once.
        seconds: of each complete page, from the moment all asked to its end; the fastest first.
        failures: why the others are not complete, and how many of each; the most frequent first.
        elements: how many things most of the pages without fault drew; 0 where there is none.
        wall_seconds: from the first connection to the last goodbye.
        bytes: received from the server by all of them.
        around: what was seen of the server before and after, when that was looked at.
    """

    url: str
    sessions: int
    connected: int
    seconds: tuple[float, ...]
    failures: tuple[tuple[str, int], ...]
    elements: int
    wall_seconds: float
    bytes: int
    around: Around | None = None

    @property
    def complete(self) -> int:
        """How many pages are complete."""
        return len(self.seconds)

    @property
    def p50(self) -> float | None:
        """The time within which half of the complete pages came, see `percentile`."""
        return self.percentile(50)

    @property
    def p95(self) -> float | None:
        """The time within which 95 of 100 complete pages came, see `percentile`."""
        return self.percentile(95)

    @property
    def max(self) -> float | None:
        """The time within which all complete pages came."""
        return self.percentile(100)

    def percentile(self, percent: float) -> float | None:
        """Return a time that was really measured, by nearest rank; None where no page is complete.

        Args:
            percent: how many of a hundred complete pages came within it; above 0, at most 100.
        """
        if not self.seconds:
            return None
        return self.seconds[math.ceil(percent * len(self.seconds) / 100) - 1]


def burst(
    url: str,
    *,
    sessions: int,
    deadline: float,
    access: Access = ANYBODY,
    fault_text: str = "",
    sentinel: str = "",
    connected: Callable[[], None] = lambda: None,
) -> Burst:
    """Open sessions at the same time, and read the first page of each.

    All connect first. Then all ask for their first run together, and each stays connected until
    all are complete or given up. A page is complete when its run succeeded, drew no exception and
    no fault, drew the sentinel, and drew no less than most of the others.

    Args:
        url: where the dashboard is served, with its base path; http or https.
        sessions: how many.
        deadline: seconds for all of it; a little more for the goodbyes.
        access: what goes along with each connection.
        fault_text: stands on the page where it caught an error itself; empty for nothing.
        sentinel: is drawn last by each run of the script; empty for nothing.
        connected: called once, when all are connected and before any of them asks.

    Raises:
        UsageError: the URL is not one of a web page, or it is no sensible number of sessions.
        CouldNotCheck: not one of them could connect, or this machine cannot open so many.
    """
    # Loaded by the first look only: a run without this stage does not pay for it.
    from verify.probes.protocol.websocket import split

    if not 1 <= sessions <= MOST:
        raise UsageError(f"{sessions} sessions at once cannot be had.", f"Ask for 1 to {MOST}.")
    parts, began = split(url), time.monotonic()
    tls = access.tls() if parts.scheme == "https" else None
    crowd = Crowd(parts, sessions, began + deadline, access, tls, (fault_text, sentinel))
    try:
        refused = crowd.connect()
        _tell_own(refused)
        if len(refused) == sessions:
            raise refused[0]
        connected()
        told = crowd.read(sessions - len(refused))
    finally:
        crowd.leave()
    crowd.join()
    lost = [one for one in told if isinstance(one, Exception)]
    _tell_own(lost)
    seen = [one for one in told if isinstance(one, Seen)]
    usual = _usual([one.elements for one in seen if not one.fault])
    reasons = Counter(_reason(error) for error in (*refused, *lost))
    reasons.update(one.fault.splitlines()[0][:_LONGEST] for one in seen if one.fault)
    whole = [one for one in seen if not one.fault]
    reasons.update(
        f"{one.elements} elements, where most pages have {usual}"
        for one in whole
        if one.elements < usual
    )
    return Burst(
        url=parts.geturl(),
        sessions=sessions,
        connected=sessions - len(refused),
        seconds=tuple(sorted(one.seconds for one in whole if one.elements >= usual)),
        failures=tuple(reasons.most_common()),
        elements=usual,
        wall_seconds=time.monotonic() - began,
        bytes=sum(crowd.received),
    )


def _usual(counts: list[int]) -> int:
    """Return the most frequent count, the largest of several."""
    often = Counter(counts)
    return max(often, key=lambda count: (often[count], count), default=0)


def _tell_own(errors: Iterable[Exception]) -> None:
    """Raise what is no fault of the server: a limit of this machine, or a fault in this program."""
    for error in errors:
        if isinstance(error, CouldNotCheck | ProtobufError | TimeoutError):
            continue
        if isinstance(error, OSError):
            raise CouldNotCheck(
                f"This machine cannot open so many connections: {error.strerror}.",
                "Ask for fewer sessions, or raise the limit of open files: `ulimit -n`.",
            ) from error
        raise error


def _reason(error: Exception) -> str:
    """Say why a session got no page."""
    if isinstance(error, ProtobufError):
        return f"bytes that are not Streamlit's protocol: {error}"
    said = error.diagnosis if isinstance(error, CouldNotCheck) else "gave up before it could ask"
    return _SO_FAR.sub("", said).splitlines()[0][:_LONGEST]


def require_loopback(url: str, *, allowed: bool = False) -> None:
    """Make sure that a burst hits nobody by mistake: only this machine, unless asked for.

    Args:
        url: the page.
        allowed: whether another machine was asked for.

    Raises:
        UsageError: the URL leads to another machine, or is not one of a web page.
        CouldNotCheck: its host is not found.
    """
    from verify.probes.protocol.websocket import split

    parts = split(url)
    if allowed:
        return
    host = parts.hostname or ""
    try:
        rows = socket.getaddrinfo(host, parts.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CouldNotCheck(
            f"The host {host} was not found: {error}.", "Correct the URL."
        ) from error
    elsewhere = [str(row[4][0]) for row in rows if not _is_loopback(str(row[4][0]))]
    if elsewhere:
        where = host if host in elsewhere else f"{host} ({elsewhere[0]})"
        raise UsageError(
            f"Many sessions at once are for this machine only, and {where} is not its loopback.",
            f"Add {ANYWHERE} if that server is yours to load, or name 127.0.0.1.",
        )


def _is_loopback(address: str) -> bool:
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback
