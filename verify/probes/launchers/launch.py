"""What following a command came to: one start of Streamlit, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.languages.command import exclusive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.probes.languages.command import Arms


@dataclass(frozen=True, slots=True)
class Launch:
    """What one command starts.

    Args:
        status: what came of following it.
        why: the reason in one sentence; empty when there is nothing to say besides `entry`.
        raw: the command that starts Streamlit, as written.
        path: the file that command stands in.
        line: 1-based.
        entry: the repository's file, or None.
        candidates: every file it may start, when that is chosen at run time.
        port: where it listens; None when that is chosen at run time.
        arms: the branches it stands in.
        through: the scripts that led to it, as "path:line", outermost first.
        certain: whether the command is about Streamlit at all; a missing script may be anything.
    """

    status: Status
    why: str
    raw: str
    path: str
    line: int
    entry: str | None = None
    candidates: tuple[str, ...] = ()
    port: int | None = None
    arms: Arms = ()
    through: tuple[str, ...] = ()
    certain: bool = True

    @property
    def got(self) -> str:
        """The entry, or why there is none."""
        if self.entry and self.status is Status.OK:
            return self.entry
        return f"{_WORDS.get(self.status, self.status)}: {self.why}"

    def because(self, reason: str) -> Launch:
        """Return it with one more reason."""
        return replace(self, why="; ".join(filter(None, (self.why, reason))))


def alternatives(launches: Iterable[Launch]) -> list[list[Launch]]:
    """Put those together of which only one can run; the others stand alone.

    With every one of a group: of `if x; then a & b; else c & d; fi` two start, not one of four.
    """
    groups: list[list[Launch]] = []
    branched: list[list[Launch]] = []
    for launch in dict.fromkeys(launches):
        fitting = (
            group
            for group in (branched if launch.arms else ())
            if all(exclusive(launch.arms, other.arms) for other in group)
        )
        group = next(fitting, None)
        if group is not None:
            group.append(launch)
            continue
        groups.append([launch])
        if launch.arms and len(branched) < _MOST_BRANCHED:
            branched.append(groups[-1])
    return groups


_MOST_BRANCHED = 100
"""Starts in branches that others are compared with; more than that are rows of their own."""

_WORDS = {
    Status.UNKNOWN: "cannot tell",
    Status.DYNAMIC: "chosen at run time",
    Status.NOT_IN_IMAGE: "not in the image",
    Status.NOT_STREAMLIT: "starts no Streamlit",
}
