"""Renders what a look at a running container or host found, for people."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from verify.comparison import Sameness, Source, When
from verify.difference import LETTERS, Change
from verify.model import Outcome
from verify.report.clean import clean
from verify.report.screen import BOLD, DIM, GREEN, RED, YELLOW, Screen
from verify.report.words import in_one_line

if TYPE_CHECKING:
    from verify.comparison import Comparison, ImageSeen, Odd
    from verify.model import Cell, Observation

MOST: Final = 50
"""Differences that are shown; the JSON has all."""

MOST_FINDINGS: Final = 5
"""Findings of one gate that are shown."""

SHORT: Final = 12
"""Characters of a digest or commit that are shown, as git and docker shorten them."""

MEANINGS: Final = dict(
    zip(
        LETTERS,
        ("size", "mode", "content", "kind", "link", "owner", "group", "time", "capabilities"),
        strict=True,
    )
)

_VERDICTS = {Sameness.SAME: GREEN, Sameness.DIFFERS: RED, Sameness.UNKNOWN: YELLOW}
_NAMES = 10  # columns of a row's name, the gap included
_BYTE = re.compile("[\udc80-\udcff]")
_SINCE = max(len(when) for when in When)


def as_text(found: Comparison, *, width: int = 100, colour: bool = False) -> str:
    """Return a comparison for a terminal.

    Args:
        found: what to show.
        width: columns of the terminal.
        colour: whether it takes ANSI colours.
    """
    show = _Screen(width, colour=colour)
    parts = [
        [show.paint(_headline(found), BOLD), *_facts(found, show)],
        list(_differences(found, show)),
        list(_gates(found, show)),
        list(_same(found, show)),
        list(_verdict(found, show)),
    ]
    shown = ["\n".join(line.rstrip() for line in part) for part in parts if part]
    return "\n\n".join(shown) + "\n"


class _Screen(Screen):
    """Lays out lines for a terminal of some width."""

    def named(self, name: str, text: str) -> Iterator[str]:
        """Yield a named text, wrapped; its lines stand under each other."""
        for number, line in enumerate(self.wrapped(text, self.width - 2 - _NAMES)):
            head = name.ljust(_NAMES) if number == 0 else " " * _NAMES
            yield f"  {self.paint(head, DIM)}{line}"

    def long(self, name: str, text: str) -> str:
        """Return a named text in one line, its end left out where there is no room for it."""
        room = self.width - 2 - _NAMES
        text = clean(text)
        text = text if len(text) <= room else f"{text[: room - 1]}…"
        return f"  {self.paint(name.ljust(_NAMES), DIM)}{text}"

    @staticmethod
    def wrapped(text: str, room: int) -> list[str]:
        lines = clean(text).splitlines() or [""]
        return [
            part
            for line in lines
            for part in textwrap.wrap(line, room, break_on_hyphens=False) or [""]
        ]


def path_shown(path: str) -> str:
    """Return a path in one line: bytes that are not UTF-8, line ends and controls written out."""
    raw = _BYTE.sub(lambda byte: f"\\x{ord(byte[0]) - 0xDC00:02x}", path)
    return clean(raw.replace("\n", "\\n").replace("\t", "\\t"))


def _headline(found: Comparison) -> str:
    ran = found.ran
    if ran is None or not ran.name:
        return clean(found.ref)
    what = "pod" if found.kind == "kubectl" else "container"
    return clean(f"{what} {ran.name}  {ran.id[:SHORT]}")


def _time(said: str) -> str:
    """Return an engine's time to the second; as it is where it is none."""
    try:
        when = datetime.fromisoformat(said)
    except ValueError:
        return said
    if when.tzinfo is None:
        return said
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _facts(found: Comparison, show: _Screen) -> Iterator[str]:
    if (ran := found.ran) and ran.started:
        restarts = f", {_number(ran.restarts, 'restart')}" if ran.restarts else ""
        yield from show.named("started", f"{_time(ran.started)}, {ran.state}{restarts}")
    if found.image:
        yield from _image_named(found.image, show)
        yield from show.named("label", _label(found))
    if against := found.against:
        if against.image:
            yield from show.named("against", f"image {against.name}")
            yield show.long("", against.image)
            return
        if against.commit:
            text = f"{against.name}: commit {against.commit[:SHORT]}"
            text += f", tree {against.tree[:SHORT]}" if against.tree else ""
        else:
            text = f"the files in {against.name}, which is no git checkout"
        if against.dirty:
            text += "; changes that are not committed are not in it"
        yield from show.named("against", text)


def _image_named(image: ImageSeen, show: _Screen) -> Iterator[str]:
    """Name an image by its digests, each as what it is."""
    yield from show.named("image", image.tag or "without a name")
    if image.config_digest:
        yield show.long("", f"config digest {image.config_digest}")
    if image.manifest_digest:
        yield show.long("", f"manifest digest {image.manifest_digest}")
    if not image.config_digest and not image.manifest_digest and image.id:
        yield show.long("", f"id {image.id}")


def _label(found: Comparison) -> str:
    """Say of which revision the image claims to be, and what is to say of that claim."""
    said = found.image.labels.get("revision", "") if found.image else ""
    if not said:
        return "the image does not say of which revision it is"
    text = f"revision {said}"
    against = found.against
    if said.endswith("-dirty"):
        return f"{text}: built from changes that were not committed"
    if against and against.commit and said != against.commit:
        return f"{text}: another commit than it is held against"
    return text


def _differences(found: Comparison, show: _Screen) -> Iterator[str]:
    for odd in found.differences[:MOST]:
        yield _line(odd, show)
    if (more := len(found.differences) - MOST) > 0:
        yield f"  and {more:,} more; --json shows all"
    told = {letter for odd in found.differences[:MOST] for letter in odd.difference.letters}
    legend = [f"{letter} {MEANINGS[letter]}" for letter in LETTERS if letter in told]
    legend += ["? could not be read"] if "?" in told else []
    if legend:
        yield show.paint(f"  {', '.join(legend)}", DIM)
    if found.kind in ("docker", "podman") and any(map(_forbidden, found.differences)):
        name = found.ran.name if found.ran else ""
        yield f"  Root may read more: verify running {found.kind}://0@{clean(name)}"


def _forbidden(odd: Odd) -> bool:
    one = odd.difference
    return one.change is Change.UNREAD and "permission" in one.why.lower()


def _line(odd: Odd, show: _Screen) -> str:
    one = odd.difference
    unread = one.change is Change.UNREAD
    mark = show.paint(f"{one.letters or one.change:<9}", YELLOW if unread else RED)
    since = show.paint(f"{odd.when:<{_SINCE}}", DIM)
    text = path_shown(one.path)
    notes = [one.mark.name.lower()] if one.mark else []
    if odd.against is Source.RECORD:
        notes.append(f"of {odd.source}" if odd.source else "of no distribution")
    notes += [path_shown(one.why)] if one.why else []
    said = ", ".join(notes)
    return f"  {mark}  {since}  {text}" + (show.paint(f"  ({said})", DIM) if said else "")


def _gates(found: Comparison, show: _Screen) -> Iterator[str]:
    """Yield what gates found that no line for a file says, and what they could not look at."""
    for cell in found.cells:
        if cell.outcome is Outcome.FAIL:
            yield from _finding(cell, found, show)
        elif cell.outcome is Outcome.ERROR and not found.counted(Change.UNREAD):
            yield from _said(show, "!", cell, cell.reason, YELLOW)
        elif cell.outcome is Outcome.SKIP and cell.required:
            yield from _said(show, "-", cell, cell.reason, YELLOW)


def _finding(cell: Cell, found: Comparison, show: _Screen) -> Iterator[str]:
    new = _untold(cell, found)
    for one in new[:MOST_FINDINGS]:
        yield from _said(show, "✘", cell, in_one_line(one), RED)
        if one.message:
            yield from (f"    {line}" for line in show.wrapped(one.message, show.width - 4))
    if (more := len(new) - MOST_FINDINGS) > 0:
        yield f"    and {more} more of {cell.gate}; --json shows all"


def _untold(cell: Cell, found: Comparison) -> list[Observation]:
    """Return what a gate found that no line for a file says: a gate's subject may be a folder."""
    told = {odd.difference.path for odd in found.differences}
    told |= {_BYTE.sub("\ufffd", path) for path in told}  # as an engine tells it, in its JSON
    for path in tuple(told):
        while path := path.rpartition("/")[0]:
            told.add(path)
    return [one for one in cell.findings if one.subject not in told]


def _said(show: _Screen, sign: str, cell: Cell, text: str, code: str) -> Iterator[str]:
    head = f"{sign} {clean(cell.gate)}: "
    lines = show.wrapped(text, show.width - 4 - len(head))
    yield f"  {show.paint(head, code)}{lines[0]}"
    yield from (f"    {line}" for line in lines[1:])


def _same(found: Comparison, show: _Screen) -> Iterator[str]:
    if found.fault:
        return
    same = found.same
    what = "file of the image" if found.against and found.against.image else "reviewed file"
    text = _number(same.reviewed, what)
    if same.environment:
        text += f", {_number(same.environment, 'file')} of the environment"
    yield from show.named("same", text)
    if same.unheld:
        text = f"{_number(same.unheld, 'more file')} of it, mostly compiled: {_unheld(found)}"
        yield from show.named("besides", text)
    held = [f"{cell.gate} {cell.observed}" for cell in found.cells if _passed(cell)]
    if held:
        yield from show.named("held", ", ".join(held))
    for part, reason in found.unknown.items():
        yield from show.named("unknown", f"{part}: {reason}")


def _unheld(found: Comparison) -> str:
    drift = next((cell for cell in found.cells if cell.gate == "drift"), None)
    told = drift is not None and drift.outcome in (Outcome.PASS, Outcome.FAIL)
    # Of these the engine's account of changes is all there is; what it names stands above.
    return "the image's, as the engine says" if told else "held against nothing"


def _verdict(found: Comparison, show: _Screen) -> Iterator[str]:
    verdict = found.verdict
    word = show.paint(
        "could not look" if verdict is Sameness.UNKNOWN else verdict, _VERDICTS[verdict]
    )
    time = f"in {found.seconds:.1f} s"
    if found.fault:
        lines = show.wrapped(found.fault, show.width - len("could not look: "))
        yield f"{word}: {lines[0]}"
        yield from (f"  {line}" for line in lines[1:])
        yield from (f"  -> {line}" for line in clean(found.remedy).splitlines())
        return
    counts = _counts(found)
    yield f"{word}: {counts}, {time}" if counts else f"{word} {time}"


def _counts(found: Comparison) -> str:
    counted = [
        f"{count:,} {change}"
        for change in (Change.CHANGED, Change.MISSING, Change.EXTRA, Change.UNREAD)
        if (count := found.counted(change))
    ]
    untold = {cell.gate: len(_untold(cell, found)) for cell in found.failed}
    counted += [f"{count} of {gate}" for gate, count in untold.items() if count]
    if not counted and found.verdict is Sameness.UNKNOWN:
        counted = [*found.unknown, *(c.gate for c in found.cells if c.outcome is Outcome.ERROR)]
        counted = counted or ["nothing of it was seen"]
    return ", ".join(counted)


def _passed(cell: Cell) -> bool:
    return cell.outcome is Outcome.PASS


def _number(count: int, noun: str) -> str:
    head, _, rest = noun.partition(" ")
    plural = noun if count == 1 else f"{head}s {rest}" if rest.startswith("of ") else f"{noun}s"
    return f"{count:,} {plural}"
