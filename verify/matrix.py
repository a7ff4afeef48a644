"""The run matrix: every way to launch, and what it really starts; frozen values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from verify.model import Verdict


class Status(StrEnum):
    """What came of following one launcher."""

    OK = "ok"
    MISSING = "missing"
    NOT_IN_IMAGE = "not_in_image"
    BROKEN = "broken"
    NOT_STREAMLIT = "not_streamlit"
    DYNAMIC = "dynamic"
    UNKNOWN = "unknown"


class State(StrEnum):
    """What a file that draws a page is to the project."""

    CANONICAL = "canonical"
    GUARDED = "guarded"
    PAGE = "page"
    SHIM = "shim"
    UNGUARDED = "unguarded"


NO_STREAMLIT = "it starts no Streamlit"
"""Begins the reason of a launcher that has nothing to do with Streamlit, such as a proxy's."""

BASE_DECIDES = "neither CMD nor ENTRYPOINT: the base image decides"
"""The reason of a Dockerfile that says nothing of what its image starts."""

NOT_PUBLISHED = "where Streamlit listens"
"""Ends the reason of a service that publishes other ports than that of its page."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """One way to launch.

    Args:
        path: the file it stands in.
        line: 1-based.
        kind: the word for its kind of file, one of docs/matrix.md.
        raw: the command as written.
        entry: the file of the repository that it starts, or None.
        candidates: every file that it may start, when that is chosen at run time.
        status: what came of following it.
        port: where it listens, or None when that is chosen at run time or never comes to it.
        why: the reason in one sentence.
    """

    path: str
    line: int
    kind: str
    raw: str
    entry: str | None
    candidates: tuple[str, ...]
    status: Status
    port: int | None
    why: str


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A file that draws a page when it is run, or that refuses to.

    Args:
        path: the file.
        state: what it is to the project.
        why: the reason in one sentence.
    """

    path: str
    state: State
    why: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two places of the repository that say different things.

    Args:
        path: the file of the one that differs.
        line: 1-based.
        raw: what stands there.
        why: what it differs from, in one sentence.
    """

    path: str
    line: int
    raw: str
    why: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What the reviewed manifest says, empty where a project has none.

    Args:
        entry: the canonical entry.
        retired: files that must refuse.
        pages: files that the entry publishes as pages.
        others: further files that may draw a page of their own.
        contexts: build contexts, as (Dockerfile, folder).
        tools: files that start whatever page they are given.
    """

    entry: str = ""
    retired: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    contexts: tuple[tuple[str, str], ...] = ()
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """Every launcher, every entry point, and where they contradict each other.

    Args:
        launchers: by path and line.
        entry_points: by path.
        disagreements: by path and line.
        declared: what the reviewed manifest says.
    """

    launchers: tuple[Launcher, ...]
    entry_points: tuple[EntryPoint, ...]
    disagreements: tuple[Disagreement, ...]
    declared: Declared = field(default_factory=Declared)

    @property
    def verdict(self) -> Verdict:
        """Whether every launcher starts the canonical entry or a file that refuses."""
        if any(point.state is State.UNGUARDED for point in self.entry_points):
            return Verdict.FAILED
        outcomes = {self.judge(row) for row in self.launchers}
        if Verdict.FAILED in outcomes:
            return Verdict.FAILED
        return Verdict.VERIFIED if outcomes == {Verdict.VERIFIED} else Verdict.INCONCLUSIVE

    @property
    def allowed(self) -> frozenset[str]:
        """The files that any launcher may start: none of them is a page nobody reviewed."""
        fine = {State.CANONICAL, State.GUARDED}
        started = {point.path for point in self.entry_points if point.state in fine}
        return frozenset(started | set(self.declared.others))

    def judge(self, row: Launcher) -> Verdict:
        """Judge one launcher; what has nothing to do with Streamlit says nothing against it."""
        if row.status is Status.UNKNOWN:
            known = row.path in self.declared.tools or row.why.startswith(BASE_DECIDES)
            return Verdict.VERIFIED if known else Verdict.INCONCLUSIVE
        if row.status is Status.NOT_STREAMLIT and row.why.startswith(NO_STREAMLIT):
            return Verdict.VERIFIED
        if row.status not in {Status.OK, Status.DYNAMIC}:
            return Verdict.FAILED
        started = {row.entry} if row.entry else set(row.candidates)
        return Verdict.VERIFIED if started and started <= self.allowed else Verdict.FAILED
