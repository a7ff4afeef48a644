"""Plants every defect that is asked for, and returns what came of each."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from verify import manifest
from verify.errors import VerifyError
from verify.model import ManifestRef, Outcome, Stage, Subject
from verify.planting import catalogue, copying
from verify.probes import folders, git
from verify.progress import Planned, Progress, Watcher
from verify.proof import Attempt, Clean, End, Fate, Proof
from verify.proving import attempt as attempts
from verify.proving.crew import Task, work
from verify.proving.knowing import ROOT

if TYPE_CHECKING:
    from verify.manifest import Manifest
    from verify.planting.defect import Defect

SECONDS = {Stage.SOURCE: 60.0, Stage.LOCAL: 180.0}
"""An attempt may take so long; 0.5 and 4 are usual."""

DEPLOYED_SECONDS = 420.0
"""The same where an image is built; 15 are usual."""

CLEAN_SECONDS = 900.0
"""A run of all gates on the clean copy may take so long; 80 are usual."""

USUAL = {Stage.SOURCE: 0.7, Stage.LOCAL: 4.0}
"""Seconds that an attempt takes on an idle machine; from these the time left is first told."""

DEPLOYED_USUAL = 15.0
"""The same where an image is built."""


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
    jobs = options.jobs or _cores()
    made: dict[str, Attempt] = {}
    cells: list[Clean] = []
    with _template(reviewed) as template:
        tasks = [*_clean_tasks(reviewed.root, defects), *tasks_of(reviewed.root, defects, template)]
        options.watcher.begin(_planned(tasks, defects), jobs)
        try:
            for task, result in work(tasks, jobs, begun=options.watcher.start):
                options.watcher.done(task.name, result)
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


@contextlib.contextmanager
def _template(reviewed: Manifest) -> Iterator[Path]:
    """Keep one copy that attempts may share, and let every attempt know the trees of its files."""
    with tempfile.TemporaryDirectory(prefix=f"{folders.PREFIX}prove-") as folder:
        folders.mark(folder)
        copying.copy(reviewed, Path(folder, "copy"), tag="never-built:copy")
        os.environ[ROOT] = str(reviewed.root)
        try:
            yield Path(folder, "copy")
        finally:
            del os.environ[ROOT]


def _cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # no such call on this system
        return os.cpu_count() or 1


def _planned(
    tasks: Iterable[Task[Attempt | tuple[Clean, ...]]], defects: Iterable[Defect]
) -> tuple[Planned, ...]:
    """Say what each task is, for whoever tells how long the rest will take."""
    stages = {defect.name: defect.stage for defect in defects}
    whole = sum(_usual(stage) for stage in set(stages.values()))
    return tuple(
        Planned(task.name, stages[task.name], _usual(stages[task.name]))
        if task.name in stages
        else Planned(task.name, "clean", whole, counts=False)
        for task in tasks
    )


def _usual(stage: Stage) -> float:
    return USUAL.get(stage, DEPLOYED_USUAL)


def _of(checkout: git.Checkout | None) -> tuple[str | None, str | None, bool | None]:
    return (checkout.commit, checkout.tree, checkout.dirty) if checkout else (None, None, None)


def _only(cells: Iterable[Clean], wanted: set[tuple[str, Stage]]) -> list[Clean]:
    return [cell for cell in cells if (cell.gate, cell.stage) in wanted or not cell.gate]


def _place(cell: Clean) -> tuple[int, str]:
    return list(Stage).index(cell.stage), cell.gate


def tasks_of(
    root: Path, defects: Iterable[Defect], template: Path | None = None
) -> list[Task[Attempt | tuple[Clean, ...]]]:
    """Return a task for each defect, the longest first: none is left to run alone at the end.

    Args:
        root: the project's root.
        defects: what to plant.
        template: a copy that attempts may share; None for none.
    """
    order = list(Stage)
    by_length = sorted(defects, key=lambda one: -order.index(one.stage))
    return [
        Task(
            one.name,
            partial(_attempt, root, template, one.name),
            _lost(one),
            SECONDS.get(one.stage, DEPLOYED_SECONDS),
        )
        for one in by_length
    ]


def _attempt(root: Path, template: Path | None, name: str, folder: Path) -> Attempt:
    (defect,) = (one for one in catalogue.read() if one.name == name)
    return attempts.attempt(defect, attempts.Place(root, folder, template))


def _lost(one: Defect) -> Callable[[str], Attempt]:
    return partial(_undecided, one.name, one.sentence, one.gate, one.stage, one.outcome)


def _undecided(
    name: str, sentence: str, gate: str, stage: Stage, wanted: Outcome | End, why: str
) -> Attempt:
    return Attempt(name, sentence, gate, stage, Fate.UNDECIDED, wanted, said=f"the attempt {why}")


def _clean_tasks(root: Path, defects: Iterable[Defect]) -> list[Task[Attempt | tuple[Clean, ...]]]:
    """Return the runs of the same gates without any defect: here, and where it is deployed."""
    tasks: list[Task[Attempt | tuple[Clean, ...]]] = []
    for deployed in (True, False):
        # The cell of an accident is judged where it happens: some have gates of their own.
        looked_at = [d for d in defects if d.happen is None]
        cells = {(d.gate, d.stage) for d in looked_at if (d.stage in attempts.DEPLOYED) is deployed}
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
    try:
        return attempts.clean(attempts.Place(root, folder), stages, gates, Progress())
    except VerifyError as error:
        return _unclean(stages, f"could not be looked at: {error}")


def _unclean(stages: tuple[Stage, ...], why: str) -> tuple[Clean, ...]:
    return tuple(Clean("", stage, Outcome.ERROR, f"the clean copy {why}") for stage in stages)
