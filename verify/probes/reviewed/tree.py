"""What of the reviewed tree belongs in the image, as values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from verify.gittree import EXECUTABLE, FILE, LINK, Entry, tree_id
from verify.inventory import File, Inventory, Kind

_EXECUTABLE = 0o100


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The files of a reviewed tree that belong in the image.

    Args:
        where: the tree, for people: `commit 3f2a…`, `the folder /src`.
        files: what should stand in the image, by absolute path there.
        sources: by the same paths, the path in the repository.
        dockerfile: the file that says so.
        commit: its full id; empty for a folder without git.
        tree: the id of the commit's tree; empty for a folder without git.
        algorithm: the repository's object format, sha1 or sha256.
        entries: all files of that tree, by path in the repository.
        dirt: files here that differ from the commit, untracked ones too, if it is HEAD's.
        dirt_inside: those of them that belong in the image.
        others: what may stand in the image instead, by path: as git writes the file elsewhere.
        altered: why git's own content of a file says little about what a checkout has, by path.
        unknown: paths of the image that should hold something of which git knows nothing, and why.
    """

    where: str
    files: Mapping[str, File]
    sources: Mapping[str, str]
    dockerfile: str
    commit: str = ""
    tree: str = ""
    algorithm: str = "sha1"
    entries: Mapping[str, Entry] = field(default_factory=dict)
    dirt: tuple[str, ...] = ()
    dirt_inside: tuple[str, ...] = ()
    others: Mapping[str, File] = field(default_factory=dict)
    altered: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def dirty(self) -> bool:
        """Whether files here differ from the commit."""
        return bool(self.dirt)

    @property
    def part(self) -> str:
        """The id of the tree that only the files of the image make; empty without git."""
        if not self.commit:
            return ""
        wanted = {self.sources[path] for path in self.files}
        entries = {path: entry for path, entry in self.entries.items() if path in wanted}
        return tree_id(entries, self.algorithm)

    def expected(self, got: Inventory) -> dict[str, File]:
        """Return what should stand there, of two forms of one file the one that does.

        Args:
            got: what stands there.
        """
        found = dict(self.files)
        for path, other in self.others.items():
            seen = got.files.get(path)
            if seen is not None and seen.digest is not None and seen.digest == other.digest:
                found[path] = replace(other, blob=seen.blob)
        for path, why in self.altered.items():
            seen = got.files.get(path)
            if seen is not None and seen.digest != found[path].digest:
                unsure = replace(found[path], size=None, digest=None, blob=None, fault=why)
                found[path] = unsure
        return found

    def recomputed(self, got: Inventory, besides: Collection[str] = ()) -> str:
        """Return the id of the commit's tree with what stands in the image in its place.

        It is the tree's own id exactly when every file of the image is the reviewed one. A file
        that is not there is none of the tree's.

        Args:
            got: what stands there.
            besides: paths of the image that may differ; they are taken for the reviewed ones.
        """
        entries = dict(self.entries)
        expected = self.expected(got)
        for path, source in self.sources.items():
            own = self.entries[source]
            entry = self._entry(expected[path], got.files.get(path), own)
            if entry == own or path in besides:
                continue  # where a file stands twice, the one that differs counts
            if entry is None:
                entries.pop(source, None)
            else:
                entries[source] = entry
        return tree_id(entries, self.algorithm)

    def _entry(self, expected: File, got: File | None, own: Entry) -> Entry | None:
        """Return what git would keep of the file that stands there; None for none."""
        if got is None or got.kind not in {Kind.FILE, Kind.LINK}:
            return None
        if got.kind is Kind.LINK:
            return own if _same_link(got, expected) else Entry(LINK, self._none)
        same = got.digest is not None and got.digest == expected.digest
        blob = own.blob if same else got.blob
        kept = own.mode if own.mode != LINK else FILE
        if got.mode is not None and expected.mode is not None:
            executable = bool(got.mode & _EXECUTABLE)
            if executable != bool(expected.mode & _EXECUTABLE):
                kept = EXECUTABLE if executable else FILE
        return Entry(kept, blob or self._none)

    @property
    def _none(self) -> str:
        """An id that no object has."""
        return "0" * (40 if self.algorithm == "sha1" else 64)


def _same_link(one: File, other: File) -> bool:
    return one.kind is other.kind and one.target == other.target


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the image's label says of its revision, and what git knows of that.

    Args:
        label: as it is; empty without one.
        commit: the commit it names.
        dirty: whether it says that the tree had uncommitted changes.
        reviewed: what of that commit belongs in the image; None where git does not know it.
        why: why not.
    """

    label: str
    commit: str = ""
    dirty: bool = False
    reviewed: Reviewed | None = None
    why: str = ""
