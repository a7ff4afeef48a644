"""Reads what is installed in an image from the files that installers leave."""

from __future__ import annotations

import base64
import binascii
import csv
import posixpath
import re
from collections.abc import Iterator, Mapping
from email.parser import BytesHeaderParser

from verify.surroundings import Distribution, Recorded

_METADATA = re.compile(r"/[^/]+(?:\.dist-info/METADATA|\.egg-info/PKG-INFO|\.egg-info)$")
_RECORD = re.compile(r"/[^/]+\.dist-info/RECORD$")
_DPKG = re.compile(r"/var/lib/dpkg/(?:status|status\.d/[^/]+)$")
_APK = re.compile(r"/lib/apk/db/installed$")
_FIELDS = re.compile(rb"^(Package|Version|Status|P|V):[ \t]?(.*)$", re.MULTILINE)


def wanted(path: str) -> bool:
    """Say whether a file tells what is installed."""
    return any(each.search(path) for each in (_METADATA, _RECORD, _DPKG, _APK))


def distributions(contents: Mapping[str, bytes]) -> tuple[Distribution, ...]:
    """Return the installed Python distributions, by the content of the files that tell of them."""
    found = []
    for path, content in contents.items():
        if not _METADATA.search(path):
            continue
        headers = BytesHeaderParser().parsebytes(content)
        folder = path if path.endswith(".egg-info") else posixpath.dirname(path)
        record = contents.get(f"{folder}/RECORD")
        found.append(
            Distribution(
                name=normalised(str(headers["Name"] or posixpath.basename(folder))),
                version=str(headers["Version"] or ""),
                folder=folder,
                requires=tuple(map(str, headers.get_all("Requires-Dist") or ())),
                record=None if record is None else tuple(_recorded(record, folder)),
            )
        )
    return tuple(sorted(found, key=lambda one: (one.folder, one.name)))


def packages(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return the version of each package that the system's package manager installed."""
    found: dict[str, str] = {}
    for path, content in contents.items():
        if not (_DPKG.search(path) or _APK.search(path)):
            continue
        for paragraph in re.split(rb"\n\s*\n", content):
            fields = {
                name.decode(): value.decode("utf-8", "replace").strip()
                for name, value in _FIELDS.findall(paragraph)
            }
            name = fields.get("Package") or fields.get("P")
            if name and fields.get("Status", "installed").endswith("installed"):
                found[name] = fields.get("Version") or fields.get("V", "")
    return found


def normalised(name: str) -> str:
    """Return the name of a distribution as it is compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _recorded(record: bytes, folder: str) -> Iterator[Recorded]:
    site = posixpath.dirname(folder)
    lines = record.decode("utf-8", "surrogateescape").splitlines()
    try:
        for row in csv.reader(lines):
            if row and row[0]:
                path = posixpath.normpath(posixpath.join(site, row[0]))
                yield Recorded(path, _digest(row[1:2]), _number(row[2:3]))
    except csv.Error:
        return  # what stands behind a damaged line belongs to nobody


def _digest(field: list[str]) -> str | None:
    kind, _, text = field[0].partition("=") if field else ("", "", "")
    if kind != "sha256":
        return None
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex()
    except (binascii.Error, ValueError):
        return None


def _number(field: list[str]) -> int | None:
    return int(field[0]) if field and field[0].isdecimal() else None
