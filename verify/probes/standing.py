"""Asks the engine how a running container stands: whether it is healthy, and what it may do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from verify.probes.trials import limit, seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.container import Container

HEALTHY: Final = "healthy"
STARTING: Final = "starting"
UNCHECKED: Final = "not checked"
"""What is said of the health of a container whose image has no health check."""

USUAL: Final = 30.0
"""Seconds between two checks where the image does not say (Docker's default)."""

RETRIES: Final = 3
"""Checks that must fail one after the other where the image does not say (Docker's default)."""

PAUSE: Final = 0.1
"""Seconds between two questions to the engine."""

LONGEST: Final = 300
"""Characters of what a check said that are shown."""

SOCKETS: Final = tuple(
    f"{folder}/{name}"
    for folder in ("/run", "/var/run")
    for name in (
        "docker.sock",
        "containerd/containerd.sock",
        "podman/podman.sock",
        "crio/crio.sock",
    )
)
"""Where engines listen on their machine: whoever may speak there may do everything."""

NAMESPACES: Final = {
    "NetworkMode": "network",
    "PidMode": "processes",
    "IpcMode": "shared memory",
    "UTSMode": "host name",
    "UsernsMode": "users",
}
"""By the engine's names: what a container may share with its machine. Control groups are not among
them: where they are of version 1, sharing those is the rule (cgroup_namespaces(7))."""


@dataclass(frozen=True, slots=True)
class Health:
    """What the engine says of a container's health.

    Args:
        status: `healthy`, `unhealthy`, `starting`, or that nobody checks it.
        failed: how many of the last checks failed.
        said: what the last one that failed said.
    """

    status: str
    failed: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """What the engine lets a container do on its machine; all of it empty is best.

    Args:
        privileged: whether it may do everything.
        shared: what it shares with its machine.
        capabilities: those that were added.
        unconfined: what of seccomp, AppArmor or SELinux was switched off for it.
        devices: of the machine, that it may use.
        sockets: of engines, that it may speak to.
    """

    privileged: bool
    shared: tuple[str, ...]
    capabilities: tuple[str, ...]
    unconfined: tuple[str, ...]
    devices: tuple[str, ...]
    sockets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a running container stands with its engine.

    Args:
        health: None where the engine has no opinion yet, and nobody waited for one.
        granted: what it may do.
    """

    health: Health | None
    granted: Granted


def ask(container: Container, config: Mapping[str, Any]) -> Standing:
    """Wait until the engine has an opinion on the container's health, and return all it tells.

    Args:
        container: running, and serving its page.
        config: the image's configuration.

    Raises:
        CouldNotCheck: the container or the engine went away.
    """
    # As many failures as the engine needs by itself, but without the time it lets pass first.
    retries = int((config.get("Healthcheck") or {}).get("Retries") or RETRIES)
    each = (seconds_of(config, "Interval") or USUAL) + limit(config)
    ends = container.started + seconds_of(config, "StartPeriod") + (retries + 1) * each
    while True:
        container.same()
        health = _health(container.raw.attrs)
        if health.status in {HEALTHY, "unhealthy", UNCHECKED} or health.failed > retries:
            break
        if time.monotonic() > ends:
            break
        time.sleep(PAUSE)
    return Standing(health, granted(container.raw.attrs))


def at_once(attrs: Mapping[str, Any]) -> Standing:
    """Return what the engine says of a container now; its health only when it has been checked."""
    health = _health(attrs)
    return Standing(None if health.status == STARTING else health, granted(attrs))


def granted(attrs: Mapping[str, Any]) -> Granted:
    """Return what the engine's own record of a container grants it."""
    host = attrs.get("HostConfig") or {}
    sources = [str(mount.get("Source") or "") for mount in attrs.get("Mounts") or ()]
    return Granted(
        privileged=bool(host.get("Privileged")),
        shared=tuple(what for name, what in NAMESPACES.items() if host.get(name) == "host"),
        capabilities=tuple(host.get("CapAdd") or ()),
        unconfined=tuple(option for option in host.get("SecurityOpt") or () if _unconfines(option)),
        devices=tuple(device["PathOnHost"] for device in host.get("Devices") or ()),
        sockets=tuple(
            socket
            for socket in SOCKETS
            if any(f"{socket}/".startswith(f"{one.rstrip('/')}/") for one in sources if one)
        ),
    )


def _unconfines(option: str) -> bool:
    name, _, value = option.replace("=", ":").partition(":")
    return value == "unconfined" or (name == "label" and value == "disable")


def _health(attrs: Mapping[str, Any]) -> Health:
    told = attrs["State"].get("Health")
    if not told or told["Status"] == "none":
        return Health(UNCHECKED)
    failed = [one for one in told.get("Log") or () if one["ExitCode"] != 0]
    said = failed[-1]["Output"].strip()[-LONGEST:] if failed else ""
    return Health(told["Status"], len(failed), said)
