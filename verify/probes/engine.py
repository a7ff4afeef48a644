"""Builds images and runs containers through the Docker SDK; leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck, SubjectBroken, Unavailable
from verify.model import ImageRef
from verify.probes import kept
from verify.probes.building import Order, build
from verify.probes.children import uninterrupted
from verify.probes.container import Container
from verify.probes.docker_errors import engine_errors, going_anyway, root_cause
from verify.probes.dockerfile.parse import arguments
from verify.probes.ownership import LABEL, label, orphaned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from docker import DockerClient
    from docker.models.containers import Container as DockerContainer

    from verify.tables import Image

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
"""Where an engine listens unless DOCKER_HOST says otherwise."""

SDK_SECONDS = 60
"""For one request to the engine; removing a container on a busy disk takes some. Not for builds,
which may be silent for long."""

_TRIES = 3

NEVER_STARTED = ["/nothing"]
"""The command of a container that is only created: without any, the engine would refuse."""


@dataclass(frozen=True, slots=True)
class Built:
    """A built image.

    Args:
        ref: its identity, and the base it was built on.
        config: the `Config` of `docker inspect`: command, user, labels, health check, environment.
        inspected: all of what the engine tells of it.
        order: what was built; None of an image that was there already.
    """

    ref: ImageRef
    config: Mapping[str, Any]
    inspected: Mapping[str, Any] = field(default_factory=dict)
    order: Order | None = None


class Engine:
    """A container engine that answers.

    Args:
        client: the SDK's client.
        run_id: goes onto the label of everything made.
    """

    def __init__(self, client: DockerClient, run_id: str) -> None:
        self._client = client
        self._made: list[DockerContainer] = []
        self._closed = False
        self._lock = threading.Lock()
        self.label = label(run_id)
        self._run_id = run_id
        self.version: str = client.version()["Version"]

    def build(
        self, root: Path, spec: Image, *, args: Mapping[str, str], step: Callable[[str], None]
    ) -> Built:
        """Build the image of `spec` and return it.

        Args:
            root: the project's root.
            spec: the manifest's `[image]`.
            args: build arguments; those the Dockerfile does not declare are left out.
            step: hears each step of the build.

        Raises:
            SubjectBroken: the build failed; carries the step and the end of its log.
            CouldNotCheck: the engine died meanwhile.
        """
        order = self._order(root, spec, args)
        before = kept.tagged(self._client.api, spec.tag)
        attrs = None
        for _ in range(_TRIES):
            image_id = build(self._client.api, replace(order, tag=spec.tag), step, _unheard)
            if (attrs := self._held(image_id)) is not None:
                break
        if attrs is None:
            raise CouldNotCheck("the image is removed by somebody else as soon as it is built")
        kept.retire(self._client.api, before, attrs["Id"])
        base, _ = self.base_of(root, spec)
        return Built(_reference(attrs, spec.tag, base), attrs["Config"], attrs, order)

    def _order(self, root: Path, spec: Image, args: Mapping[str, str]) -> Order:
        """Return what is to be built: with the base image that is here, and declared arguments."""
        declared = arguments((root / spec.dockerfile).read_text("utf-8", "replace"))
        base, _ = self.base_of(root, spec)
        chosen = {spec.base_arg: base} if spec.base_arg and base else {}
        return Order(root, spec, {k: v for k, v in {**args, **chosen}.items() if k in declared})

    def _held(self, image_id: str) -> dict[str, Any] | None:
        """Keep an image from being removed by a run that replaces it, until this one ends.

        Returns:
            All that the engine tells of it; None when it was removed already.
        """
        from docker.errors import NotFound

        with engine_errors("the image cannot be inspected"), contextlib.suppress(NotFound):
            attrs: dict[str, Any] = self._client.api.inspect_image(image_id)
            with uninterrupted():
                self._keep(
                    self._client.containers.create(
                        image_id, command=NEVER_STARTED, network_mode="none", labels=self.label
                    )
                )
            return attrs
        return None

    def base_of(self, root: Path, spec: Image) -> tuple[str, bool]:
        """Return the base image to build on, and whether it is here already.

        It is the Dockerfile's own default, or the local fallback where only that one is here.
        """
        if not spec.base_arg:
            return "", True
        text = (root / spec.dockerfile).read_text("utf-8", "replace")
        default = arguments(text).get(spec.base_arg, "")
        for name in (default, spec.fallback_base):
            if name and kept.tagged(self._client.api, name):
                return name, True
        return default, False

    def here(self, name: str) -> Built | None:
        """Return an image that the engine has, by tag or id; None when it has none such.

        Raises:
            CouldNotCheck: the engine died meanwhile.
        """
        from docker.errors import ImageNotFound

        with engine_errors("the image cannot be inspected"):
            try:
                attrs = self._client.api.inspect_image(name)
            except ImageNotFound:
                return None
        return Built(_reference(attrs, name, ""), attrs["Config"], attrs)

    @property
    def closed(self) -> bool:
        """Whether the run is over."""
        return self._closed

    @property
    def api(self) -> Any:
        """The SDK's low-level client, for what only reads; it carries no types."""
        return self._client.api

    @contextlib.contextmanager
    def created(self, image_id: str, **settings: Any) -> Iterator[DockerContainer]:
        """Create a container without network that is gone when the context is left.

        It is not started.

        Args:
            image_id: which image.
            settings: what the SDK's `containers.create` takes besides.

        Raises:
            CouldNotCheck: the engine cannot.
        """
        settings = {"network_mode": "none", **settings}
        with engine_errors("a container cannot be created"), uninterrupted():
            raw = self._client.containers.create(image_id, labels=self.label, **settings)
            self._keep(raw)
        try:
            yield raw
        finally:
            with uninterrupted():
                self._remove(raw)

    def start(
        self,
        image_id: str,
        *,
        ports: tuple[int, ...],
        memory: str,
        role: str = "",
        entrypoint: list[str] | None = None,
        command: list[str] | None = None,
        environment: Mapping[str, str] | None = None,
        restrictions: Mapping[str, Any] | None = None,
    ) -> Container:
        """Start a container of the image, its ports published at random loopback ports.

        Args:
            image_id: which image.
            ports: the container's ports to publish.
            memory: its memory limit, as Docker writes it.
            role: what it is there for; the end of its name, which begins with that of the run.
            entrypoint: instead of the image's own.
            command: instead of the image's own.
            environment: variables added to the image's own.
            restrictions: what the SDK's `containers.create` takes besides, such as `read_only`.

        Raises:
            SubjectBroken: the engine cannot start it.
            CouldNotCheck: the engine died meanwhile.
        """
        from docker.errors import APIError

        with engine_errors("the container cannot be created"), uninterrupted():
            raw = self._client.containers.create(
                image_id,
                name=f"verify-{self._run_id}-{role}" if role else None,
                command=command,
                entrypoint=entrypoint,
                environment=dict(environment or {}),
                ports={f"{port}/tcp": ("127.0.0.1", None) for port in ports},
                mem_limit=memory,
                labels=self.label,
                detach=True,
                **(restrictions or {}),
            )
            self._keep(raw)
        began = time.monotonic()
        try:
            raw.start()
        except APIError as error:
            raise SubjectBroken(
                "the container", expected="starts", got=f"does not start: {error.explanation}"
            ) from error
        with engine_errors("the container cannot be inspected"):
            raw.reload()
        return Container(raw, _published(raw, ports), began)

    def attach(self, name: str) -> Container:
        """Return a container that somebody else started; nothing here removes it.

        Args:
            name: its name, or its id, or what that begins with.

        Raises:
            CouldNotCheck: there is none, or the engine cannot say.
        """
        from docker.errors import NotFound

        with engine_errors("the container cannot be inspected"):
            try:
                raw = self._client.containers.get(name)
            except NotFound:
                raise CouldNotCheck(
                    f"there is no container {name}", "See which there are: `docker ps --all`."
                ) from None
        bound = raw.attrs["NetworkSettings"]["Ports"] or {}
        ports = tuple(int(port.partition("/")[0]) for port in bound if port.endswith("/tcp"))
        return Container(raw, _published(raw, ports), time.monotonic())

    def run_once(
        self,
        image_id: str,
        command: list[str],
        *,
        memory: str,
        deadline: float,
        user: str = "",
        restrictions: Mapping[str, Any] | None = None,
    ) -> tuple[str, str]:
        """Run one command in a throw-away container without network; return what it printed.

        The image's own entry is not started.

        Args:
            image_id: which image.
            command: the program in the image and its arguments.
            memory: its memory limit, as Docker writes it.
            deadline: seconds for it to end.
            user: as whom; the image's own user when empty.
            restrictions: what the SDK's `containers.create` takes besides, such as `cap_drop`.

        Raises:
            CouldNotCheck: it cannot be started, or does not end in time.
        """
        settings: dict[str, Any] = {"user": user} if user else {}
        settings |= {"entrypoint": command[:1], "command": command[1:], "mem_limit": memory}
        settings |= restrictions or {}
        with (
            engine_errors(f"{command[0]} cannot be run in the image"),
            self.created(image_id, **settings) as raw,
        ):
            raw.start()
            raw.wait(timeout=deadline)
            out = raw.logs(stdout=True, stderr=False).decode("utf-8", "replace")
            err = raw.logs(stdout=False, stderr=True).decode("utf-8", "replace")
        return out, err

    def _keep(self, raw: DockerContainer) -> None:
        """Remember a container, so that it is removed when the run ends before it does."""
        with self._lock:
            self._made.append(raw)
            if not self._closed:
                return
        self._remove(raw)
        raise CouldNotCheck("the run was over before the container was started")

    def remove(self, container: Container) -> None:
        """Remove a container with its anonymous volumes, running or not."""
        with uninterrupted():
            self._remove(container.raw)

    def _remove(self, raw: DockerContainer) -> None:
        with engine_errors("a container cannot be removed"), going_anyway():
            raw.remove(force=True, v=True)
        with contextlib.suppress(ValueError):  # another thread was faster
            self._made.remove(raw)

    def sweep(self) -> int:
        """Remove the containers of runs on this machine that were killed; return how many.

        So are the layers of their second builds, which nothing else would ever use.
        """
        from docker.errors import APIError

        swept = 0
        api = self._client.api  # whose list inspects nothing: one stuck container is not in the way
        with engine_errors("the engine cannot list what it has"):
            for row in api.containers(all=True, filters={"label": LABEL}):
                if orphaned(row["Labels"].get(LABEL, "")):
                    with going_anyway():
                        api.remove_container(row["Id"], force=True, v=True)
                    swept += 1
            for row in api.images(all=True, filters={"label": LABEL}):
                if orphaned((row["Labels"] or {}).get(LABEL, "")) and not _called(row):
                    with contextlib.suppress(APIError):  # others stand on it, or it is gone
                        api.remove_image(row["Id"], noprune=False)
        return swept

    def close(self) -> None:
        """Remove everything this run made; from now on it makes nothing more.

        Raises:
            CouldNotCheck: something cannot be removed.
        """
        hindrance: CouldNotCheck | None = None
        try:
            with uninterrupted():
                with self._lock:
                    self._closed = True
                for raw in list(self._made):
                    try:
                        self._remove(raw)
                    except CouldNotCheck as error:  # one that is stuck keeps no other
                        hindrance = error
        finally:
            self._client.close()
        if hindrance is not None:
            raise hindrance


def connect(run_id: str, seconds: float = SDK_SECONDS) -> Engine:
    """Return the engine that answers at `DOCKER_HOST` or the default socket.

    Args:
        run_id: goes onto the label of everything made.
        seconds: for one request to it.

    Raises:
        Unavailable: none answers.
    """
    import docker
    from docker.errors import DockerException

    try:
        _knock(os.environ.get("DOCKER_HOST", DEFAULT_SOCKET), seconds)
        client = docker.from_env(timeout=seconds)
        client.ping()
        return Engine(client, run_id)
    except (DockerException, OSError) as error:
        where = os.environ.get("DOCKER_HOST", "the default socket")
        raise Unavailable(
            f"no container engine answers at {where}: {root_cause(error)}",
            "Start Docker, or as root run scripts/provision.sh; `verify doctor` tells more.",
        ) from error


def _knock(host: str, seconds: float) -> None:
    """Connect once to a socket that may not be there: the SDK leaves one open when it fails."""
    kind, _, path = host.partition("://")
    if kind == "unix":
        with socket.socket(socket.AF_UNIX) as knock:
            knock.settimeout(seconds)
            knock.connect(path)


def _unheard(_: str) -> None:
    """Hear the id of a layer that belongs to the engine's cache."""


def _called(row: Mapping[str, Any]) -> bool:
    """Say whether an image of the engine's list has a name; one without is `<none>` to some."""
    return any("<none>" not in name for name in row.get("RepoTags") or ())


def _reference(attrs: Mapping[str, Any], tag: str, base: str) -> ImageRef:
    # A containerd store names an image by its manifest and says so with a Descriptor; the classic
    # store names it by its config and knows a manifest only after a push or pull (RepoDigests).
    manifest = attrs.get("Descriptor", {}).get("digest")
    if manifest is None:
        pushed = [digest.partition("@")[2] for digest in attrs.get("RepoDigests") or ()]
        manifest = pushed[0] if pushed else None
    config = None if "Descriptor" in attrs else attrs["Id"]
    return ImageRef(
        id=attrs["Id"], tag=tag, config_digest=config, manifest_digest=manifest, base=base
    )


def _published(raw: DockerContainer, ports: tuple[int, ...]) -> dict[int, int]:
    bound = raw.attrs["NetworkSettings"]["Ports"] or {}
    found = {}
    for port in ports:
        rows = bound.get(f"{port}/tcp") or ()
        # A container that ended at once has no ports any more; whoever waits for it says why.
        found[port] = int(rows[0]["HostPort"]) if rows else 0
    return found
