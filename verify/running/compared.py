"""Holds what was seen against what should stand there; pure judgement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from verify.comparison import Odd, Source, When
from verify.difference import LETTERS, Change, Difference, Mark
from verify.inventory import Kind
from verify.probes.changes import as_told
from verify.probes.images.export import OURS_NOT
from verify.probes.packages.environment import Environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from verify.declared import Declared
    from verify.inventory import Inventory
    from verify.probes.changes import Changes
    from verify.surroundings import Inside, Mount

_FIRST = "/"
_UNREAD = "?" * len(LETTERS)


@dataclass(frozen=True, slots=True)
class Seen:
    """What of the environment is the same, and what is not.

    Args:
        odd: what is not.
        same: how many files are.
        unheld: how many files nothing is known of to hold them against.
        held: all that were held against something.
    """

    odd: tuple[Odd, ...] = ()
    same: int = 0
    unheld: int = 0
    held: frozenset[str] = frozenset()


class Since:
    """Tells since when a path is another one than it should be.

    Args:
        changes: what the engine says has changed since the start; None where none tells.
        mounts: what is mounted there; of that no engine keeps an account.
    """

    def __init__(self, changes: Changes | None, mounts: Iterable[Mount] | None) -> None:
        self._changes = changes
        paths = {mount.path for mount in mounts or ()} | set(changes.mounts if changes else ())
        self._mounts = tuple(f"{path.rstrip('/')}/" for path in paths if path != _FIRST)

    def when(self, path: str) -> When:
        """Return since when this path may be another one."""
        if self.mounted(path):
            return When.MOUNT
        if self._changes is None:
            return When.UNKNOWN
        return When.RUN if self._touched(path, self._changes) else When.BUILD

    def mounted(self, path: str) -> bool:
        """Say whether a path stands on something that is mounted there, not on the root."""
        return f"{path}/".startswith(self._mounts)

    @staticmethod
    def _touched(path: str, changes: Changes) -> bool:
        path = as_told(path)
        if path in changes.rows:
            return True
        # Of a folder that was deleted as a whole only it is told.
        while path := path.rpartition("/")[0]:
            if changes.rows.get(path) in {Change.MISSING, Change.EXTRA}:
                return True
        return False


def environment(inside: Inside, since: Since, made: tuple[str, ...] = ()) -> Seen:
    """Hold the interpreter's environment against what its installer wrote down of it.

    In an environment of its own a file that no installer tells of is extra. What was compiled is
    not held against its source here: where an engine keeps an account of changes, that tells
    whether it is the image's.

    Args:
        inside: what was seen; its files, distributions and interpreter are there.
        since: tells since when.
        made: files that the build itself puts there.

    Raises:
        Unavailable: one of the three is not there.
    """
    files: Inventory = inside.part("files")
    interpreter, found = inside.part("interpreter"), inside.part("distributions")
    here = Environment(interpreter, files, found, made)
    # Elsewhere a system's own package manager may have put what a RECORD names to another place.
    below = tuple(f"{root}/" for root in here.roots)
    odd = {}
    for one in here.distributions:
        named = f"{one.name} {one.version}"
        for differs in here.changed(one):
            if differs.path.startswith(below):
                odd[differs.path] = Odd(differs, Source.RECORD, named, since.when(differs.path))
    # In the system's own folders stands what a package manager of another kind has brought.
    for path in here.unowned if here.virtual else ():
        extra = Difference(path, Change.EXTRA, got=files.files[path])
        odd.setdefault(path, Odd(extra, Source.RECORD, "", since.when(path)))
    digested = {
        line.path
        for one in here.distributions
        for line in one.record or ()
        if line.digest is not None
    }
    stands = {
        path
        for root in here.roots
        for path, file in files.below(root).items()
        if file.kind is Kind.FILE
    }
    same = (stands & digested) - odd.keys()
    unheld = stands - digested - odd.keys()
    told = tuple(odd[path] for path in sorted(odd))
    return Seen(told, len(same), len(unheld), frozenset(digested | odd.keys()))


def excused(found: Iterable[Odd], declared: Declared) -> Iterator[Odd]:
    """Yield the differences without what the manifest declares may differ."""
    for odd in found:
        one = odd.difference
        if declared.data(one.path) is not None:
            continue
        if one.expected is None:  # nothing declares what it should be, only that it may be there
            if (mark := declared.mark(one.path)) not in {Mark.GHOST, Mark.GENERATED}:
                yield replace(odd, difference=replace(one, mark=mark))
        elif (left := declared.left(one)) is not None:
            yield replace(odd, difference=left)


def drifted(
    changes: Changes, got: Inventory, held: Callable[[str], bool], since: Since
) -> Iterator[Odd]:
    """Yield what changed where no file was held against anything, as the engine tells it.

    Args:
        changes: what the engine tells.
        got: what was looked at.
        held: whether a path was held against something: then it is told already, or the same.
        since: tells what is mounted, which hides what the engine tells of.
    """
    parents = {path.rpartition("/")[0] for path in changes.rows}
    for path, change in sorted(changes.rows.items()):
        file = got.files.get(path)
        # Of a folder only what it holds is told; that it is touched means nothing.
        folder = path in parents or (file is not None and file.kind is Kind.FOLDER)
        if held(path) or since.mounted(path) or (folder and change is not Change.MISSING):
            continue
        yield Odd(Difference(path, change, got=file), Source.IMAGE, "", When.RUN)


def hidden(
    got: Inventory, told: Iterable[Odd], held: Callable[[str], bool], against: Source
) -> Iterator[Odd]:
    """Yield what could not be read and may hide something that should not stand there.

    Args:
        got: what was looked at.
        told: the differences that are known already; one below it says as much.
        held: whether what stands there would have been held against something.
        against: against what.
    """
    known = {odd.difference.path for odd in told}
    for path, why in sorted(got.unread.items()):
        below = any(f"{one}/".startswith(f"{path}/") for one in known)
        if not below and why != OURS_NOT and held(path):
            yield Odd(Difference(path, Change.UNREAD, _UNREAD, why=why), against)


def without_mounts(files: Inventory, mounts: Iterable[str]) -> Inventory:
    """Leave out what an engine hands out of places where something else is mounted.

    Args:
        files: as the engine hands them out.
        mounts: where something is mounted.
    """
    why = "it is mounted, and the engine does not hand it out"
    unread = dict.fromkeys(mounts, why)
    below = tuple(f"{path.rstrip('/')}/" for path in unread)
    kept = {p: file for p, file in files.files.items() if not f"{p}/".startswith(below)}
    return replace(files, files=kept, unread={**files.unread, **unread})
