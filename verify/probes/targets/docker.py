"""A container of Docker, through its engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from verify.comparison import ImageSeen, Ran
from verify.errors import CouldNotCheck
from verify.probes.changes import changes
from verify.probes.docker_errors import engine_errors
from verify.probes.engine import connect
from verify.probes.targets.near import near, not_running
from verify.probes.targets.target import RUNNING, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.changes import Changes
    from verify.probes.engine import Built, Engine
    from verify.probes.inside.hosts import Host

OCI = "org.opencontainers.image."
"""Prefix of the image labels of the OCI image specification, annotations.md."""


class DockerTarget(Target):
    """A running container of Docker.

    Args:
        host: names it, by its name or the beginning of its id.
        run_id: names this run.
        seconds: for one request to the engine.

    Raises:
        Unavailable: no engine answers.
        CouldNotCheck: there is no such container, or it does not run.
    """

    def __init__(self, host: Host, run_id: str, seconds: float) -> None:
        engine = connect(run_id, seconds)
        try:
            row = _running(engine, host.name)
            container = engine.attach(row["Id"])
            super().__init__(replace(host, name=container.id), container)
            attrs = container.raw.attrs
            self.engine, self.built = engine, engine.here(attrs["Image"])
        except BaseException:
            engine.close()
            raise
        state = attrs["State"]
        restarts = attrs.get("RestartCount", 0)
        self.ran = Ran(container.id, _name(row), state["StartedAt"], state["Status"], restarts)
        self.folder = str(attrs["Config"].get("WorkingDir") or "")
        self.image = _image(attrs, self.built)

    def same(self) -> None:
        """Make sure that it is still the run that was held."""
        try:
            super().same()
        except CouldNotCheck as error:
            raise CouldNotCheck(self._ended() or error.diagnosis, error.remedy) from error

    def _ended(self) -> str:
        """Say how it ended meanwhile; empty when it did not, or nothing can tell."""
        assert self.container is not None  # Docker runs it  # noqa: S101
        try:
            ended = self.container.ended()
        except CouldNotCheck:
            return ""
        return f"container {self.ran.name} ended while it was looked at: {ended}" if ended else ""

    def changed(self) -> Changes:
        """Return what the engine says has changed since the container was created."""
        assert self.container is not None  # Docker runs it  # noqa: S101
        return changes(self.container.raw)

    def close(self) -> None:
        """Let go of the engine."""
        if self.engine is not None:
            self.engine.close()


def _running(engine: Engine, wanted: str) -> Mapping[str, Any]:
    """Return the engine's short account of a container; to inspect a paused one may hang."""
    with engine_errors("the engine cannot list its containers"):
        rows: list[dict[str, Any]] = engine.api.containers(all=True)
    named = {name.removeprefix("/"): row for row in rows for name in row["Names"] or ()}
    begun = [row for row in rows if row["Id"].startswith(wanted)]
    if wanted in named:
        begun = [named[wanted]]
    if not begun:
        raise near("container", wanted, named, "docker ps -a")
    if len(begun) > 1:
        ids = ", ".join(row["Id"][:12] for row in begun)
        raise CouldNotCheck(f"{wanted} begins the ids of {len(begun)} containers: {ids}")
    (row,) = begun
    if row["State"] != RUNNING:
        raise not_running(f"container {_name(row)}", row["State"], row["Status"], _name(row))
    return row


def _name(row: Mapping[str, Any]) -> str:
    names = [name.removeprefix("/") for name in row["Names"] or ()]
    # A link of another container has a name of its own, such as web/database.
    return next((name for name in names if "/" not in name), str(row["Id"])[:12])


def _image(attrs: Mapping[str, Any], built: Built | None) -> ImageSeen:
    asked = str(attrs["Config"]["Image"])
    if built is None:  # it was removed by force, and the container runs on
        return ImageSeen(id=attrs["Image"], tag=asked)
    labels = built.config.get("Labels") or {}
    return ImageSeen(
        id=built.ref.id,
        tag=asked,
        config_digest=built.ref.config_digest,
        manifest_digest=built.ref.manifest_digest,
        labels={k.removeprefix(OCI): v for k, v in labels.items() if k.startswith(OCI)},
        created=str(built.inspected.get("Created", "")),
        platform=f"{built.inspected.get('Os', '')}/{built.inspected.get('Architecture', '')}",
    )
