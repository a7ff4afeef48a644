"""The surroundings of one attempt, in which accidents happen."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from verify.model import Cell, Stage
from verify.planting.world import Ending, Line
from verify.probes import folders
from verify.proving.between import Between
from verify.proving.command import Command, command
from verify.proving.leftovers import left_now, used

if TYPE_CHECKING:
    from verify.planting.defect import Defect
    from verify.planting.tree import Tree
    from verify.proving.attempt import Place

SEED: Final = "VERIFY_SEED"
"""The variable that makes random moments repeat themselves; each attempt says what it was."""

HURRY: Final = 1.0
"""Seconds for a look that is in a hurry, where minutes are usual."""

_PATIENT: Final = (
    ("verify.fixtures.local", "RUN_ONCE"),
    ("verify.fixtures.inspected", "LOOK"),
    ("verify.probes.inside.look", "GRACE"),
)
"""Where the seconds stand."""

_DEPLOYED: Final = frozenset({Stage.IMAGE, Stage.CONTAINER, Stage.LIVE})


def _seed() -> str:
    return os.environ.get(SEED) or str(random.SystemRandom().randrange(10**6))


@dataclass(slots=True)
class Surroundings:
    """The surroundings of one attempt.

    Args:
        defect: what happens.
        place: where the attempt works.
        tree: the copy.
        ready: makes the copy fit to be run; called before its first run, after what is planted.
        look_here: runs the gate in this process.
        owners: the processes whose containers are those of this attempt.
        seed: of what is random.
    """

    defect: Defect
    place: Place
    tree: Tree
    ready: Callable[[], None]
    look_here: Callable[[], Cell]
    owners: set[int] = field(default_factory=lambda: {os.getpid()})
    seed: str = field(default_factory=_seed)
    drawn: random.Random = field(init=False)
    _made: bool = False

    def __post_init__(self) -> None:
        """Begin to draw."""
        self.drawn = random.Random(self.seed)  # noqa: S311 - to be repeated

    def _make_ready(self) -> None:
        if not self._made:
            self._made = True
            self.ready()

    def look(self, *told: str) -> Ending:
        """Run the gate here, in this process, and return how that ended."""
        self._make_ready()
        cell = self.look_here()
        said = cell.reason or "; ".join(f"{one.subject}: {one.got}" for one in cell.findings)
        fits = not told or any(text in said for text in told)
        return Ending(cell.outcome, said, fits=fits)

    def hurry(self) -> None:
        """Have looks in this process be impatient, so that nobody waits minutes for one."""
        for module, name in _PATIENT:
            setattr(importlib.import_module(module), name, HURRY)

    @contextlib.contextmanager
    def run(self, *words: str, line: Line | None = None, disk: int = 0) -> Iterator[Command]:
        """Start `verify run` in the copy; it is over, one way or the other, at the end."""
        if self.defect.stage in _DEPLOYED:
            _ = self.tree.image
        self._make_ready()
        gate, stage = self.defect.gate, self.defect.stage
        with command(
            self.place.copy,
            words or ("--gate", gate, "--stage", stage),
            into=self.place.folder,
            cell=(gate, stage),
            env={"DOCKER_HOST": line.path} if line is not None else {},
            disk=disk,
        ) as run:
            self.owners.add(run.process.pid)
            yield run

    def line(self, until: bytes = b"") -> Between:
        """Stand between a run and its engine."""
        _ = self.tree.image
        return Between(self.place.folder, until)

    def sweep(self) -> None:
        """Do what the next run on this machine does first: remove what killed ones left."""
        folders.sweep()
        if self.defect.stage in _DEPLOYED:
            from verify.probes import engine

            with contextlib.closing(engine.connect(uuid.uuid4().hex[:12])) as connected:
                connected.sweep()

    def moment(self, most: float) -> float:
        """Draw seconds up to these at random."""
        return self.drawn.uniform(0, most)

    def left_now(self) -> str:
        """Name what is left behind at this moment."""
        return left_now(self.place.folder, self.place.temporary, used(self.owners))
