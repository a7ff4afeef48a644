"""Demonstration data says that it is none, and real data never does.

Why: an invented figure that is taken for a real one decides something real.
Fix: draw the banner first, above the tabs, whenever mock mode is on; put the badge into the label
of every metric; show the mode in Diagnostics. Off, none of them may be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import AtLeast, Contains, Observation
from verify.probes import panel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.probes.drill import Drill, LocalLooks
    from verify.probes.protocol.elements import Element
    from verify.probes.wire import Page
    from verify.tables import Mock

LAST = True  # what it needs is looked at beside the others meanwhile


def gate_local(
    local_page: Page, local_looks: LocalLooks, manifest: Manifest
) -> Iterator[Observation]:
    """Serve the dashboard on this machine with mock mode on, and with mock mode off."""
    mock = _declared(manifest)
    entry = manifest.dashboard.entry
    if local_looks.mock is not None:
        yield from _on(local_looks.mock.page, mock, manifest, entry)
    yield from _off(local_page, mock, manifest, entry)


def gate_live(page: Page, drill: Drill | None, manifest: Manifest) -> Iterator[Observation]:
    """Read a container with mock mode on, and the running page, which has it off."""
    mock = _declared(manifest)
    if drill is not None:
        yield from _on(drill.look.page, mock, manifest, drill.look.page.url)
    yield from _off(page, mock, manifest, page.url)


def _declared(manifest: Manifest) -> Mock:
    if manifest.mock is None:
        raise NotDeclared("verify.toml declares no [mock]")
    return manifest.mock


def _on(page: Page, mock: Mock, manifest: Manifest, path: str) -> Iterator[Observation]:
    yield Observation("the page's runs, on", "success", panel.ended(page), path)
    got = panel.top(page) or "nothing above the tabs"
    yield Observation("the first thing on the page, on", Contains(mock.banner), got, path)
    found = 0
    for where, element in _drawn(page):
        if element.kind == "metric":
            found += 1
            yield Observation(f"a metric in {where}, on", Contains(mock.badge), element.text, path)
    yield Observation("metrics, on", AtLeast(1), found, path)
    yield from _said(page, mock, manifest, "on", path)


def _off(page: Page, mock: Mock, manifest: Manifest, path: str) -> Iterator[Observation]:
    yield Observation("the page's runs, off", "success", panel.ended(page), path)
    drawn = list(_drawn(page))
    yield Observation("elements, off", AtLeast(1), len(drawn), path)
    for what, text in (("banner", mock.banner), ("badge", mock.badge)):
        places = dict.fromkeys(where for where, element in drawn if text in element.text)
        got = ", ".join(places) or "nowhere"
        yield Observation(f"the {what} {text!r}, off", "nowhere", got, path)
    yield from _said(page, mock, manifest, "off", path)


def _said(
    page: Page, mock: Mock, manifest: Manifest, expected: str, path: str
) -> Iterator[Observation]:
    """Look at the line in Diagnostics, wherever the manifest says that it stands."""
    if mock.label and manifest.diagnostics is not None:
        for where, facts in panel.panels(page, manifest.diagnostics.tab).items():
            got = facts.get(mock.label, panel.MISSING)
            yield Observation(f"{mock.label} in {where}, {expected}", expected, got, path)


def _drawn(page: Page) -> Iterator[tuple[str, Element]]:
    areas = [
        ("the page outside tabs", page.main),
        (panel.SIDEBAR, page.sidebar),
        *((f"tab {tab.label}", tab.elements) for tab in page.tabs),
    ]
    return ((where, element) for where, elements in areas for element in elements)
