"""Says which file of the repository a path in the image is, from WORKDIR, COPY and RUN."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.dockerfile.ignore import Ignore
from verify.probes.dockerfile.parse import build_time, expand, find_stage, lineage
from verify.probes.dockerfile.written import Unreadable, written_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.dockerfile.parse import Instruction, Stage
    from verify.probes.source import Source

FETCHES = re.compile(
    r"\bgit\s+(?:clone|pull|checkout|submodule)\b|\b(?:curl|wget)\b[^\n;&|]*://"
    r"|\b(?:unzip|svn)\s+[^\s-]|\btar\s+-?-?[a-z]*x|\baws\s+s3\b"
)
"""A RUN that brings files from elsewhere; installing curl does not."""

_MOVERS = re.compile(r"\b(?:cp|mv|ln|install|rsync|sed|tee)\b")
_MAKERS = re.compile(r"\bmkdir\b|\binstall\b.*(?:\s-d\b|--directory)")


@dataclass(frozen=True, slots=True)
class Copy:
    """One COPY or ADD, its words expanded.

    Args:
        line: 1-based.
        sources: what it copies.
        target: the absolute path it copies to.
        into: whether that is a folder.
        origin: its `--from`, "" for the build context.
        flags: all of its `--name=value` options.
        unpacks: whether it is an ADD, which unpacks archives.
    """

    line: int
    sources: tuple[str, ...]
    target: str
    into: bool
    origin: str
    flags: tuple[tuple[str, str], ...] = ()
    unpacks: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """What one instruction adds: files copied, files written by it, or folders."""

    line: int
    copy: Copy | None = None
    written: dict[str, str | Unreadable] = field(default_factory=dict)
    folders: tuple[str, ...] = ()


class ImageFiles:
    """The files a Dockerfile puts into its image.

    Args:
        source: the tree.
        stages: the Dockerfile's.
        context: the build context's folder, "" or "." for the root.
        dockerfile: its path, for a `.dockerignore` of its own.
        stage: the stage that is built; the last one when not given.
    """

    def __init__(
        self,
        source: Source,
        stages: list[Stage],
        context: str,
        dockerfile: str,
        stage: Stage | None = None,
    ) -> None:
        self.source = source
        self.stages = stages
        self.stage = stage or stages[-1]
        self.context = "" if context in {"", "."} else posixpath.normpath(context) + "/"
        self.ignored = self._ignore(dockerfile)
        self._layers: dict[int, tuple[list[Layer], str]] = {}

    def workdir(self, stage: Stage) -> str:
        """Return the stage's working directory at its end."""
        return self._read(stage)[1]

    def repo_path(self, path: str) -> str | None:
        """Return the repository's file that stands at this absolute path, or None."""
        return self._at(path, self.stage)

    def before(self, line: int, path: str) -> bool:
        """Say whether something stands at this path when the build comes to a line."""
        return self._at(path, self.stage, before=line) is not None or any(
            path in layer.written for layer in self._read(self.stage)[0] if layer.line < line
        )

    def text(self, path: str) -> str | None:
        """Return the text of the script that stands there, or None."""
        for layer in reversed(self._read(self.stage)[0]):
            written = layer.written.get(path)
            if isinstance(written, str):
                return written
        found = self.repo_path(path)
        return None if found is None else self.source.text(found)

    def is_folder(self, path: str) -> bool:
        """Say whether a folder of the repository stands there."""
        return any(
            inner == "." or self.context + inner in self.source.folders
            for copy in self._copies(self.stage)
            if not copy.origin
            for source in copy.sources
            for inner in _candidates(copy, source, path)
        )

    def absent(self, path: str) -> tuple[Status, str]:
        """Say in which way no file stands there, and why, in one sentence."""
        name = posixpath.basename(path)
        for layer in self._read(self.stage)[0]:
            written = layer.written.get(path)
            if isinstance(written, Unreadable):
                return Status.UNKNOWN, f"the RUN of line {layer.line} writes {path}: {written.why}"
        for copy in reversed(self._copies(self.stage)):
            for inner in self._meant(copy, path):
                rule = self.ignored.rule(inner)
                if rule is not None and self.source.has(self.context + inner):
                    where = f"{self.ignored.path}:{rule.line}"
                    return Status.NOT_IN_IMAGE, f"{where} keeps {self.context}{inner} out of it"
            if copy.origin and find_stage(self.stages, copy.origin, before=self.stage) is None:
                inside = [p for s in copy.sources for p in _candidates(copy, s, path)]
                if inside:
                    why = f"the COPY of line {copy.line} may bring it from {copy.origin}"
                    return Status.UNKNOWN, why
        for each in self._instructions(self.stage):
            code = "\n".join([each.value, *each.heredocs])
            if each.name == "ADD" and "://" in each.value:
                return Status.UNKNOWN, f"the ADD of line {each.line} may bring it from elsewhere"
            if each.name != "RUN":
                continue
            if FETCHES.search(code):
                why = f"the RUN of line {each.line} may bring {name} from elsewhere"
                return Status.UNKNOWN, why
            if name in code and _MOVERS.search(code):
                return Status.UNKNOWN, f"the RUN of line {each.line} may put it there"
        return self._nowhere(path)

    def copies(self) -> list[Copy]:
        """Return the stage's own COPY and ADD of files of the context or of stages."""
        return self._copies(self.stage)

    def layers(self, stage: Stage) -> list[Layer]:
        """Return what each instruction of a stage adds, those of stages it builds on first."""
        return self._read(stage)[0]

    def origin(self, copy: Copy, stage: Stage) -> Stage | None:
        """Return the stage that a COPY of this stage takes its files from, if one of this file."""
        return find_stage(self.stages, copy.origin, before=stage) if copy.origin else None

    @cached_property
    def sent(self) -> tuple[str, ...]:
        """The files of the build context that reach the engine, relative to the context, sorted."""
        return tuple(path for path in self._inside if self.ignored.rule(path) is None)

    def in_context(self, pattern: str) -> bool:
        """Say whether the build context has something that a COPY of `pattern` would find."""
        inner = inner_path(pattern)
        if inner == ".":
            return True
        if _is_glob(inner):
            depth = inner.count("/")
            return any(
                fnmatch.fnmatch("/".join(parts[: depth + 1]), inner)
                and self.ignored.rule(path) is None
                for path in self._inside
                if len(parts := path.split("/")) > depth
            )
        full = self.context + inner
        if self.source.has(full):
            return self.ignored.rule(inner) is None
        return full in self.source.folders and any(
            path.startswith(inner + "/") and self.ignored.rule(path) is None
            for path in self._inside
        )

    def _nowhere(self, path: str) -> tuple[Status, str]:
        """Say whether the repository has it although nothing brings it to this path."""
        parts = [part for part in path.split("/") if part]
        for start in range(len(parts)):
            tail = "/".join(parts[start:])
            for candidate in dict.fromkeys((self.context + tail, tail)):
                if self.source.has(candidate):
                    why = f"{candidate} is in the repository, but no COPY brings it to {path}"
                    return Status.NOT_IN_IMAGE, why
        meant = [
            self.context + inner
            for copy in reversed(self._copies(self.stage))
            for inner in self._meant(copy, path)
        ]
        if meant:
            return Status.MISSING, f"{meant[0]} is not in the repository"
        return Status.MISSING, f"nothing stands at {path} of the image, nor in the repository"

    def _meant(self, copy: Copy, path: str) -> Iterator[str]:
        if not copy.origin:
            for source in copy.sources:
                if not _is_glob(source):
                    yield from _candidates(copy, source, path)

    def _at(self, path: str, stage: Stage, before: int | None = None) -> str | None:
        for copy in reversed(self._copies(stage)):
            if before is not None and copy.line >= before:
                continue
            found = self._copied(copy, path, stage)
            if found is not None:
                return found
        return None

    def _copied(self, copy: Copy, path: str, stage: Stage) -> str | None:
        for pattern in copy.sources:
            if copy.origin:
                other = find_stage(self.stages, copy.origin, before=stage)
                found = None
                for inner in _candidates(copy, pattern, path) if other is not None else ():
                    assert other is not None  # noqa: S101 - said in the line above
                    found = found or self._at(posixpath.join("/", inner), other)
            else:
                found = self._from_context(copy, pattern, path)
            if found is not None:
                return found
        return None

    def _from_context(self, copy: Copy, pattern: str, path: str) -> str | None:
        if _is_glob(pattern):
            candidates = self._globbed(copy, pattern, path)
        else:
            candidates = list(_candidates(copy, pattern, path))
        for inner in candidates:
            if self.source.has(self.context + inner) and self.ignored.rule(inner) is None:
                return self.context + inner
        return None

    def _globbed(self, copy: Copy, pattern: str, path: str) -> list[str]:
        """Return the files of a wildcard: those it names, and those in the folders it names."""
        inner = inner_path(pattern)
        depth = inner.count("/")
        base = copy.target.rstrip("/")
        found = []
        for file in self._inside:
            parts = file.split("/")
            if len(parts) <= depth or not fnmatch.fnmatch("/".join(parts[: depth + 1]), inner):
                continue
            rest = parts[depth:] if len(parts) == depth + 1 else parts[depth + 1 :]
            if path == f"{base}/{'/'.join(rest)}":
                found.append(file)
        return found

    @cached_property
    def _inside(self) -> tuple[str, ...]:
        """The files of the build context, relative to it."""
        start = len(self.context)
        return tuple(path[start:] for path in self.source.files if path.startswith(self.context))

    def _copies(self, stage: Stage) -> list[Copy]:
        return [layer.copy for layer in self._read(stage)[0] if layer.copy is not None]

    def _read(self, stage: Stage) -> tuple[list[Layer], str]:
        """Return what a stage adds, those it builds on included, and its working directory."""
        key = self.stages.index(stage)
        if key not in self._layers:
            chain = lineage(self.stages, stage)
            variables = build_time(chain)
            where, layers = "/", []
            for each in self._instructions(stage):
                if each.name == "WORKDIR":
                    where = posixpath.join(where, expand(each.value.strip("\"'"), variables))
                    layers.append(Layer(each.line, folders=(posixpath.normpath(where),)))
                elif each.name in {"COPY", "ADD"} and not each.heredocs:
                    copy = _copy(each, where, variables)
                    if copy is not None:
                        layers.append(Layer(each.line, copy))
                elif each.name in {"RUN", "COPY"}:
                    written = written_files(each, posixpath.normpath(where), variables)
                    made = _made(each, variables)
                    if written or made:
                        layers.append(Layer(each.line, None, written, made))
            self._layers[key] = (layers, posixpath.normpath(where))
        return self._layers[key]

    def _instructions(self, stage: Stage) -> list[Instruction]:
        return [each for one in lineage(self.stages, stage) for each in one.instructions]

    def _ignore(self, dockerfile: str) -> Ignore:
        for path in (f"{dockerfile}.dockerignore", f"{self.context}.dockerignore"):
            if self.source.has(path):
                return Ignore(self.source.text(path), path)
        return Ignore("", ".dockerignore")


def _copy(each: Instruction, where: str, variables: dict[str, str]) -> Copy | None:
    words = list(each.exec_form or each.value.split())
    if not words[1:]:
        return None
    *sources, target = [expand(word.strip("\"'"), variables) for word in words]
    full = posixpath.normpath(posixpath.join(where, target))
    into = target.endswith("/") or target in {".", ".."} or len(sources) > 1 or target == ""
    unpacks = each.name == "ADD"
    return Copy(each.line, tuple(sources), full, into, each.flag("from"), each.flags, unpacks)


def _made(each: Instruction, variables: dict[str, str]) -> tuple[str, ...]:
    """Return the folders that a RUN makes by their absolute paths."""
    code = "\n".join([each.value, *each.heredocs])
    if each.name != "RUN" or not _MAKERS.search(code):
        return ()
    words = (expand(word.strip("\"'"), variables) for word in code.split())
    return tuple(posixpath.normpath(word) for word in words if word.startswith("/"))


def _candidates(copy: Copy, source: str, path: str) -> Iterator[str]:
    """Yield what `path` would be inside of `source`, if that is a folder and if it is a file."""
    inner = inner_path(source)
    base = copy.target.rstrip("/")
    if path in {copy.target, base}:
        yield inner
    elif path.startswith(f"{base}/"):
        rest = path[len(base) + 1 :]
        if rest == posixpath.basename(inner):
            yield inner  # a file that is copied into a folder keeps its name
        yield posixpath.normpath(f"{inner}/{rest}")


def inner_path(source: str) -> str:
    """Return the path that a COPY means in its context or stage, which it cannot leave by `..`.

    "Parent directory paths are stripped out automatically" (Dockerfile reference, COPY).
    """
    return posixpath.normpath(f"/{source}").lstrip("/") or "."


def _is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")
