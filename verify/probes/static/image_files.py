"""Says which file of the repository a path in the image is, from WORKDIR and COPY."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.static.dockerfile import environment, expand, find_stage, lineage

if TYPE_CHECKING:
    from verify.probes.source import Source
    from verify.probes.static.dockerfile import Instruction, Stage


class ImageFiles:
    """The files a Dockerfile puts into its image.

    Args:
        source: the tree.
        stages: the Dockerfile's.
        context: the build context's folder, "" or "." for the root.
        dockerfile: its path, for a `.dockerignore` of its own.
    """

    def __init__(self, source: Source, stages: list[Stage], context: str, dockerfile: str) -> None:
        self.source = source
        self.stages = stages
        self.context = "" if context in {"", "."} else posixpath.normpath(context) + "/"
        self.ignored = _Ignore(self._ignore_text(dockerfile))

    def workdir(self, stage: Stage) -> str:
        """Return the stage's working directory at its end."""
        where = "/"
        variables = environment(lineage(self.stages, stage))
        for each in self._chain(stage):
            if each.name == "WORKDIR":
                where = posixpath.join(where, expand(each.value.strip("\"'"), variables))
        return posixpath.normpath(where)

    def repo_path(self, path: str, stage: Stage | None = None) -> str | None:
        """Return the repository's file that stands at this absolute path of the image, or None."""
        stage = stage or self.stages[-1]
        variables = environment(lineage(self.stages, stage))
        where, copies = "/", []
        for each in self._chain(stage):
            if each.name == "WORKDIR":
                where = posixpath.join(where, expand(each.value.strip("\"'"), variables))
            elif each.name in {"COPY", "ADD"} and not each.heredocs:
                copies.append((each, where))
        for copy, at in reversed(copies):
            found = self._copied(copy, at, path, stage, variables)
            if found is not None:
                return found
        return None

    def _copied(
        self, copy: Instruction, at: str, path: str, stage: Stage, variables: dict[str, str]
    ) -> str | None:
        words = list(copy.exec_form or copy.value.split())
        if not words[1:]:
            return None
        *sources, target = [expand(word.strip("\"'"), variables) for word in words]
        folder = posixpath.normpath(posixpath.join(at, target))
        into = target.endswith("/") or target in {".", ".."} or len(sources) > 1
        origin = copy.flag("from")
        for pattern in sources:
            if origin:
                other = find_stage(self.stages, origin, before=stage)
                found = self._from_stage(other, pattern, folder, path, into=into)
            else:
                found = self._from_context(pattern, folder, path, into=into)
            if found is not None:
                return found
        return None

    def _from_stage(
        self, stage: Stage | None, pattern: str, folder: str, path: str, *, into: bool
    ) -> str | None:
        if stage is None:
            return None
        inner = posixpath.join("/", pattern.rstrip("/"))
        if into:  # a file copied into a folder keeps its name
            inside = f"{folder}/{posixpath.basename(inner)}"
            if path == inside and (found := self.repo_path(inner, stage)):
                return found
        if path == folder:
            return self.repo_path(inner, stage)
        if path.startswith(folder.rstrip("/") + "/"):
            rest = path[len(folder.rstrip("/")) + 1 :]
            return self.repo_path(f"{inner}/{rest}", stage)
        return None

    def _from_context(self, pattern: str, folder: str, path: str, *, into: bool) -> str | None:
        pattern = posixpath.normpath(pattern.lstrip("/") or ".")
        base = folder.rstrip("/")
        candidates: list[str] = []
        if any(character in pattern for character in "*?["):
            inside = [file.removeprefix(self.context) for file in self.source.files]
            candidates = [
                file
                for file in inside
                if fnmatch.fnmatch(file, pattern)
                and file.count("/") == pattern.count("/")
                and path == f"{base}/{posixpath.basename(file)}"
            ]
        else:
            if path.startswith(f"{base}/"):
                candidates.append(posixpath.normpath(f"{pattern}/{path[len(base) + 1 :]}"))
            if path == (f"{base}/{posixpath.basename(pattern)}" if into else folder):
                candidates.append(pattern)
        for inner in candidates:
            if self.source.has(self.context + inner) and not self.ignored(inner):
                return self.context + inner
        return None

    def _chain(self, stage: Stage) -> list[Instruction]:
        return [each for one in lineage(self.stages, stage) for each in one.instructions]

    def _ignore_text(self, dockerfile: str) -> str:
        for path in (f"{dockerfile}.dockerignore", f"{self.context}.dockerignore"):
            if self.source.has(path):
                return self.source.text(path)
        return ""


class _Ignore:
    """`.dockerignore`: the last pattern that fits decides, `!` takes back."""

    def __init__(self, text: str) -> None:
        self.rules: list[tuple[re.Pattern[str], bool]] = []
        for raw in text.splitlines():
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            keep = line.startswith("!")
            pattern = posixpath.normpath(line.removeprefix("!").strip()).lstrip("/")
            self.rules.append((re.compile(_pattern(pattern) + r"(?:/.*)?\Z"), not keep))

    def __call__(self, path: str) -> bool:
        ignored = False
        for pattern, ignores in self.rules:
            if pattern.match(path):
                ignored = ignores
        return ignored


def _pattern(glob: str) -> str:
    parts = []
    n = 0
    while n < len(glob):
        if glob.startswith("**/", n):
            parts.append("(?:.*/)?")
            n += 3
        elif glob.startswith("**", n):
            parts.append(".*")
            n += 2
        elif glob[n] == "*":
            parts.append("[^/]*")
            n += 1
        elif glob[n] == "?":
            parts.append("[^/]")
            n += 1
        elif glob == ".":
            parts.append(".*")
            n += 1
        else:
            parts.append(re.escape(glob[n]))
            n += 1
    return "".join(parts)
