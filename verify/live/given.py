"""What a look holds without a gate's file: any page's soundness, and what it was given."""

from __future__ import annotations

import re
from http import HTTPStatus
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from verify.catalog import Gate
from verify.direct import judged
from verify.errors import CouldNotCheck, SubjectBroken
from verify.model import Observation, Outcome, Stage
from verify.probes import panel
from verify.soundness import place, soundness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from urllib.parse import SplitResult

    from verify.model import Cell
    from verify.probes.access import Access
    from verify.probes.front import Front
    from verify.probes.protocol.refusal import Refused
    from verify.probes.wire import Page

LABEL = "Build marker"
"""How a page names its marker where no manifest says otherwise."""

NO_WEBSOCKET = "no websocket"
"""What a refusal means that is no sign-in, no redirect and no fault of the address' scheme."""

_LOCKED = frozenset(
    (
        *(HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER),
        *(HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT),
        *(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN),
        *(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, HTTPStatus.TOO_MANY_REQUESTS),
    )
)
"""How a page is answered that others may get: a sign-in, an address elsewhere, "not now"."""


def _gate(id_: str, title: str, why: str, fix: str) -> Gate:
    return Gate(id_, title, why, fix, (Stage.LIVE,), Path(__file__))


_ANSWERS = _gate(
    "answers",
    "The address gives operators a Streamlit page.",
    "operators who open it get no dashboard.",
    "Start the dashboard, or mend what stands before it.",
)
_SOUND = _gate(
    "sound",
    "Every run ends well, and every tab and page shows something and no exception.",
    "operators open a page that is broken, while its health endpoint says ok.",
    "Read the server's log for the exception; mend the script.",
)
_MARKER = _gate(
    "marker",
    "The page shows the marker that was asked for.",
    "another version runs than the one that was meant.",
    "Deploy the version that was meant, or ask for the one that is.",
)
_TABS = _gate(
    "tabs",
    "The page has the tabs that were asked for, in that order.",
    "a tab that vanishes, moves or changes its name sends an operator to the wrong controls.",
    "Deploy the version that was meant, or ask for the tabs it has.",
)


def sound(page: Page) -> Cell:
    """Hold what must be true of any page."""
    return judged(_SOUND, Stage.LIVE, lambda: soundness(page))


def asked(page: Page, *, marker: str, tabs: Sequence[str]) -> Iterator[Cell]:
    """Hold what the command line gave, where no manifest says where to look for it."""
    if marker:
        yield judged(_MARKER, Stage.LIVE, lambda: [_marker(page, marker)])
    if tabs:
        yield judged(_TABS, Stage.LIVE, lambda: _tabs(page, tabs))


def marker_ok(cells: Iterable[Cell]) -> bool | None:
    """Return what came of the marker; None where it was not looked for, or could not be."""
    for cell in cells:
        if cell.gate == _MARKER.id and cell.outcome in (Outcome.PASS, Outcome.FAIL):
            return cell.outcome is Outcome.PASS
    return None


def broken(error: SubjectBroken) -> Cell:
    """Return the cell of a deployment that a probe has found broken."""

    def observe() -> Iterable[Observation]:
        raise error

    return judged(_ANSWERS, Stage.LIVE, observe)


def unread(error: CouldNotCheck, parts: SplitResult, access: Access, seconds: float) -> Cell:
    """Return the cell of an address that gave no page to read.

    Nothing that answers, a timeout, a sign-in: whether operators get the dashboard is not known.
    An answer that proves that they do not is a finding.

    Args:
        error: how the look for the page ended.
        parts: the address, without user and password.
        access: what goes along.
        seconds: for asking by plain HTTP what stands there.
    """
    from verify.probes.front import front
    from verify.probes.protocol.refusal import Refused

    def observe() -> Iterable[Observation]:
        if not isinstance(error, Refused):
            raise error
        if not no_dashboard(error, front(parts, deadline=seconds, access=access)):
            raise error
        address = parts._replace(query="").geturl()
        yield Observation(
            "what operators get",
            expected="a Streamlit page",
            got=error.diagnosis,
            path=address,
            message=error.remedy,
        )

    return judged(_ANSWERS, Stage.LIVE, observe)


def no_dashboard(refused: Refused, front: Front) -> bool:
    """Say whether these answers prove that nobody gets a dashboard there.

    Args:
        refused: how the handshake of its websocket was answered.
        front: how plain requests are.
    """
    if refused.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if refused.status == HTTPStatus.FORBIDDEN:
        # Streamlit itself answers, and refuses the origin that every browser sends from there.
        return front.healthy
    return refused.meaning == NO_WEBSOCKET and front.page not in _LOCKED


def _marker(page: Page, marker: str) -> Observation:
    """Find a marker as the value of its label, or as a word of its own anywhere on the page."""
    shown = panel.facts(element.text for element in page.sidebar).get(LABEL)
    if shown is not None:
        return Observation(f"{LABEL} in the sidebar", marker, shown, page.url)
    word = re.compile(rf"(?<![\w.-]){re.escape(marker)}(?![\w-]|\.\w)")
    drawn = [*page.sidebar, *page.main, *(one for tab in page.tabs for one in tab.elements)]
    where = next((place(one) for one in drawn if word.search(one.text)), None)
    if where is None:
        got = f"nothing on the page says it, and its sidebar has no {LABEL!r}"
        return Observation("the marker", marker, got, page.url)
    return Observation(f"the marker, in {where}", marker, marker, page.url)


def _tabs(page: Page, expected: Sequence[str]) -> Iterator[Observation]:
    found = [tab.label for tab in page.tabs]
    yield Observation("number of tabs", len(expected), len(found), page.url)
    for position, (label, want) in enumerate(zip_longest(found, expected), 1):
        got = "no tab" if label is None else label
        yield Observation(f"tab {position}", "no tab" if want is None else want, got, page.url)
