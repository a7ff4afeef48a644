"""Plants every defect that is asked for, and returns what came of each."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from verify import manifest
from verify.model import ManifestRef, Stage, Subject
from verify.planting import catalogue, copying
from verify.probes import folders, git
from verify.progress import Planned, Watcher
from verify.proof import Attempt, Clean, Proof
from verify.proving.crew import work
from verify.proving.knowing import ROOT
from verify.proving.tasks import Job, clean_jobs, jobs_of, planned

if TYPE_CHECKING:
    from verify.manifest import Manifest


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
    with _template(reviewed) as template:
        todo = [*clean_jobs(reviewed.root, defects), *jobs_of(reviewed.root, defects, template)]
        made, cells = _work(todo, planned(todo, defects), jobs, options.watcher)
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


def _work(
    todo: Sequence[Job], plan: Sequence[Planned], at_once: int, watcher: Watcher
) -> tuple[dict[str, Attempt], list[Clean]]:
    """Do it all; return what came of each defect, by name, and of the clean copies."""
    made: dict[str, Attempt] = {}
    cells: list[Clean] = []
    names = {job.task.name: job.names for job in todo}

    def begun(task: str) -> None:
        for name in names[task]:
            watcher.start(name)

    watcher.begin(plan, at_once)
    try:
        for task, results in work([job.task for job in todo], at_once, begun=begun):
            found = tuple(one for one in results if isinstance(one, Clean))
            cells += found
            if found:
                watcher.done(task.name, found)
            for one in results:
                if isinstance(one, Attempt):
                    made[one.defect] = one
                    watcher.done(one.defect, one)
    finally:
        watcher.end()
    return made, cells


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


def _of(checkout: git.Checkout | None) -> tuple[str | None, str | None, bool | None]:
    return (checkout.commit, checkout.tree, checkout.dirty) if checkout else (None, None, None)


def _only(cells: Iterable[Clean], wanted: set[tuple[str, Stage]]) -> list[Clean]:
    return [cell for cell in cells if (cell.gate, cell.stage) in wanted or not cell.gate]


def _place(cell: Clean) -> tuple[int, str]:
    return list(Stage).index(cell.stage), cell.gate
