"""Reads a lock: which distributions are to be installed, in which version, with which hashes.

What it reads is pip's requirements file with hashes, as `uv export`, `uv pip compile` and
`pip-compile` write it ("Requirements File Format" in pip's documentation), and `pylock.toml`, the
form of PEP 751.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from verify.errors import CouldNotCheck

if TYPE_CHECKING:
    from verify.probes.source import Source

MARKERS = frozenset(
    {
        *("os_name", "sys_platform", "platform_machine", "platform_python_implementation"),
        *("platform_release", "platform_system", "platform_version", "python_version"),
        *("python_full_version", "implementation_name", "implementation_version"),
    }
)
"""What a marker may ask of an interpreter (PEP 508)."""

_OTHER = {
    "uv.lock": "uv export --format requirements-txt",
    "poetry.lock": "poetry export",
    "pdm.lock": "pdm export",
    "pipfile.lock": "pipenv requirements --hash",
}
"""Locks of other forms, and what writes them as a requirements file."""

_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_HASH = re.compile(r"\s--hash[=\s]\s*sha256:([0-9a-fA-F]{64})(?=\s|$)")
_OPTION = re.compile(r"\s--[a-z].*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)[=\s]*(?P<path>.+)$")
_UNHELD = re.compile(r"(?:-e|--editable)(?=[=\s])")

Context = Literal["requirement", "lock_file"]


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution of a lock.

    Args:
        name: normalised (PEP 503).
        version: the only one that is accepted.
        hashes: SHA-256 of the archives it may be installed from, in hex.
        extras: of it that are asked for, normalised.
        marker: where it belongs; None is everywhere.
        path: the file it stands in.
        line: 1-based; None where the form has no lines of its own.
        context: how the marker is to be read.
    """

    name: str
    version: str
    hashes: frozenset[str]
    extras: frozenset[str]
    marker: Marker | None
    path: str
    line: int | None
    context: Context = "requirement"


@dataclass(frozen=True, slots=True)
class Unheld:
    """A line that asks for something without holding it to one version."""

    text: str
    path: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Lock:
    """All a lock says."""

    path: str
    pins: tuple[Pin, ...]
    unheld: tuple[Unheld, ...]

    def applying(self, markers: Mapping[str, str]) -> tuple[Pin, ...]:
        """Return what belongs to an interpreter with these markers.

        Raises:
            CouldNotCheck: a marker asks for what is not known.
        """
        return tuple(pin for pin in self.pins if applies(pin.marker, markers, pin.context))


def applies(
    marker: Marker | None,
    markers: Mapping[str, str],
    context: Context = "requirement",
    *,
    extra: str = "",
) -> bool:
    """Say whether a marker is true.

    Args:
        marker: None is always true.
        markers: all values of the interpreter it is asked of, none of this one.
        context: whether it stands in a requirement or in a pylock.toml.
        extra: the extra that is asked for.

    Raises:
        CouldNotCheck: it asks for what is not known.
    """
    if marker is None:
        return True
    if missing := MARKERS - set(markers):
        raise CouldNotCheck(
            f"the image's interpreter did not tell its {', '.join(sorted(missing))}",
            "Its `platform` module tells them; see whether it works: python -m platform.",
        )
    try:
        values: dict[str, Any] = {**markers, "extra": extra} if context == "requirement" else {}
        return marker.evaluate(values or dict(markers), context=context)
    except (UndefinedComparison, UndefinedEnvironmentName) as error:
        raise CouldNotCheck(f"the marker {marker} cannot be read: {error}") from error


def read(source: Source, path: str) -> Lock:
    """Read a lock of the tree and all it includes.

    Raises:
        CouldNotCheck: it cannot be read, or is of a form that is not understood.
    """
    name = path.rpartition("/")[2].lower()
    if name in _OTHER:
        raise CouldNotCheck(
            f"{path} is no requirements file and no pylock.toml",
            f"Write one from it ({_OTHER[name]}), install from that, and name it in [image].lock.",
        )
    if name.endswith(".toml"):
        return _pylock(_text(source, path), path)
    pins: list[Pin] = []
    unheld: list[Unheld] = []
    _requirements(source, path, pins, unheld, set())
    return Lock(path, tuple(pins), tuple(unheld))


def same_version(one: str, other: str) -> bool:
    """Say whether two versions are the same: 1.0 is 1.0.0."""
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def _text(source: Source, path: str) -> str:
    if fault := source.unreadable(path):
        raise CouldNotCheck(f"the lock {path} {fault.reason}")
    return source.raw(path).decode("utf-8-sig", "replace")


def _requirements(
    source: Source, path: str, pins: list[Pin], unheld: list[Unheld], seen: set[str]
) -> None:
    if path in seen:
        return
    seen.add(path)
    for number, line in _lines(_text(source, path)):
        if included := _INCLUDE.match(line):
            other = included["path"].strip("'\"")
            if "://" in other:
                unheld.append(Unheld(line, path, number))
                continue
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), other))
            _requirements(source, beside, pins, unheld, seen)
        elif line.startswith("-"):
            if _UNHELD.match(line):
                unheld.append(Unheld(line, path, number))
        elif (pin := _pin(line, path, number)) is not None:
            pins.append(pin)
        else:
            unheld.append(Unheld(_OPTION.sub("", line), path, number))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with the ones it is continued by, without comments, and its number."""
    begun, parts = 0, list[str]()
    for number, line in enumerate([*text.splitlines(), ""], 1):
        begun = begun if parts else number
        comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not comment:
            parts.append(line[:-1])
            continue
        # A comment ends what is continued; the space keeps it a comment there.
        parts.append(f" {line}" if comment else line)
        whole, parts = _COMMENT.sub("", "".join(parts)).strip(), []
        if whole:
            yield begun, whole


def _pin(line: str, path: str, number: int) -> Pin | None:
    hashes = frozenset(one.lower() for one in _HASH.findall(line))
    try:
        requirement = Requirement(_OPTION.sub("", line))
    except InvalidRequirement:
        return None
    exact = [one for one in requirement.specifier if one.operator in {"==", "==="}]
    if requirement.url or len(exact) != 1 or exact[0].version.endswith(".*"):
        return None
    return Pin(
        name=canonicalize_name(requirement.name),
        version=exact[0].version,
        hashes=hashes,
        extras=frozenset(canonicalize_name(one) for one in requirement.extras),
        marker=requirement.marker,
        path=path,
        line=number,
    )


def _pylock(text: str, path: str) -> Lock:
    try:
        data = tomllib.loads(text)
        if "lock-version" not in data:
            raise CouldNotCheck(
                f"{path} is no pylock.toml: it has no lock-version",
                "Name a requirements file with hashes, or a pylock.toml, in [image].lock.",
            )
        rows = data.get("packages", [])
        pins = tuple(_package(row, path) for row in rows if "version" in row)
        unheld = tuple(Unheld(row["name"], path, None) for row in rows if "version" not in row)
    except (tomllib.TOMLDecodeError, InvalidMarker, KeyError, TypeError, AttributeError) as error:
        raise CouldNotCheck(f"the lock {path} cannot be read: {error}") from error
    return Lock(path, pins, unheld)


def _package(row: dict[str, Any], path: str) -> Pin:
    archives = [*row.get("wheels", []), *(row[one] for one in ("sdist", "archive") if one in row)]
    hashes = [one["hashes"].get("sha256", "") for one in archives]
    marker = row.get("marker")
    return Pin(
        name=canonicalize_name(row["name"]),
        version=row["version"],
        hashes=frozenset(one.lower() for one in hashes if one),
        extras=frozenset(),
        marker=Marker(marker) if marker else None,
        path=path,
        line=None,
        context="lock_file",
    )
