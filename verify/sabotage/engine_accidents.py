"""What happens to the container engine while it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting.defect import accident

if TYPE_CHECKING:
    from verify.planting.world import Ending, World


@accident("image", Stage.IMAGE)
def engine_gone_during_the_build(world: World) -> Ending:
    """The engine stops in the middle of the image's build."""
    with world.line(until=b"Step 2/") as line, world.run(line=line) as run:
        return run.ending("the image build broke off")


@accident("imports", Stage.CONTAINER)
def engine_gone_during_the_look(world: World) -> Ending:
    """The engine stops while a gate looks around inside of the container."""
    with world.line() as line, world.run(line=line) as run:
        run.box().wait_for_look()
        line.cut()
        ending = run.ending("the container cannot be inspected")
    world.sweep()  # without its engine the run could not remove its container: the next one does
    return ending


@accident("tabs", Stage.LIVE)
def engine_gone_under_the_page(world: World) -> Ending:
    """The engine stops while an operator's page is read, which the container goes on to serve."""
    with world.line() as line, world.run(line=line) as run:
        run.heard("reading the page")
        line.cut()
        ending = run.ending("the container cannot be inspected")
    world.sweep()
    return ending
