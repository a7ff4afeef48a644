"""Faults of the running dashboard: in the log with their traceback, and the recent ones in memory.

A fault that comes back on each rerun keeps its id and is counted, so the log stays readable and an
operator who reports an id is understood.
"""

import logging
import os
import re
import secrets
import sys
import threading
import traceback
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import unquote

KEPT = 50
"""How many different faults are remembered; the log has them all."""

MESSAGE_LENGTH = 400
"""How much of an error's text is shown, in characters."""

_SHORTEST_SECRET = 4
_URL_CREDENTIALS = re.compile(r"(\b[\w+.-]+://)[^\s/@]*(?::[^\s@]*)?@")
_NAMED_SECRET = re.compile(
    r"(?i)((?:password|passwd|pwd|secret|token|api[_-]?key)['\"]?\s*[=:]\s*)(?!\s)[^\s,;)&]+"
)

_log = logging.getLogger("aicmo.dashboard")


@dataclass(frozen=True)
class Fault:
    """One fault and how often it was seen.

    Attributes:
        id: what is shown on the page and written in the log.
        where: the tab or part of the page it happened in.
        kind: the exception's class.
        message: its text, without credentials and cut to `MESSAGE_LENGTH`.
        plain: whether the text was written for an operator.
    """

    id: str
    where: str
    kind: str
    message: str
    plain: bool
    first_seen: datetime
    last_seen: datetime
    count: int = 1


_faults: OrderedDict[tuple[str, str, str], Fault] = OrderedDict()
_lock = threading.Lock()


def record(where: str, error: BaseException) -> Fault:
    """Log a fault and remember it."""
    plain_text = getattr(error, "operator_message", None)
    message = redact(_text(error if plain_text is None else plain_text))[:MESSAGE_LENGTH]
    key = (where, type(error).__name__, message)
    now = datetime.now(UTC)
    with _lock:
        known = _faults.pop(key, None)
        if known is None:
            fault = Fault(
                id=f"E-{secrets.token_hex(4)}",
                where=where,
                kind=type(error).__name__,
                message=message,
                plain=plain_text is not None,
                first_seen=now,
                last_seen=now,
            )
        else:
            fault = replace(known, last_seen=now, count=known.count + 1)
        _faults[key] = fault
        while len(_faults) > KEPT:
            _faults.popitem(last=False)
    _write(fault, error)
    return fault


def recent() -> list[Fault]:
    """Return the remembered faults, the latest first."""
    with _lock:
        return list(reversed(_faults.values()))


def clear() -> None:
    """Forget every remembered fault."""
    with _lock:
        _faults.clear()


def redact(text: str) -> str:
    """Return `text` without the credentials it may hold."""
    for secret in _configured_secrets():
        text = text.replace(secret, "***")
    text = _URL_CREDENTIALS.sub(r"\1***@", text)
    return _NAMED_SECRET.sub(r"\1***", text)


def _text(thing: object) -> str:
    """Return the text of an error, whatever it takes: what reports a fault must not have one."""
    try:
        text = str(thing)
    except Exception as error:  # noqa: BLE001 - an error's own code may fail in any way
        return f"its text cannot be read ({type(error).__name__})"
    return _whole(text)


def _whole(text: str) -> str:
    """Return text without half characters, as in names of files that are no UTF-8.

    Neither a browser nor a log could be sent them.
    """
    return text.encode("utf-8", "replace").decode()


def _configured_secrets() -> list[str]:
    url = os.environ.get("AICMO_DATABASE_URL", "")
    _, found, rest = url.partition("://")
    credentials, at, _ = rest.rpartition("@")
    if not found or not at:
        return []
    _, _, password = credentials.partition(":")
    known = {credentials, password, unquote(password)}
    return sorted((s for s in known if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)


def _write(fault: Fault, error: BaseException) -> None:
    if not _log.hasHandlers():
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        _log.addHandler(handler)
    if fault.count > 1:
        _log.error("%s in %s again (%d times)", fault.id, fault.where, fault.count)
        return
    report = "".join(traceback.format_exception(error))
    _log.error("%s in %s\n%s", fault.id, fault.where, redact(_whole(report)).rstrip())
