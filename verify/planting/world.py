"""What an accident in the toolkit's own world may use; `verify.proving` makes it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from verify.model import Outcome
from verify.planting.tree import Tree
from verify.proof import End


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended in which something went wrong.

    Args:
        outcome: of the cell that was looked at, or of the whole run; None where nobody knows.
        said: the cell's reason and findings, or the end of what was printed.
        fits: whether it tells of what went wrong, and of nothing else.
    """

    outcome: Outcome | End | None
    said: str
    fits: bool = True


class Box(Protocol):
    """The container that a run looks at."""

    def wait_for_look(self) -> None:
        """Wait until somebody looks around inside."""

    def kill(self) -> None:
        """Kill it."""

    def pause(self) -> None:
        """Freeze it."""

    def remove(self) -> None:
        """Remove it, running as it is."""

    def exhaust(self, python: str) -> None:
        """Use up its memory until the kernel ends its first process.

        Args:
            python: its interpreter, which does it.
        """


class Run(Protocol):
    """The real command line at work in the copy, in a process of its own."""

    def heard(self, text: str) -> None:
        """Wait until it has said this."""

    def after(self, seconds: float) -> str:
        """Let time pass while it works; return the last it said by then.

        Raises:
            Over: it ended before.
        """

    def box(self) -> Box:
        """Wait until there is the container that it looks at."""

    def signal(self, number: int) -> None:
        """Send it a signal."""

    def started(self, mark: str) -> None:
        """Wait until it has started a process with this in its command line."""

    def crash(self, mark: str, but: str = "") -> None:
        """Wait for processes that it started with such a command line, and kill them.

        Args:
            mark: stands in the command line.
            but: does not.
        """

    def taking_ports(self, most: int) -> int:
        """Take the ports it tells its servers to bind, before they can, until it ends.

        Args:
            most: how many are taken.

        Returns:
            To how many servers it told a port.
        """

    def ending(self, *told: str) -> Ending:
        """Wait for its end, and return that of the cell that was looked at.

        Args:
            told: what the cell must say, one of these.
        """

    def interrupted(self, how: str) -> Ending:
        """Wait for its end after a signal.

        Args:
            how: it was interrupted, for people.

        Raises:
            Over: it came to its end just before.
        """


class Over(Exception):
    """A run came to its end before something could happen to it."""


class Line(Protocol):
    """The only way that a run has to its engine."""

    path: str
    """What DOCKER_HOST is."""

    def cut(self) -> None:
        """Let nothing pass any more."""


class World(Protocol):
    """The surroundings of one attempt."""

    tree: Tree
    seed: str
    """Of what is random, for people who want to see it again."""

    def look(self, *told: str) -> Ending:
        """Run the gate here, in this process, and return how that ended.

        Args:
            told: what the cell must say, one of these.
        """

    def hurry(self) -> None:
        """Have looks in this process be impatient, so that nobody waits minutes for one."""

    def run(
        self, *words: str, line: Line | None = None, disk: int = 0
    ) -> AbstractContextManager[Run]:
        """Start `verify run` in the copy; it is over, one way or the other, at the end.

        Args:
            words: its options; the gate that must see it, at its stage, when there are none.
            line: how it reaches its engine.
            disk: bytes on the disk for its temporary files; 0 for all there are.

        Raises:
            NotDeclared: the project has nothing of the sort, or this machine cannot.
        """

    def line(self, until: bytes = b"") -> AbstractContextManager[Line]:
        """Stand between a run and its engine.

        Args:
            until: is cut as soon as the engine says this; empty for not by itself.
        """

    def sweep(self) -> None:
        """Do what the next run on this machine does first: remove what killed ones left."""

    def moment(self, most: float) -> float:
        """Draw seconds up to these at random."""

    def left_now(self) -> str:
        """Name what is left behind at this moment."""
