"""Reads what is installed in an image from the files that installers leave."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from verify.probes import installed
from verify.surroundings import Distribution

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
        folder = path if path.endswith(".egg-info") else posixpath.dirname(path)
        record = contents.get(f"{folder}/RECORD")
        told = None if record is None else _text(record)
        found.append(installed.distribution(folder, _text(content), told))
    return tuple(sorted(found, key=lambda one: (one.folder, one.name)))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


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
