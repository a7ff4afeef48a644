"""Draws up the run matrix of a repository."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from verify.matrix import Launcher, Matrix, Status
from verify.probes.launchers.disagreements import disagreements
from verify.probes.launchers.documents import documented
from verify.probes.launchers.entries.entry_points import entry_points
from verify.probes.launchers.launch import alternatives
from verify.probes.launchers.readers.values import Malformed
from verify.probes.launchers.world import LARGEST, World
from verify.probes.source import is_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from verify.matrix import Declared
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import Found, Kind
    from verify.probes.source import Source


def survey(
    source: Source, declared: Declared | None = None, step: Callable[[str], None] = lambda _: None
) -> Matrix:
    """Return the run matrix of a tree.

    Args:
        source: the tree.
        declared: what its reviewed manifest says, if it has one.
        step: hears what is being done.
    """
    step("listing the files")
    world = World(source, declared)
    return concluded(world, followed(world, step), step)


def followed(world: World, step: Callable[[str], None] = lambda _: None) -> list[Launcher]:
    """Return every launcher, followed to what it starts."""
    rows: list[Launcher] = []
    for number, (path, kinds) in enumerate(_by_file(world)):
        if number % 1000 == 0:
            step(f"following the launchers of {len(world.source.files)} files: {path}")
        rows += _of_file(path, kinds, world)
    rows = [_of_tool(row) if row.path in world.declared.tools else row for row in rows]
    return sorted(dict.fromkeys(rows), key=lambda row: (row.path, row.line, row.raw))


def concluded(
    world: World, rows: Sequence[Launcher], step: Callable[[str], None] = lambda _: None
) -> Matrix:
    """Return the matrix of these launchers: with what draws a page, and what contradicts what."""
    step("looking for what draws a page")
    entries = entry_points(world, rows)
    step("reading the documentation")
    said = documented(world)
    found = disagreements(world, rows, entries, said)
    return Matrix(tuple(rows), entries, found, world.declared)


def _of_tool(row: Launcher) -> Launcher:
    if row.status is not Status.UNKNOWN:
        return row
    return replace(row, why=f"it starts whatever it is given, as verify.toml says; {row.why}")


def _by_file(world: World) -> list[tuple[str, list[Kind]]]:
    found: dict[str, list[Kind]] = {}
    for path, kind in world.claimed:
        if kind.KIND != "python" or not is_test(path):
            found.setdefault(path, []).append(kind)
    return list(found.items())


def _of_file(path: str, kinds: list[Kind], world: World) -> Iterator[Launcher]:
    if not world.readable(path):
        yield from _unreadable(path, kinds, world)
        return
    for kind in kinds:
        try:
            found = list(kind.read(path, world))
        except Malformed as error:
            if b"streamlit" in world.source.raw(path):
                why = str(error)
                yield Launcher(path, error.line, kind.KIND, "", None, (), Status.BROKEN, None, why)
            continue
        except Exception as error:  # noqa: BLE001 - one file's fault is a row, never the end of all
            why = f"it cannot be followed: {type(error).__name__}: {error}"
            yield Launcher(path, 1, kind.KIND, "", None, (), Status.UNKNOWN, None, why)
            continue
        for one in found:
            yield from rows_of(path, kind.KIND, one)


_RARELY = frozenset({"python", "kubernetes", "helm"})
"""Kinds that claim all files of an ending, of which hardly one is a launcher."""


def _unreadable(path: str, kinds: list[Kind], world: World) -> Iterator[Launcher]:
    """Say that a file is not read, unless it is a large one that has nothing to do with it."""
    fault = world.source.unreadable(path)
    raw = world.source.raw(path)
    if fault is None and b"streamlit" not in raw and all(k.KIND in _RARELY for k in kinds):
        return
    why = fault.reason if fault else f"it has {len(raw)} bytes; no more than {LARGEST} are read"
    # A name such as compose.yaml says more than the ending .yaml, which others claim, too.
    kind = min(kinds, key=lambda one: all(name.startswith("*.") for name in one.NAMES))
    yield Launcher(path, 1, kind.KIND, "", None, (), Status.UNKNOWN, None, why)


def rows_of(path: str, kind: str, found: Found) -> Iterator[Launcher]:
    """Yield the rows of one launcher: one for each start that does not exclude another."""
    launches = [one for one in found.launches if one.certain or found.always]
    for group in alternatives(launches):
        line = group[0].line if group[0].path == path and not group[0].through else found.line
        yield _row(path, line, kind, found.raw or group[0].raw, group)


def _row(path: str, line: int, kind: str, raw: str, group: list[Launch]) -> Launcher:
    """Make one row of the starts of which only one can run."""
    outcomes = list(dict.fromkeys((one.status, one.entry, one.candidates) for one in group))
    first = group[0]
    ports = {one.port for one in group}
    port = first.port if len(ports) == 1 else None
    why = "; ".join(dict.fromkeys(one.why for one in group if one.why))
    through = list(dict.fromkeys(f"{one.path}:{one.line}" for one in group if one.through))
    if through:
        why = "; ".join(filter(None, (f"by way of {', '.join(through)}", why)))
    if len(outcomes) == 1:
        status, entry, candidates = outcomes[0]
        return Launcher(path, line, kind, raw, entry, candidates, status, port, why)
    candidates = tuple(
        dict.fromkeys(c for one in group for c in (one.entry, *one.candidates) if c is not None)
    )
    statuses = {one.status for one in group}
    if Status.UNKNOWN in statuses or not candidates:
        status = Status.UNKNOWN if Status.UNKNOWN in statuses else first.status
        return Launcher(path, line, kind, raw, None, candidates, status, port, why)
    if len(candidates) == 1 and statuses == {Status.OK, Status.NOT_STREAMLIT}:
        # A launcher that falls back to `python page.py` serves this page or none.
        ports = {one.port for one in group if one.status is Status.OK}
        port = ports.pop() if len(ports) == 1 else None
        why = f"in another branch {why}"
        return Launcher(path, line, kind, raw, candidates[0], (), Status.OK, port, why)
    chosen = f"chosen at run time: {', '.join(candidates)}"
    why = "; ".join(filter(None, (chosen, why)))
    return Launcher(path, line, kind, raw, None, candidates, Status.DYNAMIC, port, why)
