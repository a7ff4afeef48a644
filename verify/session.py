"""Runs the gates that were asked for and returns the report; the only place that calls pytest."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from verify import catalog, manifest
from verify.errors import UsageError, VerifyError
from verify.model import NOT_ASKED, Cell, ManifestRef, Outcome, Report, Stage, Subject, Verdict
from verify.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.catalog import Gate
    from verify.manifest import Manifest
    from verify.plugin import Run
    from verify.probes.git import Checkout


UNUSED = (
    "cacheprovider",
    "debugging",
    "doctest",
    "faulthandler",
    "junitxml",
    "logging",
    "pastebin",
    "stepwise",
    "terminal",
    "unittest",
    "unraisableexception",
    "warnings",
)
"""Plugins of pytest that would only cost time here, write into the project, or print."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for.

    Args:
        root: the project's root.
        stages: the stages to look at; empty for all.
        gates: the gates to run, by id; empty for all.
        progress: hears what happens.
        screenshots: the folder that gets a picture of each tab; None for none.
        previous: the image to go back to, by tag, id or digest; empty for the one kept here.
        sparing: whether other runs need the other cores, so that doing two things at once would
            only cost more.
    """

    root: Path
    stages: tuple[Stage, ...] = ()
    gates: tuple[str, ...] = ()
    progress: Progress = field(default_factory=Progress)
    screenshots: Path | None = None
    previous: str = ""
    sparing: bool = False


_LONGEST = ("entry", Stage.SOURCE)


def run(options: Options) -> Report:
    """Run the gates and return what they found.

    Raises:
        ManifestError: the manifest is missing or wrong.
        UsageError: a gate that was asked for does not exist.
        KeyboardInterrupt: the run was interrupted; everything it made is gone by then.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    reviewed = manifest.load(options.root)
    folders = (catalog.BUILT_IN, *(reviewed.root / folder for folder in reviewed.gates.extra))
    gates = catalog.read(*folders)
    asked = _asked(gates, options)

    with contextlib.ExitStack() as stack:
        beside = None
        if (
            _LONGEST in asked and not options.sparing
        ):  # it needs nothing of the others, so it runs beside them from now on
            from verify.probes.launchers.beside import Beside

            beside = stack.enter_context(contextlib.closing(Beside(reviewed.root)))

        from verify.plugin import Run  # imports pytest, which a wrong command line need not pay for
        from verify.probes import git
        from verify.probes.folders import PREFIX, mark, sweep

        checkout = git.checkout(reviewed.root)
        sweep()
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix=PREFIX))
        mark(scratch)
        current = Run(
            manifest=reviewed,
            asked=frozenset(asked),
            progress=options.progress,
            scratch=Path(scratch),
            id=uuid.uuid4().hex[:12],
            checkout=checkout,
            beside=beside,
            screenshots=options.screenshots,
            previous=options.previous,
            sparing=options.sparing,
        )
        options.progress.begin(asked)
        stack.callback(options.progress.end)
        _pytest(current, gates, folders)
    report = Report(
        subject=_subject(reviewed.root, checkout),
        manifest=ManifestRef(manifest.FILE_NAME, reviewed.sha256),
        cells=tuple(_cells(gates, current, options)),
        image=current.image,
        started=started.isoformat(timespec="seconds"),
        seconds=time.monotonic() - began,
        notes=tuple(current.notes),
    )
    if _whole(report, options):
        report = replace(report, notes=(*report.notes, _keep(report, reviewed, current.id)))
    return report


def _whole(report: Report, options: Options) -> bool:
    """Say whether a run has verified all there is to an image: only that makes it a way back."""
    stages = options.stages or tuple(Stage)
    deployed = Stage.IMAGE in stages and Stage.CONTAINER in stages
    return deployed and not options.gates and report.verdict is Verdict.VERIFIED


def _keep(report: Report, reviewed: Manifest, run_id: str) -> str:
    """Keep the verified image as the way back from later ones; return what there is to say."""
    from verify.probes import engine, kept

    if report.image is None or reviewed.image is None:
        return "there was no image to keep"
    tag = reviewed.image.tag
    try:
        with contextlib.closing(engine.connect(run_id)) as connected:
            kept.keep(connected.api, tag, report.image.id)
    except VerifyError as error:
        # What was verified stays verified.
        return f"the image cannot be kept as the way back from later ones: {error.diagnosis}"
    return f"kept as {kept.name(tag, kept.VERIFIED)}, the way back from later images"


def _asked(gates: Sequence[Gate], options: Options) -> list[tuple[str, Stage]]:
    known = [gate.id for gate in gates]
    for wanted in options.gates:
        if wanted not in known:
            raise UsageError(f"there is no gate {wanted!r}", f"The gates: {', '.join(known)}.")
    stages = options.stages or tuple(Stage)
    chosen = [
        (gate.id, stage)
        for stage in Stage
        for gate in gates
        if stage in gate.stages
        and stage in stages
        and (not options.gates or gate.id in options.gates)
    ]
    faulty = any(gate.fault for gate in gates)
    if not chosen and not faulty:
        raise UsageError(
            f"no gate looks at {', '.join(stages)} among {', '.join(options.gates) or 'all'}",
            "`verify list` shows which gate looks where.",
        )
    return chosen


def _cells(gates: Sequence[Gate], current: Run, options: Options) -> Iterator[Cell]:
    """Yield the whole matrix: the census comes from the gates' files, not from what pytest ran."""
    for gate in gates:
        if gate.fault and (not options.gates or gate.id in options.gates):
            yield _unrun(gate, gate.stages[0] if gate.stages else Stage.SOURCE, gate.fault)
        for stage in gate.stages:
            cell = current.cells.get((gate.id, stage))
            if cell is not None:
                yield cell
            elif (gate.id, stage) in current.asked and not gate.fault:
                yield _unrun(gate, stage, "the gate did not run")
            elif not gate.fault:
                yield _unrun(gate, stage, NOT_ASKED, Outcome.SKIP)


def _unrun(gate: Gate, stage: Stage, reason: str, outcome: Outcome = Outcome.ERROR) -> Cell:
    return Cell(
        gate=gate.id,
        stage=stage,
        outcome=outcome,
        reason=reason,
        required=outcome is Outcome.ERROR,
        title=gate.title,
        why=gate.why,
        fix=gate.fix,
    )


def _subject(root: Path, checkout: Checkout | None) -> Subject:
    if checkout is None:
        return Subject(str(root))
    return Subject(str(root), checkout.commit, checkout.tree, checkout.dirty)


def _pytest(current: Run, gates: Sequence[Gate], folders: Sequence[Path]) -> None:
    """Call pytest sealed off from the user's own configuration, plugins and cache."""
    import pytest

    from verify.fixtures import PLUGINS
    from verify.plugin import GatePlugin

    wanted = {gate for gate, _ in current.asked}
    files = [str(gate.path) for gate in gates if gate.id in wanted and not gate.fault]
    if not files:
        return
    arguments = [
        *files,
        f"-c{os.devnull}",
        f"--rootdir={folders[0]}",
        "--import-mode=importlib",
        "--noconftest",
        "--continue-on-collection-errors",
        "--capture=no",
        "--assert=plain",
        *(f"-pno:{plugin}" for plugin in UNUSED),
        f"-opython_functions={catalog.PREFIX}*",
        "-opython_files=*.py",
    ]
    plugin = GatePlugin(current, {gate.id: gate for gate in gates})
    with _sealed_environment():
        code = pytest.main(arguments, plugins=[plugin, *PLUGINS])
    if code == pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    if code not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        current.notes.append(
            f"pytest ended with exit code {int(code)}; the cells tell what did not run"
        )


@contextlib.contextmanager
def _sealed_environment() -> Iterator[None]:
    """Take the variables away with which a user steers their own pytest runs."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PYTEST_")}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("PYTEST_")]:
            del os.environ[name]
        os.environ.update(kept)
