"""What a look inside something that runs found, held against what was reviewed. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from verify.difference import Change, Difference
from verify.model import Cell, Outcome

DECIDING = frozenset({"contents", "drift", "identity"})
"""The gates that compare; without them nothing is the same. The others are told besides."""


ESSENTIAL = frozenset({"files", "environment"})
"""The parts without which nothing is the same."""


class Sameness(StrEnum):
    """What a comparison says."""

    SAME = "same"
    DIFFERS = "differs"
    UNKNOWN = "unknown"


class When(StrEnum):
    """When a file became another one than the reviewed."""

    BUILD = "changed at build"
    RUN = "changed at run"
    MOUNT = "from a mount"  # what is mounted is neither in the image nor in the engine's account
    UNKNOWN = ""


class Source(StrEnum):
    """What a file is held against."""

    TREE = "tree"
    IMAGE = "image"
    RECORD = "record"  # what the installer wrote down of it


@dataclass(frozen=True, slots=True)
class Odd:
    """One file that is not as expected.

    Args:
        difference: in which way.
        against: what it was held against.
        source: where that stands: a path of the tree, the distribution that brought it.
        when: since when; unknown where nothing tells what changed after the start.
    """

    difference: Difference
    against: Source
    source: str = ""
    when: When = When.UNKNOWN


@dataclass(frozen=True, slots=True)
class Ran:
    """Which run of what was looked at.

    Args:
        id: the container's full id, or the host's own name for itself.
        name: the container's name; empty for a host.
        started: when, as the engine or the kernel says it.
        state: such as running.
        restarts: how often it was started again by the engine.
    """

    id: str
    name: str = ""
    started: str = ""
    state: str = ""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class ImageSeen:
    """The image that a container was made of.

    Args:
        id: as the engine names it.
        tag: the name the container was started by.
        config_digest: of its configuration; None where the store does not tell.
        manifest_digest: of its manifest; None where the store does not tell.
        labels: those of the OCI specification, by their short names.
        created: when it was built, as it says.
        platform: such as linux/amd64.
    """

    id: str
    tag: str = ""
    config_digest: str | None = None
    manifest_digest: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    created: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Against:
    """What it was held against.

    Args:
        kind: tree or image.
        name: as it was asked for.
        commit: the tree's commit; None where there is no git checkout.
        tree: that commit's tree.
        dirty: whether the checkout has changes that are not in what was compared.
        image: the image's id.
    """

    kind: Source
    name: str
    commit: str | None = None
    tree: str | None = None
    dirty: bool | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Same:
    """How many files are as expected.

    Args:
        reviewed: files of the tree, or of the application's folder in the image.
        environment: files of the interpreter's environment.
        unheld: files of the environment that nothing is known to hold against.
    """

    reviewed: int = 0
    environment: int = 0
    unheld: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that one look found.

    Args:
        ref: what was asked for.
        kind: how it was reached: docker, podman, kubectl, ssh, local.
        host: as testinfra writes it; empty when it was not reached.
        ran: which run of it; None when it was not reached.
        image: what it was made of; None when nothing tells.
        against: what it was held against; None when that could not be read.
        differences: what is not as expected, by path.
        same: what is.
        cells: what came of the gates that could be asked.
        fault: why nothing was looked at, or nothing that was seen counts; empty otherwise.
        remedy: what to do about that.
        unknown: parts that could not be had, and why.
        started: when the look began, ISO 8601 with offset.
        seconds: of everything.
        exec_seconds: of the look inside.
    """

    ref: str
    kind: str = ""
    host: str = ""
    ran: Ran | None = None
    image: ImageSeen | None = None
    against: Against | None = None
    differences: tuple[Odd, ...] = ()
    same: Same = field(default_factory=Same)
    cells: tuple[Cell, ...] = ()
    fault: str = ""
    remedy: str = ""
    unknown: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0
    exec_seconds: float = 0.0

    @property
    def verdict(self) -> Sameness:
        """What was seen to differ differs; nothing is the same that was not seen."""
        if self.fault:
            return Sameness.UNKNOWN
        if self.counted(Change.CHANGED, Change.MISSING, Change.EXTRA) or self.failed:
            return Sameness.DIFFERS
        unseen = self.counted(Change.UNREAD) or ESSENTIAL & set(self.unknown)
        if unseen or any(map(_open, self.cells)) or not self.same.reviewed:
            return Sameness.UNKNOWN
        return Sameness.SAME

    @property
    def failed(self) -> tuple[Cell, ...]:
        """The gates that found something that is not as reviewed or declared."""
        return tuple(cell for cell in self.cells if cell.outcome is Outcome.FAIL)

    def counted(self, *changes: Change) -> int:
        """Return how many files differ in one of these ways."""
        return sum(odd.difference.change in changes for odd in self.differences)


def _open(cell: Cell) -> bool:
    """Say whether a gate leaves open what the verdict needs."""
    owed = cell.outcome is Outcome.SKIP and cell.required and cell.gate in DECIDING
    return owed or cell.outcome is Outcome.ERROR
