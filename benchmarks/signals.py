"""Stands small broken apps up, asks each signal about each, and prints the table."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from benchmarks.measure import Row
from tests.verify.broken.app import FAMILIES, App, apps, standing, written
from tests.verify.broken.browsing import browsing
from tests.verify.broken.signals import (
    DOES_NOT_APPLY,
    HANGS,
    MISSED,
    SEEN,
    SIGNALS,
    Answer,
    Signal,
    asked,
)

AT_ONCE: Final = 4
"""Apps looked at side by side: much of a look is waiting, on two cores, too."""

OURS: Final = "probe"
FALSE_ALARM: Final = "alarm!"
FINE: Final = "fine"
HEADINGS: Final = {"script health": "script", "in-process": "in-proc."}
NARROWEST: Final = 80
TITLE: Final = 35
CELL: Final = 9
_MARKS: Final = {SEEN: "32", FINE: "32", MISSED: "31", FALSE_ALARM: "31", HANGS: "33"}

_NOISE: Final = re.compile(r"https?://[\d.:]+ |what operators get: |, expected: .*|exceptions in ")

Table = dict[str, dict[str, Answer]]
"""What each signal says of each app, by their names."""


def signals() -> list[Row]:
    """Print which signal sees which broken app; what ours misses is held against none."""
    found = apps()
    began = time.perf_counter()
    table = measured(found)
    took = time.perf_counter() - began
    width = shutil.get_terminal_size((100, 24)).columns
    for line in shown(found, table, width=width, colour=sys.stdout.isatty()):
        print(line)
    broken = [app for app in found if not app.sound]
    wrong = [app for app in found if fault(app, table[app.name])]
    seen = len(broken) - sum(not app.sound for app in wrong)
    sound = sum(app.sound for app in found)
    how = f"{seen} of {len(broken)} seen by ours, {sound} sound ones as controls, {took:.0f} s"
    return [Row("signals", len(wrong), 0, "", how)]


def measured(found: Sequence[App]) -> Table:
    """Return what each signal says of each app."""
    table: Table = {app.name: {} for app in found}
    with browsing(), ThreadPoolExecutor(AT_ONCE) as pool:
        looks: dict[Future[dict[str, Answer]], App] = {
            pool.submit(_asked, app, group): app
            for app, group in sorted(_looks(found), key=_length, reverse=True)
        }
        try:
            for number, look in enumerate(as_completed(looks), 1):
                table[looks[look].name] |= look.result()
                if sys.stderr.isatty():
                    print(f"\r{number} of {len(looks)} looks ", end="", file=sys.stderr)
        finally:
            pool.shutdown(cancel_futures=True)
            if sys.stderr.isatty():
                print("\r\x1b[K", end="", file=sys.stderr)
    return table


def _looks(found: Sequence[App]) -> Iterator[tuple[App, tuple[Signal, ...]]]:
    """Yield which signals look at an app one after the other, at the same server."""
    alone = tuple(signal for signal in SIGNALS if not signal.served)
    served = tuple(signal for signal in SIGNALS if signal.served)
    for app in found:
        groups = [(signal,) for signal in served] if app.fragile else [served]
        for group in (alone, *groups):
            yield app, group


def _length(look: tuple[App, tuple[Signal, ...]]) -> int:
    """Return how much of a look is waiting: the longest are begun first."""
    app, group = look
    hanging = sum(app.signals.get(signal.title) == HANGS for signal in group)
    return 10 * hanging + 3 * len(group) * (app.family == "served")


def _asked(app: App, group: tuple[Signal, ...]) -> dict[str, Answer]:
    stand = standing if any(signal.served for signal in group) else written
    with tempfile.TemporaryDirectory() as folder, stand(app, Path(folder)) as one:
        return {signal.title: asked(signal, one) for signal in group}


def fault(app: App, row: Mapping[str, Answer]) -> str:
    """Return what is wrong with what ours says of an app; nothing when it is right."""
    ours = row[OURS]
    if app.sound:
        return "" if ours.word == MISSED else f"a false alarm: {ours.said}"
    if ours.word != SEEN:
        return f"{ours.word}: {ours.said}"
    return "" if app.says in ours.said else f"not for {app.says!r}: {ours.said}"


def shown(found: Sequence[App], table: Table, *, width: int, colour: bool) -> Iterator[str]:
    """Yield the table's lines, how often each signal was right, and what is not as expected."""

    def cell(word: str) -> str:
        text = f"{word:<{CELL}}"
        return f"\x1b[{_MARKS[word]}m{text}\x1b[0m" if colour and word in _MARKS else text

    room = width - NARROWEST
    titles = "".join(f"{HEADINGS.get(one.title, one.title):<{CELL}}" for one in SIGNALS)
    yield f"{'':<{TITLE}}{titles}{'what ours says' if room > CELL else ''}".rstrip()
    family = ""
    for app in found:
        if app.family != family:
            family = app.family
            yield f"\x1b[2m{FAMILIES[family]}\x1b[0m" if colour else FAMILIES[family]
        row = table[app.name]
        cells = "".join(cell(_word(app, row[one.title])) for one in SIGNALS)
        said = _short(app, row[OURS].said, room) if room > CELL else ""
        yield f"  {app.title:<{TITLE - 2}}{cells}{said}".rstrip()
    yield ""
    yield from _counts(found, table)
    yield ""
    yield from _notes(found, table, width)


def _word(app: App, answer: Answer) -> str:
    if not app.sound:
        return answer.word
    return {MISSED: FINE, SEEN: FALSE_ALARM}.get(answer.word, answer.word)


def _short(app: App, said: str, room: int) -> str:
    """Return the part of what was said that is about what is broken."""
    told = (one for one in said.splitlines() if app.says in one)
    part = _NOISE.sub("", next(told, said.partition("\n")[0]))
    return part if len(part) <= room else f"{part[: room - 1]}…"


def _counts(found: Sequence[App], table: Table) -> Iterator[str]:
    broken = [app for app in found if not app.sound]
    words = {
        one.title: Counter(table[app.name][one.title].word for app in broken) for one in SIGNALS
    }
    for word in (SEEN, MISSED, HANGS, DOES_NOT_APPLY):
        cells = "".join(f"{words[one.title][word]:<{CELL}}" for one in SIGNALS)
        title = f"{len(broken)} broken apps: {word}" if word == SEEN else f"{word:>21}"
        yield f"{title:<{TITLE}}{cells}".rstrip()


def _notes(found: Sequence[App], table: Table, width: int) -> Iterator[str]:
    for app in found:
        row = table[app.name]
        if wrong := fault(app, row):
            yield from _wrapped(f"OURS IS WRONG about {app.title}: {wrong}", width)
        for signal in SIGNALS:
            word, said = row[signal.title].word, row[signal.title].said
            if signal.title != OURS and word != app.signals[signal.title]:
                expected = app.signals[signal.title]
                text = f"{app.title}, {signal.title}: expected {expected}, {word} here: {said}"
                yield from _wrapped(text, width)
        if app.note:
            yield from _wrapped(f"{app.title}, {app.note}.", width)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="  ", max_lines=4)
