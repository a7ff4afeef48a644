"""Stars texts out of values of any depth, so that no report can show what must stay secret."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def starred(value: T, hide: Callable[[str], str]) -> T:
    """Return a value with each text in it passed through `hide`.

    Args:
        value: a text, a tuple, a list or a dataclass of such; anything else stays as it is.
        hide: takes the secrets out of one text.
    """
    found: T = _starred(value, hide)
    return found


def _starred(value: Any, hide: Callable[[str], str]) -> Any:
    if type(value) is str:  # not an enumeration, which is no text from outside
        return hide(value)
    if isinstance(value, tuple | list):
        return type(value)(_starred(item, hide) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        kept = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
        return replace(value, **{name: _starred(item, hide) for name, item in kept.items()})
    return value
