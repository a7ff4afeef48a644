"""Remembers by which defects each gate was seen red in a project, and when.

One file for each project, by its root, in the user's cache folder; it may be deleted at any time. A
row counts as long as the gate's file and the file of the defect's family are what they were then.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify.model import Outcome
from verify.probes import cached
from verify.proof import Fate, Known, Standing
from verify.proving import index

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from verify.catalog import Gate
    from verify.proof import Attempt, Proof

SCHEMA = "verify.proven/v1"

STANDINGS = {
    Fate.KILLED: Standing.SEEN,
    Fate.SURVIVED: Standing.SURVIVED,
    Fate.UNPLANTED: Standing.UNPLANTED,
    Fate.NOT_HERE: Standing.NOT_HERE,
}
"""What is remembered; an attempt that decided nothing changes nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a defect when it was last planted.

    Args:
        defect: its name.
        gate: who had to see it.
        stage: where.
        standing: what came of it.
        when: that was, ISO 8601 with offset.
        gate_sha256: of the gate's file; empty where it has none.
        family_sha256: of the file in which the defect is written.
        commit: of the project; None outside a git checkout.
        tree: of that commit.
        dirty: whether there were changes besides.
    """

    defect: str
    gate: str
    stage: str
    standing: Standing
    when: str
    gate_sha256: str
    family_sha256: str
    commit: str | None = None
    tree: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """What gates and defects are written as now.

    Args:
        gates: the digest of each gate's file, by id.
        families: the digest of the file of each defect, by name.
    """

    gates: Mapping[str, str]
    families: Mapping[str, str]

    def fits(self, row: Row) -> bool:
        """Say whether both files are what they were when a row was written."""
        now = self.gates.get(row.gate, ""), self.families.get(row.defect, "")
        return now == (row.gate_sha256, row.family_sha256)


def files(gates: Iterable[Gate]) -> Files:
    """Digest what gates and defects are written as."""
    return _files(gates, index.read())


def keep(proof: Proof, before: Files, now: Files) -> None:
    """Remember what a proof has shown; of each defect, what it showed last.

    Args:
        proof: what was shown.
        before: what gates and defects were written as when it began.
        now: the same, now that it is over; what changed meanwhile is not remembered.

    Raises:
        OSError: it cannot be written.
    """
    root = Path(proof.subject.root)
    red = {(c.gate, c.stage) for c in proof.clean if c.outcome in {Outcome.FAIL, Outcome.ERROR}}
    fresh = {
        one.defect: row
        for one in proof.attempts
        # A gate that is red without any defect has shown nothing, nor has one nobody could try so.
        if not red & {(one.gate, one.stage), ("", one.stage)} and one.fate in STANDINGS
        if now.fits(row := _row(one, proof, before))
    }
    with _turn(root):
        rows = {row.defect: row for row in load(root)} | fresh
        _write(_file(root), canonical(rows.values()))


def load(root: Path) -> tuple[Row, ...]:
    """Return what is remembered of a project, by defect; nothing where nothing can be read."""
    try:
        document = json.loads(_file(root).read_bytes())
        if document["schema"] != SCHEMA:
            return ()
        return tuple(
            Row(**{**row, "standing": Standing(row["standing"])}) for row in document["rows"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def known(root: Path | None, gates: Iterable[Gate]) -> tuple[Known, ...]:
    """Return each defect of the catalogue with what is remembered of it.

    Args:
        root: of the project; None where there is none.
        gates: those that there are now.
    """
    rows = {row.defect: row for row in load(root)} if root else {}
    listed = index.read()
    now = _files(gates, listed)
    return tuple(_known(one, rows.get(one.defect), now) for one in listed)


def canonical(rows: Iterable[Row]) -> bytes:
    """Return the one way in which rows are written: sorted, without spaces, in ASCII."""
    document = {
        "schema": SCHEMA,
        "rows": [dataclasses.asdict(row) for row in sorted(rows, key=lambda row: row.defect)],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")


def sha256(root: Path) -> str | None:
    """Return the digest of what is remembered of a project; None where nothing is."""
    rows = load(root)
    return hashlib.sha256(canonical(rows)).hexdigest() if rows else None


def _files(gates: Iterable[Gate], listed: Iterable[index.Entry]) -> Files:
    return Files(
        {gate.id: _sha256(gate.path) for gate in gates},
        {one.defect: one.family_sha256 for one in listed},
    )


def _row(one: Attempt, proof: Proof, written: Files) -> Row:
    return Row(
        one.defect,
        one.gate,
        str(one.stage),
        STANDINGS[one.fate],
        proof.started,
        written.gates.get(one.gate, ""),
        written.families.get(one.defect, ""),
        proof.subject.commit,
        proof.subject.tree,
        proof.subject.dirty,
    )


def _known(one: index.Entry, row: Row | None, now: Files) -> Known:
    standing, when = _standing(row, now)
    return Known(one.defect, one.sentence, one.gate, one.stage, standing, when, one.accident)


def _standing(row: Row | None, now: Files) -> tuple[Standing, str]:
    if row is None:
        return Standing.UNTRIED, ""
    if now.fits(row):
        return row.standing, row.when
    seen = row.standing in {Standing.SEEN, Standing.CHANGED}
    return (Standing.CHANGED, row.when) if seen else (Standing.UNTRIED, "")


def _file(root: Path) -> Path:
    real = os.path.realpath(root)
    return cached.folder("proven") / f"{hashlib.sha256(os.fsencode(real)).hexdigest()[:32]}.json"


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


@contextlib.contextmanager
def _turn(root: Path) -> Iterator[None]:
    """Let one proof of a project at a time write: each renews only its own rows."""
    path = _file(root).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle.fileno(), fcntl.LOCK_EX)
        yield


def _write(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
