"""The log has no fault in it, and no secret.

Why: what nobody has seen on the page still went wrong, and a log is read by many and kept for long.
Fix: mend what the traceback names; write no environment, no address with credentials and no
unredacted error text into a log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import AtLeast, Observation
from verify.probes import log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.drill import Drill
    from verify.probes.ready import Started
    from verify.probes.wire import Page

LAST = True  # whatever the other gates made the dashboard do is in the log by then

RUNNING = "the running container's log"


def gate_container(container: Started, container_log: str, drill: Drill) -> Iterator[Observation]:
    """Read the log of the running container, and of one with secrets from its start to its end."""
    yield from _judge(RUNNING, container_log, container.page.url)
    yield from _judge("the log of the container with secrets", drill.look.log, drill.look.page.url)
    for variable, places in drill.look.seen.items():
        got = "in the log" if log.LOG in places else "not in the log"
        yield Observation(f"the secret in {variable}", "not in the log", got, drill.look.page.url)


def gate_live(page: Page, live_log: str) -> Iterator[Observation]:
    """Read the log of the running container again, after its visitors."""
    yield from _judge(RUNNING, live_log, page.url)


def _judge(which: str, text: str, path: str) -> Iterator[Observation]:
    lines = [line for line in text.splitlines() if line.strip()]
    yield Observation(f"lines in {which}", AtLeast(1), len(lines), path)
    for fault in log.faults(text) or ("",):
        yield Observation(f"faults in {which}", "", fault, path)
