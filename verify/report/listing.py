"""Renders what `verify list` and `verify doctor` show."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.proof import Standing
from verify.report.clean import clean
from verify.report.screen import BOLD, DIM, RED, YELLOW, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.catalog import Gate
    from verify.model import Need
    from verify.proof import Known

MARKS = {
    Standing.SEEN: ("✔", "32"),
    Standing.CHANGED: ("~", YELLOW),
    Standing.SURVIVED: ("✘", RED),
    Standing.UNPLANTED: ("✘", RED),
    Standing.NOT_HERE: ("-", DIM),
    Standing.UNTRIED: ("-", DIM),
}
STAGES = max(map(len, Stage)) + 6
"""Columns before the defects of a stage."""


def as_text(
    gates: Sequence[Gate],
    known: Sequence[Known] = (),
    *,
    width: int = 100,
    colour: bool = False,
) -> str:
    """Return every gate with what it proves, where, why, how to fix it, and what it has seen.

    Args:
        gates: what to show.
        known: the defects that they must see.
        width: columns of the terminal.
        colour: whether it takes ANSI colours.
    """
    show = Screen(width, colour=colour)
    remembered = any(one.standing is not Standing.UNTRIED for one in known)
    blocks = []
    for gate in gates:
        stages = ", ".join(gate.stages) or "nowhere"
        lines = [f"{show.paint(clean(gate.id), BOLD)}  ({stages})"]
        named = (
            ("", gate.title),
            ("why: ", gate.why),
            ("fix: ", gate.fix),
            ("FAULT: ", gate.fault),
        )
        for name, text in named:
            if text:
                lines += textwrap.wrap(
                    f"{name}{clean(text)}", width, initial_indent="  ", subsequent_indent="    "
                )
        lines += _seen(_of(gate, known), show, told=remembered)
        blocks.append("\n".join(lines))
    if accidents := [one for one in known if one.accident]:
        head = f"{show.paint('verify', BOLD)}  (its own world)"
        title = "  Whatever goes wrong around a run, it ends as it must, and leaves nothing behind."
        blocks.append("\n".join([head, title, *_seen(accidents, show, told=remembered)]))
    return "\n\n".join(blocks) + "\n"


def _of(gate: Gate, known: Sequence[Known]) -> list[Known]:
    return [one for one in known if one.gate == gate.id and not one.accident]


def _seen(known: Sequence[Known], show: Screen, *, told: bool) -> Iterator[str]:
    """Yield by what a gate is seen red at each stage, what has one standing together."""
    if known:
        yield f"  {'seen to cope with' if known[0].accident else 'seen red by'}:"
    for stage in Stage:
        groups: dict[tuple[Standing, str], list[str]] = {}
        for one in known:
            if one.stage is stage:
                groups.setdefault((one.standing, one.when[:10]), []).append(one.defect)
        head = stage.ljust(STAGES - 4)
        for (standing, day), names in sorted(groups.items(), key=_place):
            mark, code = MARKS[standing]
            text = f"{_heading(standing, day)}: " if told else ""
            lines = textwrap.wrap(
                f"{text}{clean(', '.join(names))}",
                show.width - STAGES - 2 * told,
                break_on_hyphens=False,
                break_long_words=False,
            )
            for number, line in enumerate(lines):
                sign = show.paint(mark, code) if number == 0 else " "
                yield f"    {show.paint(head, DIM)}{f'{sign} ' if told else ''}{line}"
                head = " " * (STAGES - 4)


def _place(group: tuple[tuple[Standing, str], list[str]]) -> tuple[int, str]:
    (standing, day), _ = group
    return list(Standing).index(standing), day


def _heading(standing: Standing, day: str) -> str:
    match standing:
        case Standing.SEEN:
            return day
        case Standing.CHANGED:
            return f"seen {day}, changed since"
        case _:
            return f"{standing} {day}".rstrip()


def as_json(gates: Sequence[Gate], known: Sequence[Known] = ()) -> str:
    """Return every gate as JSON, schema verify.list/v1."""
    rows = [
        {
            "id": gate.id,
            "title": gate.title,
            "stages": list(gate.stages),
            "why": gate.why,
            "fix": gate.fix,
            "fault": gate.fault,
            "defects": [_defect(one) for one in _of(gate, known)],
        }
        for gate in gates
    ]
    accidents = [{**_defect(one), "gate": one.gate} for one in known if one.accident]
    document = {"schema": "verify.list/v1", "gates": rows, "accidents": accidents}
    return json.dumps(document, indent=1) + "\n"


def _defect(one: Known) -> dict[str, str | None]:
    return {
        "defect": one.defect,
        "sentence": one.sentence,
        "stage": str(one.stage),
        "standing": str(one.standing),
        "when": one.when or None,
    }


def needs_as_text(needs: Sequence[Need]) -> str:
    """Return what the machine has and lacks, a line each, with the cure."""
    lines = []
    for need in needs:
        lines.append(f"{'✔' if need.met else '✘'} {need.name}: {clean(need.found)}")
        if not need.met:
            lines.append(f"    -> {need.cure}")
    missing = sum(not need.met for need in needs)
    lines.append("")
    lines.append(
        "nothing is lacking"
        if not missing
        else f"{missing} lacking; a full run would be inconclusive"
    )
    return "\n".join(lines) + "\n"


def needs_as_json(needs: Sequence[Need]) -> str:
    """Return what the machine has and lacks as JSON, schema verify.doctor/v1."""
    rows = [
        {"name": n.name, "met": n.met, "found": n.found, "cure": "" if n.met else n.cure}
        for n in needs
    ]
    return json.dumps({"schema": "verify.doctor/v1", "needs": rows}, indent=1) + "\n"
