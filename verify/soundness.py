"""What must be true of any Streamlit page, whatever it shows: a pure judgement of one look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.model import AtLeast, Observation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from verify.probes.protocol.elements import Element
    from verify.probes.wire import Page, Tab, Visit

SUCCESS = "success"
"""How a run ends that reached the end of its script."""

NOT_OPENED = "not opened"
"""How it is with a tab that nobody wanted opened."""


def soundness(page: Page) -> Iterator[Observation]:
    """Yield what must hold: each run succeeds, nothing is empty, and no exception is drawn.

    Raises:
        CouldNotCheck: all that was seen is sound, but not every tab and every page was seen.
            Where something is wrong, that is told instead.
    """
    sound = True
    for observation in _seen(page):
        sound = sound and observation.ok
        yield observation
    if sound and (unseen := _unseen(page)):
        raise CouldNotCheck(
            f"The look did not come to {', '.join(unseen)}.",
            "Look again with more time, when the server has less to do.",
        )


def each_tab_ran(rehearsal: Mapping[str, Any]) -> None:
    """Make sure that an in-process run came to its end, for a gate that asks about every tab.

    Raises:
        CouldNotCheck: a tab never came back, so that those after it were not opened.
    """
    if (stuck := rehearsal["stuck"]) is not None:
        what = "the page's first run" if stuck["label"] is None else f"tab {stuck['label']}"
        place = f", at {stuck['path']}:{stuck['line']}" if stuck["path"] else ""
        raise CouldNotCheck(
            f"the in-process run was broken off: {what} is {stuck['how']}{place}",
            "Look for an endless loop, or a wait, in what runs when a page is drawn.",
        )


def state(tab: Tab, page: Page) -> str:
    """Return how the run ended in which a tab was open; an eager tab is drawn by the first."""
    return (tab.how or page.how) if tab.opened else (tab.how or NOT_OPENED)


def place(element: Element) -> str:
    """Return where on the page an element stands, from the outside inwards."""
    return " > ".join(element.where)


def _seen(page: Page) -> Iterator[Observation]:
    yield Observation("the first page's run", SUCCESS, page.how, page.url)
    drawn = len(page.main) + len(page.sidebar) + len(page.tabs)
    yield Observation("the first page: elements", AtLeast(1), drawn, page.url)
    for tab in page.tabs:
        if tab.opened:
            yield from _part(f"tab {tab.label}", state(tab, page), tab.elements, page.url)
    for tab in page.elsewhere:
        if tab.opened:
            what = f"tab {tab.label}, elsewhere"
            yield from _part(what, state(tab, page), tab.elements, page.url)
    for visit in page.visits:
        yield from _part(f"page {visit.path}", visit.how, visit.elements, _address(page, visit))
        yield from _exceptions(visit.exceptions, _address(page, visit))
    yield from _exceptions(page.exceptions, page.url)


def _part(what: str, how: str, elements: Iterable[Element], url: str) -> Iterator[Observation]:
    yield Observation(f"{what}: its run", SUCCESS, how, url)
    if how == SUCCESS:  # a run that was broken off is told already
        yield Observation(f"{what}: elements", AtLeast(1), len(tuple(elements)), url)


def _exceptions(drawn: Iterable[Element], url: str) -> Iterator[Observation]:
    """One finding for each exception, with its place; one observation when there is none."""
    found = tuple(drawn)
    if not found:
        yield Observation("exceptions", "none", "none", url)
    for one in found:
        yield Observation(f"exceptions in {place(one)}", "none", one.text or "redacted", url)


def _unseen(page: Page) -> list[str]:
    visited = {visit.path for visit in page.visits}
    tabs = [
        f"tab {tab.label}" + (f" ({tab.how})" if tab.how else "")
        for tab in (*page.tabs, *page.elsewhere)
        if not tab.opened
    ]
    pages = [f"page {path}" for path in page.page_paths if path and path not in visited]
    return tabs + pages


def _address(page: Page, visit: Visit) -> str:
    return f"{page.url.rstrip('/')}/{visit.path}"
