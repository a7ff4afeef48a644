"""Keeps the images that were verified, and no other: the last of them is the way back.

`TAG-verified` is the last image that a whole run has verified, `TAG-previous` the one before it.
"""

from __future__ import annotations

import contextlib
import fcntl
import time
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.probes import cached
from verify.probes.docker_errors import engine_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

VERIFIED, PREVIOUS = "verified", "previous"

TURN = 30.0
"""Seconds that one run waits for another to move its tags; it needs 0.1."""

_PAUSE = 0.02


def name(tag: str, kind: str) -> str:
    """Return what the last verified image is called, or the one before it."""
    repository, _, last = tag.rpartition(":")
    if not repository or "/" in last:  # that colon is the port of a registry
        repository, last = tag, "latest"
    return f"{repository}:{last}-{kind}"


def tagged(api: Any, tag: str) -> str | None:
    """Return the id of the image with this tag or id, or None.

    Raises:
        CouldNotCheck: the engine does not say.
    """
    from docker.errors import ImageNotFound

    with engine_errors("the engine cannot list its images"):
        try:
            return str(api.inspect_image(tag)["Id"])
        except ImageNotFound:
            return None


def way_back(api: Any, tag: str, image_id: str) -> str:
    """Return the name of the image to go back to from this one; empty when there is none.

    Raises:
        CouldNotCheck: the engine does not say.
    """
    with turn():
        for kind in (VERIFIED, PREVIOUS):
            if tagged(api, name(tag, kind)) not in {None, image_id}:
                return name(tag, kind)
    return ""


def keep(api: Any, tag: str, image_id: str) -> None:
    """Make a verified image the way back, and the one that was it until now the one before.

    Raises:
        CouldNotCheck: the engine cannot, or the image is gone.
    """
    verified, previous = name(tag, VERIFIED), name(tag, PREVIOUS)
    with turn(), engine_errors("the verified image cannot be kept"):
        last, oldest = tagged(api, verified), tagged(api, previous)
        if last == image_id:
            return
        if last is not None:
            if oldest not in {None, last, image_id}:
                _let_go(api, previous)
            api.tag(last, *previous.rsplit(":", 1), force=True)
        api.tag(image_id, *verified.rsplit(":", 1), force=True)


def retire(api: Any, before: str | None, now: str) -> None:
    """Remove an image that was just replaced, unless it has another name or somebody needs it.

    Raises:
        CouldNotCheck: the engine does not say what it is called.
    """
    from docker.errors import NotFound

    if before is None or before == now:
        return
    with (
        turn(),
        engine_errors("the replaced image cannot be removed"),
        contextlib.suppress(NotFound),  # another run was faster
    ):
        found = api.inspect_image(before)
        if not found.get("RepoTags") and not found.get("RepoDigests"):
            _let_go(api, before)


def _let_go(api: Any, image: str) -> None:
    """Take a name from an image; what has no other, and no container needs it, is removed.

    Not forced: an image that a container needs keeps even its name.
    """
    from docker.errors import APIError

    with contextlib.suppress(APIError):
        api.remove_image(image, noprune=False)


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Let one run at a time move tags; where no lock can be had, go without.

    Raises:
        CouldNotCheck: another run does not come to its end.
    """
    with contextlib.ExitStack() as stack:
        handle = None
        with contextlib.suppress(OSError):
            path = cached.folder() / "tags.lock"
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = stack.enter_context(path.open("a"))
        if handle is not None:
            _lock(handle.fileno())
        yield


def _lock(handle: int) -> None:
    ends = time.monotonic() + TURN
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                raise CouldNotCheck(
                    f"another run has been moving tags for more than {TURN:g} s",
                    f"End it, or remove {cached.folder() / 'tags.lock'}.",
                ) from None
            time.sleep(_PAUSE)
        else:
            return
