"""What one visitor got: a page, its tabs, and the other pages of the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from verify.probes.protocol.elements import Element

ENDPOINT: Final = "_stcore/stream"
"""Where a dashboard's messages come from, below its own address."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of a top-level group.

    Args:
        label: as people see it.
        elements: what is drawn inside in order, nested blocks included.
        opened: False for a lazy tab that was not open when it was looked at, so that nothing is
            known about what it shows.
        how: how the run ended in which it was open, see `Page.how`; or of the first run that did
            not succeed while a tab inside it was opened. "did not open" and "not opened: ..." say
            why nothing is known; empty when nobody wanted it opened.
        seconds: the time of that run.
        end: the last thing that run drew in the main area, in the order of the page; None for
            nothing. A run that was broken off lacks what the script draws last.
    """

    label: str
    elements: tuple[Element, ...]
    opened: bool = True
    how: str = ""
    seconds: float = 0.0
    end: Element | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor got on one of the other pages.

    Args:
        path: of the page's address.
        name: as the list of pages shows it.
        how: how its run ended, see `Page.how`, or that of the first of its tabs that did not end
            with success; "page not found" when the server lists it, and does not serve it.
        elements: what it drew, tabs included and the sidebar left out.
        exceptions: every exception drawn on it, the sidebar included.
        seconds: the time of its run.
    """

    path: str
    name: str
    how: str
    elements: tuple[Element, ...]
    exceptions: tuple[Element, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Page:
    """What one visitor got.

    Args:
        url: the page that was asked for, without user and password.
        main_script: path of the script that ran, as the server names it.
        streamlit: the server's Streamlit version.
        python: the server's Python version.
        pages: names of all pages of the app.
        page_paths: the path of each page's address, "" for the one that is shown first; links to
            elsewhere are left out.
        tabs: those of the main area's top-level groups, in order.
        main: what is drawn outside tabs on the first page; dialogs and the bottom bar come last.
        sidebar: the sidebar of the first page.
        exceptions: every exception drawn on the first page or while a tab was open, and a
            compile error; `where` says where.
        complete: whether the script ran to its end with success: for the first page, for each tab
            that was opened and for each page that was visited.
            An uncaught exception is drawn and ends the script like any other page.
        how: how the first page's run ended: "success", "compile error", "rerun loop" or "still
            running after N s".
        runs: script runs that began.
        bytes: received from the server, handshake included.
        connect_seconds: from the call to the end of the handshake.
        first_message_seconds: from the call to the first message of the script's run.
        complete_seconds: from the call to the end of the first page, tabs not yet opened; when
            the page never completed, to the moment it was given up.
        end: the last thing the first page's run drew in the main area, see `Tab.end`.
        visits: what each other page gave, when they were visited.
        elsewhere: the tabs of the sidebar's top-level groups and of those in dialogs and the
            bottom bar.
        above: what the first page draws in the main area before its first tabs.
    """

    url: str
    main_script: str
    streamlit: str
    python: str
    pages: tuple[str, ...]
    page_paths: tuple[str, ...]
    tabs: tuple[Tab, ...]
    main: tuple[Element, ...]
    sidebar: tuple[Element, ...]
    exceptions: tuple[Element, ...]
    complete: bool
    how: str
    runs: int
    bytes: int
    connect_seconds: float
    first_message_seconds: float
    complete_seconds: float
    end: Element | None = None
    visits: tuple[Visit, ...] = ()
    elsewhere: tuple[Tab, ...] = ()
    above: tuple[Element, ...] = ()
