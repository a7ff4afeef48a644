"""What may stand between visitors and a server: small proxies that each do one thing wrong."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

_CHUNK: Final = 65536
_HEAD: Final = b"\r\n\r\n"
_HOST: Final = re.compile(rb"\r\nhost:[^\r]*", re.IGNORECASE)
_PATIENCE: Final = 60  # seconds: never reached unless something hangs
_CUT_AFTER: Final = 400  # bytes: the handshake's answer, and hardly more

_LOGIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\nSign in"
_TO_LOGIN = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
_SORRY = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 10\r\n\r\nBack soon."


@contextlib.contextmanager
def _listening(answer: Callable[[socket.socket], None], host: str = "127.0.0.1") -> Iterator[str]:
    """Hand each connection to `answer` in a thread of its own, and yield the address."""
    with socket.create_server((host, 0), backlog=50) as server:

        def one(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(_PATIENCE)
                answer(connection)

        def loop() -> None:
            with contextlib.suppress(OSError):  # the listener is closed
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=one, args=(connection,), daemon=True).start()

        threading.Thread(target=loop, daemon=True).start()
        try:
            yield f"http://{host}:{server.getsockname()[1]}"
        finally:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)


def _head(connection: socket.socket) -> bytes:
    """Read a request's head, and what came of its body."""
    head = b""
    while _HEAD not in head and (data := connection.recv(_CHUNK)):
        head += data
    return head


def _upgrades(head: bytes) -> bool:
    return b"\r\nupgrade: websocket" in head.lower()


def _plain(head: bytes) -> bytes:
    """Return a request as a proxy passes it on that was not told of websockets."""
    lines, _, body = head.partition(_HEAD)
    own = (b"connection:", b"upgrade:")
    kept = [line for line in lines.split(b"\r\n") if not line.lower().startswith(own)]
    return b"\r\n".join([*kept, b"Connection: close"]) + _HEAD + body


def _pump(source: socket.socket, goal: socket.socket, limit: float = float("inf")) -> None:
    passed = 0
    with contextlib.suppress(OSError):
        while passed < limit and (data := source.recv(_CHUNK)):
            goal.sendall(data if limit == float("inf") else data[: int(limit - passed)])
            passed += len(data)
    for one in (source, goal):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _forward(
    connection: socket.socket, port: int, first: bytes, limit: float = float("inf")
) -> None:
    """Pass on what both sides say, the server's only up to a limit."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE) as server:
        server.sendall(first)
        back = threading.Thread(target=_pump, args=(connection, server), daemon=True)
        back.start()
        _pump(server, connection, limit)
        back.join()


def _other_host(port: int) -> AbstractContextManager[str]:
    """All is passed on under the server's own host name, as proxies do that nobody told better."""

    def answer(connection: socket.socket) -> None:
        head = _head(connection)
        to_server = _HOST.sub(b"\r\nHost: 127.0.0.1:%d" % port, head, count=1)
        _forward(connection, port, to_server if _upgrades(head) else _plain(to_server))

    return _listening(answer, host="127.0.0.2")


def _no_websockets(port: int) -> AbstractContextManager[str]:
    """Only plain requests are passed on: a handshake arrives without its `Upgrade`."""
    return _listening(lambda one: _forward(one, port, _plain(_head(one))))


def _cuts_websockets(port: int) -> AbstractContextManager[str]:
    """A websocket is passed on, and cut soon after."""

    def answer(connection: socket.socket) -> None:
        head = _head(connection)
        if _upgrades(head):
            _forward(connection, port, head, _CUT_AFTER)
        else:
            _forward(connection, port, _plain(head))

    return _listening(answer)


def _login(_port: int) -> AbstractContextManager[str]:
    """Everybody is sent to a page of sign-in."""
    return _listening(
        lambda one: one.sendall(_LOGIN if b" /login" in _head(one)[:20] else _TO_LOGIN)
    )


def _maintenance(_port: int) -> AbstractContextManager[str]:
    """One page answers 200 on everything."""

    def answer(connection: socket.socket) -> None:
        _head(connection)
        connection.sendall(_SORRY)

    return _listening(answer)


BETWEEN: Final[dict[str, Callable[[int], AbstractContextManager[str]]]] = {
    "another host name": _other_host,
    "no websockets": _no_websockets,
    "cuts websockets": _cuts_websockets,
    "sign-in": _login,
    "maintenance page": _maintenance,
}
"""Each takes the server's port, and yields the address that visitors use."""
