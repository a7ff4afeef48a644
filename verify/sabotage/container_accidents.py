"""What happens to the container while it is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import toml
from verify.planting.defect import accident

if TYPE_CHECKING:
    from verify.planting.world import Ending, World

CHANGED = "the container changed while it was looked at"
ENDED = "was killed before it was done"
"""Told of the look itself, which may end before the engine knows of the end of the container."""


@accident("imports", Stage.CONTAINER)
def container_killed_during_the_look(world: World) -> Ending:
    """The container is killed while a gate looks around inside of it."""
    with world.run() as run:
        box = run.box()
        box.wait_for_look()
        box.kill()
        return run.ending(CHANGED, ENDED)


@accident("imports", Stage.CONTAINER)
def container_paused_during_the_look(world: World) -> Ending:
    """The container is frozen while a gate looks around inside of it."""
    with world.run() as run:
        box = run.box()
        box.wait_for_look()
        box.pause()
        return run.ending(CHANGED)


@accident("imports", Stage.CONTAINER)
def container_removed_during_the_look(world: World) -> Ending:
    """The container is removed while a gate looks around inside of it."""
    with world.run() as run:
        box = run.box()
        box.wait_for_look()
        box.remove()
        return run.ending("the container cannot be inspected", CHANGED, ENDED)


@accident("imports", Stage.CONTAINER)
def container_out_of_memory_during_the_look(world: World) -> Ending:
    """The kernel ends the container, whose memory is used up, while a gate looks inside of it."""
    with world.run() as run:
        box = run.box()
        box.wait_for_look()
        box.exhaust(world.tree.image.python)
        return run.ending(CHANGED, ENDED)


@accident("tabs", Stage.LIVE)
def container_killed_under_the_page(world: World) -> Ending:
    """The container is killed while an operator's page is read."""
    with world.run() as run:
        box = run.box()
        run.heard("reading the page")
        box.kill()
        return run.ending(CHANGED)


@accident("accessibility", Stage.LIVE)
def browser_that_dies(world: World) -> Ending:
    """The browser crashes while it clicks through the page."""
    _ = world.tree.image
    with world.run() as run:
        run.heard("clicking through every tab")
        run.started("--type=renderer")  # before that, a shell may still be about to start it
        run.crash("--user-data-dir=", but="--type=")
        return run.ending("the browser died", "has been closed")


@accident("accessibility", Stage.LIVE)
def page_that_crashes_in_the_browser(world: World) -> Ending:
    """The browser stays, and the process that draws the page in it crashes."""
    with world.run() as run:
        run.heard("clicking through every tab")
        run.crash("--type=renderer")
        return run.ending("page crashed", "Target crashed", "opens no page that answers")


@accident("imports", Stage.CONTAINER)
def look_inside_that_hangs(world: World) -> Ending:
    """What looks around inside of the container never comes back."""
    world.tree.in_image(_HANGS)
    toml.give(world.tree, "image", "python", f'"{_PLACE}"')
    world.hurry()
    return world.look("did not come back within")


_PLACE = "/usr/local/bin/verify-hangs"
_HANGS = f"printf '#!/bin/sh\\nwhile :; do sleep 1; done\\n' > {_PLACE} && chmod 755 {_PLACE}"
