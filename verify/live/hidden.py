"""Keeps what must stay secret out of everything that is shown or written."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from verify.probes.starred import starred

if TYPE_CHECKING:
    from verify.probes.access import Access

HIDDEN = "***"

_SHORTEST = 4  # characters; shorter texts stand in many innocent ones
_OPEN = frozenset({"host", "origin", "accept", "accept-language", "user-agent"})
"""Headers whose values are no secret."""

_T = TypeVar("_T")


class Secrets:
    """The texts that no output may hold.

    Args:
        url: as it was given, with credentials and query.
        access: what goes along with each request.
    """

    def __init__(self, url: str, access: Access) -> None:
        parts = urlsplit(url)
        texts = {access.token, parts.query, parts.fragment}
        texts |= {value for _, value in parse_qsl(parts.query)}
        texts |= {unquote(text or "") for text in (parts.username, parts.password)}
        for name, value in access.headers:
            if name.lower() not in _OPEN and not name.lower().startswith("x-forwarded-"):
                texts |= {value, value.rpartition(" ")[2]}
        texts |= {quote(text, safe="") for text in texts}
        long = (text for text in texts if len(text) >= _SHORTEST)
        self._texts = sorted(long, key=len, reverse=True)

    def hide(self, value: _T) -> _T:
        """Return a value with every secret in it starred out, however deep it stands."""
        return starred(value, self._hide) if self._texts else value

    def _hide(self, value: str) -> str:
        for text in self._texts:
            value = value.replace(text, HIDDEN)
        return value
