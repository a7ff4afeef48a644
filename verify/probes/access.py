"""How a deployment is approached: what goes along, and which certificates count."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Access:
    """What a visitor brings along.

    Args:
        headers: name and value of each further header.
        token: a bearer token, sent as `Authorization`; empty for none. Never shown.
        ca_file: certificates to trust instead of this machine's; None for those.
    """

    headers: tuple[tuple[str, str], ...] = ()
    token: str = ""
    ca_file: Path | None = None

    @property
    def sent(self) -> dict[str, str]:
        """Every header that goes along."""
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {**dict(self.headers), **bearer}

    def tls(self) -> ssl.SSLContext:
        """Return what a TLS connection is held against.

        Raises:
            OSError: the file with certificates cannot be read.
        """
        return ssl.create_default_context(cafile=self.ca_file)

    def __repr__(self) -> str:
        return f"Access({len(self.sent)} headers)"


ANYBODY = Access()
"""A visitor who brings nothing along."""
