"""Shell scripts: sh, bash and their kin, started from the checkout's root or their own folder."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.place import ROOT
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.scripts import founds, from_either
from verify.probes.launchers.scripts import inside_images as in_images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import Found, World
    from verify.probes.source import Source

KIND = "shell"
NAMES = ("*.sh", "*.bash", "*.zsh", "*.ksh", "*.command")

_OUTSIDE = re.compile(r"(/\S.*) is outside of the repository")
_RETURNS = re.compile(rb"#![^\n]*\r\n")


def more(source: Source) -> tuple[str, ...]:
    """Return the scripts whose names do not tell that they are."""
    return source.shell_files


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    yield from founds(path, world, launches(path, world))


def launches(path: str, world: World) -> list[Launch]:
    """Return what a script of the tree starts when it is called from the root."""
    again = any(world.source.mentions(path, word) for word in ("streamlit", "docker"))
    found = from_either(path, lambda folder: _from(folder, path, world), again=again)
    if any(one.status is Status.MISSING for one in found):
        found = [_elsewhere(one, world) for one in in_images(path, world, found)]
    if _RETURNS.match(world.source.raw(path)):
        # Linux looks for a program whose name ends with it.
        why = "the shebang line ends with a carriage return"
        found = [replace(one, status=Status.BROKEN, why=why) for one in found]
    return found


def _elsewhere(launch: Launch, world: World) -> Launch:
    """Return the launch as unknown if its absolute path may be the checkout's on some host."""
    outside = _OUTSIDE.fullmatch(launch.why) if launch.status is Status.MISSING else None
    parts = outside[1].split("/") if outside else []
    for start in range(1, len(parts)):
        inner = "/".join(parts[start:])
        if world.source.has(inner):
            folder = "/".join(parts[:start]) or "/"
            why = f"it starts {inner} if the checkout stands at {folder}, which nothing tells"
            return replace(launch, status=Status.UNKNOWN, why=why)
    return launch


def _from(folder: str, path: str, world: World) -> list[Launch]:
    place = world.place(path, folder=folder)
    text = world.source.text(path)
    return list(code_launches(text, place, script=f"{ROOT}/{path}", once=False))
