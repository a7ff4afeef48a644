"""What goes wrong with the gates of a project itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import toml
from verify.planting.defect import accident

if TYPE_CHECKING:
    from verify.planting.world import Ending, World

GATE = "planted"
"""The id of a gate that is planted: the name of its file."""

_FOLDER = "planted_gates"


def _plant(world: World, code: str) -> None:
    """Give the project one more gate."""
    extra = [*world.tree.manifest.gates.extra, _FOLDER]
    toml.give(world.tree, "gates", "extra", json.dumps(extra))  # such a list is TOML, too
    world.tree.write(f"{_FOLDER}/{GATE}.py", f'"""Something holds."""\n\n{code}')


@accident(GATE, Stage.SOURCE)
def gate_that_raises_on_import(world: World) -> Ending:
    """The file of a gate raises as soon as it is imported."""
    _plant(world, "def gate_source(source):\n    yield source\n\n\nraise OSError('no such luck')\n")
    return world.look("the gate's file cannot be imported: OSError: no such luck")


@accident(GATE, Stage.SOURCE)
def gate_that_needs_what_is_not_installed(world: World) -> Ending:
    """The file of a gate imports a package that is not there."""
    _plant(world, "import planted_nowhere\n\n\ndef gate_source(source):\n    yield source\n")
    return world.look("the gate's file cannot be imported: ModuleNotFoundError")


@accident(GATE, Stage.SOURCE)
def gate_that_leaves_on_import(world: World) -> Ending:
    """The file of a gate ends the process as soon as it is imported."""
    _plant(world, "import sys\n\n\ndef gate_source(source):\n    yield source\n\n\nsys.exit(0)\n")
    return world.look("the gate's file cannot be imported")


@accident(GATE, Stage.SOURCE)
def gate_that_does_not_parse(world: World) -> Ending:
    """The file of a gate is no Python."""
    _plant(world, "def gate_source(source):\n    yield (\n")
    return world.look("cannot be read")


@accident(GATE, Stage.SOURCE)
def gate_that_yields_nothing(world: World) -> Ending:
    """A gate looks, and yields no observation."""
    _plant(world, "def gate_source(source):\n    yield from ()\n")
    return world.look("nothing was checked")


@accident(GATE, Stage.SOURCE)
def gate_that_only_returns(world: World) -> Ending:
    """A gate is no generator, and returns nothing."""
    _plant(world, "def gate_source(source):\n    return None\n")
    return world.look("nothing was checked")


@accident(GATE, Stage.SOURCE)
def gate_that_yields_true(world: World) -> Ending:
    """A gate yields True instead of an observation."""
    _plant(world, "def gate_source(source):\n    yield True\n")
    return world.look("a gate yields Observation, not bool")


@accident(GATE, Stage.SOURCE)
def gate_that_breaks_halfway(world: World) -> Ending:
    """A gate has seen something as expected, and then breaks."""
    _plant(world, _SOUND + "    raise KeyError('halfway')\n")
    return world.look("the gate itself broke: KeyError: 'halfway'")


@accident(GATE, Stage.SOURCE)
def gate_that_leaves_halfway(world: World) -> Ending:
    """A gate has seen something as expected, and then ends the process with success."""
    _plant(world, "import sys\n" + _SOUND + "    sys.exit(0)\n")
    return world.look("the gate itself broke: SystemExit")


@accident(GATE, Stage.SOURCE)
def gate_that_asks_for_what_nobody_has(world: World) -> Ending:
    """A gate asks for a fixture that does not exist."""
    _plant(world, "def gate_source(crystal_ball):\n    yield crystal_ball\n")
    return world.look("a fixture that does not exist: crystal_ball")


@accident(GATE, Stage.SOURCE)
def gate_that_skips_itself(world: World) -> Ending:
    """A gate has pytest skip it, after it has seen something as expected."""
    _plant(world, "import pytest\n" + _SOUND + "    pytest.skip('not today')\n")
    return world.look("the gate itself broke: Skipped: not today")


_SOUND = (
    "from verify.model import Observation\n\n\n"
    "def gate_source(source):\n"
    "    yield Observation('something', expected=1, got=1)\n"
)
