"""The table of a proof: what survived, then defect by gate by stage, then the verdict."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from verify.model import Outcome, Stage, Verdict
from verify.proof import Fate
from verify.report.clean import clean
from verify.report.screen import BOLD, DIM, GREEN, RED, YELLOW, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.proof import Attempt, Clean, Proof

SHORT = 12
"""Characters of a commit that are shown, as git shortens them."""

LONG = 9.95
"""Seconds of which tenths tell nothing."""

QUIET_GREEN = "32"
"""For what is as it should be a hundred times over."""

MARKS = {
    Fate.KILLED: ("✔", QUIET_GREEN),
    Fate.SURVIVED: ("✘", RED),
    Fate.UNPLANTED: ("✘", RED),
    Fate.UNDECIDED: ("!", YELLOW),
    Fate.NOT_HERE: ("-", DIM),
}
TOLD = (Fate.SURVIVED, Fate.UNPLANTED, Fate.UNDECIDED)
"""What is told in full."""

VERDICTS = {
    Verdict.VERIFIED: ("proved", GREEN),
    Verdict.FAILED: ("failed", RED),
    Verdict.INCONCLUSIVE: ("inconclusive", YELLOW),
}
SMUGGLED = {Stage.IMAGE: "-in-the-image", Stage.CONTAINER: "-in-the-container"}
SMUGGLED[Stage.LIVE] = "-in-the-page"
"""How the name of a defect ends that only the image has: one row with the one of the tree."""

HEADING = "defect, time in s"

_GAP = "  "
_NAMES = 11  # columns of a fact's name, the gap included

Row = dict[Stage, "Attempt"]


def as_text(proof: Proof, *, width: int = 100, colour: bool = False) -> str:
    """Return the table.

    Args:
        proof: what to show.
        width: columns of the terminal.
        colour: whether it takes ANSI colours.
    """
    show = Screen(width, colour=colour)
    told = [one for fate in TOLD for one in proof.attempts if one.fate is fate]
    parts = [
        *(list(_block(one, show)) for one in told),
        list(_table(proof.attempts, show)),
        list(_not_here(proof.attempts, show)),
        [*_clean(proof, show), *_notes(proof, show), _verdict(proof, show)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _block(one: Attempt, show: Screen) -> Iterator[str]:
    """Yield what a reader needs who has to find out why it was not killed."""
    mark, code = MARKS[one.fate]
    yield show.line(
        [
            (f"{mark} {one.fate} ", code),
            (one.defect, BOLD),
            (f"  {one.gate}, {one.stage}, {one.seconds:.1f} s", DIM),
        ]
    )
    wanted = f"{one.wanted} of {one.gate}, {one.stage}"
    if one.sign:
        wanted += f", telling {one.sign}"
    ran = one.fate is Fate.SURVIVED and one.outcome is not None
    facts = {
        "planted": one.sentence,
        "expected": "" if one.fate is Fate.UNPLANTED else wanted,
        "the cell" if ran else "why": f"{one.outcome}: {one.said}" if ran else one.said,
        "changed": ", ".join(one.changed),
        "again": f"verify prove --defect {one.defect}",
    }
    for name, text in facts.items():
        if text:
            yield from _fact(name, text, show)


def _fact(name: str, text: str, show: Screen) -> Iterator[str]:
    text = " ".join(clean(text).split())
    lines = textwrap.wrap(text, show.width - 2 - _NAMES, break_on_hyphens=False)
    for number, line in enumerate(lines):
        head = show.paint(name.ljust(_NAMES), DIM) if number == 0 else " " * _NAMES
        yield f"  {head}{line}"


def _table(attempts: Sequence[Attempt], show: Screen) -> Iterator[str]:
    """Yield a row for each defect, those in the tree and in the image together."""
    rows = _rows([one for one in attempts if one.fate is not Fate.NOT_HERE])
    stages = [stage for stage in Stage if any(stage in row for row in rows.values())]
    widths = {
        stage: max(len(stage), *(len(_square(row[stage])) for row in rows.values() if stage in row))
        for stage in stages
    }
    gates = max((len(gate) for gate, _ in rows), default=0)
    longest = max(len(HEADING), *(len(name) for _, name in rows)) if rows else 0
    beside = sum(len(_GAP) + wide for wide in widths.values())
    inline = gates + len(_GAP) + longest + beside + 1 <= show.width
    names = longest if inline else min(longest, show.width - beside - 3)
    before = f"{'gate':{gates}}{_GAP}" if inline else "  "
    head = "".join(f"{_GAP}{stage:{widths[stage]}}" for stage in stages)
    if rows:
        yield show.paint(f" {before}{HEADING:{names}}{head}".rstrip(), DIM)
    last = ""
    for (gate, name), row in sorted(rows.items(), key=lambda one: one[0][0]):
        if not inline and gate != last:
            yield f" {show.paint(clean(gate), BOLD)}"
        before = f"{clean(gate) if gate != last else '':{gates}}{_GAP}" if inline else "  "
        last = gate
        line = f" {before}{_cut(clean(name), names):{names}}"
        for stage in stages:
            text = _square(row[stage]) if stage in row else ""
            code = MARKS[row[stage].fate][1] if stage in row else ""
            line += _GAP + show.paint(text, code) + " " * (widths[stage] - len(text))
        yield line.rstrip()


def _rows(attempts: Sequence[Attempt]) -> dict[tuple[str, str], Row]:
    """Return the attempts by gate and defect, in the catalogue's order."""
    rows: dict[tuple[str, str], Row] = {}
    for one in attempts:
        end = SMUGGLED.get(one.stage, "")
        first = rows.get((one.gate, one.defect.removesuffix(end)))
        if first is None or one.stage in first:
            first = rows.setdefault((one.gate, one.defect), {})
        first[one.stage] = one
    return rows


def _square(one: Attempt) -> str:
    return f"{MARKS[one.fate][0]} {one.seconds:.{0 if one.seconds >= LONG else 1}f}"


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _not_here(attempts: Sequence[Attempt], show: Screen) -> Iterator[str]:
    """Yield what this project has nothing of, by reason."""
    reasons: dict[str, list[str]] = {}
    for one in attempts:
        if one.fate is Fate.NOT_HERE:
            reasons.setdefault(one.said, []).append(one.defect)
    for reason, names in reasons.items():
        mark, code = MARKS[Fate.NOT_HERE]
        yield show.line([(f"{mark} {len(names)} not here", code), (f": {reason}", "")])
        for line in textwrap.wrap(
            clean(", ".join(names)), show.width - 4, break_on_hyphens=False, break_long_words=False
        ):
            yield f"    {show.paint(line, DIM)}"


def _clean(proof: Proof, show: Screen) -> Iterator[str]:
    """Yield whether the gates are green where nothing is planted, and which are not."""
    outcomes = [cell.outcome for cell in proof.clean]
    red = [cell for cell in proof.clean if cell.outcome in {Outcome.FAIL, Outcome.ERROR}]
    green, skipped = outcomes.count(Outcome.PASS), outcomes.count(Outcome.SKIP)
    more = f", {skipped} not here" if skipped else ""
    about = (_about(proof), DIM)
    if red:
        failed = Outcome.FAIL in outcomes
        head = ("✘ ", RED) if failed else ("! ", YELLOW)
        yield show.line(
            [head, (f"clean copy: {len(red)} of {len(outcomes)} cells not green", ""), about]
        )
    elif green:
        cells = "its one cell is" if green == 1 else f"all {green} cells are"
        yield show.line([("✔ ", QUIET_GREEN), (f"clean copy: {cells} green{more}", ""), about])
    for cell in red:
        code = RED if cell.outcome is Outcome.FAIL else YELLOW
        where = ", ".join(part for part in (cell.gate, str(cell.stage)) if part)
        yield show.line([("    ", ""), (cell.outcome, code), (f" {where}: {_said(cell)}", "")])


def _said(cell: Clean) -> str:
    return " ".join(cell.said.removeprefix("the clean copy ").split())


def _about(proof: Proof) -> str:
    if not proof.subject.commit:
        return ", no git checkout"
    dirty = " with uncommitted changes" if proof.subject.dirty else ""
    return f", at {proof.subject.commit[:SHORT]}{dirty}"


def _notes(proof: Proof, show: Screen) -> Iterator[str]:
    for note in proof.notes:
        yield show.line([(f"note: {note}", DIM)])


def _verdict(proof: Proof, show: Screen) -> str:
    word, code = VERDICTS[proof.verdict]
    here = len(proof.attempts) - proof.count(Fate.NOT_HERE)
    counts = [f"{proof.count(Fate.KILLED)} of {here} defects killed"]
    others = [(proof.count(fate), fate) for fate in (*TOLD, Fate.NOT_HERE)]
    counts += [f"{count} {fate}" for count, fate in others if count]
    jobs = f"{proof.jobs} job" + ("s" if proof.jobs > 1 else "")
    said = f"{word}: {', '.join(counts)}, {proof.seconds:.1f} s, {jobs}"
    lines = textwrap.wrap(said, show.width, subsequent_indent="    ")
    return "\n".join(lines).replace(word, show.paint(word, code), 1)
