"""Renders what a look at a running container or host found as JSON, schema verify.running/v1."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from verify.report.json import as_cell

if TYPE_CHECKING:
    from verify.comparison import Comparison, ImageSeen, Odd
    from verify.inventory import File

SCHEMA: Final = "verify.running/v1"


def as_json(found: Comparison) -> str:
    """Return a comparison as one JSON object."""
    image, against, ran = found.image, found.against, found.ran
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "verdict": str(found.verdict),
        "ref": found.ref,
        "kind": found.kind,
        "host": found.host,
        "identity": asdict(ran) if ran else None,
        "image": _image(image) if image else None,
        "against": asdict(against) if against else None,
        "differences": [_odd(odd) for odd in found.differences],
        "same": asdict(found.same),
        "cells": [as_cell(cell) for cell in found.cells],
        "fault": found.fault,
        "unknown": dict(found.unknown),
        "started": found.started,
        "seconds": round(found.seconds, 3),
        "exec_seconds": round(found.exec_seconds, 3),
    }
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _odd(odd: Odd) -> dict[str, Any]:
    one = odd.difference
    return {
        "path": one.path,
        "source": odd.source,
        "against": str(odd.against),
        "change": str(one.change),
        "letters": one.letters,
        "class": one.mark.name.lower() if one.mark else "",
        "when": str(odd.when),
        "expected": _file(one.expected),
        "got": _file(one.got),
        "why": one.why,
    }


def _file(file: File | None) -> dict[str, Any] | None:
    if file is None:
        return None
    known = {name: value for name, value in asdict(file).items() if value not in (None, "")}
    known.pop("path")
    if "mode" in known:
        known["mode"] = f"{known['mode']:04o}"
    return {**known, "kind": str(file.kind)}


def _image(image: ImageSeen) -> dict[str, Any]:
    return {**asdict(image), "labels": dict(image.labels)}
