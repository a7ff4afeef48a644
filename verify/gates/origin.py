"""The dashboard talks to pages of its own address, and to those of no other site.

Why: a page elsewhere could otherwise act on the dashboard in the name of whoever opens it.
Fix: leave Streamlit's server.enableCORS switched on, keep what is not the dashboard's own address
out of server.corsAllowedOrigins, and let no proxy rewrite or drop the Origin of what passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.wire import Page


def gate_live(page: Page, foreign_origin: str) -> Iterator[Observation]:
    """Connect as a browser does that has the page open, and as one that has another site open."""
    got = "let in" if page.runs else "not let in"
    yield Observation("a visitor of the page's own address", "let in", got, page.url)
    yield Observation("a page of another site", "refused with 403", foreign_origin, page.url)
