"""Bounds what following calls of launchers costs: thirty targets that call each other have no end.

What is spent is counted in characters that are read again for a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import World

_MOST = 8_000_000
"""Some two thousand calls of launchers as people write them."""

_LEAST = 500
_spent: WeakKeyDictionary[World, int] = WeakKeyDictionary()


def affords(place: Place, text: str) -> bool:
    """Say whether one more call of a launcher with this text may be followed, and count it."""
    spent = _spent.get(place.world, 0)
    _spent[place.world] = spent + max(len(text), _LEAST)
    return spent < _MOST


SPENT = "too many launchers call each other to follow them all"
"""Why a call was not followed."""
