"""A container of a pod, through kubectl."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.comparison import ImageSeen, Ran
from verify.probes.targets.near import near, not_running
from verify.probes.targets.target import RUNNING, Target
from verify.probes.targets.told import Refused, ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.inside.hosts import Host

DEFAULT = "kubectl.kubernetes.io/default-container"
"""The annotation that names the container meant when none is named; else it is the first."""


class KubectlTarget(Target):
    """A running container of a pod.

    Args:
        host: names the pod, and in its options the rest.
        seconds: for one command.

    Raises:
        CouldNotCheck: there is no such pod or container, or it does not run.
    """

    def __init__(self, host: Host, seconds: float) -> None:
        super().__init__(host)
        self._seconds = seconds
        status = self._status()
        states: dict[str, Any] = status.get("state") or {"not started": {}}
        state, told = next(iter(states.items()))
        if state != RUNNING:
            raise not_running(str(host), state, str(told.get("reason", "")), host.name, "kubectl")
        self.ran = Ran(
            id=str(status.get("containerID", "")).rpartition("://")[2],
            name=f"{host.name}/{status['name']}",
            started=str(told.get("startedAt", "")),
            state=state,
            restarts=int(status.get("restartCount") or 0),
        )
        self.image = _image(status)

    def _ask(self, *words: str) -> Any:
        options = self.host.options
        command = ["kubectl"]
        for name in ("kubeconfig", "context", "namespace"):
            if name in options:
                command += [f"--{name}", options[name]]
        return ask([*command, *words], who=f"kubectl {words[0]}", seconds=self._seconds)

    def _status(self) -> Mapping[str, Any]:
        """Return what the cluster says of the container that is meant."""
        name = self.host.name
        try:
            pod = self._ask("get", "pod", name, "--output", "json")
        except Refused as error:
            if "(NotFound): pods" not in error.said:
                raise
            pods = self._ask("get", "pods", "--output", "json")["items"]
            names = [one["metadata"]["name"] for one in pods]
            raise near("pod", name, names, "kubectl get pods") from error
        rows = {row["name"]: row for row in pod["status"].get("containerStatuses") or ()}
        first = pod["spec"]["containers"][0]["name"]
        usual = (pod["metadata"].get("annotations") or {}).get(DEFAULT, first)
        wanted = self.host.options.get("container", usual)
        if wanted not in rows:
            raise near(f"container in {self.host} named", wanted, rows, "kubectl describe pod")
        row: Mapping[str, Any] = rows[wanted]
        return row


def _image(status: Mapping[str, Any]) -> ImageSeen:
    """Read the image off a status: behind `@` stands the manifest's digest of one pulled.

    Without one it is the config's digest, of an image that was put there and never pulled.
    """
    pulled = str(status.get("imageID", ""))
    bare = pulled.rpartition("://")[2]
    manifest = bare.rpartition("@")[2] if "@" in bare else None
    config = bare if manifest is None and bare.startswith("sha256:") else None
    return ImageSeen(
        id=pulled,
        tag=str(status.get("image", "")),
        config_digest=config,
        manifest_digest=manifest,
    )
