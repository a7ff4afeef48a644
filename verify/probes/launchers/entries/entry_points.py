"""Says of every file that draws a page, or that a launcher starts, what it is to the project."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from verify.matrix import EntryPoint, State, Status
from verify.probes.launchers.entries.canonical import canonical
from verify.probes.launchers.entries.drawn import is_product
from verify.probes.launchers.entries.published import Published
from verify.probes.launchers.entries.refusing import ends_for_good, guard, may_refuse
from verify.probes.launchers.entries.shims import changed
from verify.probes.source import is_installed
from verify.probes.static.published import pages_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.matrix import Launcher
    from verify.probes.launchers.world import World


def entry_points(world: World, launchers: Sequence[Launcher]) -> tuple[EntryPoint, ...]:
    """Return every entry point, sorted by path."""
    return _Judge(world, launchers).all()


class _Judge:
    """What is known before any file is judged."""

    def __init__(self, world: World, launchers: Sequence[Launcher]) -> None:
        self.world = world
        self.drawn = world.drawn
        self.starts = _starts(launchers)
        declared = world.declared
        named = {declared.entry, *declared.retired} - {""}
        self.files = sorted(
            path for path in {*self.drawn.files, *self.starts, *named} if world.source.has(path)
        )
        self.guards = self._guards()
        self.files = sorted({*self.files, *self.guards})
        self.published = Published(world.source, self.drawn, frozenset(self.starts))
        pages = {*declared.pages, *declared.others}
        self.pages = {
            path: "verify.toml lists it as a page" if path in pages else self._publisher(path)
            for path in self.files
        }
        self.shims = {path: self.drawn.forwards_to(path) for path in self.files}
        own = [
            path
            for path in self.files
            if not (path in self.guards or self.pages[path] or self.shims[path])
        ]
        self.entry, self.rule = canonical(
            world, launchers, own, lambda path: path not in self.guards
        )

    def _guards(self) -> dict[str, str]:
        """Return every file that refuses, and how."""
        source = self.world.source
        worth = {
            path
            for path in source.python_files
            if is_product(path) and not is_installed(path) and may_refuse(source, path)
        }
        worth |= {path for path in self.starts if ends_for_good(source, path)}
        worth |= {*self.world.declared.retired}
        judged = {path: guard(source, path) for path in sorted(worth) if source.has(path)}
        return {path: why for path, (refuses, why) in judged.items() if refuses}

    @cached_property
    def _of_entry(self) -> frozenset[str]:
        """The files that the declared entry publishes, or one of the other declared files."""
        declared, source = self.world.declared, self.world.source
        owners = [path for path in (declared.entry, *declared.others) if source.has(path)]
        found = (page.file for owner in owners for page in pages_of(source, owner).published)
        return frozenset(found) - {""}

    def _publisher(self, path: str) -> str:
        """Return who publishes the file as a page, "" when nobody does who may.

        A page of a file that refuses is served all the same: the sidebar still leads to it.
        """
        why = self.published.why(path)
        return "" if self.world.declared.entry and path not in self._of_entry else why

    def all(self) -> tuple[EntryPoint, ...]:
        """Return every entry point."""
        return tuple(EntryPoint(path, *self.state(path)) for path in self.files)

    def state(self, path: str) -> tuple[State, str]:
        """Return what a file is to the project, and why."""
        if path in self.guards:
            return State.GUARDED, self.guards[path]
        if path == self.entry:
            return State.CANONICAL, self._with_target(path, self.rule)
        if path in self.world.declared.retired:
            _, why = guard(self.world.source, path)
            return State.UNGUARDED, f"verify.toml retires it, but {why}{self._draws(path)}"
        if self.pages[path]:
            return State.PAGE, self.pages[path]
        if self.shims[path]:
            change = changed(self.world.source, path) if self.world.declared.entry else ""
            if change:
                return State.UNGUARDED, f"it runs {self.shims[path]}, but {change}"
            return State.SHIM, f"it only runs {self.shims[path]}"
        return State.UNGUARDED, self._rival(path)

    def _with_target(self, path: str, rule: str) -> str:
        target = self.shims[path]
        return f"{rule}; it only runs {target}, which nothing starts itself" if target else rule

    def _draws(self, path: str) -> str:
        drawing = self.drawn.of(path)
        if drawing is None:
            return ""
        first = drawing.first
        place = f"{first.path}:{first.line}" if first.path != path else f"line {first.line}"
        return f"; {place} draws: {first.call}"

    def _rival(self, path: str) -> str:
        """Return why a file that is nothing else is a rival of the entry."""
        if self.drawn.of(path) is None:
            started = f"{self.starts[path]} starts it" if path in self.starts else "it is started"
            if path in self.drawn.unparsable:
                return f"{started}, but it cannot be parsed: {self.drawn.unparsable[path]}"
            return f"{started}, and it draws nothing that can be seen"
        parts = [self._draws(path).removeprefix("; ")]
        if path in self.starts:
            parts.insert(0, f"{self.starts[path]} starts it")
        if not self.entry:
            parts.append(self.rule)
        elif (why := self.published.why(path)) != "":
            parts.append(f"{why}, and that is not the entry {self.entry}")
        elif (why_not := self.published.why_not(path)) != "":
            parts.append(why_not)
        else:
            parts.append(f"the entry is {self.entry}")
        return "; ".join(parts)


def _starts(launchers: Sequence[Launcher]) -> dict[str, str]:
    """Return every file that a launcher starts, and the first that does."""
    found: dict[str, str] = {}
    for row in launchers:
        if row.status in {Status.OK, Status.DYNAMIC}:
            for path in filter(None, (row.entry, *row.candidates)):
                found.setdefault(path, f"{row.path}:{row.line}")
    return found
