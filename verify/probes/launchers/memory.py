"""Follows a script that is called from many places once for each way to call it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place

    Entry = tuple[int, list[Launch]]
    """How deep the call stood, and what it starts."""


_WAYS = frozenset({"\0just", "\0make", "\0task"})
"""Where task runners keep the way that led to a place (their `_MARK`); it changes no outcome."""


def remembered(
    place: Place, what: Hashable, follow: Callable[[Place], Iterable[Launch]]
) -> list[Launch]:
    """Return what a script starts, from an earlier call of the same kind if there was one.

    A call that is under way starts nothing more: the script calls itself, or another that does.

    Args:
        place: that of the script's first command.
        what: the script and what it is given.
        follow: follows it from a place.
    """
    known = place.world.followed
    key = (
        what,
        place.files,
        place.path,
        place.line,
        place.cwd,
        tuple(pair for pair in place.variables if pair[0] not in _WAYS),
        place.given,
        place.top,
        place.expands,
    )
    depth, found = known.get(key, (place.depth + 1, []))
    if depth > place.depth:  # a call that stands deeper is cut off earlier
        known[key] = (0, [])
        found = list(follow(place.but(arms=(), through=())))
        known[key] = (place.depth, found)
    here = ">".join(place.through)
    return [
        replace(
            one,
            arms=(*place.arms, *((f"{here}>{name}", arm) for name, arm in one.arms)),
            through=(*place.through, *one.through),
        )
        for one in found
    ]
