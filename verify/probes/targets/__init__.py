"""What is known of something that runs besides what a look inside it brings back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.probes.inside import hosts
from verify.probes.inside.hosts import Kind
from verify.probes.targets.target import Target

if TYPE_CHECKING:
    from verify.probes.inside.hosts import Host

__all__ = ["Target", "target"]


def target(host: Host, *, run_id: str, seconds: float) -> Target:
    """Return what a host names, which must be running; nothing is looked at yet.

    Args:
        host: what was asked for.
        run_id: names this run.
        seconds: for one request to an engine.

    Raises:
        Unavailable: what reaches it is missing here.
        CouldNotCheck: there is no such thing, it does not run, or its engine does not answer.
    """
    hosts.require(host)
    if host.kind is Kind.DOCKER:
        from verify.probes.targets.docker import DockerTarget

        return DockerTarget(host, run_id, seconds)
    if host.kind is Kind.PODMAN:
        from verify.probes.targets.podman import PodmanTarget

        return PodmanTarget(host, seconds)
    if host.kind is Kind.KUBECTL:
        from verify.probes.targets.kubectl import KubectlTarget

        return KubectlTarget(host, seconds)
    return Target(host)
