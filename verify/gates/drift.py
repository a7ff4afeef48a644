"""Nothing has changed in the running container but its data.

Why: a file that is put into a running container was never reviewed, is in no image, and is gone or
comes back with the next start.
Fix: put the change into the tree, build, and start a new container. What the dashboard may write
while it runs is declared in [contents].data of verify.toml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from verify.declared import Declared
from verify.difference import (
    REVIEWED,
    STORED,
    Change,
    Difference,
    compare,
    described,
    gathered,
    said,
    shown,
    upward,
)
from verify.errors import CouldNotCheck, NotDeclared
from verify.inventory import Inventory, Kind
from verify.manifest import FILE_NAME
from verify.model import Observation
from verify.probes.changes import as_told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.probes.changes import Changes
    from verify.probes.reviewed import Reviewed
    from verify.surroundings import Inside

AS_IN_IMAGE = "as in the image"
AT_BUILD = "changed at build"
AT_RUN = "changed at run"

TOLD = 5
"""Paths that a sentence has room for."""

_SYSTEM = ("/dev/", "/proc/", "/sys/")
"""Where the kernel's own file systems are mounted."""


def gate_container(
    container_inside: Inside,
    image_inside: Inside | None,
    changes: Changes | None,
    reviewed: Reviewed | None,
    manifest: Manifest,
) -> Iterator[Observation]:
    """Hold the running container against its image, by its files and by the engine's record."""
    if manifest.image is None:
        raise NotDeclared(f"{FILE_NAME} declares no [image]")
    if image_inside is None and changes is None:
        raise NotDeclared("there is neither its image nor an engine's record to hold it against")
    image: Inventory | None = image_inside.part("files") if image_inside is not None else None
    if image is not None and image.incomplete:
        raise CouldNotCheck(f"not all files of {image.where} are known: {image.incomplete}")
    data = _data(container_inside, image, changes)
    seen = _Seen(
        got=container_inside.part("files"),
        image=image,
        rows=changes.rows if changes is not None else None,
        mounts=_mounts(container_inside, changes),
        declared=Declared(manifest.contents, manifest.image.app_dir, data),
        reviewed=reviewed,
    )
    for folder, why in seen.declared.folders:
        word = "may change while it runs"
        yield Observation(folder, word, word, message=f"data: {why}")
    found = seen.differences()
    yield from seen.same(found)
    odd = {path: one for path, one in found.items() if one.change is not Change.UNREAD}
    yield from seen.told(odd)
    unread = [f"{one}: {said(one)}" for one in found.values() if one.change is Change.UNREAD]
    unread += seen.unseen(found)
    if not unread:
        return
    listed = "; ".join(unread[:TOLD])
    if not odd:
        raise CouldNotCheck(
            f"{len(unread)} paths of {seen.got.where} could not be held against its image: {listed}"
        )
    yield Observation("what could not be read", "nothing", listed)


def _mounts(inside: Inside, changes: Changes | None) -> dict[str, str]:
    """Return what is mounted where, the kernel's own file systems left out."""
    found = {one.path: f"{one.kind} of {one.source}" for one in inside.mounts or ()}
    found |= changes.mounts if changes is not None else {}
    return {path: what for path, what in found.items() if path != "/" and not _of_system(path)}


def _data(
    inside: Inside, image: Inventory | None, changes: Changes | None
) -> list[tuple[str, str]]:
    """Return the folders that are made to be written to, and what makes them so.

    A file system in memory that hides files of the image is none of them.
    """
    found = [(folder, "a VOLUME of the image") for folder in (changes.volumes if changes else ())]
    memory = [
        (one.path, "a file system in memory")
        for one in inside.mounts or ()
        if one.kind == "tmpfs" and not _of_system(one.path)
    ]
    hiding = upward(image.files) if image is not None else set()
    return found + [(folder, why) for folder, why in memory if folder not in hiding]


def _of_system(path: str) -> bool:
    return f"{path}/".startswith(_SYSTEM)


@dataclass(frozen=True)
class _Seen:
    """What is known of the container and of its image.

    Args:
        got: the container's files.
        image: the image's; None when they are not known.
        rows: what the engine says has changed; None when none says it.
        mounts: what is mounted where.
        declared: what may change.
        reviewed: what was reviewed; None when that is not known.
    """

    got: Inventory
    image: Inventory | None
    rows: Mapping[str, Change] | None
    mounts: Mapping[str, str]
    declared: Declared
    reviewed: Reviewed | None

    def differences(self) -> dict[str, Difference]:
        """Return what is not as in the image, by path, data left out."""
        found = self._held() if self.image is not None else {}
        rows = self.rows or {}
        parents = upward(rows)
        known = {as_told(path) for path in found}
        for path, change in rows.items():
            if path in known or self.declared.data(path) is not None:
                continue
            if change is Change.CHANGED and (path in parents or self._looked_at(path)):
                continue  # something in it changed, or it was written again as it was
            before = self.image.files.get(path) if self.image is not None else None
            why = "the engine says so; nobody looked at its content"
            found[path] = Difference(path, change, "", before, self.got.files.get(path), why)
        return dict(sorted(found.items()))

    def _held(self) -> dict[str, Difference]:
        """Return what differs where the container's files were looked at."""
        assert self.image is not None  # noqa: S101 - asked before
        roots = tuple(f"{root.rstrip('/')}/" for root in self.got.roots)
        wanted = {
            path: file for path, file in self.image.files.items() if f"{path}/".startswith(roots)
        }
        # Not every way to look tells a file's capabilities.
        told = any(one.capabilities is not None for one in wanted.values()) and any(
            one.capabilities is not None for one in self.got.files.values()
        )
        attributes = STORED if told else STORED.replace("P", "")
        found = {}
        for one in compare(wanted, self.got, attributes=attributes, within=self.got.roots):
            if self.declared.data(one.path) is not None:
                continue
            if one.change is Change.UNREAD and self._untouched(one.path):
                continue
            found[one.path] = one
        return found

    def _untouched(self, path: str) -> bool:
        """Say whether the engine knows that a path is the image's, whoever may read it."""
        if self.rows is None or self.mount(path):
            return False
        told = as_told(path)
        return told not in self.rows and not upward([told]) & self._replaced

    @cached_property
    def _replaced(self) -> set[str]:
        """The folders that the engine tells of only as a whole."""
        rows = self.rows or {}
        return {path for path, change in rows.items() if change is not Change.CHANGED}

    def unseen(self, found: Mapping[str, Difference]) -> list[str]:
        """Return where something extra could stand that nobody would have seen, and why."""
        places = dict(self.got.unread)
        if self.got.incomplete:
            places |= dict.fromkeys(self.got.roots, self.got.incomplete)
        return [
            f"{shown(place)}: {why}"
            for place, why in sorted(places.items())
            if place not in found
            and self.declared.data(place) is None
            and not (self._untouched(place) and self._recorded(place))
        ]

    def _recorded(self, folder: str) -> bool:
        """Say whether the engine would tell of anything new in a folder, and tells of nothing."""
        start = f"{as_told(folder).rstrip('/')}/"
        below = [*self.mounts, *(self.rows or ())]
        return not any(path.startswith(start) for path in below if not self.declared.data(path))

    def _looked_at(self, path: str) -> bool:
        return path in self._both

    @cached_property
    def _both(self) -> set[str]:
        """What was looked at in the container and in its image."""
        here = self.image.files.keys() & self.got.files.keys() if self.image is not None else ()
        return {as_told(path) for path in here}

    def same(self, found: Mapping[str, Difference]) -> Iterator[Observation]:
        """Yield the folders in which nothing differs."""
        places = []
        if self.image is not None:
            for root in self.got.roots:
                count = len(self.got.below(root)) + (root in self.got.files)
                places.append((root, f"{count:,} paths, held one by one"))
        if self.rows is not None:
            places.append(("/", "by the engine's record"))
        for place, how in places:
            start = f"{place.rstrip('/')}/"
            if not any(f"{path}/".startswith(start) for path in found):
                yield Observation(place, AS_IN_IMAGE, AS_IN_IMAGE, message=how)

    def told(self, odd: Mapping[str, Difference]) -> Iterator[Observation]:
        """Yield what changed at run, and besides what only the build has changed."""
        extras = [one for one in odd.values() if one.change is Change.EXTRA]
        for one in odd.values():
            if one.change is not Change.EXTRA:
                yield self._finding(one, said(one))
        for top, ones in sorted(gathered(extras, self._standing(extras)).items()):
            first = next((one for one in ones if one.path == top), None)
            inside = [one.path for one in ones if one.path != top]
            what = described(first.got) if first is not None and first.got is not None else ""
            if inside:
                what = f"{len(inside)} extra paths in it, the first {shown(inside[0])}"
            extra = Difference(top, Change.EXTRA)
            yield self._finding(extra, what or "the engine says that it was added")
        for path, before in self._built.items():
            if before and path not in odd:
                source = self.reviewed.sources[path] if self.reviewed is not None else None
                why = f"{AT_BUILD}: {before}"
                yield Observation(shown(path), AS_IN_IMAGE, AS_IN_IMAGE, source, message=why)

    def _finding(self, one: Difference, what: str) -> Observation:
        source, why = None, AT_RUN
        if self.reviewed is not None and one.path in self.reviewed.sources:
            source = self.reviewed.sources[one.path]
            before = self._built.get(one.path)
            if before is not None:
                why += f", after it was {AT_BUILD}: {before}" if before else f"; {_UNTIL_THEN}"
        if mount := self.mount(one.path):
            why += f"; the mount {mount} hides what the image has there"
        return Observation(shown(one.path), AS_IN_IMAGE, f"{one}: {what}", source, message=why)

    @cached_property
    def _built(self) -> dict[str, str]:
        """How the image differs from the reviewed tree, by path; nothing where it does not."""
        if self.reviewed is None or self.image is None:
            return {}
        expected = self.reviewed.expected(self.image)
        odd = compare(expected, self.image, attributes=REVIEWED, exact_mode=False)
        return {**dict.fromkeys(expected, ""), **{one.path: f"{one}: {said(one)}" for one in odd}}

    def _standing(self, extras: list[Difference]) -> set[str]:
        """Return the folders that should stand where extra paths do."""
        if self.image is not None:
            files = self.image.files.values()
            return {"/", *(file.path for file in files if file.kind is Kind.FOLDER)}
        return upward(one.path for one in extras) - {one.path for one in extras}

    def mount(self, path: str) -> str:
        """Return the mount that a path is in; nothing when it is in none."""
        inside = [place for place in self.mounts if f"{path}/".startswith(f"{place}/")]
        deepest = max(inside, key=len, default="")
        return f"at {deepest} ({self.mounts[deepest]})" if deepest else ""


_UNTIL_THEN = "the image has it as it was reviewed"
