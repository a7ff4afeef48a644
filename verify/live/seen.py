"""Puts what the probes brought back into the figures that a look shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.deployment import Facts, SeenException, SeenPage, SeenTab, Sessions
from verify.probes import panel
from verify.soundness import place, state

if TYPE_CHECKING:
    from verify.probes.burst import Burst
    from verify.probes.protocol.elements import Element
    from verify.probes.wire import Page, Tab

EXCEPTION = "exception"


def facts_of(page: Page, label: str) -> Facts:
    """Return the figures of a page.

    Args:
        page: what was read.
        label: how the page names its build marker.
    """
    exceptions = [*page.exceptions, *(one for visit in page.visits for one in visit.exceptions)]
    return Facts(
        main_script=page.main_script,
        streamlit=page.streamlit,
        python=page.python.removesuffix(".final.0"),
        marker=panel.facts(element.text for element in page.sidebar).get(label),
        state=page.how,
        complete=page.complete,
        runs=page.runs,
        bytes=page.bytes,
        connect_seconds=page.connect_seconds,
        first_message_seconds=page.first_message_seconds,
        complete_seconds=page.complete_seconds,
        main=len(page.main),
        sidebar=len(page.sidebar),
        tabs=tuple(_tab(tab, page) for tab in page.tabs),
        elsewhere=tuple(_tab(tab, page) for tab in page.elsewhere),
        pages=tuple(
            SeenPage(
                path=visit.path,
                name=visit.name,
                state=visit.how,
                elements=len(visit.elements),
                exceptions=len(visit.exceptions),
                seconds=visit.seconds,
            )
            for visit in page.visits
        ),
        exceptions=tuple(SeenException(place(one), one.text) for one in exceptions),
    )


def sessions_of(burst: Burst) -> Sessions:
    """Return the figures of a burst of visitors."""
    return Sessions(
        asked=burst.sessions,
        seconds=burst.seconds,
        failures=burst.failures,
        wall_seconds=burst.wall_seconds,
        p50=burst.p50,
        p95=burst.p95,
        slowest=burst.max,
    )


def _tab(tab: Tab, page: Page) -> SeenTab:
    return SeenTab(
        label=tab.label,
        state=state(tab, page),
        elements=len(tab.elements),
        exceptions=_exceptions(tab.elements),
        seconds=tab.seconds,
    )


def _exceptions(elements: tuple[Element, ...]) -> int:
    return sum(element.kind == EXCEPTION for element in elements)
