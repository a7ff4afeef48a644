"""Reads what a build says it installed: the file that `[image].installed` names."""

from __future__ import annotations

import json
from dataclasses import dataclass

SCHEMA = "verify.installed/v1"


@dataclass(frozen=True, slots=True)
class Claim:
    """One row: from which archive a distribution was installed.

    Args:
        version: of it.
        sha256: of the archive, in hex; empty where the build does not know.
    """

    version: str
    sha256: str


def claims(text: str) -> dict[str, Claim]:
    """Return the rows by the names of their distributions.

    Raises:
        ValueError: it is not of this form; says what is wrong.
    """
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ValueError(f"its schema is not {SCHEMA}")
    found = {}
    try:
        for row in data["installed"]:
            found[str(row["name"])] = Claim(str(row["version"]), str(row["sha256"] or ""))
    except (LookupError, TypeError) as error:
        raise ValueError(f"a row lacks name, version or sha256: {error}") from error
    return found
