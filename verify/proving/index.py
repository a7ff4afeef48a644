"""Lists the catalogue of defects without importing it, where it was listed before.

Importing all families takes longer than all else that `verify list` does. The list is kept with one
digest over all files of which the catalogue is made; it may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import verify.planting
import verify.sabotage
from verify.model import Stage
from verify.probes import cached

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.planting.defect import Defect


@dataclass(frozen=True, slots=True)
class Entry:
    """One defect of the catalogue.

    Args:
        defect: its name.
        sentence: what is wrong, for people.
        gate: who must see it.
        stage: where.
        family_sha256: of the file in which it is written.
        accident: whether it strikes the toolkit's own world, not the project.
    """

    defect: str
    sentence: str
    gate: str
    stage: Stage
    family_sha256: str
    accident: bool


def read() -> tuple[Entry, ...]:
    """Return all defects, in the catalogue's order."""
    paths = [*verify.sabotage.__path__, *verify.planting.__path__]
    files = {
        file: file.read_bytes() for folder in paths for file in sorted(Path(folder).glob("*.py"))
    }
    now, place = _digest(files.items()), _place(paths)
    if (kept := _recall(place, now)) is not None:
        return kept
    from verify.planting import catalogue

    entries = tuple(
        _entry(one, hashlib.sha256(files[path]).hexdigest())
        for path, defects in catalogue.families().items()
        for one in defects
    )
    _keep(place, now, entries)
    return entries


def _entry(one: Defect, family_sha256: str) -> Entry:
    accident = one.happen is not None
    return Entry(one.name, one.sentence, one.gate, one.stage, family_sha256, accident)


def _recall(place: Path, now: str) -> tuple[Entry, ...] | None:
    try:
        kept = json.loads(place.read_bytes())
        if kept["of"] != now:
            return None
        return tuple(Entry(**{**row, "stage": Stage(row["stage"])}) for row in kept["defects"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # none, or one that is damaged: the catalogue is imported


def _keep(place: Path, now: str, entries: Iterable[Entry]) -> None:
    text = json.dumps({"of": now, "defects": [dataclasses.asdict(one) for one in entries]})
    # A cache that cannot be written costs time and nothing else.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".")
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
        Path(name).replace(place)


def _place(paths: Iterable[str]) -> Path:
    """Return where the list is kept; each installation of the toolkit has its own."""
    return (
        cached.folder("defects") / f"{hashlib.sha256(repr(paths).encode()).hexdigest()[:32]}.json"
    )


def _digest(files: Iterable[tuple[Path, bytes]]) -> str:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path, content in files:
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()
