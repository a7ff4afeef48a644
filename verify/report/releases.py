"""Renders what changed between two releases: a screen for people."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from verify.difference import Change
from verify.report.clean import clean
from verify.report.releases_json import WORDS, noted
from verify.report.screen import BOLD, DIM, GREEN, RED, YELLOW, Screen

if TYPE_CHECKING:
    from verify.difference import Difference
    from verify.releases import Comparison, Group, Packed, Release
    from verify.settings import Changed

FEW = 12
"""Files of one group that are told; the JSON has all."""

_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_COLOURS = {"added": GREEN, "removed": RED, "changed": YELLOW}
_MB = 1e6
_NAME = 28  # columns of a name, at most
_DEEP = 6  # columns before what belongs to the line above
_LETTERS = 9  # columns of what is said before a path
_MADE = re.compile(r"/__pycache__/|\.dist-info/")  # by an installer, in its own way
_HASH = re.compile(r"\b((?:dir|file|multi):[0-9a-f]{8})[0-9a-f]+")
_STEP = re.compile(r"^(?:\|\d+ .*?)?/bin/sh -c (?:#\(nop\)\s+)?", re.DOTALL)


def as_text(found: Comparison, *, width: int = 100, colour: bool = False) -> str:
    """Return what changed as people read it.

    Args:
        found: what to show.
        width: columns of the terminal.
        colour: whether it takes ANSI colours.
    """
    show = _Screen(width, colour=colour)
    lines = [
        *_heading(found, show),
        *_named("CONFIGURATION", found.config, show),
        *_dependencies(found.dependencies, show),
        *_named("PACKAGES OF THE SYSTEM", found.packages, show),
        *_app(found, show),
        *_environment(found, show),
        *_system(found.system, show),
        *_sizes(found, show),
        *_not_compared(found, show),
        *show.wrapped(_summary(found)),
    ]
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Screen(Screen):
    """Lays out lines for a terminal of some width."""

    def title(self, text: str, note: str = "") -> str:
        return self.paint(clean(text), BOLD) + (f"  {clean(note)}" if note else "")

    def word(self, word: str, text: str) -> str:
        return self.paint(text, _COLOURS[word])

    def wrapped(self, text: str, indent: int = 0, first: str = "") -> Iterator[str]:
        """Yield a text in lines, the first one behind what already stands there."""
        lines = textwrap.wrap(
            " ".join(clean(text).split()), max(20, self.width - indent), break_on_hyphens=False
        )
        for n, line in enumerate(lines or [""]):
            yield (first if n == 0 else " " * indent) + line

    def path(self, path: str, room: int) -> str:
        """Return a path that fits, its middle left out when it is longer."""
        text = clean(path).replace("\n", "\\n").replace("\t", "\\t")
        if len(text) <= room:
            return text
        tail = (room - 1) * 2 // 3
        return f"{text[: room - 1 - tail]}…{text[-tail:]}"


def _heading(found: Comparison, show: _Screen) -> Iterator[str]:
    for title, one in (("BEFORE", found.before), ("AFTER", found.after)):
        made = one.created[:16].replace("T", " ")
        told = f"{_id(one)}, made {made or 'nobody knows when'}, {_mb(one.size)}, {one.platform}"
        yield from show.wrapped(f"{one.name}, {told}", 8, show.title(f"{title:<6}") + "  ")
    yield ""


def _named(title: str, rows: Sequence[Changed], show: _Screen) -> Iterator[str]:
    if not rows:
        return
    yield show.title(title)
    column = min(_NAME, max(len(one.name) for one in rows)) + 4
    for one in rows:
        word = _word(one)
        sign = show.word(word, _SIGNS[word])
        name = clean(one.name)
        told = _versions(one)
        if len(name) + 4 > column:
            yield f"  {sign} {name}"
            yield from show.wrapped(told, _DEEP, " " * _DEEP)
        else:
            yield from show.wrapped(told, column + 2, f"  {sign} {name:<{column - 2}}")
    yield ""


def _dependencies(rows: Sequence[Changed], show: _Screen) -> Iterator[str]:
    environments = sorted({one.where for one in rows})
    for environment in environments:
        title = "DEPENDENCIES" if len(environments) == 1 else f"DEPENDENCIES in {environment}"
        yield from _named(title, [one for one in rows if one.where == environment], show)


def _app(found: Comparison, show: _Screen) -> Iterator[str]:
    if not found.app:
        return
    folders = dict.fromkeys(one.app_dir for one in (found.before, found.after) if one.app_dir)
    told = f"{_number(len(found.app), 'file')}: {_counted(found.app)}"
    yield show.title(f"APPLICATION {', '.join(folders)}", told)
    for one in found.app:
        yield from _told(one, show, 2)
    yield ""


def _environment(found: Comparison, show: _Screen) -> Iterator[str]:
    versions = {(one.where, one.name) for one in found.dependencies}
    for environment in sorted({one.environment for one in found.environment}):
        groups = [one for one in found.environment if one.environment == environment]
        yield show.title(f"PYTHON ENVIRONMENT {environment}", _all(groups))
        column = _column(groups)
        for group in groups:
            yield _group_line(group, column, show)
            # Another version has other files; where it is the same one, somebody changed them.
            if (environment, group.name) not in versions:
                changed = [one for one in group.differences if not _MADE.search(one.path)]
                yield from _some([one for one in changed if one.change is not Change.MISSING], show)
        yield ""


def _system(groups: Sequence[Group], show: _Screen) -> Iterator[str]:
    if not groups:
        return
    yield show.title("SYSTEM", _all(groups))
    column = _column(groups)
    for group in groups:
        yield _group_line(group, column, show)
        if len(group.differences) <= FEW:
            yield from _some(group.differences, show)
    yield ""


def _column(groups: Sequence[Group]) -> int:
    return min(_NAME, max(len(group.name) for group in groups))


def _group_line(group: Group, column: int, show: _Screen) -> str:
    return f"  {show.path(group.name, column):<{column}}  {_counted(group.differences)}"


def _some(rows: Sequence[Difference], show: _Screen) -> Iterator[str]:
    for one in rows[:FEW]:
        yield from _told(one, show, _DEEP)
    if len(rows) > FEW:
        yield " " * _DEEP + show.paint(f"and {len(rows) - FEW:,} more", DIM)


def _all(groups: Sequence[Group]) -> str:
    every = [one for group in groups for one in group.differences]
    return f"{_number(len(every), 'file')}: {_counted(every)}"


def _told(one: Difference, show: _Screen, indent: int) -> Iterator[str]:
    word = WORDS[one.change]
    mark = show.word(word, f"{one.letters or word:<{_LETTERS}}")
    note = noted(one)
    room = show.width - indent - _LETTERS - 2
    path = show.path(one.path, room)
    if note and len(path) + len(note) + 2 <= room:
        yield f"{' ' * indent}{mark}  {path}  {show.paint(note, DIM)}"
        return
    yield f"{' ' * indent}{mark}  {path}"
    if note:
        yield " " * (indent + _LETTERS + 2) + show.paint(show.path(note, room), DIM)


def _sizes(found: Comparison, show: _Screen) -> Iterator[str]:
    before, after = found.before, found.after
    if before.id == after.id:
        return
    yield show.title("SIZE", f"{_mb(before.size)} → {_mb(after.size)}, {_growth(found)}")
    kept = {layer.diff_id for layer in before.layers} & {layer.diff_id for layer in after.layers}
    shared = [layer for layer in after.layers if layer.diff_id in kept]
    if shared:
        size = sum(layer.size or 0 for layer in shared)
        yield f"    {_mb(size):>9}  {_number(len(shared), 'layer')} in both"
    for word, release in (("removed", before), ("added", after)):
        for layer in release.layers:
            if layer.diff_id not in kept:
                yield _layer(layer, word, show)
    yield ""


def _layer(layer: Packed, word: str, show: _Screen) -> str:
    size = "?" if layer.size is None else _mb(layer.size)
    made = _HASH.sub(r"\1…", _STEP.sub("", layer.created_by))
    step = " ".join(made.split()) or layer.diff_id
    return f"  {show.word(word, _SIGNS[word])} {size:>9}  {show.path(step, show.width - 15)}"


def _not_compared(found: Comparison, show: _Screen) -> Iterator[str]:
    if found.before.id == found.after.id:
        return
    reasons: dict[str, list[str]] = {}
    for path, why in sorted(found.not_compared.items()):
        reasons.setdefault(why, []).append(path)
    told = ["when files were changed", *(f"{', '.join(p)} ({why})" for why, p in reasons.items())]
    for line in show.wrapped(f"Not compared: {'; '.join(told)}."):
        yield show.paint(line, DIM)


def _summary(found: Comparison) -> str:
    if found.before.id == found.after.id:
        return f"the same: one image, {_id(found.after)}"
    if found.same:
        return "the same: nothing differs but the images' ids"
    files = list(found.files)
    rows = [
        f"{_number(len(files), 'file')} ({_counted(files)})" if files else "",
        _number(len(found.dependencies), "dependency") if found.dependencies else "",
        _number(len(found.packages), "package") if found.packages else "",
        _number(len(found.config), "setting") if found.config else "",
        _growth(found) if found.growth else "",
    ]
    return f"different: {'; '.join(row for row in rows if row)}"


def _counted(differences: Iterable[Difference]) -> str:
    counts = Counter(WORDS[one.change] for one in differences)
    words = ("changed", "added", "removed")
    return ", ".join(f"{counts[word]:,} {word}" for word in words if counts[word])


def _word(one: Changed) -> str:
    if one.before is None:
        return "added"
    return "removed" if one.after is None else "changed"


def _versions(one: Changed) -> str:
    if one.before is None or one.after is None:
        return str(one.after if one.before is None else one.before)
    if one.before == one.after:
        return f"changed {one.after}"  # its values are not shown
    return f"{one.before} → {one.after}"


def _growth(found: Comparison) -> str:
    sign = "+" if found.growth > 0 else "−" if found.growth < 0 else "±"
    return f"{sign}{_mb(abs(found.growth))}"


def _mb(size: int) -> str:
    return f"{size / _MB:,.1f} MB" if size >= _MB / 10 else f"{size:,} B"


def _number(count: int, noun: str) -> str:
    plural = noun[:-1] + "ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def _id(release: Release) -> str:
    return release.id.removeprefix("sha256:")[:12]
