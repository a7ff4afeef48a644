"""What one look at a running deployment found: facts, cells and a verdict. Frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from verify.model import Cell, ManifestRef, Report, Subject, Verdict


class _Drawn:
    """What a run of the script has drawn somewhere."""

    __slots__ = ()
    state: str
    elements: int
    exceptions: int

    @property
    def ok(self) -> bool:
        """Whether its run succeeded and drew something, and no exception."""
        return self.state == "success" and self.elements > 0 and not self.exceptions


@dataclass(frozen=True, slots=True)
class SeenTab(_Drawn):
    """One tab, opened.

    Args:
        label: as people see it.
        state: "success" when its run reached its end, otherwise how it ended; "not opened" when
            the look did not come to it, with the reason if there is one.
        elements: how many things it draws.
        exceptions: how many of them are exceptions.
        seconds: the time of the run that drew it; 0 when there was none.
    """

    label: str
    state: str
    elements: int
    exceptions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SeenPage(_Drawn):
    """One of the other pages, visited; see `SeenTab`."""

    path: str
    name: str
    state: str
    elements: int
    exceptions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SeenException:
    """An exception that the page shows, and where."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a visitor gets, in figures.

    Args:
        main_script: the file that runs, as the server names it.
        streamlit: the server's Streamlit version.
        python: the server's Python version.
        marker: the build marker that the page shows; None when it shows none.
        state: how the first page's run ended.
        complete: whether that run and each tab's and page's reached its end.
        runs: of the script, that began.
        bytes: received.
        connect_seconds: to the end of the handshake.
        first_message_seconds: to the first message of the script's run.
        complete_seconds: to the end of the first page.
        main: elements of the first page outside tabs.
        sidebar: elements of its sidebar.
        tabs: those of the main area, in their order.
        pages: the others, in their order.
        exceptions: all that were drawn.
        elsewhere: tabs of the sidebar, of dialogs and of the bottom bar.
        foreign_origin: what a page of a foreign origin gets; empty when nobody asked.
    """

    main_script: str
    streamlit: str
    python: str
    marker: str | None
    state: str
    complete: bool
    runs: int
    bytes: int
    connect_seconds: float
    first_message_seconds: float
    complete_seconds: float
    main: int
    sidebar: int
    tabs: tuple[SeenTab, ...]
    pages: tuple[SeenPage, ...]
    exceptions: tuple[SeenException, ...]
    elsewhere: tuple[SeenTab, ...] = ()
    foreign_origin: str = ""


@dataclass(frozen=True, slots=True)
class Sessions:
    """A burst of visitors who come at the same moment.

    Args:
        asked: how many came.
        seconds: the time to the complete page of each who got it, the fastest first.
        failures: what the others got, and how many of them.
        wall_seconds: the time of the whole burst.
        p50: seconds within which half of the complete pages came; None where there is none.
        p95: the same for 95 of 100.
        slowest: the same for all.
    """

    asked: int
    seconds: tuple[float, ...]
    failures: tuple[tuple[str, int], ...]
    wall_seconds: float
    p50: float | None
    p95: float | None
    slowest: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """Everything one look found.

    Args:
        url: what was looked at, without credentials and query.
        started: when it began, ISO 8601 with offset.
        seconds: how long it took.
        cells: what was held against what, each a gate at the stage live.
        facts: what a visitor gets; None when there was no page to read.
        marker_ok: whether the page shows the marker that was asked for; None when none was.
        sessions: the burst, if one was asked for.
    """

    url: str
    started: str
    seconds: float
    cells: tuple[Cell, ...]
    facts: Facts | None = None
    marker_ok: bool | None = None
    sessions: Sessions | None = None

    @property
    def verdict(self) -> Verdict:
        """The rule of every report."""
        return Report(Subject(""), ManifestRef("", ""), self.cells).verdict
