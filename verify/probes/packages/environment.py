"""What stands in the Python environment of an image, and which distribution each file is of."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from verify.difference import Difference, compare
from verify.inventory import File, Kind
from verify.probes.packages.bytecode_files import is_cached, resolved, source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from verify.inventory import Inventory
    from verify.surroundings import Distribution, Interpreter, Recorded

SITES = ("site-packages", "dist-packages")
"""Names of the folders that distributions are installed in."""

_SITE = re.compile("/(?:" + "|".join(SITES) + ")/")

# What `venv`, virtualenv and uv put beside what is installed.
_OWN = re.compile(
    r"(?:pyvenv\.cfg|\.gitignore|CACHEDIR\.TAG|\.lock"
    r"|bin/(?:activate(?:\.\w+)?|Activate\.ps1|activate_this\.py|deactivate(?:\.\w+)?|pydoc\.bat))"
)
_PYTHON = re.compile(r"bin/python[\d.]*")
_LIBRARIES = "lib64"
_MODULES = (".py", ".so")
_LIBRARY = re.compile(r"/python3\.\d+(?:/|$)")
_START = re.compile(r"(?:site|user)customize(?:\.[^/]*|/__init__\.[^/]*)")


@dataclass(frozen=True)
class Environment:
    """One Python environment of an image.

    Args:
        interpreter: whose.
        files: of the whole image.
        found: all distributions that were found there.
        made: files that the build itself put there, absolute.
    """

    interpreter: Interpreter
    files: Inventory
    found: tuple[Distribution, ...]
    made: tuple[str, ...] = ()

    @cached_property
    def virtual(self) -> bool:
        """Whether it is one of its own, beside the system's."""
        return f"{self.interpreter.prefix.rstrip('/')}/pyvenv.cfg" in self.files.files

    @cached_property
    def path(self) -> tuple[str, ...]:
        """Where modules are looked for: absolute folders, each once."""
        return tuple(dict.fromkeys(one.rstrip("/") for one in self.interpreter.path if one))

    @cached_property
    def sites(self) -> tuple[str, ...]:
        """The folders among them that distributions are installed in."""
        return tuple(one for one in self.path if posixpath.basename(one) in SITES)

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """Where each file must be of a distribution: all of its own, or the system's folders."""
        prefix = self.interpreter.prefix.rstrip("/")
        if not self.virtual:
            return self.sites
        return (prefix, *(one for one in self.sites if not one.startswith(f"{prefix}/")))

    @cached_property
    def distributions(self) -> tuple[Distribution, ...]:
        """Those that its programs import from; a base's own folders are none of it."""
        return tuple(
            one
            for one in self.found
            if posixpath.dirname(one.folder) in self.path
            or any(one.folder.startswith(f"{root}/") for root in self.roots)
        )

    @cached_property
    def recorded(self) -> frozenset[str]:
        """Every path that some RECORD names."""
        return frozenset(row.path for one in self.distributions for row in one.record or ())

    def changed(self, distribution: Distribution) -> list[Difference]:
        """Return what differs from a distribution's RECORD, or cannot be read, in rpm's letters."""
        expected: dict[str, File] = {}
        for row in distribution.record or ():
            file = self.files.files.get(row.path)
            if file is not None and file.kind is Kind.FILE:
                if _as_recorded(row, file):
                    continue
            elif row.path.endswith(".pyc") and row.digest is None:
                continue  # Python does without: RECORD need not name it, nor need it stand there
            expected[row.path] = File(row.path, size=row.size, digest=row.digest)
        return list(compare(expected, self.files, attributes="S5D"))

    def undigested(self, distribution: Distribution) -> list[str]:
        """Return the files whose content its RECORD does not tell, though it should."""
        return [
            row.path
            for row in distribution.record or ()
            if row.digest is None and not _may_lack_digest(row.path, distribution.folder)
        ]

    @cached_property
    def unowned(self) -> tuple[str, ...]:
        """The files of no RECORD, neither bytecode of a recorded one nor the environment's own."""
        return tuple(
            path
            for root in self.roots
            for path, file in self.files.below(root).items()
            if file.kind is not Kind.FOLDER and not self._owned(path, file)
        )

    @cached_property
    def hooks(self) -> tuple[str, ...]:
        """What Python runs when it starts, before any program: .pth files and two modules."""
        folders, sites = set(self.path), set(self.sites)
        return tuple(
            sorted(
                path
                for path, file in self.files.files.items()
                if file.kind is not Kind.FOLDER and _is_hook(path, folders, sites)
            )
        )

    @cached_property
    def programs(self) -> tuple[str, ...]:
        """The interpreter itself: the program that its links lead to, and the library of that."""
        major, minor = self.interpreter.version.split(".")[:2]
        library = re.compile(rf".*/libpython{major}\.{minor}[^/]*\.so[^/]*")
        executable = self.interpreter.executable
        return (
            resolved(executable, self.files.files) or executable,
            *sorted(
                path
                for path, file in self.files.files.items()
                if file.kind is Kind.FILE and library.fullmatch(path)
            ),
        )

    def strays(self, base: Mapping[str, File], apart: Iterable[str]) -> tuple[str, ...]:
        """Return the modules in folders on Python's path that nobody installed.

        Its own library is left out wherever it stands: a step may have installed an interpreter.

        Args:
            base: what the base image has there.
            apart: folders that others look at.
        """
        others = tuple(f"{one.rstrip('/')}/" for one in (*self.roots, *apart))
        return tuple(
            path
            for folder in self.path
            if folder and folder not in base and not _LIBRARY.search(folder)
            for path, file in self.files.below(folder).items()
            if file.kind is not Kind.FOLDER
            and path.endswith(_MODULES)
            and not path.startswith(others)
            and path not in base
            and path not in self.recorded
        )

    def around(self, path: str) -> str:
        """Return the folder on Python's path that a file is in, or that of another Python."""
        within = [one for one in self.path if path.startswith(f"{one}/")]
        within += [path[: found.end() - 1] for found in _SITE.finditer(path)]
        return max(within, key=len, default="/".join(path.split("/")[:4]))

    def owner(self, path: str) -> str:
        """Return the distribution whose RECORD names a file; empty when none does."""
        return next(
            (
                one.name
                for one in self.distributions
                if any(row.path == path for row in one.record or ())
            ),
            "",
        )

    def _owned(self, path: str, file: File) -> bool:
        if path in self.recorded or path in self.made:
            return True
        if path.endswith(".pyc") and is_cached(path):
            return source_of(path)[0] in self.recorded
        prefix = f"{self.interpreter.prefix.rstrip('/')}/"
        if not self.virtual or not path.startswith(prefix):
            return False
        inner = path.removeprefix(prefix)
        if inner == _LIBRARIES or _PYTHON.fullmatch(inner):
            return file.kind is Kind.LINK or self._is_interpreter(file)
        return file.kind is Kind.FILE and _OWN.fullmatch(inner) is not None

    def _is_interpreter(self, file: File) -> bool:
        """Say whether a file is a copy of an interpreter outside, as `venv --copies` makes it."""
        prefix = f"{self.interpreter.prefix.rstrip('/')}/"
        return file.digest is not None and any(
            other.digest == file.digest
            for path, other in self.files.files.items()
            if not path.startswith(prefix) and "/bin/python" in path
        )


def _as_recorded(row: Recorded, file: File) -> bool:
    return (row.digest is None or row.digest == file.digest) and row.size in {None, file.size}


def _may_lack_digest(path: str, folder: str) -> bool:
    """Say whether RECORD may leave it out: its own, signatures of it, and compiled files."""
    inner = path.removeprefix(f"{folder}/")
    return path.endswith(".pyc") or inner in {"RECORD", "RECORD.jws", "RECORD.p7s"}


def _is_hook(path: str, folders: set[str], sites: set[str]) -> bool:
    if path.endswith(".pth"):
        return posixpath.dirname(path) in sites
    if "customize" not in path:
        return False
    return any(
        _START.fullmatch(path.removeprefix(f"{folder}/"))
        for folder in (posixpath.dirname(path), posixpath.dirname(posixpath.dirname(path)))
        if folder in folders
    )
