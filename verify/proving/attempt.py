"""One attempt: a copy, a defect in it, and the gate that must see it."""

from __future__ import annotations

import os
import tempfile
import time
import uuid
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from verify import manifest, session
from verify.errors import NotDeclared, VerifyError
from verify.model import Cell, Observation, Outcome, Stage
from verify.planting import copying
from verify.planting.defect import CannotPlant, Sign
from verify.planting.tree import Tree
from verify.planting.world import Ending
from verify.proof import Attempt, Clean, Fate
from verify.proving.leftovers import left, used

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.manifest import Manifest
    from verify.planting.defect import Defect
    from verify.planting.world import World
    from verify.progress import Progress

DEPLOYED = frozenset({Stage.IMAGE, Stage.CONTAINER, Stage.LIVE})
"""The stages that need an image, and so a commit that it is made of."""

LONGEST = 300
"""Characters of what a gate said."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attempt works.

    Args:
        root: of the project.
        folder: takes the copy and all temporary files; whoever made it removes it.
        template: a copy that others may share what is never executed with; None for none.
    """

    root: Path
    folder: Path
    template: Path | None = None

    @property
    def copy(self) -> Path:
        """The copy's root."""
        return self.folder / "copy"

    @property
    def temporary(self) -> Path:
        """The folder for temporary files of the run."""
        return self.folder / "tmp"


def attempt(defect: Defect, place: Place) -> Attempt:
    """Plant a defect in a copy, and say whether the gate saw it.

    Runs in a process of its own: it changes the environment for good.
    """
    began = time.monotonic()
    row = Attempt(
        defect.name, defect.sentence, defect.gate, defect.stage, Fate.UNDECIDED, defect.outcome
    )
    try:
        with Copied(place, shared=defect.stage is Stage.SOURCE) as project:
            owners = {os.getpid()}
            made = _attempt(defect, row, place, project, owners)
            if found := left(place.folder, place.temporary, used(owners)):
                made = replace(made, fate=Fate.SURVIVED, said=f"left behind: {found}")
    except VerifyError as error:
        made = replace(row, said=str(error))
    return replace(made, seconds=time.monotonic() - began)


def _attempt(
    defect: Defect, row: Attempt, place: Place, project: Manifest, owners: set[int]
) -> Attempt:
    tree = Tree(place.copy)
    if defect.happen is not None:
        try:
            return judged(row, defect.happen(_surroundings(defect, place, tree, project, owners)))
        except NotDeclared as error:
            return replace(row, fate=Fate.NOT_HERE, said=str(error))
    try:
        sign = defect.plant(tree)
    except NotDeclared as error:
        return replace(row, fate=Fate.NOT_HERE, said=str(error))
    except CannotPlant as error:
        return replace(row, fate=Fate.UNPLANTED, said=str(error), changed=tree.changed)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault of the catalogue
        why = f"its function broke: {type(error).__name__}: {error}"
        return replace(row, fate=Fate.UNPLANTED, said=why, changed=tree.changed)
    row = replace(row, sign=named(sign), changed=tree.changed)
    _ready(place, project, (defect.stage,))
    return judged(row, ending_of(seen(defect, place), sign))


def _surroundings(
    defect: Defect, place: Place, tree: Tree, project: Manifest, owners: set[int]
) -> World:
    """Return where an accident happens; the copy is made ready when it has been changed."""
    from verify.proving.world import Surroundings

    ready = partial(_ready, place, project, (defect.stage,))
    return Surroundings(defect, place, tree, ready, partial(seen, defect, place), owners)


def named(sign: Sign) -> str:
    """Say what a finding must tell, for people."""
    return ", ".join(
        part
        for part in (repr(sign.text) if sign.text else "", f"in {sign.path}" if sign.path else "")
        if part
    )


def seen(defect: Defect, place: Place) -> Cell:
    """Run the gate that must see a defect; return its cell.

    Raises:
        KeyboardInterrupt: it was interrupted.
    """
    options = session.Options(place.copy, (defect.stage,), (defect.gate,), sparing=True)
    report = session.run(options)
    (cell,) = (c for c in report.cells if (c.gate, c.stage) == (defect.gate, defect.stage))
    return cell


def ending_of(cell: Cell, sign: Sign) -> Ending:
    """Return what a cell says, by the finding that tells of the defect where there is one."""
    telling = next((one for one in _told(cell) if _tells(one, sign)), None)
    if telling is not None:
        return Ending(cell.outcome, _short(telling))
    said = cell.reason or "; ".join(_short(one) for one in cell.findings)
    fits = not cell.findings and sign.text in cell.reason and not sign.path
    return Ending(cell.outcome, said, fits=fits)


def _told(cell: Cell) -> Iterator[Observation]:
    yield from cell.findings


def _tells(finding: Observation, sign: Sign) -> bool:
    where = finding.path or ""
    text = f"{finding.subject}\n{finding.got}\n{finding.message}"
    return sign.text in text and (not sign.path or sign.path in {where, *_words(text)})


def _words(text: str) -> set[str]:
    return set(text.replace(":", " ").split())


def _short(finding: Observation) -> str:
    place = f"{finding.path}:{finding.line}: " if finding.path and finding.line else ""
    got = " ".join(str(finding.got).split())
    return f"{place}{finding.subject}: {got}"[:LONGEST]


def judged(row: Attempt, ending: Ending) -> Attempt:
    """Say what became of a defect: killed only by the outcome it needs, for the right reason."""
    made = replace(row, outcome=ending.outcome, said=ending.said)
    if ending.outcome is row.wanted:
        if ending.fits:
            return replace(made, fate=Fate.KILLED)
        return replace(made, fate=Fate.SURVIVED, said=f"for another reason: {ending.said}")
    if ending.outcome is Outcome.SKIP:
        return made  # this machine lacks something
    if ending.outcome is Outcome.PASS or row.wanted is not Outcome.FAIL:
        return replace(made, fate=Fate.SURVIVED, said=ending.said or "seen by no one")
    if ending.outcome is Outcome.FAIL:
        return replace(made, fate=Fate.SURVIVED)
    return replace(made, fate=Fate.UNDECIDED)


def clean(
    place: Place, stages: Sequence[Stage], gates: Sequence[str], progress: Progress
) -> tuple[Clean, ...]:
    """Run gates on a copy without any defect; return their cells.

    Runs in a process of its own: it changes the environment for good.
    """
    with Copied(place) as project:
        _ready(place, project, stages)
        options = session.Options(place.copy, tuple(stages), tuple(gates), progress, sparing=True)
        report = session.run(options)
    cells = (c for c in report.cells if c.stage in stages and c.gate in gates)
    return tuple(
        Clean(c.gate, c.stage, c.outcome, ending_of(c, Sign()).said, c.seconds) for c in cells
    )


class Copied:
    """A copy of the project, and the images made of it, for a while."""

    def __init__(self, place: Place, *, shared: bool = False) -> None:
        self._place = place
        self._shared = shared
        self._tag = f"verify-prove-{uuid.uuid4().hex[:10]}:copy"

    def __enter__(self) -> Manifest:
        project = manifest.load(self._place.root)
        self._place.temporary.mkdir(parents=True)
        os.environ["TMPDIR"] = str(self._place.temporary)
        tempfile.tempdir = None
        if self._shared and self._place.template is not None:
            copying.link(self._place.template, self._place.copy)
        else:
            copying.copy(project, self._place.copy, tag=self._tag)
        return project

    def __exit__(self, *_: object) -> None:
        from verify.proving.images import forget

        forget(self._tag)


def _ready(place: Place, project: Manifest, stages: Sequence[Stage]) -> None:
    """Make a copy fit for these stages; a commit comes last, so that it is of all there is."""
    if set(stages) - {Stage.SOURCE}:
        copying.prepare(project, place.copy)
    if DEPLOYED & set(stages):
        copying.commit(place.copy)
