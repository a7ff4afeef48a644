"""Renders what `verify list` and `verify doctor` show."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from verify.report.clean import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.catalog import Gate
    from verify.model import Need


def as_text(gates: Sequence[Gate], *, width: int = 100, colour: bool = False) -> str:
    """Return every gate with what it proves, where, why and how to fix it."""
    bold, plain = ("\x1b[1m", "\x1b[0m") if colour else ("", "")
    blocks = []
    for gate in gates:
        stages = ", ".join(gate.stages) or "nowhere"
        lines = [f"{bold}{clean(gate.id)}{plain}  ({stages})"]
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
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def as_json(gates: Sequence[Gate]) -> str:
    """Return every gate as JSON, schema verify.list/v1."""
    rows = [
        {
            "id": gate.id,
            "title": gate.title,
            "stages": list(gate.stages),
            "why": gate.why,
            "fix": gate.fix,
            "fault": gate.fault,
        }
        for gate in gates
    ]
    return json.dumps({"schema": "verify.list/v1", "gates": rows}, indent=1) + "\n"


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
