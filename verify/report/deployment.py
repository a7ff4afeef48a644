"""Renders one look at a running deployment: a screen for people, JSON for machines."""

from __future__ import annotations

import dataclasses
import json
import textwrap
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from verify.model import Outcome, Verdict
from verify.report.clean import clean
from verify.report.json import as_cell
from verify.report.screen import DIM, GREEN, RED, YELLOW, Screen
from verify.report.words import in_one_line, rows

if TYPE_CHECKING:
    from verify.deployment import Facts, Look, SeenPage, SeenTab, Sessions
    from verify.model import Cell, Observation

SCHEMA = "verify.live/v1"

MOST_FINDINGS = 10
"""Findings of one gate that are shown in full; the JSON has all."""

SHORT = 2
"""Lines of a finding that is told as a sentence."""

_COLOURS = {
    Verdict.VERIFIED: GREEN,
    Verdict.FAILED: RED,
    Verdict.INCONCLUSIVE: YELLOW,
    Outcome.FAIL: RED,
    Outcome.ERROR: YELLOW,
}
_SIGNS = {Outcome.FAIL: "✘", Outcome.ERROR: "!"}
_NAMES = 10  # columns of a fact's name, the gap included
_LABEL = 40  # columns of a tab's label, at most
_KB = 1000


def as_json(look: Look, changes: list[dict[str, str]] | None = None) -> str:
    """Return a look as one JSON object; with its changes, on a line of its own.

    Args:
        look: what to show.
        changes: against the look before, for one that is repeated; None for a single look.
    """
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "verdict": str(look.verdict),
        "url": look.url,
        "facts": _rounded(dataclasses.asdict(look.facts)) if look.facts else None,
        "sessions": _rounded(dataclasses.asdict(look.sessions)) if look.sessions else None,
        "cells": [as_cell(one) for one in look.cells],
        "started": look.started,
        "seconds": round(look.seconds, 3),
    }
    if changes is None:
        return json.dumps(document, indent=1, ensure_ascii=True) + "\n"
    return json.dumps({**document, "changes": changes}, ensure_ascii=True) + "\n"


def as_text(look: Look, *, width: int = 100, colour: bool = False) -> str:
    """Return a look for a terminal.

    Args:
        look: what to show.
        width: columns of the terminal.
        colour: whether it takes ANSI colours.
    """
    show = _Screen(width, colour=colour)
    lines = [_headline(look, show)]
    if look.facts:
        lines += ["", *_facts(look, look.facts, show)]
        if look.facts.tabs:
            lines += ["", *_parts(look.facts.tabs, show)]
    if look.sessions:
        lines += ["", *_sessions(look.sessions, show)]
    lines += _troubles(look, show)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def in_short(look: Look) -> str:
    """Return what a look found, in one line without its time."""
    parts = [f"{look.verdict}: {look.url}"]
    if facts := look.facts:
        parts.append(f"marker {facts.marker}" if facts.marker else "no marker")
        parts.append(f"Streamlit {facts.streamlit}")
        good = sum(tab.ok for tab in facts.tabs)
        parts.append(f"{good} of {len(facts.tabs)} tabs good")
        parts.append(f"first page {facts.complete_seconds:.2f} s")
    else:
        parts += [cell.reason or in_one_line(cell.findings[0]) for cell in look.cells]
    return clean(" ".join(", ".join(parts).split()))


class _Screen(Screen):
    """Lays out lines for a terminal of some width."""

    def named(self, name: str, text: str, indent: int = 2) -> Iterator[str]:
        """Yield a named text, wrapped; its lines stand under each other."""
        room = self.width - indent - _NAMES
        lines = [
            part
            for line in clean(text).splitlines() or [""]
            for part in textwrap.wrap(line, room, break_on_hyphens=False) or [""]
        ]
        for number, line in enumerate(lines):
            head = name.ljust(_NAMES) if number == 0 else " " * _NAMES
            yield f"{' ' * indent}{self.paint(head, DIM)}{line}"


def _headline(look: Look, show: _Screen) -> str:
    verdict = look.verdict
    return f"{show.paint(verdict, _COLOURS[verdict])}: {clean(look.url)} in {look.seconds:.2f} s"


def _facts(look: Look, facts: Facts, show: _Screen) -> Iterator[str]:
    yield from show.named("script", facts.main_script)
    yield from show.named("versions", f"Streamlit {facts.streamlit}, Python {facts.python}")
    yield from show.named("marker", facts.marker or "none in the sidebar")
    how = f"complete in {facts.complete_seconds:.3f} s" if facts.state == "success" else facts.state
    first = f"first message after {facts.first_message_seconds:.3f} s"
    size = f"{_number(facts.runs, 'run')}, {facts.bytes / _KB:.1f} kB"
    yield from show.named("page", f"{how}; {first}; {size}")
    for number, page in enumerate(facts.pages):
        sign, text = _told(page)
        name = "pages" if number == 0 else ""
        yield from show.named(name, f"{sign} /{page.path}  {text}")
    held = [f"{cell.gate} {cell.observed}" for cell in look.cells if cell.outcome is Outcome.PASS]
    if held:
        yield from show.named("held", ", ".join(held))


def _parts(tabs: tuple[SeenTab, ...], show: _Screen) -> Iterator[str]:
    labels = [clean(" ".join(tab.label.split())) for tab in tabs]
    room = min(_LABEL, max(map(_columns, labels)))
    for tab, label in zip(tabs, labels, strict=True):
        sign, text = _told(tab)
        painted = show.paint(sign, GREEN if tab.ok else RED)
        yield f"  {painted} {_fitted(label, room)}  {clean(text)}"


def _told(part: SeenTab | SeenPage) -> tuple[str, str]:
    """Return the sign of a tab or page, and what is to say of it."""
    text = f"{part.elements:>3} element" + ("" if part.elements == 1 else "s")
    if part.seconds:
        text = f"{text:<13} {part.seconds:.3f} s"
    if part.exceptions:
        text += f"  {_number(part.exceptions, 'exception')}"
    if part.state != "success":
        text += f"  {part.state}"
    return ("✔" if part.ok else "✘"), text


def _sessions(sessions: Sessions, show: _Screen) -> Iterator[str]:
    from verify.report import histogram

    done = f"{len(sessions.seconds)} of {_number(sessions.asked, 'visitor')} got the whole page"
    yield from show.named("burst", f"{done}, all within {sessions.wall_seconds:.2f} s")
    for reason, count in sessions.failures:
        yield from show.named("", f"{count} did not: {reason}")
    if sessions.p95 is not None:
        figures = (("half", sessions.p50), ("95 of 100", sessions.p95), ("all", sessions.slowest))
        told = ", ".join(f"{name} {value:.3f} s" for name, value in figures)
        yield from show.named("", f"of these within: {told}")
        drawn = histogram.render(sessions.seconds, width=show.width - 2)
        yield from (f"  {line}" for line in drawn.splitlines())


def _troubles(look: Look, show: _Screen) -> Iterator[str]:
    """Yield what is wrong, then what is not known; what two gates found is told once."""
    told: set[str] = set()
    for cell in look.cells:
        if cell.outcome in (Outcome.FAIL, Outcome.ERROR):
            yield ""
            yield from _trouble(cell, look.url, told, show)
    skipped: dict[tuple[bool, str], list[str]] = {}
    for cell in look.cells:
        if cell.outcome is Outcome.SKIP:
            skipped.setdefault((cell.required, cell.reason), []).append(cell.gate)
    if skipped:
        yield ""
    for (required, reason), gates in skipped.items():
        head = "- SKIP" if required else "- not looked at"
        text = f"{head}: {', '.join(gates)}: {reason}"
        code = YELLOW if required else DIM
        for line in text.splitlines():
            for part in textwrap.wrap(clean(line), show.width, subsequent_indent="  "):
                yield show.paint(part, code)


def _trouble(cell: Cell, url: str, told: set[str], show: _Screen) -> Iterator[str]:
    sign = f"{_SIGNS[cell.outcome]} {cell.outcome}"
    title = clean(cell.title)
    new = [one for one in cell.findings if in_one_line(one) not in told]
    told |= {in_one_line(one) for one in new}
    if cell.findings and not new:
        title = "what it found stands above"
    head = textwrap.wrap(f"{sign} {clean(cell.gate)}: {title}", show.width)
    yield show.paint(head[0], _COLOURS[cell.outcome])
    yield from head[1:]
    if cell.reason:
        yield from show.named("reason", cell.reason)
    for one in new[:MOST_FINDINGS]:
        yield from _finding(one, url, show)
    if (more := len(new) - MOST_FINDINGS) > 0:
        yield f"  ... and {more} more; --json shows all"
    if new:
        yield from show.named("fix", cell.fix)


def _finding(finding: Observation, url: str, show: _Screen) -> Iterator[str]:
    """Yield a finding as a sentence where that is short and says it all, else as named rows."""
    lines = textwrap.wrap(clean(in_one_line(finding)), show.width - 4, break_on_hyphens=False)
    if not finding.message and finding.path in (None, url) and len(lines) <= SHORT:
        yield from (f"{'    ' if number else '  '}{line}" for number, line in enumerate(lines))
        return
    for name, text in rows(finding):
        if (name, text) != ("where", url):
            yield from show.named(name, text)


def _columns(text: str) -> int:
    """Return how wide a text is on a terminal: some signs take two columns, some none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _fitted(text: str, room: int) -> str:
    """Return a text in exactly `room` columns, its end left out when it is longer."""
    if _columns(text) > room:
        while _columns(text) > room - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (room - _columns(text))


def _number(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _rounded(value: Any) -> Any:
    """Return plain values with times to the microsecond."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_rounded(item) for item in value]
    return value
