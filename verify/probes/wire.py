"""Reads a Streamlit page over its own websocket, as an operator's browser would.

Needs neither Streamlit nor its generated classes in this environment, so one probe serves many
versions, and a visit costs little more than the script's own run.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.probes.access import ANYBODY, Access
from verify.probes.protocol.page import ENDPOINT, Page, Tab, Visit
from verify.probes.protocol.protobuf import ProtobufError

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.probes.protocol.websocket import WebSocket

__all__ = ["ENDPOINT", "Page", "Tab", "Visit", "read"]


def read(
    url: str,
    *,
    deadline: float,
    open_tabs: bool = False,
    tab_deadline: float | None = None,
    visit_pages: bool = False,
    access: Access = ANYBODY,
    hears: Callable[[bytes], object] | None = None,
) -> Page:
    """Read a page; with `open_tabs`, open each lazy tab too; with `visit_pages`, the other pages.

    It presses nothing, and changes nothing but which tab its own session has open. A run that does
    not end hides nothing else: the script is stopped, and the rest is seen in a new session.

    Args:
        url: where the dashboard is served, with its base path; http or https.
        deadline: seconds for the whole look; half a second more for the goodbye. The first page
            may take half of them when more is looked at and `tab_deadline` says how long that may
            take.
        open_tabs: whether to open the tabs that draw only when open, nested ones included.
        tab_deadline: seconds for the run of each tab, and of each other page; None for what is
            left of the look.
        visit_pages: whether to visit every other page of the app, and, with `open_tabs`, to open
            its tabs.
        access: what goes along with each handshake.
        hears: is given each message of the server as it came, if anybody wants them.

    Raises:
        CouldNotCheck: there is no Streamlit server to talk to, or it went away, or no run of the
            script began before the deadline. A script that never ends is no error: it is a fact
            about the page.
        UsageError: the URL is not one of a web page, or the certificates cannot be read.
    """
    # Loaded by the first look only: a run without this stage does not pay for it.
    from verify.probes.protocol.look import Look
    from verify.probes.protocol.visitor import Visitor
    from verify.probes.protocol.websocket import split, streaming

    parts = split(url)
    tls = access.tls() if parts.scheme == "https" else None
    started = time.monotonic()

    def connect(until: float) -> WebSocket:
        return streaming(parts, deadline=until, headers=access.sent, tls=tls)

    ends = started + deadline
    visitor = Visitor(connect, parts.query, started=started, ends=ends, hears=hears)
    connected = time.monotonic()
    try:
        return Look(visitor, deadline, tab_deadline).page(
            parts.geturl(),
            started=started,
            connected=connected,
            tabs=open_tabs,
            visits=visit_pages,
        )
    except ProtobufError as error:
        raise CouldNotCheck(
            f"{parts.geturl()} sent bytes that are not Streamlit's protocol: {error}.",
            "Check the port; a proxy may also rewrite what passes through it.",
        ) from error
    finally:
        visitor.leave()
