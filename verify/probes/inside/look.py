"""Takes all facts from the inside of a deployment by one exec through a testinfra host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.probes import payload
from verify.probes.inside import hosts
from verify.probes.inside.reach import program, shell
from verify.probes.inside.refusals import NO_PYTHON, NoPython, NoShell, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.errors import VerifyError
    from verify.probes.inside.client import Ran

GRACE = 10.0
"""Seconds that an exec may take beyond the deadline the agent keeps inside."""


def look(
    where: hosts.Host | str,
    python: str,
    request: dict[str, Any],
    *,
    deadline: float,
    watch: Callable[[], None] = lambda: None,
    others: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Run `agent.py` once inside a host and return its facts.

    Args:
        where: the host, or how it is written, see hosts.py.
        python: the interpreter inside.
        request: what the agent is asked, see agent.py.
        deadline: seconds for everything it does.
        watch: called every second; raises when there is nothing to wait for any more.
        others: interpreters that may look instead, in this order, where that one is not there;
            `executable` among the facts says which one did.

    Raises:
        UsageError: there is no such kind of host.
        Unavailable: the client that reaches it is missing here, or Python there.
        CouldNotCheck: the host is gone, lets nobody in, or does not answer in time.
    """
    host = hosts.parse(where) if isinstance(where, str) else where
    hosts.require(host)
    given = payload.packed("agent.py", {"deadline": deadline, "lifeline": True, **request})
    who, seconds = f"the look inside {host}", deadline + GRACE

    def by_shell() -> Ran:
        names, rest = _places(interpreters), _places(given)
        line = (
            f'for python in {names}; do command -v "$python" >/dev/null 2>&1 '
            f'&& exec "$python" -I -S {rest}; done; echo "{NO_PYTHON}" {names} >&2; exit 127'
        )
        words = (*interpreters, *given, *interpreters)
        return shell(host, line, *words, who=who, seconds=seconds, watch=watch)

    def alone(interpreter: str) -> Ran:
        words = (interpreter, "-I", "-S", *given)
        return program(host, *words, who=who, seconds=seconds, watch=watch)

    interpreters = (python, *others)
    ran = by_shell()
    refused = _refused(host, ran)
    if isinstance(refused, NoShell):
        for interpreter in interpreters:
            ran = alone(interpreter)
            refused = _refused(host, ran)
            if not isinstance(refused, NoPython):
                break
    if refused is not None:
        raise refused
    out, err = (part.decode("utf-8", "replace") for part in (ran.out, ran.err))
    return payload.answer(out, err, who=who)


def _refused(host: hosts.Host, ran: Ran) -> VerifyError | None:
    """Return why a look brought no answer; None when it did.

    Even a whole answer does not count where whoever gave it was ended before its time.
    """
    return refusal(host, ran) if ran.exit != 0 else None


def _places(words: tuple[str, ...] | list[str]) -> str:
    """Return where each of these words is put in a line of shell."""
    return " ".join(["%s"] * len(words))
