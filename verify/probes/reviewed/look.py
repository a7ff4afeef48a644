"""Reads what of the reviewed tree belongs in the image out of git, or out of a folder."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck, UsageError
from verify.gittree import EXECUTABLE, LINK, SUBMODULE, Entry
from verify.inventory import File, Kind
from verify.probes import git
from verify.probes.dockerfile.files import ImageFiles
from verify.probes.dockerfile.parse import stages
from verify.probes.dockerfile.placed import Placed, placed
from verify.probes.reviewed import attributes
from verify.probes.reviewed.objects import Content, contents
from verify.probes.reviewed.tree import Labelled, Reviewed
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from verify.tables import Image

_FULL_ID = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_DIRTY = "-dirty"
_UNSAID = frozenset({"", "unknown"})
_DEEPEST = 40  # links that lead to links, as the kernel has it
_CHUNK = 1 << 20


def reviewed(root: Path, spec: Image, revision: str | None = None) -> Reviewed:
    """Return what of a reviewed tree belongs in the image.

    Args:
        root: the project's root, or a folder with a copy of it.
        spec: the manifest's `[image]`; one without a Dockerfile means that the whole tree stands
            in its `app_dir`.
        revision: of the checkout there. When not given it is HEAD; in a folder that is no checkout,
            or that its checkout ignores, what stands there is what was reviewed.

    Raises:
        UsageError: the revision is not known there.
        CouldNotCheck: git does not answer, or lacks objects; nothing tells what was reviewed.
    """
    commit = git.find_commit(root, revision or "HEAD")
    found = git.entries(root, commit.id) if commit is not None else {}
    if commit is None or not found:
        if revision is not None:
            raise UsageError(
                f"{root} has no revision {revision}",
                "Name a commit, branch or tag of a git checkout, or a folder.",
            )
        if commit is None and (root / ".git").exists():
            raise CouldNotCheck(
                f"{root} is a git checkout in which git finds no commit",
                f"`git -C {root} log -1` says why; git may be missing, or nothing committed yet.",
            )
        return _of_folder(root, spec)
    dirt: tuple[str, ...] = ()
    if revision is None:
        dirt = git.dirt(root, commit.prefix)
    return _of_commit(root, spec, commit, found, dirt)


def labelled(root: Path, spec: Image, label: str, head: Reviewed) -> Labelled:
    """Return what git knows of the revision that an image's label names.

    Args:
        root: the project's root.
        spec: the manifest's `[image]`.
        label: what the label says; empty without one.
        head: what was reviewed.

    Raises:
        CouldNotCheck: git does not answer, or lacks objects.
    """
    commit, dirty = label.removesuffix(_DIRTY), label.endswith(_DIRTY)
    if label in _UNSAID:
        return Labelled(label, why="the image does not say of which revision it is")
    if not _FULL_ID.match(commit):
        return Labelled(label, dirty=dirty, why="that is no full id of a commit")
    if commit == head.commit:
        return Labelled(label, commit, dirty, head)
    known = git.find_commit(root, commit)
    if known is None:
        return Labelled(label, commit, dirty, why="this checkout knows no such commit")
    found = git.entries(root, known.id)
    if spec.dockerfile not in found:
        return Labelled(label, commit, dirty, why=f"that commit has no {spec.dockerfile}")
    return Labelled(label, commit, dirty, _of_commit(root, spec, known, found, ()))


class _Committed(Source):
    """The files of a commit, in the place of those in the folder."""

    def __init__(self, root: Path, entries: Mapping[str, Entry]) -> None:
        super().__init__(root)
        self._entries = entries

    @cached_property
    def files(self) -> tuple[str, ...]:
        return tuple(sorted(self._entries))

    def raw(self, path: str) -> bytes:
        if path not in self._raw:
            found = git.run(self.root, "cat-file", "blob", self._entries[path].blob)
            if found is None:
                raise CouldNotCheck(f"git lacks the content of {path}", "See `git fsck`.")
            self._raw[path] = found
        return self._raw[path]


def _placed(source: Source, spec: Image) -> dict[str, Placed]:
    if not spec.dockerfile:  # no image was built: the whole tree stands there as it is
        return {posixpath.join(spec.app_dir, path): Placed(path, 0) for path in source.files}
    if not source.has(spec.dockerfile):
        raise CouldNotCheck(
            f"the reviewed tree has no {spec.dockerfile}: nothing says what belongs in the image",
            "Commit it, or see [image].dockerfile in verify.toml.",
        )
    all_stages = stages(source.text(spec.dockerfile))
    if not all_stages:
        raise CouldNotCheck(f"{spec.dockerfile} has no FROM")
    return placed(ImageFiles(source, all_stages, spec.context, spec.dockerfile))


def _of_commit(
    root: Path,
    spec: Image,
    commit: git.Commit,
    entries: dict[str, Entry],
    dirt: tuple[str, ...],
) -> Reviewed:
    there = _placed(_Committed(root, entries), spec)
    followed, unknown = _followed(root, there, entries, commit.algorithm)
    blobs = [entries[p].blob for p in followed.values() if entries[p].mode != SUBMODULE]
    read = contents(root, blobs, commit.algorithm)
    altered = attributes.altered(root, commit.id, sorted(set(followed.values())), entries)
    files, others, unsure = {}, {}, {}
    for path, source in followed.items():
        entry = entries[source]
        if entry.mode == SUBMODULE:
            unknown[path] = f"{source} is a submodule, whose files git does not list here"
            continue
        form = altered.get(source, attributes.Form())
        files[path] = _file(path, there[path], entry, read[entry.blob], form)
        windows = read[entry.blob].windows
        if form.why:
            unsure[path] = f"git writes {source} otherwise than it keeps it: {form.why}"
        elif form.windows and windows is not None and entry.mode != LINK:
            size, digest = windows
            others[path] = File(path, size=size, digest=digest, mode=files[path].mode)
    return Reviewed(
        where=f"commit {commit.id[:12]}",
        files=files,
        sources={path: followed[path] for path in files},
        dockerfile=spec.dockerfile,
        commit=commit.id,
        tree=commit.tree,
        algorithm=commit.algorithm,
        entries=entries,
        dirt=dirt,
        dirt_inside=_inside(root, spec, dirt, set(followed.values())),
        others=others,
        altered=unsure,
        unknown=unknown,
    )


def _file(path: str, one: Placed, entry: Entry, content: Content, form: attributes.Form) -> File:
    if entry.mode == LINK:
        target = os.fsdecode(content.small or b"")
        return File(path, Kind.LINK, target=target, blob=entry.blob)
    mode = one.mode if one.mode is not None else 0o755 if entry.mode == EXECUTABLE else 0o644
    size, digest, blob = content.size, content.digest, entry.blob
    pointer = attributes.pointer(content.small) if form.large else None
    if pointer is not None:
        # Its id in git is the pointer's; what the image has must be what the pointer leads to.
        return File(path, size=pointer[0], digest=pointer[1], mode=mode)
    return File(path, size=size, digest=digest, mode=mode, blob=blob)


def _followed(
    root: Path, there: Mapping[str, Placed], entries: Mapping[str, Entry], algorithm: str
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the file that each path of the image is, and why some are not to be told.

    A COPY that names a link copies what it leads to; in a folder that is copied a link stays one.
    """
    found = {path: one.path for path, one in there.items()}
    unknown: dict[str, str] = {}
    links = {path for path, one in there.items() if one.named and entries[one.path].mode == LINK}
    for _ in range(_DEEPEST):
        read = contents(root, [entries[found[path]].blob for path in links], algorithm)
        for path in sorted(links):
            source = found[path]
            target = os.fsdecode(read[entries[source].blob].small or b"")
            found[path] = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
            if found[path] not in entries:
                unknown[path] = f"{source} is a link to {target}, which is no file of the tree"
                del found[path]
        links = {path for path in links if path in found and entries[found[path]].mode == LINK}
        if not links:
            break
    for path in links:
        unknown[path] = f"{there[path].path} is a link that leads in a circle"
        del found[path]
    return found, unknown


def _inside(root: Path, spec: Image, dirt: Iterable[str], sources: set[str]) -> tuple[str, ...]:
    """Return what of the dirt reaches the image, by the commit's Dockerfile or by the one here."""
    dirt = tuple(dirt)
    if not dirt:
        return ()
    source = Source(root)
    here: set[str] = set()
    if source.has(spec.dockerfile):
        here = {one.path for one in _placed(source, spec).values()}
    return tuple(path for path in dirt if path in sources or path in here)


def _of_folder(root: Path, spec: Image) -> Reviewed:
    source = Source(root)
    there = _placed(source, spec)
    files = {path: _standing(root, path, one) for path, one in there.items()}
    return Reviewed(
        where=f"the folder {root}",
        files=files,
        sources={path: one.path for path, one in there.items()},
        dockerfile=spec.dockerfile,
    )


def _standing(root: Path, path: str, one: Placed) -> File:
    """Return a file of a folder as it stands there."""
    full = root / one.path
    try:
        about = full.stat() if one.named else full.lstat()
        if stat.S_ISLNK(about.st_mode):
            return File(path, Kind.LINK, target=str(full.readlink()))
        digest, size = hashlib.sha256(), 0
        with full.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        return File(path, fault=f"{one.path} cannot be read: {error.strerror or error}")
    mode = one.mode if one.mode is not None else stat.S_IMODE(about.st_mode)
    return File(path, size=size, digest=digest.hexdigest(), mode=mode)
