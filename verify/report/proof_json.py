"""A proof as one JSON object, schema verify.proof/v1; see docs/prove.md."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from verify.proof import Fate

if TYPE_CHECKING:
    from verify.proof import Attempt, Clean, Proof

SCHEMA = "verify.proof/v1"


def render(proof: Proof) -> str:
    """Return the whole proof."""
    document = {
        "schema": SCHEMA,
        "verdict": str(proof.verdict),
        "subject": dataclasses.asdict(proof.subject),
        "manifest": dataclasses.asdict(proof.manifest),
        "attempts": [_attempt(one) for one in proof.attempts],
        "clean": [_clean(cell) for cell in proof.clean],
        "counts": {str(fate): proof.count(fate) for fate in Fate},
        "jobs": proof.jobs,
        "started": proof.started,
        "seconds": round(proof.seconds, 3),
        "notes": list(proof.notes),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "defect": one.defect,
        "sentence": one.sentence,
        "gate": one.gate,
        "stage": str(one.stage),
        "fate": str(one.fate),
        "wanted": str(one.wanted),
        "sign": one.sign,
        "outcome": None if one.outcome is None else str(one.outcome),
        "said": one.said,
        "changed": list(one.changed),
        "seconds": round(one.seconds, 3),
    }


def _clean(cell: Clean) -> dict[str, Any]:
    return {
        "gate": cell.gate,
        "stage": str(cell.stage),
        "outcome": str(cell.outcome),
        "said": cell.said,
        "seconds": round(cell.seconds, 3),
    }
