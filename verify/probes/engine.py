"""Builds images and runs containers through the Docker SDK; leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck, SubjectBroken, Unavailable
from verify.model import ImageRef
from verify.probes.children import uninterrupted
from verify.probes.container import LOG_LINES, Container, plain
from verify.probes.docker_errors import engine_errors, going_anyway, refused_build, root_cause
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

_STEP = re.compile(r"^Step (\d+/\d+) : (.*)")


@dataclass(frozen=True, slots=True)
class Built:
    """A built image.

    Args:
        ref: its identity, and the base it was built on.
        config: the `Config` of `docker inspect`: command, user, labels, health check, environment.
        inspected: all of what the engine tells of it.
    """

    ref: ImageRef
    config: Mapping[str, Any]
    inspected: Mapping[str, Any] = field(default_factory=dict)


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
        self._label = label(run_id)
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
        declared = arguments((root / spec.dockerfile).read_text("utf-8", "replace"))
        base, _ = self.base_of(root, spec)
        chosen = {spec.base_arg: base} if spec.base_arg and base else {}
        buildargs = {k: v for k, v in {**args, **chosen}.items() if k in declared}
        before = self._tagged(spec.tag)
        image_id = self._stream_build(root, spec, buildargs, step)
        with engine_errors("the image cannot be inspected"):
            attrs = self._client.api.inspect_image(image_id)
        self._retire(spec.tag, before, attrs["Id"])
        return Built(_reference(attrs, spec.tag, base), attrs["Config"], attrs)

    def _stream_build(
        self, root: Path, spec: Image, buildargs: dict[str, str], step: Callable[[str], None]
    ) -> str:
        log: deque[str] = deque(maxlen=LOG_LINES)
        at, image_id = "before its first step", None
        with engine_errors("the image build broke off"), refused_build(spec.dockerfile):
            stream = self._client.api.build(
                path=str(root / spec.context),
                dockerfile=os.path.relpath(root / spec.dockerfile, root / spec.context),
                tag=spec.tag,
                buildargs=buildargs,
                rm=True,
                forcerm=True,
                decode=True,
            )
            for message in stream:
                for line in plain(message.get("stream", "")).splitlines():
                    if line.strip():
                        log.append(line.rstrip())
                    if found := _STEP.match(line):
                        at = f"at step {found[1]}: {found[2]}"
                        step(f"building {found[1]}: {found[2]}")
                if "error" in message:
                    raise SubjectBroken(
                        "the image build",
                        expected="every step succeeds",
                        got=f"fails {at}: {message['error'].strip()}",
                        path=spec.dockerfile,
                        log="\n".join(log),
                    )
                image_id = message.get("aux", {}).get("ID", image_id)
        if image_id is None:
            raise CouldNotCheck("the engine ended the build without saying which image it made")
        return str(image_id)

    def base_of(self, root: Path, spec: Image) -> tuple[str, bool]:
        """Return the base image to build on, and whether it is here already.

        It is the Dockerfile's own default, or the local fallback where only that one is here.
        """
        if not spec.base_arg:
            return "", True
        text = (root / spec.dockerfile).read_text("utf-8", "replace")
        default = arguments(text).get(spec.base_arg, "")
        for name in (default, spec.fallback_base):
            if name and self._tagged(name):
                return name, True
        return default, False

    def _tagged(self, tag: str) -> str | None:
        """Return the id of the image with this tag, or None."""
        from docker.errors import ImageNotFound

        with engine_errors("the engine cannot list its images"):
            try:
                return str(self._client.api.inspect_image(tag)["Id"])
            except ImageNotFound:
                return None

    def _retire(self, tag: str, before: str | None, now: str) -> None:
        """Keep the image that was just replaced under a tag of its own: it is the way back."""
        from docker.errors import APIError

        if before is None or before == now:
            return
        repository, _, name = tag.rpartition(":")
        previous = f"{repository or tag}:{name}-previous"
        oldest = self._tagged(previous)
        with engine_errors("the replaced image cannot be kept"):
            if oldest == before:
                return
            self._client.api.tag(before, *previous.rsplit(":", 1))
            if oldest and oldest != now:
                # Not forced: an image that a container or another tag still needs stays.
                with contextlib.suppress(APIError):
                    self._client.api.remove_image(oldest, noprune=False)

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
            raw = self._client.containers.create(image_id, labels=self._label, **settings)
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
                labels=self._label,
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

    def run_once(
        self, image_id: str, command: list[str], *, memory: str, deadline: float, user: str = ""
    ) -> tuple[str, str]:
        """Run one command in a throw-away container without network; return what it printed.

        The image's own entry is not started.

        Args:
            image_id: which image.
            command: the program in the image and its arguments.
            memory: its memory limit, as Docker writes it.
            deadline: seconds for it to end.
            user: as whom; the image's own user when empty.

        Raises:
            CouldNotCheck: it cannot be started, or does not end in time.
        """
        settings: dict[str, Any] = {"user": user} if user else {}
        settings |= {"entrypoint": command[:1], "command": command[1:], "mem_limit": memory}
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
        """Remove the containers of runs on this machine that were killed; return how many."""
        swept = 0
        api = self._client.api  # whose list inspects nothing: one stuck container is not in the way
        with engine_errors("the engine cannot list its containers"):
            for row in api.containers(all=True, filters={"label": LABEL}):
                if orphaned(row["Labels"].get(LABEL, "")):
                    with going_anyway():
                        api.remove_container(row["Id"], force=True, v=True)
                    swept += 1
        return swept

    def close(self) -> None:
        """Remove everything this run made; from now on it makes nothing more."""
        try:
            with uninterrupted():
                with self._lock:
                    self._closed = True
                for raw in list(self._made):
                    self._remove(raw)
        finally:
            self._client.close()


def connect(run_id: str) -> Engine:
    """Return the engine that answers at `DOCKER_HOST` or the default socket.

    Raises:
        Unavailable: none answers.
    """
    import docker
    from docker.errors import DockerException

    try:
        _knock(os.environ.get("DOCKER_HOST", DEFAULT_SOCKET))
        client = docker.from_env(timeout=SDK_SECONDS)
        client.ping()
        return Engine(client, run_id)
    except (DockerException, OSError) as error:
        where = os.environ.get("DOCKER_HOST", "the default socket")
        raise Unavailable(
            f"no container engine answers at {where}: {root_cause(error)}",
            "Start Docker, or as root run scripts/provision.sh; `verify doctor` tells more.",
        ) from error


def _knock(host: str) -> None:
    """Connect once to a socket that may not be there: the SDK leaves one open when it fails."""
    kind, _, path = host.partition("://")
    if kind == "unix":
        with socket.socket(socket.AF_UNIX) as knock:
            knock.settimeout(SDK_SECONDS)
            knock.connect(path)


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
