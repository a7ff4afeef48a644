"""Runs gates on what one look brought back, without pytest: its import takes too long."""

from __future__ import annotations

import inspect
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

from verify import catalog
from verify.errors import CouldNotCheck, NotDeclared, SubjectBroken, VerifyError
from verify.judge import checked, judge
from verify.model import Cell, Observation, Outcome

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from verify.catalog import Gate
    from verify.model import Stage


class Supply:
    """What a gate may ask for, each thing looked at once and only when a gate asks.

    Args:
        makers: how each fact is had, by its name.
        absent: why some fact is not to be had here, by its name.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Any]], absent: Mapping[str, str]) -> None:
        self._makers = makers
        self._absent = absent
        self._had: dict[str, Any] = {}
        self._failed: dict[str, VerifyError] = {}

    def lacking(self, names: Iterable[str]) -> str:
        """Return why these are not all to be had; nothing when they are."""
        missing = [name for name in names if name not in self._makers]
        told = [self._absent[name] for name in missing if name in self._absent]
        if told:
            return told[0]
        needs = ", ".join(missing)
        return f"only `verify run` has what it needs: {needs}" if needs else ""

    def has(self, name: str) -> bool:
        """Say whether this fact is to be had."""
        return name in self._makers

    def had(self, name: str) -> Any:
        """Return one fact if a gate has asked for it; None if none has, or the look failed."""
        return self._had.get(name)

    def get(self, name: str) -> Any:
        """Return one fact.

        Raises:
            VerifyError: the look for it failed, now or before.
        """
        if name in self._failed:
            raise self._failed[name]
        if name not in self._had:
            try:
                self._had[name] = self._makers[name]()
            except VerifyError as error:
                self._failed[name] = error
                raise
        return self._had[name]


def cells(
    stage: Stage,
    supply: Supply,
    *extra: Path,
    only: frozenset[str] | None = None,
    without: frozenset[str] = frozenset(),
) -> list[Cell]:
    """Return what came of each gate of one stage.

    Args:
        stage: where the gates look.
        supply: what there is to look at.
        extra: folders with gates of the project's own.
        only: these gates; None for all.
        without: gates that are left out.
    """
    found = catalog.read(catalog.BUILT_IN, *extra, stage=stage)
    return [
        _cell(gate, stage, supply)
        for gate in found
        if (only is None or gate.id in only) and gate.id not in without
    ]


def judged(gate: Gate, stage: Stage, observe: Callable[[], Iterable[Observation] | None]) -> Cell:
    """Return the cell of one gate, by the rules of every run.

    Args:
        gate: what the cell is about.
        stage: where it looks.
        observe: the look; its generator is run to the end.
    """
    began = time.monotonic()
    seen: list[Observation] = []
    try:
        seen.extend(checked(observe()))
        outcome, reason, required = judge(seen, None)
    except SubjectBroken as error:
        seen.append(Observation(error.subject, error.expected, error.got, error.path, error.line))
        outcome, reason, required = Outcome.FAIL, "", True
    except Exception as error:  # noqa: BLE001 - a gate that breaks is no verdict on the deployment
        outcome, reason, required = judge(seen, error)
    return Cell(
        gate=gate.id,
        stage=stage,
        outcome=outcome,
        observations=tuple(seen),
        seconds=time.monotonic() - began,
        reason=reason,
        required=required,
        title=gate.title,
        why=gate.why,
        fix=gate.fix,
    )


def _cell(gate: Gate, stage: Stage, supply: Supply) -> Cell:
    def observe() -> Iterable[Observation] | None:
        if gate.fault:
            raise CouldNotCheck(gate.fault)
        needs = gate.needs[stage]
        if why := supply.lacking(needs):  # known from its text, so that it need not be imported
            raise NotDeclared(why)
        function = getattr(_module(gate), f"{catalog.PREFIX}{stage}")
        wanted = inspect.signature(function).parameters
        observations: Iterable[Observation] | None = function(
            **{n: supply.get(n) if supply.has(n) or n in needs else None for n in wanted}
        )
        return observations

    return judged(gate, stage, observe)


def _module(gate: Gate) -> ModuleType:
    if gate.path.parent == catalog.BUILT_IN:
        return import_module(f"verify.gates.{gate.id}")
    name = f"verify_own_gate_{gate.id}"
    spec = spec_from_file_location(name, gate.path)
    if spec is None or spec.loader is None:
        raise CouldNotCheck(f"{gate.path} cannot be imported.")
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module
