"""Renders what changed between two releases for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from verify.difference import Change
from verify.report.clean import clean

if TYPE_CHECKING:
    from verify.difference import Difference
    from verify.releases import Comparison, Group, Release
    from verify.settings import Changed

SCHEMA = "verify.diff/v1"

WORDS = {Change.EXTRA: "added", Change.MISSING: "removed", Change.CHANGED: "changed"}
"""How a file differs, in a word."""


def as_json(found: Comparison) -> str:
    """Return what changed as one JSON object."""
    document = {
        "schema": SCHEMA,
        "same": found.same,
        "before": _release(found.before),
        "after": _release(found.after),
        "files": {
            "app": [_file(one) for one in found.app],
            "environment": [_group(one) for one in found.environment],
            "system": [_group(one) for one in found.system],
        },
        "dependencies": [_changed(one) for one in found.dependencies],
        "packages": [_changed(one) for one in found.packages],
        "config": [_changed(one) for one in found.config],
        "growth": found.growth,
        "not_compared": dict(found.not_compared),
    }
    return json.dumps(document, indent=1) + "\n"


def noted(one: Difference) -> str:
    """Say in a few words what is different about a file that is in both."""
    if one.expected is None or one.got is None:
        return ""
    was, now = one.expected, one.got
    parts = []
    if was.kind is not now.kind:
        parts.append(f"{was.kind} → {now.kind}")
    elif was.size != now.size:
        parts.append(f"{was.size:,} → {now.size:,} bytes")
    if was.target != now.target and was.target and now.target:
        parts.append(f"leads to {clean(was.target)} → {clean(now.target)}")
    if "M" in one.letters:
        parts.append(f"mode {was.mode:04o} → {now.mode:04o}")
    if "U" in one.letters or "G" in one.letters:
        parts.append(f"owner {was.uid}:{was.gid} → {now.uid}:{now.gid}")
    if "P" in one.letters:
        parts.append("capabilities")
    return ", ".join(parts)


def _release(one: Release) -> dict[str, Any]:
    return {
        "name": one.name,
        "id": one.id,
        "tags": list(one.tags),
        "created": one.created,
        "platform": one.platform,
        "size": one.size,
        "app_dir": one.app_dir,
        "files": len(one.inventory.files),
        "layers": [
            {"diff_id": each.diff_id, "size": each.size, "created_by": each.created_by}
            for each in one.layers
        ],
    }


def _group(one: Group) -> dict[str, Any]:
    return {
        "name": one.name,
        "environment": one.environment,
        "changed": one.count(Change.CHANGED),
        "added": one.count(Change.EXTRA),
        "removed": one.count(Change.MISSING),
        "files": [_file(each) for each in one.differences],
    }


def _file(one: Difference) -> dict[str, Any]:
    return {
        "path": one.path,
        "change": WORDS[one.change],
        "letters": one.letters,
        "note": noted(one),
    }


def _changed(one: Changed) -> dict[str, Any]:
    return {"name": one.name, "before": one.before, "after": one.after} | (
        {"environment": one.where} if one.where else {}
    )
