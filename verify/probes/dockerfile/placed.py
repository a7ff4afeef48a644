"""Says where in the image each file of the build context ends up, stage by stage."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from verify.probes.dockerfile.files import ImageFiles, inner_path
from verify.probes.dockerfile.ignore import Ignore
from verify.probes.dockerfile.parse import stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.probes.dockerfile.files import Copy
    from verify.probes.dockerfile.parse import Stage
    from verify.probes.source import Source
    from verify.tables import Image

_ARCHIVE = re.compile(r"\.(?:tar|tgz|tbz2?|txz|tar\.\w+)$", re.IGNORECASE)
_OCTAL = re.compile(r"[0-7]{3,5}")

# Where a file is copied to one of these, it is copied into it: every base has them.
_USUAL = frozenset({"/", "/bin", "/etc", "/home", "/lib", "/opt", "/root", "/run", "/sbin"}) | {
    "/srv",
    "/tmp",  # noqa: S108 - a path in the image
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/share",
    "/usr/src",
    "/var",
    "/var/lib",
}


@dataclass(frozen=True, slots=True)
class Placed:
    """One file of the repository in the image.

    Args:
        path: in the repository.
        line: of the COPY or ADD that brought it there last.
        mode: the permission bits its --chmod gives it; None without one in digits.
        named: whether it was copied by its own name. Then a link is followed: the image gets what
            it leads to.
    """

    path: str
    line: int
    mode: int | None = None
    named: bool = False


def placed(files: ImageFiles, stage: Stage | None = None) -> dict[str, Placed]:
    """Return what of the repository a stage has, by absolute path in the image; a later COPY wins.

    What a RUN changes is not followed: whoever holds an image against this finds it.

    Args:
        files: the Dockerfile's files.
        stage: which of its stages; the one that is built when not given.
    """
    return _Stages(files).placed(stage or files.stage)


def placed_by(source: Source, spec: Image) -> dict[str, Placed]:
    """Return what of the repository the image has, as its Dockerfile says; nothing without one."""
    if not source.has(spec.dockerfile):
        return {}
    found = stages(source.text(spec.dockerfile))
    return placed(ImageFiles(source, found, spec.context, spec.dockerfile)) if found else {}


class _Stages:
    """Each stage is read once, however many others copy from it."""

    def __init__(self, files: ImageFiles) -> None:
        self._files = files
        self._known: dict[int, dict[str, Placed]] = {}
        self._sent = {path: Placed(files.context + path, 0) for path in files.sent}

    def placed(self, stage: Stage) -> dict[str, Placed]:
        key = self._files.stages.index(stage)
        if key not in self._known:
            found: dict[str, Placed] = {}
            folders = set(_USUAL)
            for layer in self._files.layers(stage):
                for folder in layer.folders:
                    folders |= _upward(folder)
                if layer.copy is not None:
                    for path, one in self._copied(layer.copy, stage, folders):
                        found[path] = replace(one, line=layer.line)
                        folders |= _upward(posixpath.dirname(path))
            self._known[key] = found
        return self._known[key]

    def _copied(self, copy: Copy, stage: Stage, folders: set[str]) -> Iterator[tuple[str, Placed]]:
        inside: Mapping[str, Placed] = self._sent
        if copy.origin:
            other = self._files.origin(copy, stage)
            if other is None:
                return  # of another image, or of another context
            inside = {path.lstrip("/"): one for path, one in self.placed(other).items()}
        mode = next(
            (int(v, 8) for k, v in copy.flags if k == "chmod" and _OCTAL.fullmatch(v)), None
        )
        without = Ignore("\n".join(v for k, v in copy.flags if k == "exclude"), "")
        parents = any(name == "parents" for name, _ in copy.flags)
        into = copy.into or copy.target in folders
        for pattern in copy.sources:
            if copy.unpacks and ("://" in pattern or _ARCHIVE.search(pattern)):
                continue  # what comes of it is not in the repository
            inner = inner_path(pattern)
            taken = list(_taken(inner, tuple(inside)))
            for path, rest in taken:
                if without.rule(rest or posixpath.basename(path)) is not None:
                    continue
                if parents:
                    target = posixpath.join(copy.target, path)
                elif rest is not None:
                    target = posixpath.join(copy.target, rest)
                elif into or len(taken) > 1:
                    target = posixpath.join(copy.target, posixpath.basename(path))
                else:
                    target = copy.target
                one = inside[path]
                yield (
                    target,
                    replace(
                        one,
                        mode=one.mode if mode is None else mode,
                        named=one.named or rest is None,
                    ),
                )


def _taken(inner: str, inside: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the files that a COPY's source means.

    Each with its path in the folder that the source names, or None for a file that it names itself.
    """
    if inner == ".":
        yield from ((path, path) for path in inside)
        return
    depth = inner.count("/") + 1
    glob = any(character in inner for character in "*?[")
    for path in inside:
        if not glob:
            if path == inner:
                yield path, None
            elif path.startswith(f"{inner}/"):
                yield path, path[len(inner) + 1 :]
            continue
        parts = path.split("/")
        if len(parts) >= depth and fnmatch.fnmatchcase("/".join(parts[:depth]), inner):
            yield path, "/".join(parts[depth:]) or None


def _upward(folder: str) -> set[str]:
    found = set()
    while folder and folder not in found:
        found.add(folder)
        folder = posixpath.dirname(folder)
    return found
