"""Asks Streamlit's health endpoint; a 200 alone says nothing there."""

from __future__ import annotations

import http.client
from typing import Final
from urllib.parse import urlsplit

PATH: Final = "/_stcore/health"

_SECONDS: Final = 1.0  # for one answer
_BYTES: Final = 64  # of the body; a page that answers instead may be long


def health(url: str) -> str:
    """Return "ok", or what came instead, or nothing when nothing came.

    The type is asked for too: Streamlit answers almost any path with its page and status 200. Up
    to 1.56 it ran on Tornado, which calls every answer a page; there the body must do.

    Args:
        url: where the dashboard is served, with its base path; http.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path.rstrip("/") + PATH)
        answer = connection.getresponse()
        body = answer.read(_BYTES)
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
    kind = answer.headers.get_content_type()
    is_plain = kind == "text/plain" or answer.headers.get("Server", "").startswith("Tornado")
    if answer.status == http.HTTPStatus.OK and body == b"ok" and is_plain:
        return "ok"
    return f"status {answer.status} of type {kind}"
