"""Compares what is expected to stand somewhere with what does, one letter for each attribute.

The letters are those of `rpm -V` (rpm(8), VERIFY OPTIONS): `.` is the same, `?` could not be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from verify.inventory import File, Inventory, Kind

LETTERS = "SM5DLUGTP"
"""Size, mode, digest, device or kind, link, user, group, time, capabilities."""

REVIEWED = "SM5DL"
"""What a git tree knows of a file."""

STORED = "SM5DLUGP"
"""What must be the same in two copies of one image; a time is none of it."""

_WRITABLE_BY_ALL = 0o002
_EXECUTABLE = 0o100


class Change(StrEnum):
    """In which way a path differs."""

    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    UNREAD = "unread"  # it may be the same, and may not: it could not be looked at


@dataclass(frozen=True, slots=True)
class Difference:
    """One path that is not as expected.

    Args:
        path: absolute, inside.
        change: in which way.
        letters: one for each attribute of `LETTERS`; empty for a path that is missing or extra.
        expected: what should stand there; None for an extra path.
        got: what does; None for a missing one.
        why: why it could not be read.
    """

    path: str
    change: Change
    letters: str = ""
    expected: File | None = None
    got: File | None = None
    why: str = ""

    def __str__(self) -> str:
        return f"{self.letters or self.change:<9}  {self.path}"


def compare(
    expected: Mapping[str, File],
    got: Inventory,
    *,
    attributes: str = STORED,
    exact_mode: bool = True,
    within: Iterable[str] = (),
) -> Iterator[Difference]:
    """Yield what differs, sorted by path.

    Args:
        expected: what should stand there, by path.
        got: what does.
        attributes: the letters that are compared.
        exact_mode: whether all bits of a mode count. Git keeps only whether the owner may execute
            a file; then a file that everybody may write differs, too.
        within: folders in which nothing else may stand. Folders that only hold expected paths are
            expected themselves; of an extra folder its files are told, or it alone when empty.
    """
    found = [
        difference
        for path, file in expected.items()
        if (difference := _difference(path, file, got, attributes, exact_mode=exact_mode))
        is not None
    ]
    for folder in within:
        found += _extras(expected, got, folder)
    yield from sorted({one.path: one for one in found}.values(), key=lambda one: one.path)


def letters(expected: File, got: File, attributes: str, *, exact_mode: bool = True) -> str:
    """Return one letter for each attribute: itself where it differs, `.` or `?` else."""
    return "".join(
        _letter(letter, expected, got, exact_mode=exact_mode) if letter in attributes else "."
        for letter in LETTERS
    )


def _difference(
    path: str, expected: File, got: Inventory, attributes: str, *, exact_mode: bool
) -> Difference | None:
    seen = got.files.get(path)
    if seen is None:
        why = got.incomplete or _unread(path, got)
        change = Change.UNREAD if why else Change.MISSING
        return Difference(path, change, "?" * len(LETTERS) if why else "", expected, None, why)
    told = letters(expected, seen, attributes, exact_mode=exact_mode)
    if not told.strip("."):
        return None
    change = Change.CHANGED if told.strip(".?") else Change.UNREAD
    return Difference(path, change, told, expected, seen, seen.fault)


def _letter(letter: str, expected: File, got: File, *, exact_mode: bool) -> str:
    if letter == "D":
        return "." if expected.kind == got.kind else "D"
    if expected.kind != got.kind:
        return "."  # D has said it
    if letter == "M":
        return _mode_letter(expected, got, exact_mode=exact_mode)
    if letter in "S5" and expected.kind is not Kind.FILE:
        return "."
    if letter == "L" and expected.kind is not Kind.LINK:
        return "."
    wanted, seen = _value(letter, expected), _value(letter, got)
    if letter == "5" and expected.blob and got.blob and not (wanted and seen):
        wanted, seen = expected.blob, got.blob
    if wanted is None or seen is None:
        return "?"
    return "." if wanted == seen else letter


def _mode_letter(expected: File, got: File, *, exact_mode: bool) -> str:
    if expected.kind is Kind.LINK:
        return "."  # its bits mean nothing (symlink(7))
    if expected.mode is None or got.mode is None:
        return "?"
    if exact_mode:
        return "." if expected.mode == got.mode else "M"
    executable = bool(expected.mode & _EXECUTABLE) == bool(got.mode & _EXECUTABLE)
    return "." if executable and not got.mode & _WRITABLE_BY_ALL else "M"


def _value(letter: str, file: File) -> object:
    return {
        "S": file.size,
        "5": file.digest,
        "L": file.target,
        "U": file.uid,
        "G": file.gid,
        "T": file.mtime,
        "P": file.capabilities,
    }[letter]


def _unread(path: str, got: Inventory) -> str:
    while path and path not in got.unread:
        path = path.rpartition("/")[0]
    return got.unread.get(path, "")


def _extras(expected: Mapping[str, File], got: Inventory, folder: str) -> Iterator[Difference]:
    wanted = set(expected)
    for path in expected:
        parent = path.rpartition("/")[0]
        while parent and parent not in wanted:
            wanted.add(parent)
            parent = parent.rpartition("/")[0]
    inside = got.below(folder)
    full = {path.rpartition("/")[0] for path in inside}
    for path, file in inside.items():
        if path not in wanted and not (file.kind is Kind.FOLDER and path in full):
            yield Difference(path, Change.EXTRA, got=file)
