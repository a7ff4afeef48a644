"""Says what it means when a handshake is answered with anything but a websocket.

Nothing that was sent along is shown, nor the query of an address that visitors are sent to: either
may hold a credential.
"""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from verify.errors import CouldNotCheck

if TYPE_CHECKING:
    from websockets.http11 import Response

_REDIRECTS: Final = (301, 302, 303, 307, 308)
_BEHIND: Final = "Check that the dashboard runs, and where the proxy looks for it."
_NO_BACKEND: Final = ("the proxy does not reach the dashboard behind it", _BEHIND)
_SIGN_IN: Final = (
    "Pass --token-file or --header with what a signed-in visitor sends, or use an address behind "
    "the proxy."
)
_MEANINGS: Final = {
    401: ("it wants a sign-in", _SIGN_IN),
    403: (
        # Streamlit's server also answers so when no websocket is served at that path.
        "the origin or host of this URL is not allowed, or its base path is another one",
        "Use the public URL with its path, or set server.corsAllowedOrigins, server.allowedHosts.",
    ),
    407: ("a proxy on the way wants a sign-in", _SIGN_IN),
    429: ("it was asked too often", "Wait, or raise the proxy's limit."),
    500: ("the server, or a proxy before it, broke over the request", "Read its log."),
    502: _NO_BACKEND,
    503: _NO_BACKEND,
    504: ("the dashboard behind the proxy does not answer it in time", _BEHIND),
}
"""Status of the handshake's answer: what it means, and the remedy."""

_SIGN_IN_WORDS: Final = frozenset(
    (
        *("account", "accounts", "adfs", "auth", "authenticate", "authentication", "authorize"),
        *("cas", "idp", "login", "logon", "oauth", "oauth2", "oidc", "openid", "saml", "saml2"),
        *("session", "sessions", "signin", "signon", "sso", "cloudflareaccess"),
    )
)
_PASSWORD_FIELD: Final = re.compile(rb"<input\b[^>]*\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_PLAIN_TO_TLS: Final = re.compile(rb"plain HTTP request was sent to HTTPS|HTTP request to an HTTPS")
_TLS_ALERT: Final = b"\x15\x03"
_NOT_TLS: Final = frozenset(
    ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
)
"""How OpenSSL names what it reads from a server that speaks no TLS; it varies by version."""


class Refused(CouldNotCheck):
    """The handshake was answered, and not with a websocket.

    Args:
        status: of the answer.
        meaning: what it means, after "answered STATUS".
        diagnosis: what is wrong, in one sentence.
        remedy: what to do about it.
    """

    def __init__(self, status: int, meaning: str, diagnosis: str, remedy: str) -> None:
        super().__init__(diagnosis, remedy)
        self.status = status
        self.meaning = meaning


def refused(shown: str, path: str, answer: Response) -> Refused:
    """Say what an answer other than a websocket means.

    Args:
        shown: the server, for people.
        path: what was asked of it.
        answer: its answer.
    """
    status = answer.status_code
    body = bytes(answer.body or b"")
    if status in _REDIRECTS:
        error = sends_away("it", answer.headers.get("Location", ""))
        meaning, remedy = error.diagnosis.rstrip("."), error.remedy
    elif _PLAIN_TO_TLS.search(body):
        meaning, remedy = "it speaks TLS at this port", "Begin the URL with https."
    elif _PASSWORD_FIELD.search(body):
        meaning, remedy = "it shows a sign-in page", _SIGN_IN
    elif status in _MEANINGS:
        meaning, remedy = _MEANINGS[status]
    else:
        kind = answer.headers.get("Content-Type", "no type")
        return Refused(
            status,
            "no websocket",
            f"{shown} answered {status} ({kind}) at {path} and no websocket: this is not a "
            "Streamlit server, or a proxy does not pass websockets on.",
            "Check the port and the base path of the URL.",
        )
    return Refused(status, meaning, f"{shown} answered {status}: {meaning}.", remedy)


def sends_away(who: str, to: str) -> CouldNotCheck:
    """Say that visitors are sent to another address, and whether that is a sign-in.

    Args:
        who: begins the sentence.
        to: the address, absolute or not.
    """
    try:
        parts = urlsplit(to)
        bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    except ValueError:
        bare = SplitResult("", "", "an address that is none", "", "")
    shown = bare.geturl() or "nowhere"
    if _is_sign_in(bare):
        return CouldNotCheck(f"{who} sends visitors to a sign-in at {shown}.", _SIGN_IN)
    return CouldNotCheck(f"{who} sends visitors to {shown}.", "Use that URL, or sign in first.")


def _is_sign_in(address: SplitResult) -> bool:
    parts = re.split(r"[./:?]+", f"{address.netloc}/{address.path}".lower())
    words = {re.sub(r"[-_]", "", part) for part in parts}
    words |= {word for part in parts for word in re.split(r"[-_]", part)}
    return not words.isdisjoint(_SIGN_IN_WORDS)


def no_answer(shown: str, error: BaseException, first: bytes) -> CouldNotCheck:
    """Say what it means that the handshake got no answer of HTTP/1.1.

    Args:
        shown: the server, for people.
        error: what could not be made of the answer.
        first: the answer's first bytes.
    """
    if first.startswith(_TLS_ALERT):
        return CouldNotCheck(f"{shown} speaks TLS at this port.", "Begin the URL with https.")
    if isinstance(error, EOFError | OSError):
        how = "closed" if isinstance(error, EOFError) else "dropped"
        return CouldNotCheck(
            f"{shown} {how} the connection without an answer.",
            "Check that this is the dashboard's port, and whether the URL must begin with https; "
            "read the server's log.",
        )
    return CouldNotCheck(
        f"{shown} did not answer as a websocket server does: {reason(error)}.",
        "Check the port, and whether the URL must begin with https.",
    )


def no_connection(shown: str, fault: OSError | None) -> CouldNotCheck:
    """Say why there is no connection.

    Args:
        shown: the server, for people.
        fault: what the last try ended with; None when there was no address to try.
    """
    if isinstance(fault, TimeoutError):
        return CouldNotCheck(
            f"{shown} did not accept a connection before the deadline.",
            "Check that the server runs and that no firewall drops the packets.",
        )
    if isinstance(fault, ConnectionRefusedError):
        return CouldNotCheck(
            f"{shown} refused the connection: nothing listens there.",
            "Start the dashboard, or correct the URL.",
        )
    if isinstance(fault, ssl.SSLCertVerificationError):
        return CouldNotCheck(
            f"{shown} could not be connected to: {reason(fault)}.",
            "Correct the server's certificate, or pass the file of those that sign it.",
        )
    if isinstance(fault, ssl.SSLError) and fault.reason in _NOT_TLS:
        return CouldNotCheck(
            f"{shown} could not be connected to: it does not speak TLS at this port.",
            "Begin the URL with http, or correct its port.",
        )
    return CouldNotCheck(
        f"{shown} could not be connected to: {reason(fault)}.",
        "Check the URL's scheme, host and port.",
    )


def reason(error: BaseException | None) -> str:
    """Return an error in as few words as it has."""
    text = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    return text or type(error).__name__
