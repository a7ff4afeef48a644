"""One websocket connection with one deadline, over a socket of our own.

`websockets` does the protocol and no I/O, so each wait is bounded by what is left of the deadline,
and every fault becomes a `CouldNotCheck` that says how far it got.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
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

_CHUNK: Final = 256 * 1024  # bytes per read; a page with data frames has messages of megabytes
_LARGEST: Final = 256 * 2**20  # bytes per message; Streamlit's own limit is 200 MB by default
_GOODBYE: Final = 0.5  # seconds to wait for the server's half of the closing handshake
_QUICKACK: Final = getattr(socket, "TCP_QUICKACK", None)  # Linux only
_PORTS: Final = {"http": 80, "https": 443}
_CARRIED: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_NO_BACKEND: Final = (
    "the proxy does not reach the dashboard behind it",
    "Check that the dashboard runs, and where the proxy looks for it.",
)
_REFUSALS: Final = {
    401: ("it wants a sign-in", "Use a URL that needs none, such as one behind the proxy."),
    403: (
        # Streamlit's server also answers so when no websocket is served at that path.
        "the origin or host of this URL is not allowed, or its base path is another one",
        "Use the public URL with its path, or set server.corsAllowedOrigins, server.allowedHosts.",
    ),
    502: _NO_BACKEND,
    503: _NO_BACKEND,
    504: _NO_BACKEND,
}
"""Status of the handshake's answer: what it means, and the remedy."""


def split(url: str) -> SplitResult:
    """Split the URL of a page, and leave out its user, password and fragment.

    Raises:
        UsageError: it is not the http or https URL of a page.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is not a URL: {error}.") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UsageError(
            f"{url!r} is not the URL of a page.", "Write it as http://HOST:PORT or https://HOST."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts._replace(netloc=host if port is None else f"{host}:{port}", fragment="")


class WebSocket:
    """A connection that is open for messages.

    Args:
        parts: the http or https URL of the endpoint, split; without user and password.
        subprotocol: the one to ask for.
        deadline: when to give up, on the clock of `time.monotonic`.
        headers: further headers of the handshake, such as Origin.

    Raises:
        CouldNotCheck: nobody listens, the handshake is refused, or the deadline passed.
    """

    def __init__(
        self,
        parts: SplitResult,
        *,
        subprotocol: str,
        deadline: float,
        headers: Mapping[str, str],
    ) -> None:
        self.bytes_received = 0
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
            addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
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
        raise self._no_connection(fault) from fault

    def _wrapped(self, raw: socket.socket, host: str) -> socket.socket:
        if not self._secure:
            return raw
        raw.settimeout(self._left())
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host)

    def _no_connection(self, fault: OSError | None) -> CouldNotCheck:
        if isinstance(fault, TimeoutError):
            return CouldNotCheck(
                f"{self._shown} did not accept a connection before the deadline.",
                "Check that the server runs and that no firewall drops the packets.",
            )
        if isinstance(fault, ConnectionRefusedError):
            return CouldNotCheck(
                f"{self._shown} refused the connection: nothing listens there.",
                "Start the dashboard, or correct the URL.",
            )
        return CouldNotCheck(
            f"{self._shown} could not be connected to: {_reason(fault)}.",
            "Check the URL's scheme and port, and the server's certificate."
            if self._secure
            else "Correct the URL.",
        )

    def _handshake(self, headers: Mapping[str, str], path: str) -> None:
        request = self._protocol.connect()
        for name, value in headers.items():
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
            raise self._lost(error) from error
        refusal = self._protocol.handshake_exc
        answer = self._events.pop(0) if self._events else None  # frames stay for `messages`
        if refusal and isinstance(answer, Response):
            raise _refused(self._shown, path, answer)
        if refusal:
            raise _no_answer(self._shown, refusal.__cause__ or refusal)

    def _pump(self) -> bool:
        """Read once, and answer what the protocol itself answers; False at the stream's end."""
        self._socket.settimeout(self._left())
        if _QUICKACK is not None:
            # It wears off. Without it a server whose sockets lack TCP_NODELAY waits about 40 ms
            # for our delayed acknowledgement before it sends its next small message.
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        data = self._socket.recv(_CHUNK)
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


def _no_answer(shown: str, error: BaseException) -> CouldNotCheck:
    """Say what it means that the handshake got no answer of HTTP/1.1."""
    if isinstance(error, EOFError):
        return CouldNotCheck(
            f"{shown} closed the connection without an answer.",
            "Check that this is the dashboard's port, and read the server's log.",
        )
    return CouldNotCheck(
        f"{shown} did not answer as a websocket server does: {_reason(error)}.",
        "Check the port, and whether the URL must begin with https.",
    )


def _refused(shown: str, path: str, answer: Response) -> CouldNotCheck:
    """Say what an answer other than a websocket means."""
    status = answer.status_code
    what = f"{shown} answered {status}"
    if status in _REDIRECTS:
        to = answer.headers.get("Location", "nowhere")
        return CouldNotCheck(
            f"{what}: it sends visitors to {to}.", "Use that URL, or sign in first."
        )
    if status in _REFUSALS:
        why, remedy = _REFUSALS[status]
        return CouldNotCheck(f"{what}: {why}.", remedy)
    kind = answer.headers.get("Content-Type", "no type")
    return CouldNotCheck(
        f"{what} ({kind}) at {path} and no websocket: this is not a Streamlit server, or a proxy "
        "does not pass websockets on.",
        "Check the port and the base path of the URL.",
    )


def _reason(error: BaseException | None) -> str:
    text = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    return text or type(error).__name__
