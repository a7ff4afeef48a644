"""One websocket connection with one deadline, over a socket of our own.

`websockets` does the protocol and no I/O, so each wait is bounded by what is left of the deadline,
and every fault becomes a `CouldNotCheck` that says how far it got.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from verify.errors import CouldNotCheck, UsageError
from verify.probes.protocol.addresses import look_up
from verify.probes.protocol.page import ENDPOINT
from verify.probes.protocol.refusal import Refused, no_answer, no_connection, refused

_CHUNK: Final = 256 * 1024  # bytes per read; a page with data frames has messages of megabytes
_LARGEST: Final = 256 * 2**20  # bytes per message; Streamlit's own limit is 200 MB by default
_GOODBYE: Final = 0.5  # seconds to wait for the server's half of the closing handshake
_QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)  # Linux only
_PORTS: Final = {"http": 80, "https": 443}
_TOLD_BY: Final = 8  # bytes of an answer that tell other protocols apart
_FORM: Final = "Write it as http://HOST:PORT or https://HOST."
_PAGE_NAMES: Final = 2  # names at the end of a path that may be a page's
_ELSEWHERE: Final = (200, 403, 404, 405)  # what a server answers at a path it does not serve
_CARRIED: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


def split(url: str) -> SplitResult:
    """Split the URL of a page, and leave out its user, password and fragment.

    Raises:
        UsageError: it is not the http or https URL of a page.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # Its own words may repeat the password.
        raise UsageError(f"{_safe(url)!r} is not a URL.", _FORM) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(f"{_safe(url)!r} is not the URL of a page.", _FORM)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    # A browser leaves the scheme's own port out of its Origin.
    named = host if port in {None, _PORTS[parts.scheme]} else f"{host}:{port}"
    return parts._replace(netloc=named, fragment="")


def _safe(url: str) -> str:
    """Return as much of a faulty URL as holds no user, password or query."""
    return re.sub(r"[?#].*", "", re.sub(r"[^/]*@", "***@", url))


def streaming(
    page: SplitResult,
    *,
    deadline: float,
    headers: Mapping[str, str] = MappingProxyType({}),
    tls: ssl.SSLContext | None = None,
) -> WebSocket:
    """Connect to the endpoint over which Streamlit serves this page, as a browser on it does.

    What stands at the end of the URL's path may be the name of a page instead of the server's base
    path. Nobody can tell but by asking, which Streamlit's own front end does, too.

    Args:
        page: the page's URL, from `split`.
        deadline: see `WebSocket`.
        headers: besides the page's own Origin, or instead of it.
        tls: see `WebSocket`.

    Raises:
        CouldNotCheck: as `WebSocket`.
    """
    headers = {"Origin": f"{page.scheme}://{page.netloc}", **headers}
    first: Refused | None = None
    for base in _bases(page.path):
        endpoint = page._replace(path=f"{base}/{ENDPOINT}", query="")
        try:
            return WebSocket(
                endpoint, subprotocol="streamlit", deadline=deadline, headers=headers, tls=tls
            )
        except Refused as error:
            first = first or error
            if error.status not in _ELSEWHERE:
                break
    raise first or AssertionError("there is always one base")


def _bases(path: str) -> Iterator[str]:
    """Yield where the server may be: the whole path, then what is above its last names."""
    names = path.rstrip("/").split("/")
    for last in range(len(names), max(0, len(names) - 1 - _PAGE_NAMES), -1):
        yield "/".join(names[:last])


class WebSocket:
    """A connection that is open for messages.

    Args:
        parts: the http or https URL of the endpoint, split; without user and password.
        subprotocol: the one to ask for.
        deadline: when to give up, on the clock of `time.monotonic`.
        headers: further headers of the handshake, such as Origin; each replaces one of its own.
        tls: what a connection by https is held against; None for this machine's certificates.

    Raises:
        CouldNotCheck: nobody listens, or the deadline passed.
        Refused: the handshake was answered, and not with a websocket.
    """

    def __init__(
        self,
        parts: SplitResult,
        *,
        subprotocol: str,
        deadline: float,
        headers: Mapping[str, str],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.bytes_received = 0
        self._tls = tls
        self._first = b""
        self._deadline = deadline
        self._shown = f"{parts.scheme}://{parts.netloc}"
        self._secure = parts.scheme == "https"
        self._events: list[Event] = []
        self._socket = self._connect(parts.hostname or "", parts.port or _PORTS[parts.scheme])
        try:
            self._protocol = _client(parts, subprotocol)
            self._handshake(headers, parts.path)
        except BaseException:
            self._socket.close()
            raise

    def until(self, deadline: float) -> None:
        """Give up at this moment from now on, on the clock of `time.monotonic`."""
        self._deadline = deadline

    def send(self, payload: bytes) -> None:
        """Send one binary message.

        Raises:
            TimeoutError: the deadline came first.
            CouldNotCheck: the connection is gone.
        """
        self._protocol.send_binary(payload)
        try:
            self._flush()
        except TimeoutError:
            raise
        except OSError as error:
            raise self._lost(error) from error

    def messages(self) -> Iterator[bytes]:
        """Yield each message as it comes; may be left and called again.

        Raises:
            TimeoutError: the deadline came first.
            CouldNotCheck: the server closed the connection or broke the protocol.
        """
        fragments: list[bytes] = []
        while True:
            while self._events:
                event = self._events.pop(0)
                if isinstance(event, Frame) and event.opcode in _CARRIED:
                    fragments.append(bytes(event.data))
                    if event.fin:
                        message, fragments = b"".join(fragments), []
                        yield message
            if self._protocol.parser_exc or self._protocol.close_rcvd:
                raise self._lost(self._protocol.parser_exc)
            try:
                self._pump()
            except TimeoutError:
                raise
            except OSError as error:
                raise self._lost(error) from error

    def close(self, last_words: bytes = b"") -> None:
        """Close with the closing handshake, waiting only briefly for the server's half.

        Args:
            last_words: one more message to send before, if any; it may still be lost.
        """
        self._deadline = time.monotonic() + _GOODBYE
        with contextlib.suppress(OSError, WebSocketException):  # the server went first
            if last_words:
                self._protocol.send_binary(last_words)
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush()
            while not self._protocol.close_rcvd and self._pump():
                self._events.clear()
        self._socket.close()

    def _connect(self, host: str, port: int) -> socket.socket:
        try:
            addresses = look_up(host, port, seconds=self._left())
        except TimeoutError as error:
            raise CouldNotCheck(
                f"The host of {self._shown} was not looked up before the deadline.",
                "Check this machine's name servers.",
            ) from error
        except (OSError, UnicodeError) as error:
            raise CouldNotCheck(
                f"The host of {self._shown} was not found: {error}.", "Correct the URL."
            ) from error
        fault: OSError | None = None
        for family, kind, number, _, address in addresses:
            raw = socket.socket(family, kind, number)
            try:
                raw.settimeout(self._left())
                raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                raw.connect(address)
                return self._wrapped(raw, host)
            except OSError as error:
                fault = error
                raw.close()
            except BaseException:
                raw.close()
                raise
        raise no_connection(self._shown, fault) from fault

    def _wrapped(self, raw: socket.socket, host: str) -> socket.socket:
        if not self._secure:
            return raw
        raw.settimeout(self._left())
        context = self._tls or ssl.create_default_context()
        try:
            return context.wrap_socket(raw, server_hostname=host)
        except TimeoutError as error:
            raise CouldNotCheck(
                f"{self._shown} accepted the connection, but did not answer the TLS handshake "
                "before the deadline.",
                "Check that this is a port for https, and that the server is not stuck.",
            ) from error

    def _handshake(self, headers: Mapping[str, str], path: str) -> None:
        request = self._protocol.connect()
        for name, value in headers.items():
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        self._protocol.send_request(request)
        try:
            self._flush()
            while not self._events and not self._protocol.handshake_exc:
                self._pump()
        except TimeoutError as error:
            raise CouldNotCheck(
                f"{self._shown} accepted the connection, but did not answer the websocket "
                "handshake before the deadline.",
                "Check that this is the dashboard's port, and that the server is not stuck.",
            ) from error
        except OSError as error:
            raise no_answer(self._shown, error, self._first) from error
        refusal = self._protocol.handshake_exc
        answer = self._events.pop(0) if self._events else None  # frames stay for `messages`
        if refusal and isinstance(answer, Response):
            raise refused(self._shown, path, answer)
        if refusal:
            raise no_answer(self._shown, refusal.__cause__ or refusal, self._first)

    def _pump(self) -> bool:
        """Read once, and answer what the protocol itself answers; False at the stream's end."""
        self._socket.settimeout(self._left())
        if _QUICKACK is not None:
            # It wears off. Without it a server whose sockets lack TCP_NODELAY waits about 40 ms
            # for our delayed acknowledgement before it sends its next small message.
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        data = self._socket.recv(_CHUNK)
        self._first = self._first or data[:_TOLD_BY]
        self.bytes_received += len(data)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._events += self._protocol.events_received()
        self._flush()
        return bool(data)

    def _flush(self) -> None:
        for chunk in self._protocol.data_to_send():
            if chunk:
                self._socket.settimeout(self._left())
                self._socket.sendall(chunk)
            elif not self._secure:  # an empty chunk asks for a half-close, which TLS lacks
                with contextlib.suppress(OSError):  # the other side is already gone
                    self._socket.shutdown(socket.SHUT_WR)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _lost(self, error: Exception | None) -> CouldNotCheck:
        closed = self._protocol.close_rcvd
        if closed:
            how = f"closed the connection ({closed})"
        elif isinstance(error, OSError | EOFError):
            how = "dropped the connection"
        else:
            how = f"broke the websocket protocol ({error})"
        return CouldNotCheck(
            f"{self._shown} {how} after {self.bytes_received} bytes.",
            "Read the server's log: it was stopped, crashed, or a proxy stands in between.",
        )


def _client(parts: SplitResult, subprotocol: str) -> ClientProtocol:
    uri = parse_uri(parts._replace(scheme="wss" if parts.scheme == "https" else "ws").geturl())
    return ClientProtocol(uri, subprotocols=[Subprotocol(subprotocol)], max_size=_LARGEST)
