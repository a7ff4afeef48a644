"""Renders a look as Prometheus text, as the textfile collector of a node exporter reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from verify.model import Verdict
from verify.report import put
from verify.report.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from verify.deployment import Look

    Sample = tuple[dict[str, str], float]

PREFIX = "verify_live_"


def write(look: Look, path: Path) -> None:
    """Write one look to a file, whole or not at all: a collector may read it at any moment.

    Raises:
        UsageError: the file cannot be written.
    """
    put(render(look, datetime.now(UTC)), path, "the metrics")


def render(look: Look, now: datetime) -> str:
    """Return one look as metrics.

    What was not seen has no sample: a time of 0 would look like a fast page. What an alert stands
    on is always there: verdict, up, findings, and when the look ended.

    Args:
        look: what to show.
        now: when it ended.
    """
    lines: list[str] = []
    for name, told, samples in _metrics(look, now):
        taken = list(samples)
        if taken:
            full = f"{PREFIX}{name}"
            lines += [f"# HELP {full} {told}", f"# TYPE {full} gauge"]
            lines += [f"{full}{_labels(labels)} {_number(value)}" for labels, value in taken]
    return "\n".join(lines) + "\n"


def _metrics(look: Look, now: datetime) -> Iterator[tuple[str, str, Iterable[Sample]]]:
    url = {"url": look.url}
    facts = look.facts
    yield (
        "verdict",
        "1 for the verdict of the last look, 0 for the others.",
        [({**url, "verdict": one}, float(one is look.verdict)) for one in Verdict],
    )
    yield "up", "1 when there was a page to read.", [(url, float(facts is not None))]
    findings = sum(len(cell.findings) for cell in look.cells)
    yield "findings", "What was not as expected.", [(url, float(findings))]
    if look.marker_ok is not None:
        told = "1 when the page shows the build marker that is expected."
        yield "marker_ok", told, [(url, float(look.marker_ok))]
    if facts is not None:
        named = {
            "streamlit": facts.streamlit,
            "python": facts.python,
            "main_script": facts.main_script,
            "marker": facts.marker or "",
        }
        yield "info", "What the deployment says it is.", [({**url, **named}, 1.0)]
        yield (
            "complete_seconds",
            "Seconds to the end of the first page.",
            [(url, facts.complete_seconds)],
        )
        yield "exceptions", "Exceptions that are shown.", [(url, float(len(facts.exceptions)))]
        tabs = {tab.label: tab for tab in reversed(facts.tabs)}  # a label that stands twice: once
        by_label = [({**url, "tab": label}, tabs[label]) for label in reversed(tabs)]
        yield (
            "tab_ok",
            "1 when a tab's run succeeded and drew something, and no exception.",
            [(labels, float(tab.ok)) for labels, tab in by_label],
        )
        yield (
            "tab_seconds",
            "Seconds of the run that drew a tab.",
            [(labels, tab.seconds) for labels, tab in by_label if tab.seconds],
        )
    if look.sessions is not None and look.sessions.p95 is not None:
        told = "Seconds within which 95 of 100 visitors of a burst got the page."
        yield "sessions_p95_seconds", told, [(url, look.sessions.p95)]
    yield "seconds", "Seconds of the last look.", [(url, look.seconds)]
    told = "When the last look ended, in seconds since 1970."
    yield "last_check_timestamp_seconds", told, [(url, now.timestamp())]


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    text = clean(value)
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
