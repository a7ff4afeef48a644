"""Says what a container starts, whether its image is built here or comes from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.images.image import image_launches
from verify.probes.launchers.images.mounts import Elsewhere, Mounted
from verify.probes.launchers.place import Place
from verify.probes.launchers.resolve import argv_launches

if TYPE_CHECKING:
    from verify.probes.languages.command import Word
    from verify.probes.launchers.images.image import Changes
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import Build


def container_launches(
    place: Place, image: str, changes: Changes, raw: str = "", build: Build | None = None
) -> list[Launch]:
    """Return what a container starts; nothing for another's image that is told no command.

    Args:
        place: where it is started.
        image: its image's name, "" when that cannot be told.
        changes: what it is started with.
        raw: the command it is given, as written.
        build: how the image is built; looked up by its name when not given.
    """
    build = build or (place.world.build_of(image) if image else None)
    if build is None:
        return _of_elsewhere(place, image, changes, raw)
    world = place.world
    if not changes.inline and not world.source.has(build.dockerfile):
        why = f"{build.dockerfile} is not in the repository"
        return [place.launch(Status.MISSING, why, raw, certain="streamlit" in raw)]
    changes = replace(
        changes,
        target=changes.target or build.target,
        arguments={**dict(build.arguments), **changes.arguments},
    )
    contexts = (build.context,) if build.place else ()  # a Dockerfile that was only taken for it
    found = image_launches(world, build.dockerfile, contexts, changes)
    own = changes.command is not None or changes.entrypoint is not None
    return [_as_seen(one, place, raw, build.dockerfile, own=own) for one in found]


def _as_seen(launch: Launch, place: Place, raw: str, dockerfile: str, *, own: bool) -> Launch:
    """Return what the image's own files say as the launcher that starts it says it."""
    arms = place.arms + launch.arms
    if not launch.raw and "streamlit" not in raw:  # no FROM: nothing tells what it would start
        launch = replace(launch, certain=False)
    if launch.path == dockerfile and not launch.through and (own or dockerfile == place.path):
        return replace(
            launch,
            path=place.path,
            line=place.line,
            through=place.through,
            raw=raw or launch.raw,
            arms=arms,
        )
    by = (*place.through, f"{place.path}:{place.line}")
    return replace(launch, through=(*by, *launch.through), arms=arms)


def _of_elsewhere(place: Place, image: str, changes: Changes, raw: str) -> list[Launch]:
    words: list[Word] = []
    for part in (changes.entrypoint, changes.command):
        if part is not None:
            words += part if isinstance(part, tuple) else ["/bin/sh", "-c", part]
    if not words:
        return []
    why = f"the image {image} is not built here" if image else "the image cannot be told"
    where = changes.workdir or None
    inner = Place(
        place.world,
        Mounted(Elsewhere(why), changes.mounts, place.world.checkout),
        place.path,
        place.line,
        cwd=where,
        variables=tuple(changes.environment.items()),
        given=changes.given,
        top=where or "/",
        arms=place.arms,
        through=place.through,
    )
    found = list(argv_launches(words, inner, raw))
    return [_with_reason(one, why, raw) for one in found]


def _with_reason(launch: Launch, why: str, raw: str) -> Launch:
    if raw and len(launch.through) == 0:
        launch = replace(launch, raw=raw)
    told = launch.status is not Status.UNKNOWN or why in launch.why
    return launch if told else launch.because(why)
