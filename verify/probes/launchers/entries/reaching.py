"""Tells by their bytes alone which Python files can reach an import of Streamlit.

A file is parsed only when running it may come to Streamlit; of thousands most do not. What is seen
here of a file is therefore never less than what its syntax tree would tell of its imports: text
that only looks like an import counts as one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.drawing.names import ROOT
from verify.probes.static.modules import absolute

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.probes.source import Source

_ROOT = ROOT.encode()
_LINE_ENDS = re.compile(rb"[\r\n]")
_IMPORT = re.compile(rb"import\b")
_FROM = re.compile(rb"\bfrom\b\s*([.\w\x80-\xff]*)\s*\Z")
# A list in brackets may hold comments, and these may hold brackets.
_LIST = re.compile(rb"[ \t\f]*\((?:[^()#]++|#[^\r\n]*+)*+\)")
_LINE = re.compile(rb"[^\r\n;#]*+")
_LONGEST = 4_000  # bytes before `import` on its line that are looked at; a path has no more
_AROUND_DOT = re.compile(rb"\s*\.\s*")
_COMMENT = re.compile(rb"#[^\r\n]*")
_CONTINUED = re.compile(rb"\\(?:\r\n|\r|\n)")
_DOTTED = re.compile(rb"[.\w\x80-\xff]+")
_WORD = re.compile(rb"[\w\x80-\xff]+")
# What runs a file that no import statement names.
_BY_NAME = re.compile(rb"runpy|import_module|__import__|\bexec(?:file)?\b")
_BY_NAME_WORDS = (b"runpy", b"import_module", b"__import__", b"exec")  # found faster
# PEP 263; in these encodings a letter of ASCII is its own byte.
_COOKIE = re.compile(rb"\A(?:[^\r\n]*\r?\n)?[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_PLAIN = re.compile(rb"utf-?8(?:-.*)?|ascii|latin-?1|iso-?8859-?\d+|cp125\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reach:
    """What the import statements of a tree tell.

    Args:
        able: the files that may come to an import of Streamlit when they are run.
        heads: the first part of every name that any file may import, and maybe more.
    """

    able: frozenset[str]
    heads: frozenset[str]


def reaching(source: Source, paths: Iterable[str]) -> Reach:
    """Read the import statements of some Python files.

    Args:
        source: the tree.
        paths: files of it.
    """
    able: set[str] = set()
    importers: dict[str, list[str]] = {}
    namers: dict[bytes, list[str]] = {}
    heads: set[str] = set()
    for path in paths:
        names = _Names(source, path)
        heads |= names.heads
        if names.streamlit:
            able.add(path)
            continue
        for dotted in names.modules:
            importers.setdefault(dotted, []).append(path)
        for spelled in names.words:
            namers.setdefault(spelled, []).append(path)
    return Reach(_closure(able, importers, namers), frozenset(heads))


def _closure(
    able: set[str], importers: dict[str, list[str]], namers: dict[bytes, list[str]]
) -> frozenset[str]:
    """Return these files, those that import one of them, those that import one of those, ..."""
    pending = list(able)
    while pending:
        tails = _tails(pending.pop())
        word = _WORD.search(tails[-1].encode(errors="surrogateescape"))
        found = {path for tail in tails for path in importers.pop(tail, [])}
        if word:
            found.update(namers.pop(word[0], []))
        pending += found - able
        able |= found
    return frozenset(able)


def _tails(path: str) -> list[str]:
    """Return the names under which some folder imports the file, the longest first."""
    folder, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] if "." in name else name
    parts = [*folder.split("/"), *([stem] if stem != "__init__" else [])]
    return [".".join(parts[at:]) for at in range(len(parts))]


class _Names:
    """What a file names of modules.

    Attributes:
        streamlit: whether it imports Streamlit itself; `modules` are then left out.
        modules: every module that its import statements may mean.
        words: every word of a file that may import or run another by a text.
        heads: the first part of each name that it may import.
    """

    def __init__(self, source: Source, path: str) -> None:
        self.streamlit = False
        self.modules: set[str] = set()
        self.words: set[bytes] = set()
        raw = source.raw(path)
        found = list(_statements(raw))
        if not (_is_plain(raw) and all(m.isascii() and names.isascii() for m, names in found)):
            # Python folds look-alike letters of identifiers, and an encoding may hide any of them.
            folded = unicodedata.normalize("NFKC", source.text(path))
            raw = folded.encode("utf-8", "surrogatepass")
            found = list(_statements(raw))
        by_name = any(word in raw for word in _BY_NAME_WORDS) and _BY_NAME.search(raw) is not None
        if _ROOT in raw:
            self.streamlit = by_name or any(
                name.partition(b".")[0] == _ROOT
                for module, names in found
                for name in _DOTTED.findall(module or names)
            )
        if by_name:
            self.words = {*_WORD.findall(raw), *_WORD.findall(source.raw(path))}
        self.heads = {_text(word) for word in self.words}
        for module, names in found:
            self.heads.update(_heads(module, names, path))
            if not self.streamlit:
                self.modules.update(_meant(module, names, path))


def _is_plain(raw: bytes) -> bool:
    if b"coding" not in raw[:400]:  # of two lines of people, the second with the cookie
        return True
    cookie = _COOKIE.match(raw)
    return cookie is None or _PLAIN.fullmatch(cookie[1]) is not None


def _statements(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what stands behind `from`, if anything, and behind `import`, for each statement."""
    yield from _on_lines(raw)
    if b"\\\n" in raw or b"\\\r" in raw:
        # Besides, not instead: a comment's backslash continues nothing.
        yield from _on_lines(_CONTINUED.sub(b" ", raw))


def _on_lines(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    places = [match.span() for match in _IMPORT.finditer(raw)]
    for number, (at, end) in enumerate(places):
        head = _LINE_ENDS.split(raw[max(0, at - _LONGEST) : at])[-1]
        if _WORD.match(head[-1:]) or (len(head) < _LONGEST and head.lstrip().startswith(b"#")):
            continue
        module = _FROM.search(_joined(head))
        names = _LIST.match(raw, end) if module else None
        if names is None:
            following = places[number + 1][0] if number + 1 < len(places) else len(raw)
            names = _LINE.match(raw, end, following)
        told = names[0] if names else b""
        yield (module[1] if module else b""), _joined(_COMMENT.sub(b"", told))


def _joined(text: bytes) -> bytes:
    """Take out the space that may stand around the dots of a name."""
    return _AROUND_DOT.sub(b".", text) if b"." in text else text


def _meant(module: bytes, names: bytes, path: str) -> Iterator[str]:
    """Yield the modules that one statement may mean, and the packages above each."""
    if not module:
        for name in _DOTTED.findall(names):
            yield from _with_packages(_text(name))
        return
    dotted = absolute(_text(module), path)
    yield from _with_packages(dotted)
    yield from (f"{dotted}.{_text(name)}".lstrip(".") for name in _WORD.findall(names))


def _heads(module: bytes, names: bytes, path: str) -> Iterator[str]:
    """Yield the first part of each module that a statement may mean."""
    for name in [module] if module else _DOTTED.findall(names):
        head = absolute(_text(name), path).partition(".")[0]
        yield from [head] if head else map(_text, _WORD.findall(names))


def _with_packages(dotted: str) -> Iterator[str]:
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
