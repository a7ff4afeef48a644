"""Reads the catalogue of defects: one family a file, no registry to edit."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import UsageError, VerifyError
from verify.model import Stage
from verify.planting.defect import Defect

if TYPE_CHECKING:
    from collections.abc import Sequence

FAMILIES = "verify.sabotage"
"""The package whose modules are families."""


def read() -> tuple[Defect, ...]:
    """Return all defects, family by family, in the order in which they are written.

    Raises:
        VerifyError: two have one name, or one has no sentence.
    """
    found: dict[str, Defect] = {}
    for defects in families().values():
        for defect in defects:
            if defect.name in found or not defect.sentence:
                raise VerifyError(f"defect {defect.name!r} stands there twice, or says nothing")
            found[defect.name] = defect
    return tuple(found.values())


def families() -> dict[Path, tuple[Defect, ...]]:
    """Return each family's file, and the defects in it."""
    package = importlib.import_module(FAMILIES)
    found = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        module = importlib.import_module(f"{FAMILIES}.{info.name}")
        found[Path(module.__file__ or "")] = tuple(
            one
            for value in vars(module).values()
            if isinstance(value, tuple)
            for one in value
            if isinstance(one, Defect)
        )
    return found


def chosen(
    defects: Sequence[Defect],
    *,
    names: Sequence[str] = (),
    gates: Sequence[str] = (),
    stages: Sequence[Stage] = (),
) -> tuple[Defect, ...]:
    """Return the defects that are asked for; all where nothing is.

    Raises:
        UsageError: there is none of that name, none for that gate, or none at all.
    """
    known = {defect.name for defect in defects}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no defect {name!r}", _near(name, sorted(known)))
    bitten = sorted({defect.gate for defect in defects})
    for gate in gates:
        if gate not in bitten:
            raise UsageError(f"no defect is known for a gate {gate!r}", _near(gate, bitten))
    fitting = [
        defect
        for defect in defects
        if (not names or defect.name in names) and (not gates or defect.gate in gates)
    ]
    found = tuple(one for one in fitting if not stages or one.stage in stages)
    if not found:
        there = [stage for stage in Stage if any(one.stage is stage for one in fitting)]
        raise UsageError(
            f"none of these must be seen at {', '.join(stages)}, but at {', '.join(there)}"
            if there
            else "no defect fits all that was asked for",
            "`verify list` shows by which defects each gate is seen red, and at which stage.",
        )
    return found


def _near(name: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 3) or [one for one in known if name in one][:3]
    return f"Near it: {', '.join(near)}." if near else "`verify list` shows all of them."
