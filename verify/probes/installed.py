"""Reads what an installer leaves of a Python distribution: its metadata and its RECORD."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import posixpath
import re
from collections.abc import Iterator

from verify.surroundings import Distribution, Recorded

_DIGEST = 32
"""Bytes of a SHA-256."""


def distribution(folder: str, head: str | None, record: str | None) -> Distribution:
    """Return what is known of one installed distribution.

    Args:
        folder: its .dist-info or .egg-info, absolute.
        head: its METADATA or PKG-INFO, at least the head of it; None without one.
        record: the text of its RECORD; None without one.
    """
    fields = _fields(head or "")
    # Without metadata its folder still says what it was: NAME-VERSION.dist-info.
    name, _, version = posixpath.basename(folder).rpartition(".")[0].partition("-")
    return Distribution(
        name=normalised(next(iter(fields.get("name", ())), name)),
        version=next(iter(fields.get("version", ())), version.partition("-")[0]),
        folder=folder,
        requires=tuple(fields.get("requires-dist", ())),
        record=None if record is None else tuple(_recorded(record, posixpath.dirname(folder))),
    )


def normalised(name: str) -> str:
    """Return the name of a distribution as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _fields(text: str) -> dict[str, list[str]]:
    """Return the fields of a metadata file's head, by their names in lower case."""
    found: dict[str, list[str]] = {}
    values: list[str] = []
    for line in text.replace("\r\n", "\n").partition("\n\n")[0].split("\n"):
        if line[:1] in {" ", "\t"}:
            if values:
                values[-1] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if colon:
            values = found.setdefault(name.strip().lower(), [])
            values.append(value.strip())
    return found


def _recorded(text: str, folder: str) -> Iterator[Recorded]:
    """Yield the lines of a RECORD; its paths start from a folder."""
    try:
        for row in csv.reader(io.StringIO(text, newline="")):
            path, digest, size = [*row, "", "", ""][:3]
            if path:
                yield Recorded(
                    path=posixpath.normpath(posixpath.join(folder, path)),
                    digest=_sha256(digest),
                    size=int(size) if size.isdecimal() else None,
                )
    except csv.Error:
        return  # what stands behind a damaged line belongs to nobody


def _sha256(text: str) -> str | None:
    """Return a digest in hex; as it is written where it is damaged, so that no file has it."""
    kind, _, digest = text.partition("=")
    if kind != "sha256":
        return None
    try:
        raw = base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4))
    except (binascii.Error, ValueError):
        return text
    return raw.hex() if len(raw) == _DIGEST else text
