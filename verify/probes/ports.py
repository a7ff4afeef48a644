"""Picks ports that nobody else gets meanwhile."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def reserved(count: int) -> Iterator[list[int]]:
    """Yield free loopback ports, held for servers that are started inside the context.

    Linux lets two sockets share a port if both set SO_REUSEADDR, as Streamlit does, and at most one
    listens; nobody else is given it meanwhile. Elsewhere the ports are picked, but not held.
    """
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", 0))
        ports = [one.getsockname()[1] for one in sockets]
        if sys.platform != "linux":
            held.close()
        yield ports
