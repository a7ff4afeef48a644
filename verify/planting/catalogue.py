"""Reads the catalogue of defects: one family a file, no registry to edit."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from verify.errors import UsageError, VerifyError
from verify.planting.defect import Defect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.model import Stage

FAMILIES = "verify.sabotage"
"""The package whose modules are families."""


def read() -> tuple[Defect, ...]:
    """Return all defects, family by family, in the order in which they are written.

    Raises:
        VerifyError: two have one name, or one has no sentence.
    """
    package = importlib.import_module(FAMILIES)
    found: dict[str, Defect] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        for defect in _family(f"{FAMILIES}.{info.name}"):
            if defect.name in found or not defect.sentence:
                raise VerifyError(f"defect {defect.name!r} stands there twice, or says nothing")
            found[defect.name] = defect
    return tuple(found.values())


def _family(module: str) -> list[Defect]:
    made = vars(importlib.import_module(module)).values()
    return [
        one
        for value in made
        if isinstance(value, tuple)
        for one in value
        if isinstance(one, Defect)
    ]


def chosen(
    defects: Sequence[Defect],
    *,
    names: Sequence[str] = (),
    gates: Sequence[str] = (),
    stages: Sequence[Stage] = (),
) -> tuple[Defect, ...]:
    """Return the defects that are asked for; all where nothing is.

    Raises:
        UsageError: there is none of that name, or none at all.
    """
    known = {defect.name for defect in defects}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no defect {name!r}", _near(name, sorted(known)))
    found = tuple(
        defect
        for defect in defects
        if (not names or defect.name in names)
        and (not gates or defect.gate in gates)
        and (not stages or defect.stage in stages)
    )
    if not found:
        raise UsageError(
            "no defect fits what was asked for",
            "`verify list` shows by which defects each gate is seen red, and at which stage.",
        )
    return found


def _near(name: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 3)
    return f"Near it: {', '.join(near)}." if near else "`verify list` shows all of them."
