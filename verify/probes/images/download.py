"""Asks the engine for a stream of bytes that ends by itself or by its deadline."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.probes.docker_errors import LONGEST, engine_errors
from verify.probes.engine import SDK_SECONDS
from verify.probes.images.tar import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import Response

    from verify.probes.engine import Engine

DEADLINE = 600.0
"""Seconds for a whole stream; 700 MB need 3."""


@contextlib.contextmanager
def download(
    engine: Engine, address: str, what: str, *, deadline: float = DEADLINE
) -> Iterator[Iterator[bytes]]:
    """Hand out what the engine sends, piece by piece.

    The SDK's own streams wait for ever.

    Args:
        engine: whom to ask.
        address: below the version of its interface, such as `/containers/3f2a/export`.
        what: the stream, for people.
        deadline: seconds for all of it.

    Raises:
        CouldNotCheck: the engine refuses, falls silent, breaks off or needs too long.
    """
    ends = time.monotonic() + deadline
    api = engine.api
    with (
        engine_errors(f"{what} broke off"),
        contextlib.closing(
            api.get(f"{api.base_url}/v{api.api_version}{address}", stream=True, timeout=SDK_SECONDS)
        ) as response,
    ):
        if not response.ok:
            raise CouldNotCheck(f"the engine does not hand out {what}: {_refusal(response)}")
        yield _until(ends, engine, response, what)


def _until(ends: float, engine: Engine, response: Response, what: str) -> Iterator[bytes]:
    for piece in response.iter_content(PIECE):
        if engine.closed:
            raise CouldNotCheck(f"the run was over before {what} was read")
        if time.monotonic() > ends:
            raise CouldNotCheck(f"{what} did not end in time")
        yield piece


def _refusal(response: Response) -> str:
    try:
        return str(response.json()["message"])[:LONGEST]
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"
