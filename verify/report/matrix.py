"""Renders the run matrix: a table for people, JSON for machines."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

from verify.matrix import State, Status
from verify.report.clean import clean
from verify.report.screen import BOLD, DIM, GREEN, RED, YELLOW, Screen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from verify.matrix import EntryPoint, Launcher, Matrix

_COLOURS = {
    Status.OK: GREEN,
    Status.MISSING: RED,
    Status.NOT_IN_IMAGE: RED,
    Status.BROKEN: RED,
    Status.NOT_STREAMLIT: DIM,
    Status.DYNAMIC: YELLOW,
    Status.UNKNOWN: YELLOW,
    State.CANONICAL: GREEN,
    State.GUARDED: GREEN,
    State.PAGE: GREEN,
    State.SHIM: YELLOW,
    State.UNGUARDED: RED,
}
_STATUS = max(map(len, Status))
_STATE = max(map(len, State))
_PORT = 5
_KIND = 15  # the longest word, github-workflow
_RAW = 400  # characters of a command that are shown


def as_json(matrix: Matrix) -> str:
    """Return the matrix as one JSON object."""
    shown = {
        "launchers": [asdict(row) for row in matrix.launchers],
        "entry_points": [asdict(point) for point in matrix.entry_points],
        "disagreements": [asdict(one) for one in matrix.disagreements],
    }
    return json.dumps(shown, indent=1) + "\n"


def as_text(matrix: Matrix, *, width: int = 100, colour: bool = False) -> str:
    """Return the matrix as a table for a terminal.

    Args:
        matrix: what to show.
        width: columns of the terminal.
        colour: whether it takes ANSI colours.
    """
    show = _Screen(width, colour=colour)
    lines = [
        *_launchers(matrix, show),
        *_entry_points(matrix.entry_points, show),
        *_disagreements(matrix, show),
        *textwrap.wrap(_summary(matrix), width),
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Screen(Screen):
    """Lays out lines for a terminal of some width."""

    def title(self, *cells: str) -> str:
        return self.paint("".join(cells), BOLD)

    def below(self, text: str, indent: int = 6) -> Iterator[str]:
        blanks = " " * indent
        for line in textwrap.wrap(
            clean(text),
            self.width,
            initial_indent=blanks,
            subsequent_indent=blanks,
            break_on_hyphens=False,
        ):
            yield self.paint(line, DIM)

    def fitted(self, text: str, room: int) -> str:
        """Return a text in exactly `room` columns, its middle left out when it is longer."""
        text = clean(text)
        if len(text) > room:
            tail = (room - 1) * 2 // 3
            text = f"{text[: room - 1 - tail]}…{text[-tail:]}"
        return text.ljust(room)


def _launchers(matrix: Matrix, show: _Screen) -> Iterator[str]:
    if not matrix.launchers:
        yield "nothing here starts Streamlit"
        yield ""
        return
    where = show.width - 4 - _KIND - _PORT - _STATUS - 3
    yield show.title(
        "  WHERE".ljust(where + 3), "KIND".ljust(_KIND + 1), "PORT".ljust(_PORT + 1), "STATUS"
    )
    states = {one.path: one for one in matrix.entry_points}
    for entry, rows in _by_entry(matrix.launchers):
        yield ""
        yield _heading(entry, states, show)
        for row in rows:
            status = show.paint(row.status, _COLOURS[row.status])
            port = "" if row.port is None else str(row.port)
            place = show.fitted(f"{row.path}:{row.line}", where)
            yield f"  {place} {row.kind:<{_KIND}} {port:<{_PORT}} {status}"
            if row.raw and row.status is not Status.OK:
                yield from show.below(f"$ {row.raw[:_RAW]}")
            if row.why:
                yield from show.below(row.why)
    yield ""


def _by_entry(rows: Sequence[Launcher]) -> list[tuple[str, list[Launcher]]]:
    """Group the launchers by what they start: files first, those that start most first."""
    groups: dict[str, list[Launcher]] = {}
    for row in rows:
        groups.setdefault(row.entry or "", []).append(row)
    return sorted(groups.items(), key=lambda item: (not item[0], -len(item[1]), item[0]))


def _heading(entry: str, states: dict[str, EntryPoint], show: _Screen) -> str:
    if not entry:
        return show.paint("no one file", BOLD)
    text = show.paint(clean(entry), BOLD)
    if entry not in states:
        return text
    state = states[entry].state
    return f"{text}  {show.paint(state, _COLOURS[state])}"


def _entry_points(found: Sequence[EntryPoint], show: _Screen) -> Iterator[str]:
    if not found:
        return
    yield show.title("STATE".ljust(_STATE + 2), "ENTRY POINT")
    order = list(State)
    for one in sorted(found, key=lambda each: (order.index(each.state), each.path)):
        state = show.paint(one.state.ljust(_STATE), _COLOURS[one.state])
        yield f"{state}  {clean(one.path)}"
        if one.why:
            yield from show.below(one.why, _STATE + 4)
    yield ""


def _disagreements(matrix: Matrix, show: _Screen) -> Iterator[str]:
    if not matrix.disagreements:
        return
    yield show.title("DISAGREEMENTS")
    for one in matrix.disagreements:
        yield f"  {clean(one.path)}:{one.line}"
        if one.raw:
            yield from show.below(f"$ {one.raw[:_RAW]}")
        yield from show.below(one.why)
    yield ""


def _summary(matrix: Matrix) -> str:
    rows = [
        _counted(len(matrix.launchers), "launcher", (row.status for row in matrix.launchers)),
        _counted(len(matrix.entry_points), "entry point", (p.state for p in matrix.entry_points)),
        f"{_number(len(matrix.disagreements), 'disagreement')}",
    ]
    return "; ".join(rows)


def _counted(total: int, noun: str, words: Iterable[Status | State]) -> str:
    parts = ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())
    return f"{_number(total, noun)}" + (f" ({parts})" if parts else "")


def _number(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
