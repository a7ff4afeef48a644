"""What every run of a script keeps: the commands it came to, and the branches it took."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.probes.languages.command import Command
    from verify.probes.languages.shell.state import Shell

OPEN = -1
"""Stands for the arms of a branching that were not come to yet."""


class Branches:
    """A run of a script; `found` holds its commands, `taken` the arms of each branching so far."""

    def __init__(self) -> None:
        self.found: list[Command] = []
        self.taken: dict[str, set[int]] = {}
        self.branchings = 0
        self.steps = 0

    def branching(self) -> str:
        """Return a name for a visit of a branching."""
        self.branchings += 1
        self.taken[str(self.branchings)] = {OPEN}
        return str(self.branchings)

    def arm(self, state: Shell, name: str, arm: int) -> Shell:
        """Return the state as it goes into an arm."""
        state.arms = (*state.arms, (name, arm))
        self.taken[name].add(arm)
        return state
