"""Where bytecode stands, what it was made from, and where links lead."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.inventory import File, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

_CACHED = re.compile(
    r"(?P<folder>.*)/__pycache__/(?P<name>[^/]+?)\.(?P<tag>[^/.]+)(?:\.opt-(?P<level>\w+))?\.pyc",
    re.DOTALL,
)
"""PEP 3147 and PEP 488."""

_LINKS = 40
"""How many links a path may lead through, as in Linux (path_resolution(7))."""


def source_of(path: str) -> tuple[str, str | None]:
    """Return the path of the source of a bytecode file, and its optimisation as its name has it.

    Beside its source, as older Pythons wrote it, it has no other than none.
    """
    if found := _CACHED.fullmatch(path):
        return f"{found['folder']}/{found['name']}.py", found["level"]
    return path.removesuffix("c"), None


def is_cached(path: str) -> bool:
    """Say whether bytecode stands where Python keeps it; elsewhere it can be imported alone."""
    return posixpath.basename(posixpath.dirname(path)) == "__pycache__"


def resolved(path: str, files: Mapping[str, File]) -> str | None:
    """Return where a path leads when all links are followed; None when they never end."""
    left, real = path.strip("/").split("/")[::-1], ""
    links = 0
    while left:
        part = left.pop()
        if part in {"", "."}:
            continue
        if part == "..":
            real = real.rpartition("/")[0]
            continue
        file = files.get(f"{real}/{part}")
        if file is None or file.kind is not Kind.LINK or not file.target:
            real = f"{real}/{part}"
            continue
        links += 1
        if links > _LINKS:
            return None
        real = "" if file.target.startswith("/") else real
        left += file.target.strip("/").split("/")[::-1]
    return real or "/"


def followed(path: str, files: Mapping[str, File]) -> File | None:
    """Return the file that a path leads to; None when there is none."""
    file = files.get(path)
    if file is not None and file.kind is not Kind.LINK:
        return file
    real = resolved(path, files)
    return files.get(real) if real is not None else None
