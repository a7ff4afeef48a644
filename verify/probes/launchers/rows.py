"""Puts what a file's commands start into launchers: one where only one of several can run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.languages.command import exclusive
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.probes.launchers.launch import Launch

_MOST_BRANCHED = 100
"""Commands in branches that are compared with each other; more than that are rows of their own."""


@dataclass(frozen=True, slots=True)
class Start:
    """One start, and the command of the file at hand that leads to it.

    Args:
        line: 1-based.
        raw: the command as written.
        launch: what it starts.
    """

    line: int
    raw: str
    launch: Launch


def starts(line: int, raw: str, launches: Iterable[Launch]) -> list[Start]:
    """Return what one command starts."""
    return [Start(line, raw, launch) for launch in launches]


def founds(all_starts: Iterable[Start]) -> Iterator[Found]:
    """Yield one launcher for each command, or for those commands of which only one can run."""
    commands: dict[tuple[int, str], list[Start]] = {}
    for start in all_starts:
        commands.setdefault((start.line, start.raw), []).append(start)
    branched: list[list[Start]] = []
    for command in commands.values():
        near = [group for group in branched if _exclude(command, group)]
        for group in near[1:]:
            near[0].extend(group)
            branched.remove(group)
        if near:
            near[0].extend(command)
        elif len(branched) < _MOST_BRANCHED and any(one.launch.arms for one in command):
            branched.append(list(command))
        else:
            yield _found(command)
    for group in branched:
        yield _found(group)


def _found(group: list[Start]) -> Found:
    return Found(group[0].line, group[0].raw, tuple(dict.fromkeys(one.launch for one in group)))


def _exclude(command: list[Start], group: list[Start]) -> bool:
    return any(
        exclusive(one.launch.arms, other.launch.arms)
        for one in command[:10]
        for other in group[:50]
    )


def written(text: str) -> str:
    """Return a command as a row shows it: "" for code of several lines, whose commands show."""
    return "" if "\n" in text.strip() else text.strip()
