"""What a proof says: which defects were killed, and by whom. Frozen values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from verify.model import ManifestRef, Outcome, Stage, Subject, Verdict


class Fate(StrEnum):
    """What came of one planted defect."""

    SURVIVED = "survived"
    UNPLANTED = "not planted"
    UNDECIDED = "undecided"
    KILLED = "killed"
    NOT_HERE = "not here"


class End(StrEnum):
    """How a run as a whole must end, where no cell tells."""

    INTERRUPTED = "INTERRUPTED"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One defect, planted once.

    Args:
        defect: its name.
        sentence: what is wrong, for people.
        gate: who must see it.
        stage: where.
        fate: what came of it.
        wanted: what the cell, or the whole run, must become.
        outcome: what it became; None where nothing ran.
        said: the finding that killed it, or why it was not killed.
        sign: what a finding must tell to count as its; empty for any.
        changed: the files of the copy that it wrote or removed.
        seconds: from its copy to its end.
    """

    defect: str
    sentence: str
    gate: str
    stage: Stage
    fate: Fate
    wanted: Outcome | End = Outcome.FAIL
    outcome: Outcome | End | None = None
    said: str = ""
    sign: str = ""
    changed: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Clean:
    """One cell of the clean copy.

    Args:
        gate: the gate's id.
        stage: where it looked.
        outcome: what came of it.
        said: its reason, or its first finding.
        seconds: wall-clock time of the cell.
    """

    gate: str
    stage: Stage
    outcome: Outcome
    said: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Proof:
    """All attempts of one command.

    Args:
        subject: what was copied.
        manifest: what it is held against.
        attempts: one for each defect, in the catalogue's order.
        clean: the cells that the defects were to turn red, without any.
        jobs: how many attempts ran at once.
        started: when it began, ISO 8601 with offset.
        seconds: how long it took.
        notes: sentences a reader needs besides.
    """

    subject: Subject
    manifest: ManifestRef
    attempts: tuple[Attempt, ...]
    clean: tuple[Clean, ...]
    jobs: int = 1
    started: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    def count(self, fate: Fate) -> int:
        """Return how many attempts ended so."""
        return sum(attempt.fate is fate for attempt in self.attempts)

    @property
    def verdict(self) -> Verdict:
        """VERIFIED when every defect was killed and the clean copy is red nowhere."""
        fates = {attempt.fate for attempt in self.attempts}
        red = any(cell.outcome is Outcome.FAIL for cell in self.clean)
        if red or fates & {Fate.SURVIVED, Fate.UNPLANTED}:
            return Verdict.FAILED
        unknown = any(cell.outcome is Outcome.ERROR for cell in self.clean)
        if unknown or Fate.UNDECIDED in fates or Fate.KILLED not in fates:
            return Verdict.INCONCLUSIVE
        return Verdict.VERIFIED


class Standing(StrEnum):
    """What is remembered of one defect, in one project."""

    SEEN = "seen red"
    CHANGED = "seen red before, changed since"
    SURVIVED = "survived"
    UNPLANTED = "not planted"
    NOT_HERE = "not here"
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Known:
    """One defect of the catalogue, and what is remembered of it.

    Args:
        defect: its name.
        sentence: what is wrong, for people.
        gate: who must see it.
        stage: where.
        standing: what came of it when it was last planted here.
        when: that was, ISO 8601 with offset; empty where it never was.
        accident: whether it strikes the toolkit's own world, not the project.
    """

    defect: str
    sentence: str
    gate: str
    stage: Stage
    standing: Standing = Standing.UNTRIED
    when: str = ""
    accident: bool = False
