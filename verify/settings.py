"""Compares what two images are configured to do, and tells no value that may be secret; no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HIDDEN = "(not shown)"
"""Stands for the value of a variable."""

HARMLESS = re.compile(
    r"DEBIAN_FRONTEND|HOME|LANG|LANGUAGE|LC_ALL|PATH|PORT|SSL_CERT_FILE|TERM|TZ|USER|VIRTUAL_ENV"
    r"|PYTHON(?:DONTWRITEBYTECODE|HASHSEED|IOENCODING|OPTIMIZE|PATH|UNBUFFERED|UTF8|_VERSION)"
    r"|STREAMLIT_(?:BROWSER_SERVER_ADDRESS|SERVER_(?:ADDRESS|HEADLESS|PORT))"
)
"""Variables whose values are no secret wherever they stand."""

SETTINGS = ("User", "WorkingDir", "Entrypoint", "Cmd", "Shell", "StopSignal", "OnBuild")
"""What an image's configuration says in one value; the names are the engine's."""

LISTS = {"ExposedPorts": "ports", "Volumes": "volumes"}
"""What it lists, and how people call that."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One named thing that is not the same: a dependency, a setting.

    Args:
        name: what it is.
        before: its version or value; None when it was not there.
        after: the same, now.
        where: the environment of a dependency.
    """

    name: str
    before: str | None
    after: str | None
    where: str = ""


def settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[Changed]:
    """Yield what two configurations say otherwise; the names in them are the engine's."""
    for name in SETTINGS:
        was, now = _told(one.get(name)), _told(other.get(name))
        if was != now:
            yield Changed(name, was, now)
    was, now = (_checked(each.get("Healthcheck") or {}) for each in (one, other))
    if was != now:
        yield Changed("Healthcheck", was, now)
    for name, words in LISTS.items():
        was, now = (" ".join(sorted(each.get(name) or ())) or None for each in (one, other))
        if was != now:
            yield Changed(words, was, now)
    yield from named(one.get("Labels") or {}, other.get("Labels") or {}, "label ")
    yield from _variables(_environment(one), _environment(other))


def _variables(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Changed]:
    for one in named(before, after):
        if HARMLESS.fullmatch(one.name):
            yield Changed(f"variable {one.name}", one.before, one.after)
        else:
            was, now = (None if value is None else HIDDEN for value in (one.before, one.after))
            yield Changed(f"variable {one.name}", was, now)


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    rows = (str(row).partition("=") for row in config.get("Env") or ())
    return {name: value for name, _, value in rows}


def named(
    before: Mapping[str, str], after: Mapping[str, str], prefix: str = ""
) -> Iterator[Changed]:
    """Yield what has another value, sorted by name.

    Args:
        before: values by name.
        after: the same, now.
        prefix: stands before each name.
    """
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield Changed(f"{prefix}{name}", before.get(name), after.get(name))


def _checked(check: Mapping[str, Any]) -> str | None:
    """Return a health check in words; the engine has its times in nanoseconds."""
    told = [" ".join(map(str, check.get("Test") or ()))]
    times = ("Interval", "Timeout", "StartPeriod", "StartInterval")
    told += [f"{name} {check[name] / 1e9:g}s" for name in times if check.get(name)]
    if check.get("Retries"):
        told.append(f"Retries {check['Retries']}")
    return ", ".join(part for part in told if part) or None


def _told(value: object) -> str | None:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or None
    return str(value) if value else None
