"""Image and container hold the reviewed files, each as it was reviewed, and no other.

Why: a tag and a label say whatever somebody wrote on them; only the files say which code runs.
Fix: commit, then build again from the commit. What the build makes itself, what each deployment
configures and what may come and go is declared in [contents] of verify.toml.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from verify.declared import Declared
from verify.difference import (
    REVIEWED,
    Change,
    Difference,
    Mark,
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

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.inventory import File
    from verify.manifest import Manifest
    from verify.probes.reviewed import Labelled, Reviewed
    from verify.surroundings import Inside

LABEL = "label org.opencontainers.image.revision"
AS_REVIEWED = "as reviewed"

TOLD = 5
"""Names that a sentence has room for."""

LONE = 20
"""Extra files in one folder that are told one by one."""


def gate_image(
    image_inside: Inside, reviewed: Reviewed, labelled: Labelled, manifest: Manifest
) -> Iterator[Observation]:
    """Hold the files of the image against the reviewed ones, and its label against both."""
    look = _look(image_inside, reviewed, manifest, running=False)
    yield from look.told(look.files())
    yield from look.told(look.label(labelled))
    yield from look.rest()


def gate_container(
    container_inside: Inside, reviewed: Reviewed, manifest: Manifest
) -> Iterator[Observation]:
    """Hold the files of the running container against the reviewed ones."""
    look = _look(container_inside, reviewed, manifest, running=True)
    yield from look.told(look.files())
    yield from look.rest()


def _look(inside: Inside, reviewed: Reviewed, manifest: Manifest, *, running: bool) -> _Look:
    if manifest.image is None:
        raise NotDeclared(f"{FILE_NAME} declares no [image]")
    if not reviewed.files:
        raise CouldNotCheck(
            f"no COPY of {reviewed.dockerfile} brings a file of {reviewed.where} into the image",
            "Copy the application in the Dockerfile, or see [image].context.",
        )
    app_dir = manifest.image.app_dir.rstrip("/")
    declared = Declared(manifest.contents, app_dir)
    got: Inventory = inside.part("files")
    return _Look(got, reviewed, reviewed.expected(got), declared, app_dir, running)


@dataclass(slots=True)
class _Look:
    """One look at the files, and what came of it so far.

    Args:
        got: what stands there.
        reviewed: what was reviewed.
        expected: what of it should stand there.
        declared: what may differ.
        app_dir: the folder in which nothing else may stand.
        running: whether it runs, so that folders of data may hold something.
        red: whether something is not as expected.
        unread: what could not be looked at, and why.
    """

    got: Inventory
    reviewed: Reviewed
    expected: dict[str, File]
    declared: Declared
    app_dir: str
    running: bool
    red: bool = False
    unread: list[str] = field(default_factory=list)

    def told(self, observations: Iterable[Observation]) -> Iterator[Observation]:
        """Yield observations, and remember whether one is not as expected."""
        for one in observations:
            self.red |= not one.ok
            yield one

    def files(self) -> Iterator[Observation]:
        """Yield what stands at each reviewed file's place, and what stands there besides."""
        different = {
            one.path: one
            for one in compare(
                self.expected,
                self.got,
                attributes=REVIEWED,
                exact_mode=False,
                within=[self.app_dir],
            )
        }
        for path in sorted(self.expected):
            found = different.pop(path, None)
            one = None if found is None else self.declared.left(found)
            if one is not None and one.change is Change.UNREAD:
                self.unread.append(f"{one}: {said(one)}")
                continue
            seen = AS_REVIEWED if one is None else f"{one}: {said(one)}"
            why = self._why(one)
            source = self.reviewed.sources[path]
            yield Observation(shown(path), AS_REVIEWED, seen, source, message=why)
        yield from self._extras(different.values())
        if not self.running:  # where every file of the image was looked at
            yield from self._idle()
        self._unseen()

    def _why(self, one: Difference | None) -> str:
        """Say what is not to be seen from the difference alone."""
        if one is None or one.expected is None:
            return ""
        if one.expected.blob is None and one.expected.digest and self.reviewed.commit:
            return "git LFS keeps its content: `git lfs pull`, then build again"
        if one.letters.strip(".") == "M":
            return (
                "git knows whether a file is executable; the rest is a checkout's: writable by its "
                "owner alone, without setuid"
            )
        return ""

    def _extras(self, extras: Iterable[Difference]) -> Iterator[Observation]:
        """Yield what should not stand there, at most one observation for each extra folder."""
        unknown = tuple(f"{path}/" for path in self.reviewed.unknown)
        odd = []
        for one in extras:
            mark = self.declared.mark(one.path)
            if f"{one.path}/".startswith(unknown) or self._is_data(one):
                continue
            if mark in {Mark.GHOST, Mark.GENERATED}:
                word = f"{mark.name.lower()}, as declared"
                yield Observation(shown(one.path), word, word, FILE_NAME)
            else:
                odd.append(one)
        folders = upward(self.expected) | {self.app_dir}
        lone: dict[str, list[Difference]] = {}
        for top, ones in gathered(odd, folders).items():
            if top == ones[0].path:
                lone.setdefault(top.rpartition("/")[0], []).append(ones[0])
            else:
                yield self._extra(top, f"a folder with {_counted(ones)}")
        for folder, ones in lone.items():
            if len(ones) > LONE:
                yield self._extra(folder, f"{_counted(ones)} in it: {_listed(ones)}")
                continue
            for one in ones:
                yield self._extra(one.path, described(one.got) if one.got else "")

    def _extra(self, path: str, what: str) -> Observation:
        line = f"{Difference(path, Change.EXTRA)}: {what}"
        where = self.reviewed.dockerfile
        why = f"it is not of {self.reviewed.where}"
        return Observation(shown(path), "nothing that was not reviewed", line, where, message=why)

    def _is_data(self, one: Difference) -> bool:
        """Say whether it is in a folder of data, or is one that nothing stands in yet."""
        folder = one.got is not None and one.got.kind is Kind.FOLDER
        return (self.running or folder) and self.declared.data(one.path) is not None

    def _idle(self) -> Iterator[Observation]:
        """Yield each declared pattern that fits nothing: it only hides what comes later."""
        for mark, pattern in self.declared.idle({*self.expected, *self.got.files}):
            if self.got.incomplete or mark is Mark.GHOST:
                continue  # not seen, or not there, which it may be
            subject = f"[contents].{mark.name.lower()}: {pattern}"
            why = (
                "the build should make it"
                if mark is Mark.GENERATED
                else "remove it: it could only hide something later"
            )
            yield Observation(
                subject, "fits something", f"fits nothing in {self.got.where}", FILE_NAME, None, why
            )

    def _unseen(self) -> None:
        """Remember what nobody could look at."""
        for path, why in self.reviewed.unknown.items():
            if self.declared.mark(path) is None:
                self.unread.append(f"{shown(path)}: {why}")
        if self.got.incomplete:
            self.unread.append(f"the look did not come to its end: {self.got.incomplete}")
        for path, why in sorted(self.got.unread.items()):
            inside = f"{path}/".startswith(f"{self.app_dir}/")
            if inside and path not in self.expected and not self.declared.mark(path):
                self.unread.append(f"{shown(path)}: {why}")

    def label(self, labelled: Labelled) -> Iterator[Observation]:
        """Yield what the label says of the revision, and whether these are its files."""
        where = self.reviewed.dockerfile
        if not self.reviewed.commit:
            count = len(self.expected)
            yield Observation(
                f"files of {self.reviewed.where}",
                count,
                count,
                where,
                message=f"there is no git checkout: nothing tells whether the {LABEL} is true",
            )
            return
        again = "commit, then build again"
        commit = self.reviewed.commit
        if self.reviewed.dirty:
            dirt, inside = self.reviewed.dirt, self.reviewed.dirt_inside
            got = f"{len(dirt)} files differ from commit {commit[:12]}: {_named(dirt)}"
            got += f"; of these belong in the image: {_named(inside) if inside else 'none'}"
            clean = "no uncommitted changes"
            yield Observation("the reviewed tree", clean, got, where, message=again)
        if labelled.dirty or labelled.reviewed is None:
            why = f"it was built from uncommitted changes: {again}" if labelled.dirty else ""
            got = labelled.label or "no such label"
            yield Observation(LABEL, commit, got, where, message=why or labelled.why)
        if labelled.reviewed is None:
            return
        if self.unread or self.got.incomplete:
            return  # the files that were not seen are of the tree
        besides = {path for path in labelled.reviewed.files if self.declared.mark(path)}
        yield Observation(
            f"git's tree with the image's own files in it, against the {LABEL}",
            labelled.reviewed.tree,
            labelled.reviewed.recomputed(self.got, besides),
            where,
            message=f"{labelled.reviewed.tree} is the tree of commit {labelled.commit}",
        )

    def rest(self) -> Iterator[Observation]:
        """Yield what could not be read where something differs anyway.

        Raises:
            CouldNotCheck: something could not be read, and nothing that was differs.
        """
        if not self.unread:
            return
        listed = "; ".join(self.unread[:TOLD])
        more = f"; and {len(self.unread) - TOLD} more" if len(self.unread) > TOLD else ""
        if not self.red:
            raise CouldNotCheck(
                f"{len(self.unread)} paths of {self.got.where} could not be held against "
                f"{self.reviewed.where}: {listed}{more}",
                "What a checkout has otherwise than git is declared in [contents].config.",
            )
        yield Observation("what could not be read", "nothing", f"{listed}{more}")


def _counted(extras: list[Difference]) -> str:
    files = [one.got for one in extras if one.got is not None and one.got.kind is not Kind.FOLDER]
    size = sum(file.size or 0 for file in files)
    return f"{len(files):,} extra files, {size:,} bytes"


def _listed(extras: list[Difference]) -> str:
    return _named([one.path.rpartition("/")[2] for one in extras])


def _named(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
    return ", ".join(map(shown, found[:TOLD])) + more
