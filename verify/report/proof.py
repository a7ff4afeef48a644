"""Renders a proof."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from verify.report.clean import clean

if TYPE_CHECKING:
    from verify.proof import Proof


def as_text(proof: Proof, *, width: int = 100, colour: bool = False) -> str:
    """Return the table."""
    _ = width, colour
    lines = [
        f"{a.fate:<12} {a.defect:<45} {a.gate}, {a.stage}  {a.seconds:5.1f} s  {clean(a.said)}"
        for a in proof.attempts
    ]
    lines += [f"clean {c.outcome} {c.gate} {c.stage} {clean(c.said)}" for c in proof.clean]
    return "\n".join(lines) + f"\n{proof.verdict}, {proof.seconds:.1f} s\n"


def as_json(proof: Proof) -> str:
    """Return it as JSON, schema verify.proof/v1."""
    return (
        json.dumps(
            {"schema": "verify.proof/v1", "verdict": proof.verdict, **dataclasses.asdict(proof)},
            indent=1,
            default=str,
        )
        + "\n"
    )
