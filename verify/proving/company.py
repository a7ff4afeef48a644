"""Tries defects together, a few at a time, where the look that all of them need takes long."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting.defect import CannotPlant, Sign
from verify.planting.tree import Tree
from verify.proof import Attempt, Fate
from verify.proving.attempt import Copied, Place, attempt, ending_of, judged, named, seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.planting.defect import Defect

Planted = tuple["Defect", Sign, tuple[str, ...]]


def together(defects: Sequence[Defect], place: Place) -> tuple[Attempt, ...]:
    """Try defects of one gate and stage, as many at once as keep out of each other's way.

    Those that change a file that another one changes, or is told by, wait for the next copy. Killed
    is who is told by a finding at its own file; all others are tried once more, each alone.
    """
    made: dict[str, Attempt] = {}
    rest = list(defects)
    while rest:
        began = time.monotonic()
        planted, waiting, found = _round(rest, _in(place, f"together-{len(rest)}"))
        share = (time.monotonic() - began) / max(1, len(planted))
        made |= {name: replace(one, seconds=share) for name, one in found.items()}
        rest = waiting if planted else []
    return tuple(
        made.get(one.name) or attempt(one, _in(place, f"alone-{one.name}")) for one in defects
    )


def _in(place: Place, name: str) -> Place:
    folder = place.folder / name
    Path(folder).mkdir()
    return Place(place.root, folder, place.template)


def _round(
    rest: Sequence[Defect], place: Place
) -> tuple[list[Planted], list[Defect], dict[str, Attempt]]:
    """Plant what goes together, and look; return that, what waits, and who was killed."""
    killed = {}
    with Copied(place, shared=True):
        planted, waiting = _plant(rest, place.copy)
        if planted:
            cell = seen(planted[0][0], place)
            for one, sign, changed in planted:
                row = Attempt(
                    *(one.name, one.sentence, one.gate, one.stage, Fate.UNDECIDED, one.outcome),
                    sign=named(sign),
                    changed=changed,
                )
                done = judged(row, ending_of(cell, sign))
                if done.fate is Fate.KILLED:
                    killed[one.name] = done
    return planted, waiting, killed


def _plant(rest: Sequence[Defect], copy: Path) -> tuple[list[Planted], list[Defect]]:
    """Plant all that keep out of each other's way; return them, and those that wait."""
    planted: list[Planted] = []
    waiting: list[Defect] = []
    touched: set[str] = set()
    for one in rest:
        tree = Tree(copy)
        try:
            sign = one.plant(tree)
        except (NotDeclared, CannotPlant):
            tree.undo()
            if planted:  # what was planted before may be what is in its way
                waiting.append(one)
            continue  # otherwise it is said by the attempt that it gets alone
        own = {*tree.changed, sign.path}
        if not sign.path or touched & own:
            tree.undo()
            waiting.append(one)
        else:
            planted.append((one, sign, tree.changed))
            touched |= own
    return planted, waiting
