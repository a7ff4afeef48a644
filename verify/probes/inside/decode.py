"""Makes values of what the agent answered."""

from __future__ import annotations

import binascii
import ipaddress
import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from verify.errors import CouldNotCheck
from verify.inventory import File, Inventory, Kind
from verify.probes.installed import distribution
from verify.surroundings import (
    Distribution,
    Inside,
    Interpreter,
    Limits,
    Listener,
    Mount,
    Process,
)

KINDS = {"f": Kind.FILE, "d": Kind.FOLDER, "l": Kind.LINK, "o": Kind.OTHER}
"""How the agent writes what a path is."""

UNREAD = "!"
"""Before a folder that could not be opened, or a path nothing could be told of."""

DISTRIBUTION = "D"
"""Before the folder of a distribution, its metadata and its RECORD."""


def decode(answer: Mapping[str, Any], where: str) -> Inside:
    """Return an agent's answer as values; a part it does not have is None with the reason.

    Args:
        answer: what `payload.answer` returned.
        where: what was looked at, for people.

    Raises:
        CouldNotCheck: the answer broke off.
    """
    if "rows" not in answer and not {"files", "distributions"}.isdisjoint(answer):
        raise CouldNotCheck(f"the look inside {where} brought no rows with its answer")
    unknown = dict(answer.get("unknown", {}))
    files: dict[str, File] = {}
    unread: dict[str, str] = {}
    found: list[tuple[str, str | None, str | None]] = []
    for row in answer.get("rows", ()):
        if row[0] == UNREAD:
            unread[row[1]] = row[2]
        elif row[0] == DISTRIBUTION:
            found.append((row[1], row[2], row[3]))
        else:
            file = _file(row)
            files[file.path] = file
            if file.fault:
                unread[file.path] = file.fault

    def part(name: str, make: Callable[[Any], Any]) -> Any:
        if name not in answer:
            unknown.setdefault(name, "it was not asked for")
            return None
        try:
            return make(answer[name])
        except (LookupError, TypeError, ValueError, struct.error) as error:
            unknown[name] = f"the answer is not understood: {type(error).__name__}: {error}"
            return None

    return Inside(
        where=where,
        files=part(
            "files",
            lambda told: Inventory(
                where, tuple(told["roots"]), files, unread, told.get("incomplete", "")
            ),
        ),
        processes=part("processes", _processes),
        listeners=part("listeners", lambda rows: _listeners(rows, answer.get("byteorder", ""))),
        mounts=part("mounts", _mounts),
        limits=part("limits", lambda told: Limits(**told)),
        environment=part("environment", lambda told: dict(told["values"])),
        distributions=part("distributions", lambda count: _distributions(found, count)),
        interpreter=part("interpreter", _interpreter),
        answer={name: value for name, value in answer.items() if name != "rows"},
        unknown=unknown,
    )


def _file(row: list[Any]) -> File:
    try:
        kind, path, *rest = row
        return File(path, KINDS[kind], *rest)
    except (KeyError, TypeError, ValueError) as error:
        raise CouldNotCheck(f"the agent tells of a file what is not understood: {row!r}") from error


def _processes(rows: Iterable[Mapping[str, Any]]) -> tuple[Process, ...]:
    # What was started only to look is none of what runs there.
    return tuple(
        Process(
            pid=row["pid"],
            parent=row["parent"],
            args=tuple(row["args"]),
            uid=row["uid"],
            capabilities=row["capabilities"],
            no_new_privileges=row["no_new_privileges"],
        )
        for row in rows
        if not row["ours"]
    )


def _listeners(rows: Iterable[Mapping[str, Any]], order: str) -> tuple[Listener, ...]:
    return tuple(Listener(_address(row["address"], order), row["port"], row["uid"]) for row in rows)


def _address(text: str, order: str) -> str:
    """Return an address that the kernel wrote as numbers of four bytes, in its own order."""
    raw = binascii.unhexlify(text)
    words = struct.unpack(f">{len(raw) // 4}I", raw)
    sign = "<" if order == "little" else ">"
    return str(ipaddress.ip_address(struct.pack(f"{sign}{len(words)}I", *words)))


def _mounts(rows: Iterable[Mapping[str, Any]]) -> tuple[Mount, ...]:
    return tuple(Mount(row["path"], row["kind"], row["source"], row["read_only"]) for row in rows)


def _interpreter(told: Mapping[str, Any]) -> Interpreter:
    return Interpreter(
        version=told["version"],
        executable=told["executable"],
        prefix=told["prefix"],
        path=tuple(told["path"]),
        markers=dict(told["markers"]),
        tag=told["tag"],
    )


def _distributions(
    rows: Iterable[tuple[str, str | None, str | None]], count: int
) -> tuple[Distribution, ...]:
    found = tuple(distribution(*row) for row in rows)
    if len(found) != count:
        raise ValueError(f"{len(found)} of {count} distributions were told")
    return found
