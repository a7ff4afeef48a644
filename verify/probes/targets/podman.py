"""A container of Podman, through its command line client."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from verify.comparison import ImageSeen, Ran
from verify.difference import Change
from verify.probes.changes import Changes
from verify.probes.targets.docker import OCI
from verify.probes.targets.near import near, not_running
from verify.probes.targets.target import RUNNING, Target
from verify.probes.targets.told import Refused, ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.inside.hosts import Host

KINDS = {"changed": Change.CHANGED, "added": Change.EXTRA, "deleted": Change.MISSING}
"""By Podman's names of them."""


class PodmanTarget(Target):
    """A running container of Podman.

    Args:
        host: names it, by its name or the beginning of its id.
        seconds: for one command.

    Raises:
        CouldNotCheck: there is no such container, or it does not run.
    """

    def __init__(self, host: Host, seconds: float) -> None:
        self._seconds = seconds
        told = self._inspected(host.name)
        name, state = str(told["Name"]), told["State"]
        if state["Status"] != RUNNING:
            ended = f"exit code {state.get('ExitCode')}"
            raise not_running(f"container {name}", state["Status"], ended, name, "podman")
        super().__init__(replace(host, name=told["Id"]))
        restarts = int(told.get("RestartCount") or 0)
        self.ran = Ran(told["Id"], name, str(state["StartedAt"]), state["Status"], restarts)
        self.folder = str((told.get("Config") or {}).get("WorkingDir") or "")
        self.image = self._image(told)
        self._mounts = {
            str(mount["Destination"]): str(mount.get("Type", "mount"))
            for mount in told.get("Mounts") or ()
        }

    def _ask(self, *words: str) -> Any:
        who = f"podman {' '.join(words[:2])}"
        return ask(["podman", *words], who=who, seconds=self._seconds)

    def _inspected(self, name: str) -> Mapping[str, Any]:
        try:
            (told,) = self._ask("container", "inspect", name)
        except Refused as error:
            if "no such container" not in error.said.lower():
                raise
            rows = self._ask("ps", "--all", "--format", "json") or ()
            names = [name for row in rows for name in row.get("Names") or ()]
            raise near("container", name, names, "podman ps -a") from error
        found: Mapping[str, Any] = told
        return found

    def _image(self, told: Mapping[str, Any]) -> ImageSeen:
        (image,) = self._ask("image", "inspect", told["Image"])
        labels = image.get("Labels") or {}
        return ImageSeen(
            id=image["Id"],
            tag=str(told.get("ImageName", "")),
            config_digest=f"sha256:{image['Id'].removeprefix('sha256:')}",
            manifest_digest=image.get("Digest") or None,
            labels={k.removeprefix(OCI): v for k, v in labels.items() if k.startswith(OCI)},
            created=str(image.get("Created", "")),
            platform=f"{image.get('Os', '')}/{image.get('Architecture', '')}",
        )

    def changed(self) -> Changes:
        """Return what Podman says has changed since the container was created."""
        told = self._ask("container", "diff", "--format", "json", self.ran.id) or {}
        rows = {path: change for name, change in KINDS.items() for path in told.get(name) or ()}
        return Changes(rows, mounts=self._mounts)
