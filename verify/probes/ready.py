"""Waits for a page that is there, rather than for a port that is open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from verify.errors import CouldNotCheck, SubjectBroken
from verify.probes import wire
from verify.probes.health import health
from verify.probes.protocol.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.probes.container import Container


class Started(NamedTuple):
    """A container with its first page.

    Args:
        container: the container, running.
        page: the first page it gave.
        seconds: from its start to that page.
    """

    container: Container
    page: wire.Page
    seconds: float


class Begun(NamedTuple):
    """A server of this machine with its first page.

    Args:
        page: the first page it gave.
        seconds: from the start of its process to that page.
    """

    page: wire.Page
    seconds: float


class Refusals(NamedTuple):
    """What was seen of each retired file, and of the entry, under `streamlit run`.

    Args:
        pages: the page that each gave to its first visitor.
        again: and to its second, of those that came to an end for the first.
        effects: what each did besides, as (verb, rest of the sentence); "runs" says that it ran.
    """

    pages: dict[str, wire.Page]
    again: dict[str, wire.Page]
    effects: dict[str, list[list[str]]]


PAUSE = 0.02
"""Seconds between two looks at a server that does not answer yet."""

SETTLING = 1.0
"""Seconds until an engine knows that a container has ended; 0.1 are usual."""

KILLED = "exit code 137"
"""How what is told of a container ends that got SIGKILL, and not for want of memory."""


def first_page(
    url: str, *, what: str, ended: Callable[[], str], log: Callable[[], str], deadline: float
) -> wire.Page:
    """Return the first page that a starting server gives, complete or not.

    Args:
        url: the server's address.
        what: names it for people.
        ended: says how it ended; empty while it runs.
        log: the end of its log.
        deadline: seconds for all of it.

    Raises:
        SubjectBroken: it ended, did not get healthy in time, refuses visitors, or ended by itself
            when its first visitor came; carries its log.
        CouldNotCheck: it got healthy, and then did not speak, or was killed.
    """
    ends = time.monotonic() + deadline
    answer = "no answer"
    while (answer := health(url) or answer) != "ok":
        if how := ended():
            raise SubjectBroken(what, expected="serves its page", got=how, log=log())
        if time.monotonic() > ends:
            raise SubjectBroken(
                what,
                expected=f"is healthy within {deadline:g} s",
                got=f"{answer} until then",
                log=log(),
            )
        time.sleep(PAUSE)
    try:
        return wire.read(url, deadline=max(1.0, ends - time.monotonic()))
    except Refused as error:
        # The server is up, and lets nobody in: operators get a page that never connects.
        raise SubjectBroken(
            what, expected="lets visitors in", got=error.diagnosis, log=log()
        ) from error
    except CouldNotCheck as error:
        if how := _ended_by_itself(ended):
            raise SubjectBroken(what, expected="serves its page", got=how, log=log()) from error
        raise


def _ended_by_itself(ended: Callable[[], str]) -> str:
    """Say how a server ended that let go of its visitor; empty when it runs, or was killed.

    Whoever kills a container from outside is no fault of what runs in it.
    """
    until = time.monotonic() + SETTLING
    while not (how := ended()) and time.monotonic() < until:
        time.sleep(PAUSE)
    return "" if how.endswith(KILLED) else how
