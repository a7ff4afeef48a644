"""Asks by plain HTTP what stands at an address that gave no page: facts, no judgement."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from verify.probes.access import ANYBODY, Access
from verify.probes.health import PATH

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_BYTES: Final = 64  # of a body; a page that answers instead may be long


@dataclass(frozen=True, slots=True)
class Front:
    """What the address answered; a status is 0 where no HTTP answer came.

    Args:
        page: the status of the page itself, redirects not followed.
        healthy: whether Streamlit's own health endpoint answers behind it.
    """

    page: int
    healthy: bool


def front(parts: SplitResult, *, deadline: float, access: Access = ANYBODY) -> Front:
    """Return what answers there.

    Args:
        parts: the page's address, split; without user and password.
        deadline: seconds for both requests.
        access: what goes along with both.
    """
    ends = time.monotonic() + deadline
    base = parts.path.rstrip("/")
    page, _, _ = _ask(parts, base or "/", ends, access)
    status, kind, body = _ask(parts, base + PATH, ends, access)
    return Front(page, (status, kind, body) == (HTTPStatus.OK, "text/plain", b"ok"))


def _ask(parts: SplitResult, path: str, ends: float, access: Access) -> tuple[int, str, bytes]:
    """Return status, type and the body's beginning of one answer."""
    seconds = ends - time.monotonic()
    if seconds <= 0:
        return 0, "", b""
    connection = access.connection(parts, seconds)
    try:
        connection.request("GET", path, headers=access.sent)
        answer = connection.getresponse()
        body = answer.read(_BYTES)
    except (OSError, ValueError, http.client.HTTPException):
        return 0, "", b""
    finally:
        connection.close()
    return answer.status, answer.headers.get_content_type(), body
