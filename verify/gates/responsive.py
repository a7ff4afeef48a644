"""Every tab answers a click, a key and a narrow window, without a fault that a browser sees.

Why: the server is content with a page that a browser cannot draw: a file that is missing, a script
that fails, a table wider than a telephone.
Fix: open the address in a browser with its developer tools and do what the finding says; what
Streamlit's server logs at that moment is in the container's log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import AtLeast, Observation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.manifest import Manifest
    from verify.probes.browser import Sight
    from verify.probes.browser.sight import Fit, Keyboard, TabSight
    from verify.probes.wire import Page

NONE = "none"

LAST = True


def gate_live(sight: Sight, page: Page, manifest: Manifest) -> Iterator[Observation]:
    """Click through the running container with a browser, by pointer and by keyboard."""
    where = page.url
    yield Observation(
        "what the page itself lacks in a browser", NONE, sight.first.how or NONE, where
    )
    yield Observation(
        "exceptions on the page in a browser", NONE, _listed(sight.first.exceptions), where
    )
    yield Observation("tabs in a browser", list(manifest.dashboard.tabs), list(sight.labels), where)
    yield Observation(
        "tabs in a browser, as the protocol tells them",
        [tab.label for tab in page.tabs],
        list(sight.labels),
        where,
    )
    for tab in sight.tabs:
        yield from _tab(tab, where)
    yield from _heard(sight, where)
    for fit in sight.fits:
        yield from _fit(fit, where)
    if sight.tabs:
        yield from _keyboard(sight.keyboard, sight.labels, where)


def _tab(tab: TabSight, where: str) -> Iterator[Observation]:
    yield Observation(
        f"{tab.label}: what is missing {tab.seconds:.1f} s after the click",
        NONE,
        tab.how or NONE,
        where,
    )
    yield Observation(f"{tab.label}: things to be seen", AtLeast(1), tab.drawn, where)
    yield Observation(f"{tab.label}: exceptions to be seen", NONE, _listed(tab.exceptions), where)


def _heard(sight: Sight, where: str) -> Iterator[Observation]:
    """Yield what went wrong behind the page, for each tab that was open meanwhile."""
    for label in dict.fromkeys(["", *sight.labels]):
        on = f"{label}: " if label else "first page: "
        said = [f"{one.kind}: {one.text}" for one in sight.complaints if one.tab == label]
        failed = [f"{one.what}: {one.why}" for one in sight.failed if one.tab == label]
        foreign = [f"{one.what}" for one in sight.foreign if one.tab == label]
        yield Observation(f"{on}errors in the console", NONE, _listed(said), where)
        yield Observation(f"{on}requests that failed", NONE, _listed(failed), where)
        yield Observation(
            f"{on}requests to other hosts",
            NONE,
            _listed(foreign),
            where,
            message="an operator's browser may be in a network that reaches no other host",
        )


def _fit(fit: Fit, where: str) -> Iterator[Observation]:
    at = f"{fit.tab or 'the page'} at {fit.width} px"
    if not fit.settled:
        yield Observation(f"{at}: what is missing", NONE, fit.how, where)
        return
    sticks = f": {', '.join(fit.out)} sticks out" if fit.out else ""
    got = f"{fit.over} px wider than the window{sticks}" if fit.over > 0 else "fits"
    yield Observation(at, "fits", got, where)


def _keyboard(keyboard: Keyboard, labels: tuple[str, ...], where: str) -> Iterator[Observation]:
    if not labels:
        return
    reached = "reached" if keyboard.reached else f"not within {keyboard.presses} presses"
    yield Observation("the tabs, by the Tab key", "reached", reached, where)
    opened = dict(keyboard.moves)
    for label in labels if keyboard.reached else ():
        lacks = opened.get(label, opened.get("", "it was not opened"))
        yield Observation(
            f"{label}, opened by the arrow keys: what is missing", NONE, lacks or NONE, where
        )
    yield Observation(
        "what has the keyboard's focus without showing it", NONE, _listed(keyboard.unseen), where
    )
    yield Observation(
        "what the keyboard's focus cannot leave", NONE, keyboard.trapped or NONE, where
    )


def _listed(texts: Iterable[str]) -> str:
    """Return different texts once each, or "none"."""
    return "; ".join(dict.fromkeys(texts)) or NONE
