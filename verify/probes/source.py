"""The reviewed tree as a gate sees it: files, texts and syntax trees; nothing is executed."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import unicodedata
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from verify.errors import VerifyError
from verify.probes.tree import list_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHEBANG_PYTHON = re.compile(rb"#!.*\bpython[\d.]*\b")
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")  # PEP 263
_SHEBANG_SHELL = re.compile(rb"#!.*\b(?:sh|bash|dash|ash|ksh|zsh)\b")

HEAD = 128
"""Bytes of a file's head; a kernel reads about as many of a script's first line."""

# What the compiler throws at sources it cannot take: the last three for nesting that is too deep.
_REFUSALS = (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError, SystemError)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file is not Python, and where.

    Args:
        line: 1-based.
        column: 1-based; 0 where there is none to tell.
        reason: for people.
    """

    line: int
    column: int
    reason: str

    def __str__(self) -> str:
        return f"{self.reason} (line {self.line}, column {self.column})"


class Unparsable(VerifyError):
    """A file has no syntax tree; `fault` says why."""

    def __init__(self, path: str, fault: Fault) -> None:
        super().__init__(f"{path}:{fault.line}: {fault.reason}")
        self.path = path
        self.fault = fault


class Source:
    """The files below `root`, each read once and parsed at most once.

    Args:
        root: the project's root.

    Attributes:
        heads: the files of which only the first line was read; None for one that cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._raw: dict[str, bytes] = {}
        self._unreadable: dict[str, Fault] = {}
        self._modules: dict[str, ast.Module] = {}
        self._faults: dict[str, Fault | None] = {}
        self._folds: dict[str, str] = {}
        self.heads: dict[str, bytes | None] = {}

    @cached_property
    def files(self) -> tuple[str, ...]:
        """All files of the tree, relative to the root, sorted."""
        return list_files(self.root)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.files)

    @cached_property
    def folders(self) -> frozenset[str]:
        """All folders that hold a file, relative to the root."""
        found: set[str] = set()
        for path in self.files:
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
        return frozenset(found)

    @cached_property
    def python_files(self) -> tuple[str, ...]:
        """Python files: by their ending, or without one by their first line.

        Streamlit runs .py3, too.
        """
        return tuple(self._of_kind((".py", ".pyw", ".py3"), _SHEBANG_PYTHON))

    @cached_property
    def shell_files(self) -> tuple[str, ...]:
        """Files ending in .sh or .bash, and those without an ending whose first line says so."""
        return tuple(self._of_kind((".sh", ".bash"), _SHEBANG_SHELL))

    @cached_property
    def product_files(self) -> tuple[str, ...]:
        """The Python files outside the tests, which plant defects on purpose."""
        return tuple(path for path in self.python_files if not is_test(path))

    @property
    def seen(self) -> tuple[str, ...]:
        """The files that were read so far."""
        return tuple(self._raw)

    def has(self, path: str) -> bool:
        """Say whether the tree has this file."""
        return path in self._known

    def raw(self, path: str) -> bytes:
        """Return the file's bytes; nothing for one that cannot be read (`faults` tells why)."""
        if path not in self._raw:
            try:
                self._raw[path] = (self.root / path).read_bytes()
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                self._unreadable[path] = Fault(1, 0, f"cannot be read: {reason}")
                self._raw[path] = b""
        return self._raw[path]

    def unreadable(self, path: str) -> Fault | None:
        """Return why the file's bytes cannot be had, or None."""
        self.raw(path)
        return self._unreadable.get(path)

    def text(self, path: str) -> str:
        """Return the file as text; bytes that are not of its encoding become U+FFFD."""
        raw = self.raw(path)
        encoding = "utf-8-sig"
        if path.endswith((".py", ".pyw")):
            try:
                encoding = tokenize.detect_encoding(io.BytesIO(raw).readline)[0]
            except SyntaxError:
                encoding = "utf-8-sig"
        return raw.decode(encoding, errors="replace")

    def mentions(self, path: str, word: str) -> bool:
        """Say whether the file may hold the identifier `word`; False is certain.

        Python folds look-alike letters of identifiers (NFKC), and an encoding may hide any of them.
        """
        raw = self.raw(path)
        if word.encode() in raw:
            return True
        return not raw.isascii() and word in self._folded(path)

    def _folded(self, path: str) -> str:
        if path not in self._folds:
            self._folds[path] = unicodedata.normalize("NFKC", self.text(path))
        return self._folds[path]

    def module(self, path: str) -> ast.Module:
        """Return the file's syntax tree.

        Raises:
            Unparsable: the file has none.
        """
        if path not in self._modules:
            raw = self.raw(path)
            if (known := _KNOWN.get((path, raw))) is not None:
                self._modules[path] = known
                return known
            if path in self._unreadable:
                raise Unparsable(path, self._unreadable[path])
            try:
                self._modules[path] = _compile(raw, path, ast.PyCF_ONLY_AST)
            except _REFUSALS as error:
                raise Unparsable(path, _explained(raw, error)) from None
        return self._modules[path]

    def forget_trees(self) -> None:
        """Let go of all syntax trees; whoever needs one again parses its file again."""
        self._modules.clear()

    def faults(self, path: str) -> Fault | None:
        """Return why the file does not compile, or None; no bytecode is written."""
        if path not in self._faults:
            self._faults[path] = self._fault(path)
        return self._faults[path]

    def _fault(self, path: str) -> Fault | None:
        raw = self.raw(path)
        if path in self._unreadable:
            return self._unreadable[path]
        try:
            # Straight to bytecode: by way of a tree of Python objects it takes twice as long.
            _compile(raw, path, 0)
        except _REFUSALS as error:
            return _explained(raw, error)
        return _undecodable(raw)

    def _of_kind(self, endings: tuple[str, ...], shebang: re.Pattern[bytes]) -> Iterator[str]:
        for path in self.files:
            name = path.rpartition("/")[2]
            if name.endswith(endings) or ("." not in name and shebang.match(self.head(path))):
                yield path

    def head(self, path: str) -> bytes:
        """Return the first bytes of a file, enough for its first line; none if it has none."""
        if path not in self.heads:
            try:
                with (self.root / path).open("rb", buffering=0) as file:
                    self.heads[path] = file.read(HEAD)
            except (OSError, ValueError):
                self.heads[path] = None
        return self.heads[path] or b""


_KNOWN: dict[tuple[str, bytes], ast.Module] = {}


def remember(root: Path) -> None:
    """Parse the Python files of a tree for all that this process, or a fork of it, will look at.

    For whoever looks at many trees that hardly differ.
    """
    source = Source(root)
    for path in source.python_files:
        try:
            _KNOWN[path, source.raw(path)] = source.module(path)
        except Unparsable:
            continue  # told by whoever looks at it


_INSTALLED = re.compile(r"(?:^|/)(?:site-packages|dist-packages|node_modules)/")


def is_installed(path: str) -> bool:
    """Say whether the file is of somebody else's program, committed with a virtual environment."""
    return _INSTALLED.search(path) is not None


def is_test(path: str) -> bool:
    """Say whether the file stands in the root's tests folder."""
    return path.startswith(("tests/", "test/"))


def _compile(raw: bytes, path: str, flags: int) -> ast.Module:
    """Compile; the result is a syntax tree only with the flag that asks for one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape is a warning, not a fault
        name = path.encode(errors="replace").decode()
        tree: ast.Module = compile(raw, name, "exec", flags=flags, dont_inherit=True)
    return tree


def _explained(raw: bytes, error: BaseException) -> Fault:
    if b"\0" in raw:
        return _at(raw, raw.index(b"\0"), "null byte")
    if isinstance(error, RecursionError | MemoryError | SystemError):
        return Fault(1, 0, f"nested too deeply to be compiled ({type(error).__name__})")
    bad_encoding = _undecodable(raw)
    if bad_encoding is not None:
        return bad_encoding
    if isinstance(error, SyntaxError):
        return Fault(error.lineno or 1, error.offset or 0, error.msg or "invalid syntax")
    return Fault(1, 0, str(error))


def _undecodable(raw: bytes) -> Fault | None:
    head = raw.split(b"\n", 2)[:2]
    cookie = next((n for n, line in enumerate(head, 1) if _COOKIE.match(line)), 0)
    if raw.isascii() and not cookie:
        return None
    encoding = "utf-8"
    try:
        if cookie:
            encoding = tokenize.detect_encoding(io.BytesIO(raw).readline)[0]
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        shown = "UTF-8" if encoding.startswith("utf-8") else encoding
        return _at(raw, error.start, f"byte 0x{raw[error.start]:02x} is not {shown}")
    except (SyntaxError, LookupError, UnicodeError) as error:
        return Fault(cookie, 1, str(error))
    return None


def _at(raw: bytes, index: int, reason: str) -> Fault:
    start = raw.rfind(b"\n", 0, index) + 1
    return Fault(raw.count(b"\n", 0, index) + 1, index - start + 1, reason)
