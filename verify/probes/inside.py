"""Reaches the inside of a deployment through a testinfra host, with one exec for all facts."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck, Unavailable
from verify.probes import payload

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 10.0
"""Seconds that an exec may take beyond the deadline the agent keeps inside."""


def look(
    host_spec: str,
    python: str,
    request: dict[str, Any],
    *,
    deadline: float,
    watch: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Run `agent.py` once inside a host and return its facts.

    Args:
        host_spec: where, as testinfra writes it: `docker://ID`, `ssh://...`, `local://`.
        python: the interpreter inside.
        request: what the agent is asked, see agent.py.
        deadline: seconds for everything it does.
        watch: called every second; raises when there is nothing to wait for any more.

    Raises:
        Unavailable: the command line client that testinfra needs is missing here.
        CouldNotCheck: the host is gone, has no such interpreter, or does not answer in time.
    """
    kind = host_spec.partition("://")[0]
    if kind == "docker" and shutil.which("docker") is None:
        raise Unavailable(
            "the `docker` command is missing, through which the inside of a container is reached",
            "Install Docker's command line client; as root, scripts/provision.sh does it.",
        )
    import testinfra

    host = testinfra.get_host(host_spec)
    words = [python, "-I", "-S", *payload.packed("agent.py", {"deadline": deadline, **request})]
    result: list[Any] = []

    def run() -> None:
        result.append(host.run(" ".join(["%s"] * len(words)), *words))

    # testinfra has no time limit of its own. The thread that waits for a stuck exec is left to
    # itself; the exec ends when its container is removed.
    worker = threading.Thread(target=run, daemon=True, name=f"look {host_spec}")
    worker.start()
    ends = time.monotonic() + deadline + GRACE
    while worker.is_alive() and time.monotonic() < ends:
        worker.join(1.0)
        watch()
    if not result:
        raise CouldNotCheck(
            f"the look inside {host_spec} did not come back within {deadline + GRACE:g} s",
            "See whether the container is paused, or its machine overloaded.",
        )
    return payload.answer(result[0].stdout, result[0].stderr, who=f"the look inside {host_spec}")
