"""What a proof has to do, task by task: look at clean copies, and try each defect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import VerifyError
from verify.model import Outcome, Stage
from verify.planting import catalogue
from verify.progress import Planned, Progress
from verify.proof import Attempt, Clean, Fate
from verify.proving import attempt as attempts
from verify.proving.company import together
from verify.proving.crew import Task

if TYPE_CHECKING:
    from verify.planting.defect import Defect

SECONDS = {Stage.SOURCE: 60.0, Stage.LOCAL: 180.0}
"""An attempt may take so long; 0.2 and 4 are usual."""

DEPLOYED_SECONDS = 420.0
"""The same where an image is built; 8 are usual."""

CLEAN_SECONDS = 900.0
"""A run of all gates on the clean copy may take so long; 80 are usual."""

USUAL = {Stage.SOURCE: 0.2, Stage.LOCAL: 4.0}
"""Seconds that an attempt takes on an idle machine; from these the time left is first told."""

DEPLOYED_USUAL = 8.0
"""The same where an image is built."""

Results = tuple[Attempt, ...] | tuple[Clean, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One task, and the defects that it tries; none where it looks at a clean copy."""

    task: Task[Results]
    defects: tuple[Defect, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What is told of its progress: each defect, or the task."""
        return tuple(one.name for one in self.defects) or (self.task.name,)


def planned(jobs: Iterable[Job], defects: Iterable[Defect]) -> tuple[Planned, ...]:
    """Say what each task is, for whoever tells how long the rest will take."""
    whole = sum(_usual(stage) for stage in {one.stage for one in defects})
    return tuple(
        Planned(one.name, _kind(job, one), _usual(one.stage)) for job in jobs for one in job.defects
    ) + tuple(
        Planned(job.task.name, "clean", whole, counts=False) for job in jobs if not job.defects
    )


def _kind(job: Job, one: Defect) -> str:
    return f"{one.stage}, together" if len(job.defects) > 1 else str(one.stage)


def _usual(stage: Stage) -> float:
    return USUAL.get(stage, DEPLOYED_USUAL)


def jobs_of(root: Path, defects: Iterable[Defect], template: Path | None = None) -> list[Job]:
    """Return what tries these defects, the longest first: none is left to run alone at the end.

    Args:
        root: the project's root.
        defects: what to plant.
        template: a copy that attempts may share; None for none.
    """
    order = list(Stage)
    rows = sorted(defects, key=lambda one: -order.index(one.stage))
    sociable = sorted((one for one in rows if one.sociable), key=_cell)
    groups = [tuple(group) for _, group in groupby(sociable, _cell)]
    groups += [(one,) for one in rows if not one.sociable]
    groups.sort(key=lambda group: (group[0].stage not in attempts.DEPLOYED, -len(group)))
    return [Job(_task(root, template, group), group) for group in groups]


def _cell(one: Defect) -> tuple[str, Stage]:
    return one.gate, one.stage


def _task(root: Path, template: Path | None, group: tuple[Defect, ...]) -> Task[Results]:
    names = tuple(one.name for one in group)
    seconds = sum(SECONDS.get(one.stage, DEPLOYED_SECONDS) for one in group)
    do = partial(_try, root, template, names)
    return Task(names[0], do, partial(_lost, names), seconds)


def _try(
    root: Path, template: Path | None, names: tuple[str, ...], folder: Path
) -> tuple[Attempt, ...]:
    place = attempts.Place(root, folder, template)
    defects = _named(names)
    if len(defects) > 1:
        return together(defects, place)
    return (attempts.attempt(defects[0], place),)


def _named(names: Sequence[str]) -> list[Defect]:
    known = {one.name: one for one in catalogue.read()}
    return [known[name] for name in names]


def _lost(names: tuple[str, ...], why: str) -> tuple[Attempt, ...]:
    return tuple(
        Attempt(
            *(one.name, one.sentence, one.gate, one.stage, Fate.UNDECIDED, one.outcome),
            said=f"the attempt {why}",
        )
        for one in _named(names)
    )


def clean_jobs(root: Path, defects: Iterable[Defect]) -> list[Job]:
    """Return the runs of the same gates without any defect: here, and where it is deployed."""
    # The cell of an accident is judged where it happens: some have gates of their own.
    looked_at = [one for one in defects if one.happen is None]
    made = []
    for deployed in (True, False):
        cells = {_cell(one) for one in looked_at if (one.stage in attempts.DEPLOYED) is deployed}
        if cells:
            stages = tuple(stage for stage in Stage if any(stage is there for _, there in cells))
            gates = tuple(sorted({gate for gate, _ in cells}))
            name = f"the clean copy, {', '.join(stages)}"
            do = partial(_clean, root, stages, gates)
            made.append(Job(Task(name, do, partial(_unclean, stages), CLEAN_SECONDS)))
    return made


def _clean(
    root: Path, stages: tuple[Stage, ...], gates: tuple[str, ...], folder: Path
) -> tuple[Clean, ...]:
    try:
        return attempts.clean(attempts.Place(root, folder), stages, gates, Progress())
    except VerifyError as error:
        return _unclean(stages, f"could not be looked at: {error}")


def _unclean(stages: tuple[Stage, ...], why: str) -> tuple[Clean, ...]:
    return tuple(Clean("", stage, Outcome.ERROR, f"the clean copy {why}") for stage in stages)
