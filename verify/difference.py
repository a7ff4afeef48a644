"""Compares what is expected to stand somewhere with what does, one letter for each attribute.

The letters are those of `rpm -V` (rpm(8), VERIFY OPTIONS): `.` is the same, `?` could not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from verify.inventory import File, Inventory, Kind

LETTERS = "SM5DLUGTP"
"""Size, mode, digest, device or kind, link, user, group, time, capabilities."""

REVIEWED = "SM5DL"
"""What a git tree knows of a file."""

STORED = "SM5DLUGP"
"""What must be the same in two copies of one image; a time is none of it."""

_WRITABLE_BY_ALL = 0o002
_EXECUTABLE = 0o100
_SPECIAL = 0o7000  # setuid, setgid and sticky
_SHOWN = 12  # hex digits of a digest

_VALUES: Mapping[str, Callable[[File], object]] = {
    "S": attrgetter("size"),
    "M": attrgetter("mode"),
    "5": attrgetter("digest"),
    "D": attrgetter("kind"),
    "L": attrgetter("target"),
    "U": attrgetter("uid"),
    "G": attrgetter("gid"),
    "T": attrgetter("mtime"),
    "P": attrgetter("capabilities"),
}

_OF_KIND: Mapping[Kind, str] = {
    Kind.FILE: LETTERS.replace("L", ""),
    Kind.FOLDER: "MDUGTP",
    Kind.LINK: "DLUGT",  # its permission bits mean nothing (symlink(7)), nor can it have others
    Kind.OTHER: "MDUGT",
}
"""What each kind of path has."""


class Change(StrEnum):
    """In which way a path differs."""

    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"
    UNREAD = "unread"  # it may be the same, and may not: it could not be looked at


class Mark(StrEnum):
    """What a path is declared to be; the letter stands between the others and the path."""

    CONFIG = "c"  # its content may differ
    GHOST = "g"  # it may be missing, and may be anything
    GENERATED = "n"  # the build makes it: it must be there, whatever it holds


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
        mark: what the path is declared to be; None when it is not.
    """

    path: str
    change: Change
    letters: str = ""
    expected: File | None = None
    got: File | None = None
    why: str = ""
    mark: Mark | None = None

    def __str__(self) -> str:
        return f"{self.letters or self.change:<9}  {self.mark or ' '} {shown(self.path)}"


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
        got: what does. A path below none of its roots was not looked at, so it is not missing.
        attributes: the letters that are compared.
        exact_mode: whether all bits of a mode count. Git keeps only whether the owner may execute
            a file; then a file that everybody may write, or that has a bit such as setuid, differs,
            too.
        within: folders in which nothing else may stand. Folders that only hold expected paths are
            expected themselves; of an extra folder its files are told, or it alone when empty.
    """
    roots = tuple(root.rstrip("/") + "/" for root in got.roots)
    found = {}
    for path, file in expected.items():
        one = _difference(path, file, got, roots, attributes, exact_mode=exact_mode)
        if one is not None:
            found[path] = one
    folders = tuple(folder.rstrip("/") + "/" for folder in within)
    if folders:
        found |= {one.path: one for one in _extras(expected, got, folders)}
    yield from (found[path] for path in sorted(found))


def letters(expected: File, got: File, attributes: str, *, exact_mode: bool = True) -> str:
    """Return one letter for each attribute: itself where it differs, `.` or `?` else."""
    if expected.kind is not got.kind:
        return "".join("D" if letter == "D" in attributes else "." for letter in LETTERS)
    has = _OF_KIND[expected.kind]
    return "".join(
        _letter(letter, expected, got, exact_mode=exact_mode)
        if letter in attributes and letter in has
        else "."
        for letter in LETTERS
    )


def said(difference: Difference) -> str:
    """Say in words in which way a path differs."""
    one, other = difference.expected, difference.got
    if difference.change is Change.MISSING:
        return "it is not there"
    if difference.change is Change.EXTRA:
        return f"nothing should stand there: {described(other)}" if other else "it is extra"
    why = difference.why or "it could not be read"
    if one is None or other is None:
        return why
    parts = list(_words(difference.letters, one, other))
    unread = [
        _NAMES[letter]
        for letter, told in zip(LETTERS, difference.letters, strict=True)
        if told == "?"
    ]
    if unread:
        parts.append(f"unknown: {', '.join(unread)} ({why})")
    return "; ".join(parts)


def shown(path: str) -> str:
    """Return a path as one line, whatever characters it has."""
    return path.translate(_WRITTEN_OUT)


_WRITTEN_OUT = {n: f"\\x{n:02x}" for n in (*range(32), *range(127, 160))} | {10: "\\n"}


def gathered(
    extras: Iterable[Difference], standing: Collection[str]
) -> dict[str, list[Difference]]:
    """Return extra paths by the topmost folder that is extra itself, or by their own path.

    Args:
        extras: the paths.
        standing: the folders that should stand there.
    """
    found: dict[str, list[Difference]] = {}
    for one in extras:
        top, above = one.path, one.path.rpartition("/")[0]
        while above and above not in standing:
            top, above = above, above.rpartition("/")[0]
        found.setdefault(top, []).append(one)
    return found


def upward(paths: Iterable[str]) -> set[str]:
    """Return all folders above some paths."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def described(file: File) -> str:
    """Say in a few words what stands somewhere."""
    if file.kind is Kind.FILE:
        return "a file" if file.size is None else f"a file of {file.size:,} bytes"
    if file.kind is Kind.LINK:
        return f"a link to {shown(file.target or '?')}"
    return {Kind.FOLDER: "a folder", Kind.OTHER: "a pipe, socket or device"}[file.kind]


_NAMES: Mapping[str, str] = {
    "S": "size",
    "M": "mode",
    "5": "content",
    "D": "kind",
    "L": "target",
    "U": "owner",
    "G": "group",
    "T": "time",
    "P": "capabilities",
}


def _words(told: str, one: File, other: File) -> Iterator[str]:
    if "D" in told:
        yield f"{described(one)} -> {described(other)}"
    if "5" in told:
        sizes = f"{_bytes(one)} -> {_bytes(other)}"
        if one.digest and other.digest:
            yield f"content: {sizes}, sha256 {_short(one.digest)} -> {_short(other.digest)}"
        else:
            yield f"content: {sizes}, git's id {_short(one.blob)} -> {_short(other.blob)}"
    elif "S" in told:
        yield f"size: {_bytes(one)} -> {_bytes(other)}"
    if "M" in told and one.mode is not None and other.mode is not None:
        yield f"mode {one.mode:04o} -> {other.mode:04o}"
    for letter, name in (("L", "link to"), ("U", "owner"), ("G", "group")):
        if letter in told:
            was, now = (shown(str(_VALUES[letter](file))) for file in (one, other))
            yield f"{name} {was} -> {now}"
    if "T" in told:
        yield f"time {one.mtime} -> {other.mtime}"
    if "P" in told:
        yield f"capabilities {one.capabilities or 'none'} -> {other.capabilities or 'none'}"


def _bytes(file: File) -> str:
    return "?" if file.size is None else f"{file.size:,} bytes"


def _short(digest: str | None) -> str:
    return "?" if digest is None else f"{digest[:_SHOWN]}…"


def _difference(
    path: str,
    expected: File,
    got: Inventory,
    roots: tuple[str, ...],
    attributes: str,
    *,
    exact_mode: bool,
) -> Difference | None:
    seen = got.files.get(path)
    if seen is None:
        why = got.incomplete or _unread(path, got)
        if not why and not f"{path}/".startswith(roots):
            why = f"nobody looked there: only at {', '.join(got.roots) or 'nothing'}"
        change = Change.UNREAD if why else Change.MISSING
        return Difference(path, change, "?" * len(LETTERS) if why else "", expected, None, why)
    told = letters(expected, seen, attributes, exact_mode=exact_mode)
    if told == _SAME:
        return None
    change = Change.CHANGED if told.strip(".?") else Change.UNREAD
    why = seen.fault or got.unread.get(path, "") or expected.fault
    return Difference(path, change, told, expected, seen, why)


_SAME = "." * len(LETTERS)


def _letter(letter: str, expected: File, got: File, *, exact_mode: bool) -> str:
    wanted, seen = _VALUES[letter](expected), _VALUES[letter](got)
    if letter == "5" and (wanted is None or seen is None) and expected.blob and got.blob:
        wanted, seen = expected.blob, got.blob
    if wanted is None or seen is None:
        return "?"
    if letter == "M" and not exact_mode and expected.mode is not None and got.mode is not None:
        return "M" if _unlike_git(expected.mode, got.mode) else "."
    return "." if wanted == seen else letter


def _unlike_git(expected: int, got: int) -> bool:
    """Say whether a mode is not what a checkout gives a file of the expected one."""
    executable = bool(expected & _EXECUTABLE) == bool(got & _EXECUTABLE)
    return not executable or bool(got & (_WRITABLE_BY_ALL | _SPECIAL))


def _unread(path: str, got: Inventory) -> str:
    """Return why this path, or a folder above it, could not be read; nothing when it could."""
    if not got.unread:
        return ""
    while path and path not in got.unread:
        path = path.rpartition("/")[0]
    return got.unread.get(path or "/", "")


def _extras(
    expected: Mapping[str, File], got: Inventory, folders: tuple[str, ...]
) -> Iterator[Difference]:
    wanted = expected.keys() | upward(expected)
    inside = {path: file for path, file in got.files.items() if path.startswith(folders)}
    full = {path.rpartition("/")[0] for path in inside}
    for path, file in inside.items():
        if path not in wanted and not (file.kind is Kind.FOLDER and path in full):
            yield Difference(path, Change.EXTRA, got=file)
