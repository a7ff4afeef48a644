"""Says in words why a look inside brought no answer: one row for each way to be refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck, Unavailable, VerifyError
from verify.probes.inside.hosts import Host, Kind

if TYPE_CHECKING:
    from verify.probes.inside.client import Ran

NO_PYTHON = "verify: none of these is there:"
"""What our own line of shell says inside, where it finds no interpreter; see look.py."""

KILLED = frozenset({-9, 137})
"""Exit codes of a process that got SIGKILL: as a child, and as a shell tells it."""

STOPPED = 143
"""Exit code of an agent that ended itself: past its deadline, or told to."""

LONGEST = 300
"""Characters of what a client said that are shown."""

ENGINES = frozenset({Kind.DOCKER, Kind.PODMAN})
INSIDES = ENGINES | {Kind.KUBECTL}


class NoShell(Unavailable):
    """What is looked at has no /bin/sh, through which testinfra starts everything.

    An interpreter can be started there all the same, but nothing that is looked for first.
    """


class NoPython(Unavailable):
    """What is looked at has no interpreter that could look around there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way to be refused.

    Args:
        kinds: of the hosts that refuse so.
        said: what stands in the client's words then.
        raises: whether it can be tried again, or is lacking for good.
        diagnosis: in words; `{host}` is where.
        remedy: what to do.
    """

    kinds: frozenset[Kind]
    said: re.Pattern[str]
    raises: type[VerifyError]
    diagnosis: str
    remedy: str


def _row(
    kinds: frozenset[Kind], said: str, raises: type[VerifyError], diagnosis: str, remedy: str
) -> Row:
    return Row(kinds, re.compile(said, re.IGNORECASE), raises, diagnosis, remedy)


_KUBECTL = frozenset({Kind.KUBECTL})
_SSH = frozenset({Kind.SSH})
_ANY = frozenset(Kind)

ROWS = (
    # Inside, whichever way.
    _row(
        _ANY,
        re.escape(NO_PYTHON),
        NoPython,
        "{host} has none of the interpreters that were asked for",
        "Name the one it has, [image].python in verify.toml; without one only its files are known.",
    ),
    _row(
        INSIDES,
        r'exec: "?/bin/sh"?:|executable file [`"]?/bin/sh',
        NoShell,
        "{host} has no /bin/sh, through which its inside is reached",
        "Its processes and what is installed in it cannot be known.",
    ),
    _row(
        INSIDES,
        r'exec: "[^"]*": (executable file not found|stat |permission denied|no such file)|'
        r"executable file [`\"][^`\"]*[`\"] not found",
        NoPython,
        "{host} has none of the interpreters that were asked for",
        "Name the one it has, [image].python in verify.toml; without one only its files are known.",
    ),
    _row(
        _ANY,
        r"sudo: .*(password|terminal|not allowed|not in the sudoers|not found)",
        CouldNotCheck,
        "{host} has no sudo, or none for us without a password",
        "Leave `sudo` out of the reference, or allow it there for /bin/sh.",
    ),
    # Docker and Podman.
    _row(
        ENGINES,
        r"no such container|no container with name or id|no such object",
        CouldNotCheck,
        "there is no {host}",
        "See which there are: `{command} ps --all`.",
    ),
    _row(
        ENGINES,
        r"is paused|container state improper.*paused",
        CouldNotCheck,
        "{host} is paused",
        "Let it go on: `{command} unpause {name}`.",
    ),
    _row(
        ENGINES,
        r"is restarting",
        CouldNotCheck,
        "{host} is restarting; its process ends again and again",
        "Read why: `{command} logs {name}`.",
    ),
    _row(
        ENGINES,
        r"is not running|container state improper|only create exec sessions on running|"
        r"cannot exec in a stopped (container|state)|container not running|is (dead|removing)",
        CouldNotCheck,
        "{host} is not running",
        "Read why: `{command} logs {name}`; start it: `{command} start {name}`.",
    ),
    _row(
        ENGINES,
        r"unable to find (user|group)|no matching entries in (passwd|group) file",
        CouldNotCheck,
        "{host} does not know the user {user!r}",
        "Name one of its own, or a number.",
    ),
    _row(
        ENGINES,
        r"permission denied while trying to connect|dial unix .*permission denied|"
        r"got permission denied",
        CouldNotCheck,
        "the engine does not let this user in",
        "Join its group: `sudo usermod -aG docker $USER`, and sign in again.",
    ),
    _row(
        ENGINES,
        r"cannot connect to (the docker daemon|podman)|is the docker daemon running|"
        r"error during connect|unexpected EOF|connection reset|broken pipe|"
        r"unable to connect to podman",
        CouldNotCheck,
        "the engine went away, or does not answer",
        "See whether it still does: `{command} info`.",
    ),
    # Kubernetes.
    _row(
        _KUBECTL,
        r"\(NotFound\): namespaces",
        CouldNotCheck,
        "the cluster has no namespace of that name",
        "See which there are: `kubectl get namespaces`.",
    ),
    _row(
        _KUBECTL,
        r"\(NotFound\)|container not found",
        CouldNotCheck,
        "the cluster has no {host}, or the pod runs no such container now",
        "See which there are: `kubectl get pods --all-namespaces`.",
    ),
    _row(
        _KUBECTL,
        r"container .* is not valid for pod|unable to find container",
        CouldNotCheck,
        "{host} has no container of that name",
        "See which it has: `kubectl get pod {name} -o jsonpath={{.spec.containers[*].name}}`.",
    ),
    _row(
        _KUBECTL,
        r"\(Forbidden\)",
        CouldNotCheck,
        "the cluster forbids to look inside {host}",
        "Ask for the right `create` on `pods/exec` there.",
    ),
    _row(
        _KUBECTL,
        r"\(Unauthorized\)|must be logged in|no auth provider|executable .* not found in",
        CouldNotCheck,
        "the cluster does not know who asks",
        "Sign in to it again; `kubectl auth whoami` tells who you are.",
    ),
    _row(
        _KUBECTL,
        r"completed pod|current phase is|does not have a host assigned|container is not created",
        CouldNotCheck,
        "{host} is not running",
        "Read why: `kubectl describe pod {name}`.",
    ),
    _row(
        _KUBECTL,
        r"context .* does not exist|no configuration has been provided|current-context",
        CouldNotCheck,
        "kubectl is not set up for the cluster that is meant",
        "Name it: `kubectl://POD?context=…&kubeconfig=…`; `kubectl config get-contexts` shows all.",
    ),
    _row(
        _KUBECTL,
        r"connection to the server .* was refused|unable to connect to the server|"
        r"error dialing backend|i/o timeout|unexpected EOF|lost connection|no such host|"
        r"unable to upgrade connection",
        CouldNotCheck,
        "the cluster, or the machine the pod runs on, does not answer",
        "See whether it still does: `kubectl cluster-info`.",
    ),
    # Another machine.
    _row(
        _SSH,
        r"could not resolve hostname|name or service not known",
        CouldNotCheck,
        "{host} is a name that nobody knows",
        "Mend the name, or give its address.",
    ),
    _row(
        _SSH,
        r"connection refused",
        CouldNotCheck,
        "{host} takes no connection by ssh",
        "See whether sshd runs there, and on which port: ssh://HOST:PORT.",
    ),
    _row(
        _SSH,
        r"connection timed out|no route to host|network is unreachable|operation timed out",
        CouldNotCheck,
        "{host} is not reached over the network",
        "See whether it is up, and what stands between.",
    ),
    _row(
        _SSH,
        r"host key verification failed|host identification has changed|no .* host key is known",
        CouldNotCheck,
        "{host} is not known by its key, or has another one than before",
        "Compare its key, and accept it by hand: `ssh {name}`.",
    ),
    _row(
        _SSH,
        r"permission denied|too many authentication failures|no supported authentication|"
        r"load key .*",
        CouldNotCheck,
        "{host} does not let us in",
        "Use a key it accepts: ssh://USER@HOST?ssh_identity_file=FILE; nobody is asked a password.",
    ),
    _row(
        _SSH,
        r"connection (to .*)?(closed|reset)|broken pipe|kex_exchange|banner exchange|"
        r"timeout, server|lost connection",
        CouldNotCheck,
        "the connection to {host} broke",
        "See whether it is up, and what stands between.",
    ),
)


def refusal(host: Host, ran: Ran) -> VerifyError:
    """Return why a client that failed brought no answer, as the error to raise.

    Args:
        host: where it was sent.
        ran: what came of it; its exit code is not 0.
    """
    said = ran.said
    for row in ROWS:
        if host.kind in row.kinds and row.said.search(said):
            words = {
                "host": str(host),
                "name": host.name,
                "user": host.user,
                "command": host.command,
            }
            return row.raises(
                f"{row.diagnosis.format_map(words)}{_quoted(row.said, said)}",
                row.remedy.format_map(words),
            )
    if ran.exit in KILLED:
        return CouldNotCheck(
            f"the look inside {host} was killed before it was done",
            "See whether it was restarted, or ran out of memory, and look again.",
        )
    if ran.exit == STOPPED:
        return CouldNotCheck(
            f"the look inside {host} was not done by its deadline, and ended itself",
            "See whether its machine is overloaded, and look again.",
        )
    tail = said[-LONGEST:] or "it said nothing"
    return CouldNotCheck(f"the look inside {host} ended with exit code {ran.exit}: {tail}")


def _quoted(pattern: re.Pattern[str], said: str) -> str:
    """Return the line in which it was said."""
    for line in said.splitlines():
        if pattern.search(line):
            return f": {line.strip()[:LONGEST]}"
    return ""
