"""The report as one JSON object, schema verify.report/v1; see docs/report.md."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.model import Cell, Observation, Report

SCHEMA = "verify.report/v1"


def render(report: Report) -> str:
    """Return the whole report, findings in full, other observations counted."""
    image = None
    if report.image is not None:
        image = {
            "id": report.image.id,
            "config_digest": report.image.config_digest,
            "manifest_digest": report.image.manifest_digest,
            "tag": report.image.tag,
            "base": report.image.base,
        }
    document = {
        "schema": SCHEMA,
        "verdict": str(report.verdict),
        "subject": dataclasses.asdict(report.subject),
        "manifest": dataclasses.asdict(report.manifest),
        "image": image,
        "cells": [as_cell(cell) for cell in report.cells],
        "started": report.started,
        "seconds": round(report.seconds, 3),
        "notes": list(report.notes),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def as_cell(cell: Cell) -> dict[str, Any]:
    """Return one cell, its findings in full."""
    return {
        "gate": cell.gate,
        "stage": str(cell.stage),
        "outcome": str(cell.outcome),
        "observed": cell.observed,
        "seconds": round(cell.seconds, 3),
        "reason": cell.reason,
        "findings": [_finding(finding) for finding in cell.findings],
    }


def _finding(finding: Observation) -> dict[str, Any]:
    return {
        "subject": finding.subject,
        "path": finding.path,
        "line": finding.line,
        "expected": _plain(finding.expected),
        "got": _plain(finding.got),
        "message": finding.message,
    }


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value)
