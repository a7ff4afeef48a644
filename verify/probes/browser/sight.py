"""What a browser saw; plain facts, no judgement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TabSight:
    """One tab after it was clicked.

    Args:
        label: as people see it.
        settled: whether the script's run ended, the browser being connected and nothing being
            loaded any more.
        how: what was still missing when it was given up; empty when nothing was.
        seconds: from the click until then.
        drawn: how many visible things its panel shows.
        exceptions: the texts of the exceptions that are shown.
        screenshot: the file with its picture; empty when none was asked for.
    """

    label: str
    settled: bool
    how: str
    seconds: float
    drawn: int
    exceptions: tuple[str, ...] = ()
    screenshot: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the page's own code reported.

    Args:
        tab: which one was open.
        kind: "console" for an error written there, "uncaught" for one that nothing caught.
        text: what it says.
        source: path of the script it came from, without its query.
    """

    tab: str
    kind: str
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the page that failed.

    Args:
        tab: which one was open.
        what: its method and path, without its query; with the host when that is another one.
        why: the status of its answer, or the network's error.
    """

    tab: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Fit:
    """How one tab fits one width.

    Args:
        width: of the window, in pixels.
        tab: which one was open.
        settled: whether it settled at this width.
        how: what was missing, see `TabSight`.
        over: by how many pixels the page is wider than the window.
        out: what sticks out, at most three.
    """

    width: int
    tab: str
    settled: bool
    how: str
    over: int
    out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keyboard:
    """One way through the page without a pointer.

    Args:
        reached: whether Tab reaches the tabs; True when there are none.
        presses: how many times it was pressed for that.
        moves: for each tab that the arrow keys are to open, its label and what was missing; ""
            when it opened and settled.
        unseen: what had the focus without showing it.
        trapped: what the focus could not leave by Tab; empty when nothing.
        lost: the tabs on which the focus went astray, but was found again by Tab and Shift+Tab.
    """

    reached: bool
    presses: int
    moves: tuple[tuple[str, str], ...] = ()
    unseen: tuple[str, ...] = ()
    trapped: str = ""
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Barrier:
    """A serious or critical finding of axe-core.

    Args:
        tab: which one was open.
        scheme: "light" or "dark".
        rule: axe's id of it.
        help: what it asks for.
        impact: "serious" or "critical".
        places: in how many places.
        first: a selector of the first one.
    """

    tab: str
    scheme: str
    rule: str
    help: str
    impact: str
    places: int
    first: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What one walk through a page saw.

    Args:
        url: where the page is served, without user, password and query.
        first: how the page itself came up, before any tab was clicked; its label is "".
        labels: of the tabs in order, as a browser tells them to people who cannot see.
        tabs: each tab, clicked in the widest window.
        complaints: what the page's own code reported.
        failed: requests to the page's own host that failed.
        foreign: requests to any other host; they are all refused.
        fits: how each tab fits each width.
        keyboard: the way through without a pointer.
        checked: tab and scheme of each look of axe-core.
        barriers: what it found.
        browser: name and version of what looked.
        parts: how long each part of the walk took, in seconds.
    """

    url: str
    first: TabSight
    labels: tuple[str, ...]
    tabs: tuple[TabSight, ...]
    complaints: tuple[Complaint, ...]
    failed: tuple[Request, ...]
    foreign: tuple[Request, ...]
    fits: tuple[Fit, ...]
    keyboard: Keyboard
    checked: tuple[tuple[str, str], ...]
    barriers: tuple[Barrier, ...]
    browser: str = ""
    parts: tuple[tuple[str, float], ...] = ()
