"""What happens to a whole run: it is interrupted, killed, has company, or finds no room."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.model import Outcome, Stage
from verify.planting import toml
from verify.planting.defect import accident
from verify.planting.world import Ending, Over
from verify.proof import End

if TYPE_CHECKING:
    from verify.planting.world import World

SOON, LATER = 1.0, 25.0
"""Seconds in which a run is interrupted: one that only reads, and one of everything."""

_TRIES = 8

_BEGUN = " s "
"""Stands in each line that a run says of what it is doing."""


@accident("entry", Stage.SOURCE, End.INTERRUPTED)
def ctrl_c_while_reading(world: World) -> Ending:
    """Ctrl-C comes at a random moment while the tree is read."""
    return _interrupted(world, signal.SIGINT, SOON, "--stage", "source")


@accident("entry", Stage.SOURCE, End.INTERRUPTED)
def sigterm_while_reading(world: World) -> Ending:
    """SIGTERM comes at a random moment while the tree is read."""
    return _interrupted(world, signal.SIGTERM, SOON, "--stage", "source")


@accident("tabs", Stage.LIVE, End.INTERRUPTED)
def ctrl_c_at_any_moment(world: World) -> Ending:
    """Ctrl-C comes at a random moment of a run of all gates at all stages."""
    _ = world.tree.image
    return _interrupted(world, signal.SIGINT, LATER, "--stage", "source", *_ALL)


@accident("tabs", Stage.LIVE, End.INTERRUPTED)
def sigterm_at_any_moment(world: World) -> Ending:
    """SIGTERM comes at a random moment of a run of all gates at all stages."""
    _ = world.tree.image
    return _interrupted(world, signal.SIGTERM, LATER, "--stage", "source", *_ALL)


_ALL = [word for stage in ("local", "image", "container", "live") for word in ("--stage", stage)]


def _interrupted(world: World, number: signal.Signals, most: float, *words: str) -> Ending:
    for _ in range(_TRIES):
        with world.run(*words) as run:
            run.heard(_BEGUN)
            seconds = world.moment(most)
            try:
                last = run.after(seconds)
                run.signal(number)
                how = f"{number.name} {seconds:.2f} s after its first step, at {last!r}"
                return run.interrupted(f"{how} (VERIFY_SEED={world.seed})")
            except Over:
                most = seconds / 2
    raise CouldNotCheck(f"the run was always through before {number.name} came")


@accident("tabs", Stage.LIVE, Outcome.PASS)
def two_runs_at_once(world: World) -> Ending:
    """Two runs verify the same copy, and build the same image, at the same time."""
    words = ("--gate", "tabs", *_ALL)
    with world.run(*words) as one, world.run(*words) as other:
        ending = one.ending()
        return _told("both verified", other.ending() if ending.outcome is Outcome.PASS else ending)


def _take_your_time(world: World) -> None:
    """Have the start of the dashboard take as long as it wants: here it is not about that."""
    toml.give(world.tree, "startup", "budget_seconds", "60.0")


def _told(what: str, ending: Ending) -> Ending:
    """Say what came of it where the cell, being green, says nothing."""
    return replace(ending, said=ending.said or what)


@accident("startup", Stage.LOCAL, Outcome.PASS)
def killed_run_that_left_a_server(world: World) -> Ending:
    """A run is killed while it has a server up: the next one removes that, and its folder."""
    _take_your_time(world)
    with world.run() as killed:
        killed.started("--server.port=")
        killed.signal(signal.SIGKILL)
    found = world.left_now()
    if "process" not in found:
        raise CouldNotCheck("a killed run has left no server behind that could be swept")
    with world.run() as following:
        return _told(f"the next run removed {found}", following.ending())


@accident("image", Stage.IMAGE, Outcome.PASS)
def killed_run_that_left_a_container(world: World) -> Ending:
    """A run is killed while it looks at a container: the next one removes that."""
    with world.run("--gate", "startup", "--stage", "container") as killed:
        killed.box()
        killed.signal(signal.SIGKILL)
    found = world.left_now()
    if "container" not in found:
        raise CouldNotCheck("a killed run has left no container behind that could be swept")
    with world.run() as following:
        return _told(f"the next run removed {found}", following.ending())


@accident("startup", Stage.LOCAL, Outcome.PASS)
def port_taken_once(world: World) -> Ending:
    """Somebody takes the port that a server was just told to bind."""
    _take_your_time(world)
    with world.run() as run:
        told = run.taking_ports(1)
        ending = run.ending()
    if told < 2:  # noqa: PLR2004 - the one that was taken, and another
        raise CouldNotCheck("the server was faster than who wanted its port")
    return _told("served at another port", ending)


@accident("startup", Stage.LOCAL)
def port_taken_each_time(world: World) -> Ending:
    """Somebody takes each port that a server is told to bind."""
    with world.run() as run:
        run.taking_ports(1000)
        return run.ending("were taken before the server could bind them")


@accident("tabs", Stage.LOCAL)
def look_here_that_hangs(world: World) -> Ending:
    """What runs the dashboard on this machine never comes back."""
    place = "planted-python"
    world.tree.write(place, "#!/bin/sh\nwhile :; do sleep 1; done\n")
    (world.tree.root / place).chmod(0o755)
    toml.give(world.tree, "subject", "python", f'"{place}"')
    world.hurry()
    return world.look("did not end within")


@accident("tabs", Stage.LOCAL)
def disk_full_under_the_dashboard(world: World) -> Ending:
    """The disk for temporary files is full while the dashboard is run on it."""
    with world.run(disk=_TINY) as run:
        return run.ending("the disk that temporary files are on is full")


@accident("image", Stage.IMAGE)
def disk_full_before_the_build(world: World) -> Ending:
    """The disk for temporary files is full when what is to be built is packed up."""
    with world.run(disk=_TINY) as run:
        return run.ending("the disk that temporary files are on is full")


_TINY = 1 << 14
"""Bytes: room for a few small files."""
