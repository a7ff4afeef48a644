"""Looks again and again, and tells only what changed."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from verify.report.clean import clean
from verify.report.words import in_one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from verify.deployment import Look, SeenPage, SeenTab
    from verify.live.look import Looker
FOUND: Final = "found"


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two looks.

    Args:
        what: in words; the finding itself for one that came or went.
        before: what it was; empty for a finding that came.
        now: what it is; empty for a finding that went.
    """

    what: str
    before: str
    now: str

    def __str__(self) -> str:
        if FOUND in (self.before, self.now):
            return f"{'found' if self.now else 'gone'}: {self.what}"
        return f"{self.what}: {self.before or 'unknown'} -> {self.now or 'unknown'}"


def reports(
    looker: Looker, seconds: float, *, metrics: Path | None, as_json: bool
) -> Iterator[str]:
    """Yield what is to be printed: the first look in short, then each change, as lines.

    Args:
        looker: who looks.
        seconds: see `looks`.
        metrics: the file that gets each look as metrics; None for none.
        as_json: whether each line is the whole look as JSON.
    """
    from verify.report import deployment, prometheus

    first = True
    for look, changed in looks(looker, seconds):
        if metrics is not None:
            prometheus.write(look, metrics)
        if as_json and (first or changed):
            yield deployment.as_json(look, [asdict(one) for one in changed])
        elif first:
            yield f"{look.started}  {deployment.in_short(look)}\n"
            yield from (_line(look, text) for text in _findings(look).values())
        else:
            yield from (_line(look, str(change)) for change in changed)
        first = False


def looks(looker: Looker, seconds: float) -> Iterator[tuple[Look, tuple[Change, ...]]]:
    """Yield each look with what changed since the one before; never ends by itself.

    The looks begin `seconds` apart; one that takes longer than that delays the next one.

    Args:
        looker: who looks.
        seconds: from the beginning of one look to that of the next.
    """
    never = threading.Event()  # a wait on it hears Ctrl-C and SIGTERM at once
    before: Look | None = None
    while True:
        began = time.monotonic()
        look = looker.look()
        yield look, changes(before, look) if before else ()
        before = look
        never.wait(max(0.0, began + seconds - time.monotonic()))


def changes(before: Look, now: Look) -> tuple[Change, ...]:
    """Return what differs: what the deployment says it is, and findings that came or went.

    Times, ids and counts in a finding differ on every look; they are no change.
    """
    old, new = _states(before), _states(now)
    states = (Change(name, old.get(name, ""), new.get(name, "")) for name in (old | new))
    had, have = _findings(before), _findings(now)
    came = (Change(text, "", FOUND) for name, text in have.items() if name not in had)
    went = (Change(text, FOUND, "") for name, text in had.items() if name not in have)
    return (*(one for one in states if one.before != one.now), *came, *went)


def _line(look: Look, text: str) -> str:
    return f"{look.started}  {clean(text)}\n"


def _states(look: Look) -> dict[str, str]:
    """Return what a look tells of the deployment, each thing by its name."""
    told = {"verdict": str(look.verdict)}
    if facts := look.facts:
        told |= {
            "script": facts.main_script,
            "Streamlit": facts.streamlit,
            "Python": facts.python,
            "marker": facts.marker or "none",
            "pages": ", ".join(page.path for page in facts.pages) or "no other",
            "tabs": ", ".join(tab.label for tab in facts.tabs) or "none",
        }
        told |= {f"tab {tab.label}": _sound(tab) for tab in facts.tabs}
        told |= {f"page {page.path}": _sound(page) for page in facts.pages}
    return told


def _sound(part: SeenTab | SeenPage) -> str:
    return "sound" if part.ok else "not sound"


def _findings(look: Look) -> dict[str, str]:
    """Return what is wrong or not known, each in one line, by what stays the same about it."""
    found: dict[str, str] = {}
    for cell in look.cells:
        for one in cell.findings:
            found.setdefault(f"{one.subject} {one.expected}", in_one_line(one))
        if cell.reason and cell.required:
            said = cell.reason.splitlines()[0]
            found[f"{cell.gate} {re.sub(r'[0-9]+', '0', said)}"] = f"{cell.gate}: {said}"
    return found
