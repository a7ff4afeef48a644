"""Runs something on a host of testinfra's, with bounds that testinfra does not have."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from verify.probes.engine import DEFAULT_SOCKET
from verify.probes.inside import client
from verify.probes.inside.hosts import Host, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.probes.inside.client import Ran

SSH = (
    "-o BatchMode=yes "  # nobody is there to type a password
    "-o ControlMaster=no "  # a connection kept for later would be left behind
    "-o ServerAliveInterval=10"  # a machine that is gone says nothing, for ever
)
"""What ssh is told besides."""

SHELL = ("/bin/sh", "-c", "true")
"""The end of the command line by which testinfra has `true` run in a container."""


def shell(
    host: Host,
    line: str,
    *words: str,
    who: str,
    seconds: float,
    watch: Callable[[], None] = lambda: None,
) -> Ran:
    """Run one line of shell there, and wait for its end.

    Args:
        host: where.
        line: the line; each %s in it is one of `words`, quoted.
        words: what is put into it.
        who: what this is, for people.
        seconds: until it must have ended.
        watch: called every second; raises when there is nothing to wait for any more.

    Raises:
        CouldNotCheck: it did not end in time.
    """
    ran: list[Ran] = []

    def run(command: list[str]) -> int:
        ran.append(client.run(command, who=who, seconds=seconds, watch=watch, env=_env(host)))
        return ran[0].exit

    _through(host, run, line, *words)
    return ran[0]


def program(
    host: Host, *words: str, who: str, seconds: float, watch: Callable[[], None] = lambda: None
) -> Ran:
    """Run one program in a container that has no shell, and wait for its end.

    Args:
        host: where.
        words: the program and its arguments.
        who: what this is, for people.
        seconds: until it must have ended.
        watch: called every second; raises when there is nothing to wait for any more.

    Raises:
        CouldNotCheck: it did not end in time.
    """
    commands: list[list[str]] = []

    def note(command: list[str]) -> int:
        commands.append(command)
        return 0

    # The client's command line, but for the shell that testinfra has it start there.
    _through(host, note, "true")
    command = [*commands[0][: -len(SHELL)], *words]
    return client.run(command, who=who, seconds=seconds, watch=watch, env=_env(host))


def _through(host: Host, run: Callable[[list[str]], int], line: str, *words: str) -> None:
    """Have testinfra make the client's command line, and another run it.

    Args:
        host: where.
        run: runs the client and returns its exit code.
        line: a line of shell; each %s in it is one of `words`, quoted.
        words: what is put into it.
    """
    from testinfra.backend import get_backend
    from testinfra.host import Host as Reached

    backend = get_backend(host.spec, **_besides(host))
    # Else it asks the host for it, by an exec of its own.
    backend._encoding = "utf-8"  # noqa: SLF001 - there is no other way to say it
    ended = False

    def run_local(command: str, *args: str) -> Any:
        """Stand in for testinfra's own, which waits for ever and reads all there is."""
        nonlocal ended
        code = run(_command(host, command, args))
        ended = True
        return backend.result(code, b"", b"", b"")

    backend.run_local = run_local
    reached = Reached(backend)
    backend.set_host(reached)
    if host.kind is Kind.SSH:
        # Whoever signs in there may have a shell of another language.
        line, words = "exec /bin/sh -c %s", (backend.quote(line, *words),)
    try:
        reached.run(line, *words)
    except RuntimeError:  # testinfra's word for an ssh that failed; its exit code says the same
        if not ended:
            raise


def _besides(host: Host) -> dict[str, Any]:
    return {"ssh_extra_args": SSH, "controlpersist": 0} if host.kind is Kind.SSH else {}


def _command(host: Host, command: str, args: tuple[str, ...]) -> list[str]:
    """Return the client's argument vector for a command line that testinfra made."""
    if host.kind is Kind.LOCAL:
        line = command % tuple(shlex.quote(arg) for arg in args) if args else command
        return ["/bin/sh", "-c", line]
    if host.kind is not Kind.SSH:
        # With its standard input: what runs inside can tell from its end that we are gone.
        command = command.replace("exec %s", "exec -i %s", 1).replace("exec -u", "exec -i -u", 1)
        command = command.replace('"%s"', "%s")  # quoted twice, a name with a space is another
    return shlex.split(command % tuple(shlex.quote(arg) for arg in args))


def _env(host: Host) -> dict[str, str]:
    """Return the client's environment: of Docker's, to the same engine as the SDK of ours."""
    if host.kind is Kind.DOCKER:
        return {"DOCKER_HOST": DEFAULT_SOCKET, **os.environ}
    return dict(os.environ)
