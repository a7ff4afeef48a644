"""Takes a Dockerfile of the repository for an image that nothing here says how to build."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from verify.probes.launchers.images.image import image_launches
from verify.probes.launchers.streamlit_run import DEFAULT_PORT
from verify.probes.launchers.world import Build

if TYPE_CHECKING:
    from collections.abc import Collection

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import World

_known: WeakKeyDictionary[World, dict[str, list[Launch]]] = WeakKeyDictionary()


def likely_build(
    world: World, image: str, about: str = "", ports: Collection[int] = ()
) -> tuple[Build | None, str]:
    """Return the Dockerfile to take for an image, and what to tell about it; neither if no sign.

    Args:
        world: the repository.
        image: the image's name.
        about: all that stands about its container: its name, its command.
        ports: those the container listens on.
    """
    found = streamlit_images(world)
    base = posixpath.basename(image.partition("@")[0]).partition(":")[0].lower()
    named = [path for path in found if base and base in _names(path)]
    listening = {one.port for launches in found.values() for one in launches}
    sign = (
        named
        or "streamlit" in f"{image} {about}".lower()
        or DEFAULT_PORT in ports
        or (base and base == world.source.root.name.lower())
        or ("/" in image and listening & set(ports))
    )
    if sign and not found and len(paths := _dockerfiles(world)) == 1:
        found = {paths[0]: []}  # its own command may be another one
    if not sign or not found:
        return None, ""
    chosen = named or list(found)
    if len({(one.entry, one.port) for path in chosen for one in found[path]}) == 1:
        chosen = chosen[:1]  # whichever it is, it starts the same
    if len(chosen) > 1:
        return None, f"nothing tells which of {', '.join(chosen)} {image or 'its image'} is"
    return Build(image, chosen[0], ""), f"taking {chosen[0]} for {image or 'its image'}"


def streamlit_images(world: World) -> dict[str, list[Launch]]:
    """Return the Dockerfiles whose images start Streamlit, with what they start."""
    if world not in _known:
        found = {path: image_launches(world, path) for path in _dockerfiles(world)}
        _known[world] = {
            path: launches
            for path, launches in found.items()
            if any(one.certain and (one.entry or "streamlit" in one.raw) for one in launches)
        }
    return _known[world]


def _dockerfiles(world: World) -> list[str]:
    paths = [path for path, kind in world.claimed if kind.KIND == "dockerfile"]
    return [path for path in paths if world.readable(path)]


def _names(dockerfile: str) -> set[str]:
    """Return what an image is likely called whose Dockerfile has this path."""
    folder, name = posixpath.split(dockerfile.lower())
    words = set(re.split(r"[.]", name)) - {"dockerfile", "containerfile"}
    return words | ({posixpath.basename(folder)} if folder else set())
