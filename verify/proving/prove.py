"""Plants every defect that is asked for, and returns what came of each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from verify import manifest
from verify.model import ManifestRef, Outcome, Stage, Subject
from verify.planting import catalogue
from verify.probes import git
from verify.progress import Progress
from verify.proof import Attempt, Clean, Fate, Proof
from verify.proving import attempt as attempts
from verify.proving.crew import Task, work

if TYPE_CHECKING:
    from verify.planting.defect import Defect

SECONDS = {Stage.SOURCE: 60.0, Stage.LOCAL: 180.0}
"""An attempt may take so long; 0.5 and 4 are usual."""

DEPLOYED_SECONDS = 420.0
"""The same where an image is built; 15 are usual."""

CLEAN_SECONDS = 900.0
"""A run of all gates on the clean copy may take so long; 80 are usual."""


class Watcher:
    """Hears how far a proof is; this one stays silent."""

    def begin(self, total: int, jobs: int) -> None:
        """So many attempts begin, so many at once."""

    def start(self, name: str) -> None:
        """One begins."""

    def done(self, result: Attempt | tuple[Clean, ...]) -> None:
        """One is over."""

    def end(self) -> None:
        """The proof is over, or was broken off."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a proof is asked for.

    Args:
        root: the project's root.
        defects: by name; empty for all.
        gates: only the defects that these must see; empty for all.
        stages: only those that must be seen there; empty for all.
        jobs: attempts at once; 0 for one for each core.
        watcher: hears what happens.
    """

    root: Path
    defects: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    jobs: int = 0
    watcher: Watcher = Watcher()  # noqa: RUF009 - it has no state


def prove(options: Options) -> Proof:
    """Plant the defects, each in a copy of its own, and say which were killed.

    Raises:
        ManifestError: the manifest is missing or wrong.
        UsageError: there is no such defect.
        KeyboardInterrupt: it was interrupted; everything it made is gone by then.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    reviewed = manifest.load(options.root)
    defects = catalogue.chosen(
        catalogue.read(), names=options.defects, gates=options.gates, stages=options.stages
    )
    jobs = options.jobs or os.cpu_count() or 1
    tasks = [*_clean_tasks(reviewed.root, defects), *_tasks(reviewed.root, defects)]
    made: dict[str, Attempt] = {}
    cells: list[Clean] = []
    options.watcher.begin(len(tasks), jobs)
    try:
        for _, result in work(tasks, jobs, begun=options.watcher.start):
            options.watcher.done(result)
            if isinstance(result, Attempt):
                made[result.defect] = result
            else:
                cells += result
    finally:
        options.watcher.end()
    checkout = git.checkout(reviewed.root)
    wanted = {(defect.gate, defect.stage) for defect in defects}
    return Proof(
        subject=Subject(str(reviewed.root), *_of(checkout)),
        manifest=ManifestRef(manifest.FILE_NAME, reviewed.sha256),
        attempts=tuple(made[defect.name] for defect in defects),
        clean=tuple(sorted(_only(cells, wanted), key=_place)),
        jobs=jobs,
        started=started.isoformat(timespec="seconds"),
        seconds=time.monotonic() - began,
    )


def _of(checkout: git.Checkout | None) -> tuple[str | None, str | None, bool | None]:
    return (checkout.commit, checkout.tree, checkout.dirty) if checkout else (None, None, None)


def _only(cells: Iterable[Clean], wanted: set[tuple[str, Stage]]) -> list[Clean]:
    return [cell for cell in cells if (cell.gate, cell.stage) in wanted or not cell.gate]


def _place(cell: Clean) -> tuple[int, str]:
    return list(Stage).index(cell.stage), cell.gate


def _tasks(root: Path, defects: Iterable[Defect]) -> list[Task[Attempt | tuple[Clean, ...]]]:
    """Return a task for each defect, the longest first: none is left to run alone at the end."""
    order = list(Stage)
    by_length = sorted(defects, key=lambda one: -order.index(one.stage))
    return [
        Task(
            one.name,
            partial(_attempt, root, one.name),
            _lost(one),
            SECONDS.get(one.stage, DEPLOYED_SECONDS),
        )
        for one in by_length
    ]


def _attempt(root: Path, name: str, folder: Path) -> Attempt:
    (defect,) = (one for one in catalogue.read() if one.name == name)
    return attempts.attempt(defect, attempts.Place(root, folder))


def _lost(one: Defect) -> Callable[[str], Attempt]:
    return partial(_undecided, one.name, one.sentence, one.gate, one.stage, one.outcome)


def _undecided(
    name: str, sentence: str, gate: str, stage: Stage, wanted: Outcome, why: str
) -> Attempt:
    return Attempt(name, sentence, gate, stage, Fate.UNDECIDED, wanted, said=f"the attempt {why}")


def _clean_tasks(root: Path, defects: Iterable[Defect]) -> list[Task[Attempt | tuple[Clean, ...]]]:
    """Return the runs of the same gates without any defect: here, and where it is deployed."""
    tasks: list[Task[Attempt | tuple[Clean, ...]]] = []
    for deployed in (True, False):
        cells = {(d.gate, d.stage) for d in defects if (d.stage in attempts.DEPLOYED) is deployed}
        if cells:
            stages = tuple(stage for stage in Stage if any(stage is there for _, there in cells))
            gates = tuple(sorted({gate for gate, _ in cells}))
            name = f"the clean copy, {', '.join(stages)}"
            do = partial(_clean, root, stages, gates)
            tasks.append(Task(name, do, partial(_unclean, stages), CLEAN_SECONDS))
    return tasks


def _clean(
    root: Path, stages: tuple[Stage, ...], gates: tuple[str, ...], folder: Path
) -> tuple[Clean, ...]:
    return attempts.clean(attempts.Place(root, folder), stages, gates, Progress())


def _unclean(stages: tuple[Stage, ...], why: str) -> tuple[Clean, ...]:
    return tuple(Clean("", stage, Outcome.ERROR, f"the clean copy {why}") for stage in stages)
