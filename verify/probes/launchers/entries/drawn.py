"""Knows which Python files of a repository draw a page, parsing only those that can."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from verify.probes.drawing.run import Drawing, Drawings
from verify.probes.launchers.entries.reaching import reaching
from verify.probes.source import Unparsable, is_installed, is_test
from verify.probes.static.modules import folder_of

if TYPE_CHECKING:
    from verify.probes.launchers.entries.reaching import Reach
    from verify.probes.source import Source

_TEST = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.pyw?$")
# Files that a tool runs, not people: none is a page even if it could draw one.
_LARGEST = 1_000_000  # bytes; a program that people wrote has a tenth of it
_NO_PAGE = frozenset({"__init__.py", "setup.py", "noxfile.py"})


class Drawn:
    """The files of a tree that draw a page when Streamlit runs them.

    Args:
        source: the tree.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.unparsable: dict[str, str] = {}
        self._drawings = Drawings(source, self.can_draw, self._near)
        self._known: dict[str, Drawing | None] = {}

    @cached_property
    def _reach(self) -> Reach:
        """Which files can come to an import of Streamlit."""
        read: list[str] = []
        for path in self.source.python_files:
            if is_installed(path):
                continue
            if len(self.source.raw(path)) > _LARGEST:
                self.unparsable[path] = f"it has more than the {_LARGEST} bytes that are read"
            else:
                read.append(path)
        return reaching(self.source, read)

    @cached_property
    def _beside(self) -> dict[str, set[str]]:
        """What a program that is started in each folder can import from there, by its name."""
        found: dict[str, set[str]] = {}
        for path in self.source.files:
            folder, _, name = path.rpartition("/")
            if name.endswith(".py"):
                found.setdefault(folder, set()).add(name.removesuffix(".py"))
            # A folder is a package, and so are those around it.
            while folder:
                above, _, inner = folder.rpartition("/")
                if inner in found.setdefault(above, set()):
                    break
                found[above].add(inner)
                folder = above
        return found

    def _near(self, path: str) -> str:
        """Return the folder that comes first on the search path, "" if that finds nothing more."""
        folder = folder_of(path)
        return "" if self._beside.get(folder, set()).isdisjoint(self._reach.heads) else folder

    def can_draw(self, path: str) -> bool:
        """Say whether the file may reach a call of Streamlit; False is certain."""
        return path in self._reach.able

    def of(self, path: str) -> Drawing | None:
        """Return how the file draws when it is run, or None when it does not."""
        if path not in self._known:
            self._known[path] = None
            if self.can_draw(path):
                try:
                    self._known[path] = self._drawings.of(path)
                except Unparsable as error:
                    self.unparsable[path] = str(error.fault)
        return self._known[path]

    @cached_property
    def files(self) -> dict[str, Drawing]:
        """Every file that draws, without the tests and what only tools run."""
        found = {path: self.of(path) for path in sorted(self._reach.able) if is_product(path)}
        return {path: drawing for path, drawing in found.items() if drawing is not None}

    def forwards_to(self, path: str) -> str:
        """Return the file that a shim runs, "" for a file that is no shim."""
        drawing = self.of(path)
        if drawing is None:
            return ""
        others = [other for other in drawing.through if other != path and is_product(other)]
        return next((other for other in others if self.of(other) is not None), "")


def is_product(path: str) -> bool:
    """Say whether the file is neither a test nor one that only a tool runs."""
    name = path.rpartition("/")[2]
    return not (is_test(path) or _TEST.search(path) or name in _NO_PAGE)
