"""Tries whether a page of another site could talk to the dashboard in a visitor's name.

A browser tells the server which site a page is from, and sends the visitor's cookies along; the
server is the only one who can refuse.
"""

from __future__ import annotations

import time
from typing import Final

from verify.probes.access import ANYBODY, Access

ELSEWHERE: Final = "https://elsewhere.invalid"
"""The other site; no real one can have that name."""

ACCEPTED: Final = "accepted"
REFUSED: Final = "refused with 403"


def foreign(url: str, *, deadline: float, access: Access = ANYBODY) -> str:
    """Return how the server answers a handshake that comes from a page of another site.

    Ask only where the page itself was read: a wrong address is refused just the same.

    Args:
        url: where the dashboard is served, with its base path; http or https.
        deadline: seconds to wait. A server in its default settings may first ask the internet,
            for a second or two, by which address it is known there.
        access: what goes along with the handshake.

    Returns:
        `ACCEPTED`, `REFUSED`, or another answer in words.

    Raises:
        CouldNotCheck: there was no answer.
        UsageError: the URL is not one of a web page, or the certificates cannot be read.
    """
    # Loaded by the first look only, as in `verify.probes.wire`.
    from verify.probes.protocol.refusal import Refused
    from verify.probes.protocol.websocket import split, streaming

    parts = split(url)
    tls = access.tls() if parts.scheme == "https" else None
    own = {name: value for name, value in access.sent.items() if name.lower() != "origin"}
    try:
        socket = streaming(
            parts,
            deadline=time.monotonic() + deadline,
            headers={**own, "Origin": ELSEWHERE},
            tls=tls,
        )
    except Refused as refusal:
        if refusal.status == 403:  # noqa: PLR2004
            return REFUSED
        return f"answered {refusal.status}: {refusal.meaning}"
    socket.close()
    return ACCEPTED
