"""Looks at a page in which faults are planted: what each tab shows of them, and the others.

The servers are those of `planted.py`, which plant what a visitor's query asks for.
"""

from __future__ import annotations

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from verify.errors import CouldNotCheck
from verify.probes.opener import RUNNING, Fault, Opener, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

SLOW: Final = "slow"
CROSSED: Final = "exception"

SHARES: Final = (("exit", "stop", "import"), (CROSSED,), (SLOW,))
"""The kinds of fault, which `planted.py` explains, by the server that each is planted in. What
hangs in one is not in the way of the others."""

MISSING: Final = ("absent", "raises")
"""How the optional module is missing."""

TEXT: Final = "planted by verify"
"""Stands in the text of each fault that has one, see `planted.py`."""

STRUCK: Final = "verify-planted:"
"""Stands before each strike in the log, see `planted.py`."""

HANG: Final = 1.0
"""Seconds in which a tab with a slow call does not come back; a sound one needs 0.02."""

LOG_SECONDS: Final = 2.0
"""For what a server has printed to be in its log."""

PAUSE: Final = 0.05
"""Seconds between two looks at a log."""

_PATIENCE: Final = 12  # times what a visit takes without a fault
_AT_ONCE: Final = 5  # visitors of one server; it draws for one at a time anyhow


@dataclass(frozen=True, slots=True)
class Planted:
    """A visit with a fault in one tab.

    Args:
        kind: the fault.
        tab: the label of the tab it is in.
        labels: of all tabs that the page showed with it.
        faulty: that tab, in the run in which the fault struck.
        beside: the tabs that the page drew in the same run.
        after: tabs that were opened after it, as a page that draws only the open one wants it.
        told: the tab that lists faults, opened after it; None where there is none.
    """

    kind: str
    tab: str
    labels: tuple[str, ...]
    faulty: Shown
    beside: tuple[Shown, ...]
    after: tuple[Shown, ...]
    told: Shown | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one server.

    Args:
        sound: each tab before anything was planted in one.
        planted: each visit with a fault.
        after: each tab once all this was over, in a visit without a fault.
    """

    sound: tuple[Shown, ...]
    planted: tuple[Planted, ...] = ()
    after: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class Faults:
    """All that was seen of a page with faults.

    Args:
        looks: at each server in whose tabs faults were planted.
        modules: at each server that lacks the optional module, by how; see `planted.py`.
        log: what all of them printed.
    """

    looks: tuple[Look, ...]
    modules: dict[str, Look]
    log: str


@dataclass(frozen=True, slots=True)
class Tour:
    """What to look at in each server.

    Args:
        tabs: the labels of the tabs.
        told: of the one that lists faults; empty for none.
        seconds: for one visit with a fault, at least; slow pages are given more.
        first: seconds for the first visit of each server, without a fault.
    """

    tabs: tuple[str, ...]
    told: str
    seconds: float
    first: float

    def sound(self, url: str) -> Look:
        """Open each tab, with no fault in any.

        Raises:
            CouldNotCheck: the server went away.
        """
        return Look(self._round(url)[0])

    def faults(self, url: str, kinds: Sequence[str], log: Callable[[], str]) -> Look:
        """Plant each kind of fault in each tab in turn, and look at the others.

        Args:
            url: of the server.
            kinds: what to plant.
            log: returns what the server has printed so far.

        Raises:
            CouldNotCheck: the server went away.
        """
        began = time.monotonic()
        sound, widgets = self._round(url)
        # A page that takes its time is given more of it.
        took = time.monotonic() - began
        seconds = max(self.seconds, _PATIENCE * took)
        faults = [(kind, tab) for kind in kinds if kind != SLOW for tab in widgets]
        hung: set[str] = set()

        def visit(fault: Fault) -> Planted | None:
            if fault[0] in hung:  # one that never comes back says it all, and each takes its time
                return None
            made = self._visit(url, fault, widgets, seconds)
            if made.faulty.how.startswith(RUNNING):
                hung.add(fault[0])
            return made

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            planted = [one for one in pool.map(visit, faults) if one is not None]
        if SLOW in kinds and widgets:
            planted += self._hang(url, widgets, log)
        return Look(sound, tuple(planted), self._round(url)[0])

    def _round(self, url: str) -> tuple[tuple[Shown, ...], dict[str, str]]:
        """Open each tab in one visit; return what they show, and the widget that opens each."""
        with Opener(url, self.first) as opener:
            opener.run({})
            widgets = {tab: widget for tab, widget in opener.tabs.items() if tab in self.tabs}
            return tuple(_opened(opener, widgets, widgets)), widgets

    def _visit(self, url: str, fault: Fault, widgets: Mapping[str, str], seconds: float) -> Planted:
        """Plant one fault; look at its tab, at others, and at the tab that lists faults."""
        kind, tab = fault
        with contextlib.ExitStack() as stack:
            opener = stack.enter_context(Opener(url, seconds))
            opener.run(_choice(tab, widgets), fault)
            labels, faulty = tuple(opener.tabs), opener.shown(tab)
            beside = _beside(opener, tab, widgets)
            if not opener.goes_on:
                opener = stack.enter_context(Opener(url, seconds))
            others = [other for other in self._others(kind, tab, widgets) if widgets[other]]
            after = tuple(_opened(opener, others, widgets, fault))
            told = next((one for one in after if one.tab == self.told), None)
            if told is None and self.told in widgets and opener.goes_on:
                opener.run(_choice(self.told, widgets))
                told = opener.shown(self.told)
        return Planted(kind, tab, labels, faulty, beside, after, told)

    def _others(self, kind: str, tab: str, widgets: Mapping[str, str]) -> list[str]:
        """Return the tabs to open after a fault: all others for one kind, else one and `told`.

        Which one differs from kind to kind, so that each tab is opened after three others.
        """
        labels = list(widgets)
        if kind == CROSSED:
            return [other for other in labels if other != tab]
        offset = 1 + SHARES[0].index(kind)
        near = labels[(labels.index(tab) + offset) % len(labels)]
        return [other for other in labels if other in {near, self.told} and other != tab]

    def _hang(self, url: str, widgets: Mapping[str, str], log: Callable[[], str]) -> list[Planted]:
        """Let a visitor hang in each tab, all at the same time, and another one open all tabs."""
        hanging: dict[str, Planted] = {}
        waiting, seconds = tuple(widgets), HANG
        with ThreadPoolExecutor(len(widgets)) as pool:
            while waiting and seconds <= self.first:
                began = time.time()
                stuck = [pool.submit(_stuck, url, tab, widgets, seconds) for tab in waiting]
                hanging |= {one.tab: one for one in (future.result() for future in stuck)}
                # On a busy machine a visitor may have left before it saw what came before the call.
                _lost(log, asked := [(SLOW, tab) for tab in waiting])
                when = strikes(log())
                late = began + seconds / 2
                waiting = tuple(
                    tab
                    for kind, tab in asked
                    if when.get((kind, tab), late) >= late or set(widgets) - {*hanging[tab].labels}
                )
                seconds *= 4
        # That the visitors have left does not bring the calls back: they hang on meanwhile.
        shown = [one for one in self._round(url)[0] if widgets.get(one.tab)]
        return [
            replace(one, after=tuple(other for other in shown if other.tab != one.tab))
            for one in hanging.values()
        ]


def _stuck(url: str, tab: str, widgets: Mapping[str, str], seconds: float) -> Planted:
    with Opener(url, seconds) as opener:
        opener.run(_choice(tab, widgets), (SLOW, tab))
        beside = _beside(opener, tab, widgets)
        return Planted(SLOW, tab, tuple(opener.tabs), opener.shown(tab), beside, ())


def _beside(opener: Opener, tab: str, widgets: Mapping[str, str]) -> tuple[Shown, ...]:
    return tuple(opener.shown(o) for o, widget in widgets.items() if not widget and o != tab)


def _choice(tab: str, widgets: Mapping[str, str]) -> dict[str, str]:
    return {widgets[tab]: tab} if widgets[tab] else {}


def _opened(
    opener: Opener, tabs: Iterable[str], widgets: Mapping[str, str], fault: Fault | None = None
) -> Iterator[Shown]:
    """Open one tab after the other, but those that the last run has drawn already."""
    for tab in tabs:
        if not opener.drew(tab):
            if not opener.goes_on:
                yield Shown(tab, "not opened: the run before it did not end")
                continue
            opener.run(_choice(tab, widgets), fault)
        yield opener.shown(tab)


def servers(module: str, shares: Sequence[Sequence[str]] = SHARES) -> list[tuple[str, str]]:
    """Return what to start, as `planted.py` wants it: module and how it is missing, each.

    Args:
        module: the optional one; empty for none.
        shares: the kinds of fault by the server that each is planted in.
    """
    return [("", "") for _ in shares] + [(module, how) for how in MISSING if module]


def look(
    urls: Sequence[str],
    tour: Tour,
    *,
    come: Callable[[str], object],
    log: Callable[[], str],
    shares: Sequence[Sequence[str]] = SHARES,
) -> Faults:
    """Look at all servers, most of the time at once.

    Args:
        urls: of the `servers`, in their order.
        tour: what to look at.
        come: waits for the first page at a URL.
        log: returns what all servers have printed so far.
        shares: the kinds of fault by the server that each is planted in.

    Raises:
        SubjectBroken: a server does not start.
        CouldNotCheck: one went away, or a fault could not be planted.
    """
    come(urls[0])  # before the others: what a first start makes, such as a database, is made once

    def take(url: str, kinds: Sequence[str]) -> Look:
        if url != urls[0]:
            come(url)
        return tour.faults(url, kinds, log) if kinds else tour.sound(url)

    with ThreadPoolExecutor(len(urls)) as pool:
        seen = list(pool.map(take, urls, (*shares, *(() for _ in MISSING))))
    looks, modules = tuple(seen[: len(shares)]), seen[len(shares) :]
    return Faults(looks, dict(zip(MISSING, modules, strict=False)), _complete(log, looks))


def strikes(log: str) -> dict[Fault, float]:
    """Return each fault that struck, and when last."""
    lines = (line for line in log.splitlines() if line.startswith(STRUCK))
    rows = (json.loads(line.removeprefix(STRUCK)) for line in lines)
    return {(kind, tab): when for kind, tab, when in rows}


def _complete(log: Callable[[], str], looks: Iterable[Look]) -> str:
    """Return the log once each fault is in it that was planted in a tab that draws.

    Raises:
        CouldNotCheck: one is not.
    """
    asked = [
        (one.kind, one.tab)
        for look in looks
        for one in look.planted
        if any(shown.tab == one.tab and shown.elements for shown in look.sound) and not _gone(one)
    ]
    if lost := _lost(log, asked):
        names = ", ".join(f"{kind} in {tab}" for kind, tab in lost)
        raise CouldNotCheck(
            f"no fault could be planted: {names}",
            "The tab could not be opened by its label, or nothing is drawn inside of it.",
        )
    return log()


def _gone(one: Planted) -> bool:
    """Say whether the page came back without the tab: nothing strikes there, and `labels` tell."""
    return one.tab not in one.labels and not one.faulty.how.startswith(RUNNING)


def _lost(log: Callable[[], str], asked: Sequence[Fault]) -> list[Fault]:
    """Return the faults that did not strike, once there was time for the log to tell."""
    ends = time.monotonic() + LOG_SECONDS
    while lost := [fault for fault in asked if fault not in strikes(log())]:
        if time.monotonic() > ends:
            break
        time.sleep(PAUSE)  # an engine takes a moment to keep what was printed
    return lost
