"""Looks up the addresses of a host, and waits no longer than it is told to."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Sequence
from typing import Any

Address = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""As `socket.getaddrinfo` has it."""

Answer = Sequence[Address] | OSError | UnicodeError


def look_up(host: str, port: int, *, seconds: float) -> Sequence[Address]:
    """Return the addresses to try, one after the other.

    Args:
        host: a name, or an address.
        port: of the service.
        seconds: to wait for the answer.

    Raises:
        OSError: there is no such host.
        UnicodeError: no host can have that name.
        TimeoutError: there was no answer in time.
    """
    if _is_address(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A look-up knows no deadline and cannot be ended: it is left to itself when it takes too long.
    answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    thread = threading.Thread(target=ask, daemon=True, name=f"look-up of {host}")
    thread.start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    thread.join()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
