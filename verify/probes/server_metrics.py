"""Reads what a Streamlit server counts of itself, at `_stcore/metrics`, as OpenMetrics text.

Versions up to 1.52 tell only what their caches hold; 1.67 counts its sessions too.
"""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, quote

from verify.errors import CouldNotCheck
from verify.probes.access import ANYBODY, Access

PATH: Final = "/_stcore/metrics"

SESSION_FAMILIES: Final = ("session_events", "active_sessions")
"""What `Counts` reads; the others cost the server a walk through all it keeps."""

_BYTES: Final = 4 * 2**20  # of an answer; a server of a thousand caches writes 200 KB
_NAME: Final = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*")
_LABEL: Final = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,?)')
_ESCAPE: Final = re.compile(r"\\(.)")

Labels = frozenset[tuple[str, str]]
"""The labels of one sample, in no order."""

Metrics = Mapping[str, Mapping[Labels, float]]
"""Each name, and its value for each set of labels."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a server says of its sessions.

    Args:
        active: sessions with a connection now.
        connects: sessions that ever began.
        disconnects: connections of sessions that ever ended.
    """

    active: int
    connects: int
    disconnects: int


def session_counts(url: str, *, deadline: float, access: Access = ANYBODY) -> Counts | None:
    """Return what the server says of its sessions; None where it says nothing of them.

    Args:
        url: where the dashboard is served, with its base path; http or https.
        deadline: seconds for the answer.
        access: what goes along with the request.

    Raises:
        CouldNotCheck: the server does not answer, or sends a visitor away.
    """
    told = server_metrics(url, deadline=deadline, access=access, families=SESSION_FAMILIES) or {}
    events = told.get("session_events_total", {})
    found = (
        told.get("active_sessions", {}).get(frozenset()),
        events.get(frozenset({("type", "connect")})),
        events.get(frozenset({("type", "disconnect")})),
    )
    active, connects, disconnects = found
    if active is None or connects is None or disconnects is None:
        return None
    return Counts(int(active), int(connects), int(disconnects))


def server_metrics(
    url: str, *, deadline: float, access: Access = ANYBODY, families: tuple[str, ...] = ()
) -> Metrics | None:
    """Return all a server counts; None where it has no metrics.

    A server without them answers 404, or its page with status 200, as to almost any path.

    Args:
        url: where the dashboard is served, with its base path; http or https.
        deadline: seconds for the answer.
        access: what goes along with the request.
        families: which to ask for, all if none is named; old servers send all whatever is asked.

    Raises:
        CouldNotCheck: the server does not answer, sends a visitor away, or sends other text under
            the type of metrics.
        UsageError: the URL is not one of a web page.
    """
    # Loads the websocket library, which whoever reads metrics has loaded already.
    from verify.probes.protocol.websocket import split

    parts = split(url)
    query = "&".join(f"families={quote(family)}" for family in families)
    status, kind, body = _get(parts, f"{PATH}?{query}" if query else PATH, deadline, access)
    text = body.decode("utf-8", "replace")
    where = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{PATH}"
    if status == http.HTTPStatus.NOT_FOUND:
        return None
    if status != http.HTTPStatus.OK:
        raise CouldNotCheck(
            f"{where} answered {status}, and no metrics.",
            "Check what stands between here and the dashboard: a sign-in, or a proxy's rule.",
        )
    # The type alone does not tell: servers up to 1.56 call many an answer a page.
    if text.lstrip()[:1] == "<" or not (kind == "application/openmetrics-text" or _is_text(text)):
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise CouldNotCheck(
            f"{where} sent what is not OpenMetrics text: {error}.",
            "Check whether a proxy rewrites what passes through it.",
        ) from error


def parse(text: str) -> Metrics:
    """Read OpenMetrics or Prometheus text.

    Args:
        text: one sample or comment a line.

    Raises:
        ValueError: a line is neither.
    """
    found: dict[str, dict[Labels, float]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            name, labels, value = _sample(line.strip())
        except ValueError:
            raise ValueError(f"line {number} is no sample: {line[:80]!r}") from None
        found.setdefault(name, {})[labels] = value
    return found


def _sample(line: str) -> tuple[str, Labels, float]:
    """Read `name{label="value",...} value [timestamp] [# exemplar]`."""
    name = _NAME.match(line)
    if name is None:
        raise ValueError(line)
    at, labels = name.end(), frozenset[tuple[str, str]]()
    if line[at : at + 1] == "{":
        at, pairs = _labels(line, at + 1)
        labels = frozenset(pairs)
    words = line[at:].split()
    if not words:
        raise ValueError(line)
    return name[1], labels, float(words[0])


def _labels(line: str, at: int) -> tuple[int, list[tuple[str, str]]]:
    """Read the labels that begin here; return where the text after them begins."""
    pairs = []
    more = True
    while more and (found := _LABEL.match(line, at)):
        pairs.append((found[1], _ESCAPE.sub(_unescaped, found[2])))
        at, more = found.end(), bool(found[3])
    rest = line[at:].lstrip()
    if not rest.startswith("}"):
        raise ValueError(line)
    return len(line) - len(rest) + 1, pairs


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


def _is_text(text: str) -> bool:
    return any(line.strip() == "# EOF" or line.startswith("# TYPE ") for line in text.splitlines())


def _get(parts: SplitResult, path: str, deadline: float, access: Access) -> tuple[int, str, bytes]:
    """Ask once; return status, type and body of the answer."""
    ends = time.monotonic() + deadline
    shown = f"{parts.scheme}://{parts.netloc}"
    connection = access.connection(parts, deadline)
    try:
        headers = {"Accept": "application/openmetrics-text", **access.sent}
        connection.request("GET", parts.path.rstrip("/") + path, headers=headers)
        answer = connection.getresponse()
        body = b"".join(_chunks(answer, ends))
    except TimeoutError as error:
        raise CouldNotCheck(
            f"{shown} did not tell its metrics within {deadline:g} s.",
            "See whether the server is overloaded, or stuck.",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise CouldNotCheck(
            f"{shown} did not tell its metrics: {why}.",
            "Check that the dashboard runs, and the URL.",
        ) from error
    finally:
        connection.close()
    return answer.status, answer.headers.get_content_type(), body


def _chunks(answer: http.client.HTTPResponse, ends: float) -> Iterator[bytes]:
    left = _BYTES
    while left > 0 and (chunk := answer.read1(left)):
        yield chunk
        left -= len(chunk)
        if time.monotonic() > ends:
            raise TimeoutError
