"""Says which commands of a Dockerfile run a script of the tree."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.dockerfile.files import ImageFiles
from verify.probes.dockerfile.parse import stages

if TYPE_CHECKING:
    from verify.probes.dockerfile.parse import Stage
    from verify.probes.languages.command import Word
    from verify.probes.source import Source

_SHELL = re.compile(r"(?:.*/)?(?:ba|da|a|z|k)?sh$|\.$|source$")


class Called:
    """The scripts that the commands of one Dockerfile run.

    Args:
        source: the tree.
        dockerfile: its path.
        context: the folder that is sent to the engine.
        wanted: the scripts of interest.
    """

    def __init__(
        self, source: Source, dockerfile: str, context: str, wanted: frozenset[str]
    ) -> None:
        self._source = source
        self._path = dockerfile
        self._context = context
        self._wanted = wanted
        self._stages = stages(source.text(dockerfile))

    def runs(self, stage: Stage, words: list[Word]) -> bool:
        """Say whether a command of a stage runs one of the scripts of interest.

        Args:
            stage: the one the command stands in.
            words: the command's, without what merely starts another.
        """
        rest = [word or "" for word in words]
        if rest and _SHELL.match(rest[0]):
            del rest[0]
            while rest and rest[0].startswith("-"):
                del rest[0]
        elif rest and "/" not in rest[0]:
            return False  # a program that is found on the search path
        if not rest or not rest[0]:
            return False
        files = ImageFiles(self._source, self._stages, self._context, self._path, stage)
        full = posixpath.join(files.workdir(stage), rest[0])
        return files.repo_path(posixpath.normpath(full)) in self._wanted
