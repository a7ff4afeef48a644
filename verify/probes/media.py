"""Fetches the files that a page offers: pictures, and what a button downloads.

They are there as long as somebody sees the page, and come by requests of their own.
"""

from __future__ import annotations

import http.client
import re
from typing import Final
from urllib.parse import urlsplit

LARGEST: Final = 4_000_000
"""Bytes of a file that are read."""

_SECONDS: Final = 2.0  # for one answer
_FILE: Final = re.compile(rb"/media/[0-9a-f]{32,}\.[a-z]{1,5}")


def offered(message: bytes) -> set[str]:
    """Return the paths of the files that a message of the server names."""
    return {found.decode() for found in _FILE.findall(message)}


def fetch(url: str, path: str) -> bytes:
    """Return the beginning of a file; nothing of one that does not come.

    Args:
        url: where the dashboard is served, with its base path; http.
        path: as a message names it.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.request("GET", parts.path.rstrip("/") + path)
        answer = connection.getresponse()
        return answer.read(LARGEST) if answer.status == http.HTTPStatus.OK else b""
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()
