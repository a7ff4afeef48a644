"""Finds secrets in the files, the variables and the history of an image; pure, and tells no secret.

What it returns says of which kind a secret is and where it stands; its text never leaves here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from verify.probes.secret_kinds import KEY, KINDS, MARKS, SETTINGS, STORE, Kind, Setting

OVERLAP: Final = 4096
"""Bytes of a piece that are looked at again with the next one: no token is longer."""

SMALL: Final = 1 << 16
"""Bytes of a file of settings that are read; those that people write are shorter."""

_FEW: Final = 8
"""A token of fewer different characters was made up: `xxxxxxxx`, `00000000`."""

_MOST: Final = 20
"""Secrets of one file that are told."""

ELSEWHERE: Final = "its text"
"""Where in a step a secret stands that was given no name."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands.

    Args:
        kind: what it is, for people.
        path: the file, absolute.
        line: 1-based; None in a file that is no text, or where the whole file is meant.
    """

    kind: str
    path: str
    line: int | None = None

    def __str__(self) -> str:
        return self.kind if self.line is None else f"{self.kind}, line {self.line}"


_MADE_UP: Final = re.compile(
    rb"(?i)example|placeholder|redacted|dummy|x{4}|\*{3}|\.{3}|0123456789|1234567890"
)

_STANDS_FOR_ONE: Final = re.compile(
    rb"(?i)^(?:[$%{<\[(*.-].*|x+|.*[{}].*|"
    rb"(?:(?:my|your|the|db|user|some)[_-]?)?(?:password|passwd|pass|pwd|pw|secret|token|key))$"
)
"""What a document writes where a password is to stand."""


_ELF: Final = b"\x7fELF"
_TEXT: Final = 1024  # bytes at the start that have no null in a text


class Scan:
    """Looks for secrets in one file, which comes piece by piece.

    Args:
        path: the file's path in the image, absolute.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._setting = next((row for row in SETTINGS if row.path.search(path)), None)
        self._beginning = b""  # of a file of settings
        self._marks: tuple[tuple[bytes, Kind], ...] | None = None
        self._is_text = True
        self._piece = b""  # what was fed last, and not looked at yet
        self._before = b""  # the end of the piece before it
        self._lines = 0  # ends of lines in front of that
        self._at = 0  # where that stands in the file
        self._found: dict[tuple[int, str], Secret] = {}

    def feed(self, piece: bytes) -> None:
        """Take the next piece; those of a megabyte are quickest."""
        if self._marks is None:
            # A secret that a person left is seldom compiled into a program, and a program's code
            # is large: only private keys are looked for in it.
            program = piece.startswith(_ELF)
            self._marks = tuple((mark, KEY) for mark in KEY.marks) if program else MARKS
            self._is_text = b"\0" not in piece[:_TEXT]
        if self._setting and len(self._beginning) < SMALL:
            self._beginning += piece[: SMALL - len(self._beginning)]
        if self._piece:
            self._look(last=False)
        self._piece = piece

    def found(self) -> tuple[Secret, ...]:
        """Return what is in all that was fed, in the order of the file; to be called once."""
        self._look(last=True)
        if self._setting:
            self._look_at_settings(self._setting)
        rows = sorted(self._found.items(), key=lambda row: row[0])
        return tuple(secret for _, secret in rows[:_MOST])

    def _look(self, *, last: bool) -> None:
        whole = self._before + self._piece if self._before else self._piece
        for kind in dict.fromkeys(kind for mark, kind in self._marks or () if mark in whole):
            for start, end in _standing(kind, whole):
                # One that ends with the piece may go on in the next, and be another thing.
                if last or end < len(whole):
                    self._tell(kind.name, self._at + start, self._line(whole, start))
        cut = max(0, len(whole) - OVERLAP)
        if self._is_text and not last:
            self._lines += whole.count(b"\n", 0, cut)
        self._before, self._at = whole[cut:], self._at + cut

    def _look_at_settings(self, setting: Setting) -> None:
        for match in setting.pattern.finditer(self._beginning):
            if setting.any_value or _meant(match["own"]):
                line = self._beginning.count(b"\n", 0, match.start("own")) + 1
                self._tell(setting.kind, -1, None if setting.kind == STORE else line)
                return

    def _tell(self, kind: str, start: int, line: int | None) -> None:
        self._found.setdefault((start, kind), Secret(kind, self._path, line))

    def _line(self, whole: bytes, start: int) -> int | None:
        return self._lines + whole.count(b"\n", 0, start) + 1 if self._is_text else None


def in_file(path: str, content: bytes) -> tuple[Secret, ...]:
    """Return the secrets of a file that is in memory."""
    scan = Scan(path)
    scan.feed(content)
    return scan.found()


def told(path: str, pieces: Iterable[bytes]) -> tuple[str, ...]:
    """Return the secrets of a file, which comes piece by piece, in words: kind and line of each."""
    scan = Scan(path)
    for piece in pieces:
        scan.feed(piece)
    return tuple(map(str, scan.found()))


def version() -> str:
    """Return what changes whenever this finds something else: a digest of its own code."""
    own = Path(__file__)
    code = own.read_bytes() + own.with_name("secret_kinds.py").read_bytes()
    return hashlib.sha256(code).hexdigest()


def in_text(text: str) -> tuple[str, ...]:
    """Return the kinds of secrets in a text, such as a label or a command."""
    raw = text.encode("utf-8", "surrogateescape")
    return tuple(
        kind.name
        for kind in KINDS
        if any(mark in raw for mark in kind.marks) and any(True for _ in _standing(kind, raw))
    )


def hidden(text: str) -> str:
    """Return a text to be shown; nothing of it where a secret is in it."""
    kinds = in_text(text)
    return f"(not shown: {', '.join(kinds)} is in it)" if kinds else text


def in_variables(variables: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return (name, kind) of the variables that hold a secret.

    The name suffices: whatever stands in DB_PASSWORD is one, unless it says where one stands.
    """
    found = []
    for name, value in variables.items():
        kinds = in_text(value)
        if kinds:
            found.append((name, ", ".join(kinds)))
        elif _NAMED.search(name) and value.strip() and not _told_elsewhere(name, value):
            found.append((name, "a value under the name of a secret"))
    return tuple(found)


def in_command(command: str) -> tuple[tuple[str, str], ...]:
    """Return (where, kind) of the secrets in a step of an image's history.

    The values of build arguments stand in it (`|1 TOKEN=... /bin/sh -c ...`), as do variables and
    all that a command was told.
    """
    assigned = {
        name: value for name, value in _assigned(command) if not value.startswith(("$", "`"))
    }
    named = dict(in_variables(assigned))
    others = [kind for kind in in_text(command) if not any(kind in one for one in named.values())]
    if _HEADER.search(command):
        others.append("a header that signs in")
    return (*named.items(), *((ELSEWHERE, kind) for kind in others))


_NAMED: Final = re.compile(
    r"(?i)(?:(?:^|_)(?:SECRET|TOKEN|(?:PG)?PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|API_?KEY"
    r"|(?<!PUBLIC_)KEY)|_PASS|_PWD)$"  # PGPASSWORD is libpq's; PWD alone is a folder
)

_PUBLIC: Final = MappingProxyType({"GPG_KEY": re.compile(r"[0-9A-F]{40}$")})
"""Names of secrets whose value, if it is of that form, is none: Python's own images tell the
fingerprint of the public key with which its sources were signed."""

_MOUNTED: Final = re.compile(r"^/(?:var/)?run/secrets/[\w./-]+$")

_HEADER: Final = re.compile(r"(?i)authorization:\s*(?:bearer|basic|token)\s+[\w.~+/=-]{12,}")

_ASSIGNED: Final = re.compile(
    r"(?<![\w$-])([A-Za-z_]\w*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:[^\s;&|\"'\\]|\\.)*)"
)

_OLD_FORM: Final = re.compile(r"(?:^|#\(nop\)\s+)ENV\s+([A-Za-z_]\w*)\s+([^\s=]\S*)")


def _assigned(command: str) -> Iterator[tuple[str, str]]:
    for name, value in (*_ASSIGNED.findall(command), *_OLD_FORM.findall(command)):
        if text := value.strip("\"'"):
            yield name, text


def _told_elsewhere(name: str, value: str) -> bool:
    """Say whether the value only tells where a secret stands, or of which public key one is."""
    public = _PUBLIC.get(name)
    return bool(_MOUNTED.match(value) or (public and public.match(value)))


def _standing(kind: Kind, text: bytes) -> Iterator[tuple[int, int]]:
    """Yield where secrets of this kind begin and end in a text."""
    for match in kind.pattern.finditer(text):
        own = match["own"]
        good = _meant(own) if kind.chosen else not _made_up(own)
        if good and (not kind.mixed or _mixed(own)):
            yield match.span()


def _meant(value: bytes) -> bool:
    """Say whether a value is one, and not a word that stands for it."""
    return _STANDS_FOR_ONE.match(value) is None


def _made_up(token: bytes) -> bool:
    return len(set(token)) < _FEW or _MADE_UP.search(token) is not None


def _mixed(token: bytes) -> bool:
    text = token.decode("ascii")
    return (
        any(map(str.islower, text)) and any(map(str.isupper, text)) and any(map(str.isdigit, text))
    )
