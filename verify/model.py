"""What a run says: observations, cells, a report and its verdict. Frozen values, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Stage(StrEnum):
    """Where a promise is looked at, in the order from source file to browser."""

    SOURCE = "source"
    LOCAL = "local"
    IMAGE = "image"
    CONTAINER = "container"
    LIVE = "live"


class Outcome(StrEnum):
    """What came of one cell."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    ERROR = "ERROR"
    SKIP = "SKIP"


NOT_ASKED = "not asked for"
"""The reason of a cell that the command line left out."""


class Verdict(StrEnum):
    """What a whole run says."""

    VERIFIED = "verified"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@runtime_checkable
class Expectation(Protocol):
    """An expected value that is more than equality; `str()` of it is shown to people."""

    def accepts(self, got: object) -> bool:
        """Say whether `got` is as expected."""
        ...


@dataclass(frozen=True, slots=True)
class AtMost:
    """Expects a number that is not above `limit`.

    Args:
        limit: the largest accepted value.
        unit: what the number counts, for people.
    """

    limit: float
    unit: str = ""

    def accepts(self, got: object) -> bool:
        """Say whether `got` is a number within the limit."""
        return isinstance(got, int | float) and got <= self.limit

    def __str__(self) -> str:
        return f"at most {self.limit:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Expects a number that is not below `limit`."""

    limit: float
    unit: str = ""

    def accepts(self, got: object) -> bool:
        """Say whether `got` is a number that reaches the limit."""
        return isinstance(got, int | float) and got >= self.limit

    def __str__(self) -> str:
        return f"at least {self.limit:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Contains:
    """Expects a text that has `text` in it."""

    text: str

    def accepts(self, got: object) -> bool:
        """Say whether `got` is a string that contains the text."""
        return isinstance(got, str) and self.text in got

    def __str__(self) -> str:
        return f"contains {self.text!r}"


@dataclass(frozen=True, slots=True)
class StartsWith:
    """Expects a text that begins with `text`."""

    text: str

    def accepts(self, got: object) -> bool:
        """Say whether `got` is a string that begins with the text."""
        return isinstance(got, str) and got.startswith(self.text)

    def __str__(self) -> str:
        return f"begins with {self.text}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """Expects any one of `values`."""

    values: tuple[object, ...]

    def accepts(self, got: object) -> bool:
        """Say whether `got` is one of the values."""
        return got in self.values

    def __str__(self) -> str:
        return "one of " + ", ".join(map(str, self.values))


@dataclass(frozen=True, slots=True)
class NoneOf:
    """Expects anything but `values`."""

    values: tuple[object, ...]

    def accepts(self, got: object) -> bool:
        """Say whether `got` is none of the values."""
        return got not in self.values

    def __str__(self) -> str:
        return "anything but " + ", ".join(str(value) or "nothing" for value in self.values)


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at one thing: what was expected, what was seen, and where.

    Args:
        subject: what was looked at, in words an operator understands.
        expected: a value `got` must equal, or an `Expectation` that must accept it.
        got: what was seen.
        path: the place: a file relative to the root, an image path or a URL.
        line: 1-based line in that file.
        message: one more sentence, where expected and got do not speak for themselves.
    """

    subject: str
    expected: object
    got: object
    path: str | None = None
    line: int | None = None
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether what was seen is what was expected."""
        if isinstance(self.expected, Expectation):
            return self.expected.accepts(self.got)
        return self.expected == self.got


@dataclass(frozen=True, slots=True)
class Cell:
    """One gate at one stage.

    Args:
        gate: the gate's id, which is its file's name.
        stage: where it looked.
        outcome: what came of it.
        observations: all that was looked at, as expected or not.
        seconds: wall-clock time of the cell, prerequisites not counted.
        reason: why it is ERROR or SKIP; empty otherwise.
        required: False when the verdict does not depend on it (stage not asked for, or the
            manifest declares nothing for this gate).
        title: the promise, for people.
        why: what happens without it.
        fix: how to mend it.
    """

    gate: str
    stage: Stage
    outcome: Outcome
    observations: tuple[Observation, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    required: bool = True
    title: str = ""
    why: str = ""
    fix: str = ""

    @property
    def observed(self) -> int:
        """How many things were looked at."""
        return len(self.observations)

    @property
    def findings(self) -> tuple[Observation, ...]:
        """The observations that are not as expected."""
        return tuple(o for o in self.observations if not o.ok)


@dataclass(frozen=True, slots=True)
class Subject:
    """The reviewed tree; `commit` and `tree` are None where there is no git checkout."""

    root: str
    commit: str | None = None
    tree: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True, slots=True)
class ManifestRef:
    """The reviewed manifest a run held the subject against."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ImageRef:
    """The image a run looked at.

    `.Id` is the config digest on classic stores and the manifest digest on containerd stores, so
    each digest is named as what it is; None where the store does not tell.
    """

    id: str
    tag: str
    config_digest: str | None = None
    manifest_digest: str | None = None
    base: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one run found out.

    Args:
        subject: what was verified.
        manifest: what it was held against.
        cells: the matrix, in gate order and then stage order.
        image: the image that was looked at, if one was.
        started: when the run began, ISO 8601 with offset.
        seconds: how long it took.
        notes: sentences a reader needs besides (which base image, which engine).
    """

    subject: Subject
    manifest: ManifestRef
    cells: tuple[Cell, ...]
    image: ImageRef | None = None
    started: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def verdict(self) -> Verdict:
        """FAIL beats everything; then anything unknown; only a full set of PASS is verified."""
        if any(cell.outcome is Outcome.FAIL for cell in self.cells):
            return Verdict.FAILED
        required = [cell for cell in self.cells if cell.required]
        if any(cell.outcome is Outcome.ERROR for cell in self.cells):
            return Verdict.INCONCLUSIVE
        if not required or any(cell.outcome is not Outcome.PASS for cell in required):
            return Verdict.INCONCLUSIVE
        return Verdict.VERIFIED


@dataclass(frozen=True, slots=True)
class Need:
    """One thing a full run needs.

    Args:
        name: what it is.
        met: whether it is there.
        found: what was found.
        cure: the command that adds it.
    """

    name: str
    met: bool
    found: str
    cure: str
