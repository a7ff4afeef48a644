"""How a deployment is approached: what goes along, and which certificates count."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import UsageError

if TYPE_CHECKING:
    from http.client import HTTPConnection
    from urllib.parse import SplitResult

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class Access:
    """What a visitor brings along.

    Args:
        headers: name and value of each further header.
        token: a bearer token, sent as `Authorization`; empty for none. Never shown.
        ca_file: certificates to trust instead of this machine's; None for those.

    Raises:
        UsageError: no header can be like that; the message shows no value.
    """

    headers: tuple[tuple[str, str], ...] = ()
    token: str = ""
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        for name, value in self.headers:
            if not _NAME.fullmatch(name):
                raise UsageError(f"{name!r} is not the name of a header.")
            if not _VALUE.fullmatch(value):
                raise UsageError(f"The value of the header {name} holds what no header can.")
        if not _VALUE.fullmatch(self.token):
            raise UsageError("The token holds what no header can, such as the end of a line.")

    @property
    def sent(self) -> dict[str, str]:
        """Every header that goes along."""
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**dict(self.headers), **bearer}

    def tls(self) -> ssl.SSLContext:
        """Return what a TLS connection is held against.

        Raises:
            UsageError: the file with certificates cannot be read.
        """
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            why = "it holds none" if isinstance(error, ssl.SSLError) else error.strerror
            raise UsageError(
                f"The certificates in {self.ca_file} cannot be used: {why}."
            ) from error

    def connection(self, parts: SplitResult, seconds: float) -> HTTPConnection:
        """Return a connection of our own for plain requests: no proxy of the environment counts.

        Args:
            parts: the page's URL, split.
            seconds: to wait for each answer.

        Raises:
            UsageError: the file with certificates cannot be read.
        """
        # Loaded by the first plain request only: a look at a page makes none.
        import http.client

        host = parts.hostname or ""
        if parts.scheme != "https":
            return http.client.HTTPConnection(host, parts.port, timeout=seconds)
        return http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=self.tls())

    def __repr__(self) -> str:
        return f"Access({len(self.sent)} headers)"


ANYBODY = Access()
"""A visitor who brings nothing along."""
