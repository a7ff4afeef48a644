"""Finds the processes that a command left behind it, and where they listen, from /proc."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROC = Path("/proc")

_LISTENING = "0A"  # state in /proc/net/tcp, see tcp(7) and TCP_LISTEN in the kernel's tcp_states.h


class Listener(NamedTuple):
    """Where a process listens, as a client of this machine reaches it."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address of a page that is served there."""
        return f"http://{self.host}:{self.port}"


def marked(mark: str) -> list[int]:
    """Return the processes whose environment holds `mark`: those of one start, even a daemon.

    Args:
        mark: `NAME=value`.
    """
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):  # it ended, or is not ours
            if mark.encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def listeners(pids: Iterable[int]) -> list[Listener]:
    """Return where these processes listen; nothing where there is no /proc."""
    found: dict[Listener, None] = {}
    for pid in pids:
        sockets = _sockets(pid)
        for row in _rows(pid) if sockets else ():
            columns = row.split()
            if columns[3] == _LISTENING and columns[9] in sockets:
                found[_listener(columns[1])] = None
    return list(found)


def end(mark: str) -> None:
    """Kill what is left of one start, see `marked`."""
    for pid in marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _pids() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit()]
    return []


def _sockets(pid: int) -> set[str]:
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for link in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    return found


def _rows(pid: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            yield from (PROC / str(pid) / "net" / table).read_text("ascii").splitlines()[1:]


def _listener(written: str) -> Listener:
    """Read an address of /proc/net/tcp: words of 32 bits in the machine's order, then the port."""
    host, _, port = written.partition(":")
    words = [bytes.fromhex(host[n : n + 8])[::-1] for n in range(0, len(host), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_unspecified:  # every address of the machine; loopback is one
        return Listener("127.0.0.1", int(port, 16))
    shown = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004
    return Listener(shown, int(port, 16))
