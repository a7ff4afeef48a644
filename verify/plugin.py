"""The pytest side: collects `gate_*` generators, runs them, and maps what happens to cells."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from verify.catalog import PREFIX, Gate
from verify.errors import CouldNotCheck, SubjectBroken
from verify.judge import checked, judge, said
from verify.model import Cell, ImageRef, Observation, Outcome, Stage
from verify.probes.room import make_sure_of_room

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable
    from pathlib import Path

    from verify.manifest import Manifest
    from verify.probes.container import Container
    from verify.probes.git import Checkout
    from verify.probes.launchers.beside import Beside
    from verify.progress import Progress


@dataclass(slots=True)
class Run:
    """What the fixtures and hooks of one run share.

    Args:
        manifest: the reviewed manifest.
        asked: the cells to run.
        progress: hears what happens.
        scratch: a folder that is removed after the run.
        id: names the run on everything it makes.
        checkout: where the git checkout stands, or None where there is none.
        cells: what came of each cell.
        notes: sentences for the report.
        image: the image that was looked at.
        container: the container that is looked at; a change of it spoils what was seen.
        beside: the run matrix, while it is drawn up.
        screenshots: the folder that gets a picture of each tab; None for none.
        previous: the image to go back to, by tag, id or digest; empty for the one kept here.
        sparing: whether doing two things at once would only cost more.
    """

    manifest: Manifest
    asked: frozenset[tuple[str, Stage]]
    progress: Progress
    scratch: Path
    id: str
    checkout: Checkout | None
    cells: dict[tuple[str, Stage], Cell] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    image: ImageRef | None = None
    container: Container | None = None
    beside: Beside | None = None
    screenshots: Path | None = None
    previous: str = ""
    sparing: bool = False

    def stages(self) -> set[Stage]:
        """Return the stages that are looked at."""
        return {stage for _, stage in self.asked}


RUN = pytest.StashKey[Run]()


class GatePlugin:
    """Turns pytest's run into cells.

    Args:
        run: where the cells go.
        gates: the gates by id, as the catalog read them.
    """

    def __init__(self, run: Run, gates: dict[str, Gate]) -> None:
        self._run = run
        self._gates = gates
        self._observed: list[Observation] = []
        self._blamed: dict[int, str] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        """Give the fixtures access to the run."""
        config.stash[RUN] = self._run

    def pytest_pycollect_makeitem(
        self, collector: pytest.Module | pytest.Class, name: str, obj: object
    ) -> list[pytest.Item] | None:
        """Collect a gate's generator; pytest itself refuses tests that yield."""
        if not name.startswith(PREFIX) or not inspect.isfunction(obj):
            return None
        return [pytest.Function.from_parent(collector, name=name)]

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep what was asked for, stage by stage.

        A gate whose file says `FIRST = True` comes first in each of its stages: it is the one that
        carries a prerequisite that broke, such as a build. One that says `LAST = True` waits for
        something that takes long, and lets the others go first.
        """
        kept = [item for item in items if _key(item) in self._run.asked]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        order = list(Stage)

        def rank(item: pytest.Item) -> tuple[int, int, str]:
            gate, stage = _key(item)
            module = getattr(item, "module", None)
            turn = getattr(module, "LAST", False) - getattr(module, "FIRST", False)
            return order.index(stage), turn, gate

        items[:] = sorted(kept, key=rank)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Turn a gate file that cannot be imported into an ERROR of its cells."""
        try:
            report = yield
        except SystemExit as error:  # pytest itself would end with it, and so would all other gates
            report = pytest.CollectReport(
                collector.nodeid, "failed", f"SystemExit: {error}", result=[]
            )
        if report.failed:
            said = _last_line(str(report.longrepr)).removeprefix("E").strip()
            for gate, stage in sorted(self._run.asked):
                if gate == collector.path.stem:
                    reason = f"the gate's file cannot be imported: {said}"
                    self._finish(gate, stage, Outcome.ERROR, reason=reason)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Say that a cell begins."""
        self._observed = []
        self._run.progress.start(*_key(item))

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Run a gate's generator to its end, keeping each observation."""
        wanted = inspect.signature(pyfuncitem.obj).parameters
        self._observe(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
        if self._run.container is not None and _key(pyfuncitem)[1] in (Stage.CONTAINER, Stage.LIVE):
            self._run.container.same()
        return True

    def _observe(self, observations: Iterable[Observation] | None) -> None:
        self._observed.extend(checked(observations))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Judge the cell after its set-up failed, or after its call."""
        report = yield
        key = _key(item)
        error = call.excinfo.value if call.excinfo else None
        if call.when == "teardown":
            if error is not None:
                self._run.notes.append(f"cleaning up after {key[0]} failed: {said(error)}")
        elif call.when == "call" or error is not None:
            outcome, reason, required = self._judge(*key, error)
            seconds = call.duration if call.when == "call" else 0.0
            self._finish(*key, outcome, reason=reason, seconds=seconds, required=required)
        return report

    def _judge(
        self, gate: str, stage: Stage, error: BaseException | None
    ) -> tuple[Outcome, str, bool]:
        """Map what happened to (outcome, reason, required)."""
        if stage is not Stage.SOURCE and isinstance(error, SubjectBroken | CouldNotCheck | None):
            # What is executed without room fails for that, and is not to be blamed.
            try:
                make_sure_of_room(self._run.scratch)
            except CouldNotCheck as full:
                return judge(self._observed, full)
        if isinstance(error, SubjectBroken):
            return self._blame(gate, stage, error)
        if isinstance(error, pytest.FixtureLookupError):
            reason = f"the gate asks for a fixture that does not exist: {error.argname}"
            return Outcome.ERROR, reason, True
        return judge(self._observed, error)

    def _blame(self, gate: str, stage: Stage, error: SubjectBroken) -> tuple[Outcome, str, bool]:
        """Let one cell carry a broken prerequisite; the others point to it.

        pytest raises the same exception object again for each gate that needs the fixture.
        """
        if (carrier := self._blamed.get(id(error))) is not None:
            return Outcome.SKIP, f"not run: {_first_line(str(error))} (see {carrier})", True
        self._blamed[id(error)] = f"{gate}, {stage}"
        message = f"the end of its log:\n{error.log}" if error.log else ""
        self._observed.append(
            Observation(error.subject, error.expected, error.got, error.path, error.line, message)
        )
        return Outcome.FAIL, "", True

    def _finish(
        self,
        gate: str,
        stage: Stage,
        outcome: Outcome,
        *,
        reason: str = "",
        seconds: float = 0.0,
        required: bool = True,
    ) -> None:
        known = self._gates[gate]
        cell = Cell(
            gate=gate,
            stage=stage,
            outcome=outcome,
            observations=tuple(self._observed),
            seconds=seconds,
            reason=reason,
            required=required,
            title=known.title,
            why=known.why,
            fix=known.fix,
        )
        self._observed = []
        self._run.cells[gate, stage] = cell
        self._run.progress.done(cell)


def _key(item: pytest.Item) -> tuple[str, Stage]:
    stage = item.name.removeprefix(PREFIX)
    # A gate_* function that names no stage is never asked for: the catalog has said so already.
    return item.path.stem, Stage(stage) if stage in set(Stage) else stage  # type: ignore[return-value]


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "no reason was given"
