"""What the names of a running program hold, in branches that may or may not be taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.probes.languages.python.values import UNKNOWN, Alt, labelled, union

if TYPE_CHECKING:
    from collections.abc import Hashable

    from verify.probes.languages.python.values import Value


class Store:
    """Values by key. A branch keeps only what it changes.

    Args:
        outer: what holds where this branch begins.
    """

    def __init__(self, outer: Store | None = None) -> None:
        self.own: dict[Hashable, Value] = {}
        self.outer = outer

    def get(self, key: Hashable) -> Value | None:
        """Return what the key holds, None for one that never got anything."""
        store: Store | None = self
        while store is not None:
            if key in store.own:
                return store.own[key]
            store = store.outer
        return None

    def set(self, key: Hashable, value: Value) -> None:
        """Let the key hold the value."""
        self.own[key] = value

    def branch(self) -> Store:
        """Return a store for a branch that begins here."""
        return Store(self)

    def merge(self, branching: str, branches: list[tuple[int, Store]]) -> None:
        """Take over what the branches changed; each key may then hold what any of them left.

        Args:
            branching: its name.
            branches: those that came to their end, each with the number of its arm.
        """
        for key in dict.fromkeys(key for _, store in branches for key in store.own):
            left = [(arm, store.get(key)) for arm, store in branches]
            values = {value for _, value in left}
            if len(values) == 1:
                self.own[key] = values.pop() or UNKNOWN
                continue
            found: list[Alt] = []
            for arm, value in left:
                if value is not None:  # a name that is not bound there is not used there
                    found += labelled(value, branching, arm)
            self.own[key] = union(found)
