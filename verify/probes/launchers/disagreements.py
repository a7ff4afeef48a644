"""Finds where launchers, documentation and entry points of a project contradict each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.matrix import Disagreement, State, Status
from verify.probes.dockerfile.parse import lineage, stages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.matrix import EntryPoint, Launcher
    from verify.probes.launchers.documents import Told
    from verify.probes.launchers.world import World
    from verify.probes.source import Source

# Files of which every line runs, on one machine.
_RUN_WHOLE = frozenset({"shell", "batch", "powershell", "supervisord", "dockerfile"})
_CONTAINER = re.compile(r"\b(?:docker|podman|nerdctl)\b")
# With these a file sees that Streamlit runs it already, and does not start it again.
_ASKS = ("get_script_run_ctx", "exists", "_is_running_with_streamlit", "is_running")


def disagreements(
    world: World,
    launchers: Sequence[Launcher],
    entries: Sequence[EntryPoint],
    told: Sequence[Told],
) -> tuple[Disagreement, ...]:
    """Return every contradiction, sorted by place."""
    states = {entry.path: entry for entry in entries}
    found = [
        *of_launchers(launchers, states),
        *of_documents(told, launchers, states),
        *of_ports(world.source, launchers),
        *of_servers(launchers),
        *of_relaunches(world.source, launchers),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.path, one.line, one.why)))


def _canonical(states: Mapping[str, EntryPoint]) -> str:
    return next((path for path, one in states.items() if one.state is State.CANONICAL), "")


def _instead(entry: str, launchers: Sequence[Launcher]) -> str:
    """Return what others start."""
    places = {(row.path, row.line) for row in launchers if _starts(row, entry)}
    if not places:
        return f"while the entry is {entry}"
    starts = "1 launcher starts" if len(places) == 1 else f"{len(places)} launchers start"
    return f"while {starts} {entry}"


def _starts(row: Launcher, entry: str) -> bool:
    return row.status is Status.OK and row.entry == entry


def of_launchers(
    launchers: Sequence[Launcher], states: Mapping[str, EntryPoint]
) -> Iterator[Disagreement]:
    """Yield each launcher that starts another file than the canonical entry."""
    entry = _canonical(states)
    for row in launchers:
        if row.status is not Status.OK or row.entry is None or row.entry not in states:
            continue
        state = states[row.entry].state
        if state is State.GUARDED:
            why = f"it starts {row.entry}, which refuses to run"
        elif state is State.UNGUARDED and entry:
            why = f"it starts {row.entry}, {_instead(entry, launchers)}"
        elif state is State.UNGUARDED:
            why = _rivals(row, launchers)
        else:
            continue
        if why:
            yield Disagreement(row.path, row.line, row.raw, why)


def _rivals(row: Launcher, launchers: Sequence[Launcher]) -> str:
    """Return what other launchers start when no file is the one entry."""
    others = sorted(
        {
            other.entry
            for other in launchers
            if other.status is Status.OK and other.entry and other.entry != row.entry
        }
    )
    return f"it starts {row.entry}, while others start {', '.join(others)}" if others else ""


def of_documents(
    told: Sequence[Told], launchers: Sequence[Launcher], states: Mapping[str, EntryPoint]
) -> Iterator[Disagreement]:
    """Yield each command of the documentation that does not start the canonical entry."""
    entry = _canonical(states)
    for one in told:
        why = "" if one.placeholder else _misled(one, entry, launchers, states)
        if why:
            yield Disagreement(one.path, one.line, one.raw, f"the documentation {why}")


def _misled(
    one: Told, entry: str, launchers: Sequence[Launcher], states: Mapping[str, EntryPoint]
) -> str:
    launch = one.launch
    if launch.status is Status.MISSING and "outside" not in launch.why and "://" not in launch.why:
        return f"starts a file that is not there: {launch.why}"
    if launch.status is Status.BROKEN:
        return f"gives a command that cannot work: {launch.why}"
    if launch.status is not Status.OK or launch.entry is None:
        return ""
    state = states[launch.entry].state if launch.entry in states else None
    if state is State.GUARDED:
        return f"starts {launch.entry}, which refuses to run"
    if state is State.UNGUARDED and entry:
        return f"starts {launch.entry}, {_instead(entry, launchers)}"
    if state is None:
        return f"starts {launch.entry}, which draws nothing"
    return ""


def of_ports(source: Source, launchers: Sequence[Launcher]) -> Iterator[Disagreement]:
    """Yield each EXPOSE of a Dockerfile whose own command listens on other ports."""
    for path in sorted({row.path for row in launchers if row.kind == "dockerfile"}):
        rows = [row for row in launchers if row.path == path and row.kind == "dockerfile"]
        ports = {row.port for row in rows if row.status is Status.OK}
        if not ports or None in ports:
            continue
        all_stages = stages(source.text(path))
        if not all_stages:
            continue
        exposes = [
            each
            for stage in lineage(all_stages, all_stages[-1])
            for each in stage.instructions
            if each.name == "EXPOSE"
        ]
        exposed = [_exposed(each.value) for each in exposes]
        if not exposed or None in exposed:
            continue
        if not any(port in numbers for port in ports for numbers in exposed if numbers):
            listens = ", ".join(str(port) for port in sorted(port for port in ports if port))
            last = exposes[-1]
            raw = f"EXPOSE {last.value}"
            yield Disagreement(path, last.line, raw, f"its own command listens on port {listens}")


def _exposed(value: str) -> range | frozenset[int] | None:
    """Return the ports of an EXPOSE, None when a variable decides."""
    found: set[int] = set()
    for word in value.split():
        number = word.partition("/")[0].strip("\"'")
        first, _, last = number.partition("-")
        if not first.isdecimal() or not (last or first).isdecimal():
            return None
        low, high = int(first), min(int(last or first), 65535)
        found.update(range(low, high + 1))
    return frozenset(found)


def of_servers(launchers: Sequence[Launcher]) -> Iterator[Disagreement]:
    """Yield each start of a launcher on the port of another start of the same launcher."""
    seen: dict[tuple[str, int], Launcher] = {}
    for row in launchers:
        if row.kind not in _RUN_WHOLE or row.status is not Status.OK or row.port is None:
            continue
        if _CONTAINER.search(row.raw):
            continue  # a container has ports of its own
        first = seen.setdefault((row.path, row.port), row)
        if first is not row:
            why = f"line {first.line} starts a server on port {row.port} too: the two fight for it"
            yield Disagreement(row.path, row.line, row.raw, why)


def of_relaunches(source: Source, launchers: Sequence[Launcher]) -> Iterator[Disagreement]:
    """Yield each Python launcher that itself is run as a page by another launcher."""
    for row in launchers:
        if row.kind != "python" or row.status is not Status.OK:
            continue
        if any(source.mentions(row.path, word) for word in _ASKS):
            continue
        for other in launchers:
            if _starts(other, row.path) and (other.path, other.line) != (row.path, row.line):
                place = f"{other.path}:{other.line}"
                why = f"{place} runs this file as a page, and it starts a server itself"
                yield Disagreement(row.path, row.line, row.raw, why)
                break
