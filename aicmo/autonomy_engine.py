"""What may run without a person, and when it must ask.

Three levels, each adding to the one before: a manual campaign does nothing alone; an assisted one
protects itself (retries, pauses); an autonomous one also publishes what was approved. Changing a
budget always asks.
"""

import enum
from dataclasses import dataclass

from aicmo.dashboard_models import AutonomyLevel

MAX_ATTEMPTS = 3
"""Failed publications are retried alone this often in all; a fourth failure is not a hiccup."""


class Action(enum.Enum):
    """Something a campaign could do by itself."""

    PAUSE = "Pause a campaign that overspends"
    RETRY = "Retry a failed publication"
    PUBLISH = "Schedule an approved creative"
    CHANGE_BUDGET = "Change a budget"


@dataclass(frozen=True)
class Limits:
    """How far a campaign may go alone in one day; zero allows nothing.

    Attributes:
        actions: automatic actions a day.
        spend_cents: spending a day, in cents, above which nothing more is published alone.
    """

    actions: int
    spend_cents: int


@dataclass(frozen=True)
class Usage:
    """What a campaign has done today.

    Attributes:
        actions: automatic actions so far.
        spend_cents: money spent so far, in cents.
    """

    actions: int
    spend_cents: int


@dataclass(frozen=True)
class Permission:
    """Whether something may run without a person, and why or why not."""

    allowed: bool
    reason: str


_ALLOWED = {
    AutonomyLevel.MANUAL: frozenset[Action](),
    AutonomyLevel.ASSISTED: frozenset({Action.PAUSE, Action.RETRY}),
    AutonomyLevel.AUTONOMOUS: frozenset({Action.PAUSE, Action.RETRY, Action.PUBLISH}),
}


def permission(
    action: Action, level: AutonomyLevel, limits: Limits, usage: Usage, *, attempts: int = 0
) -> Permission:
    """Decide whether a campaign may do something alone now.

    Args:
        action: what it wants to do.
        level: how autonomous it is.
        limits: how far it may go today.
        usage: how far it has gone today.
        attempts: for a retry, how often publication was tried so far.
    """
    # Limits bound what automation may cost, and pausing costs nothing.
    bounded = action is not Action.PAUSE
    refusals = (
        (action is Action.CHANGE_BUDGET, "A person always decides about money"),
        (action not in _ALLOWED[level], f"{level.value} campaigns ask first"),
        (
            action is Action.RETRY and attempts >= MAX_ATTEMPTS,
            f"Tried {attempts} times: a person should look at it",
        ),
        (
            bounded and usage.actions >= limits.actions,
            f"Today's limit of {limits.actions} automatic actions is used up",
        ),
        (
            action is Action.PUBLISH and usage.spend_cents >= limits.spend_cents,
            "Today's spending limit is used up",
        ),
    )
    for forbidden, reason in refusals:
        if forbidden:
            return Permission(allowed=False, reason=reason)
    if bounded:
        left = limits.actions - usage.actions
        return Permission(allowed=True, reason=f"{left} automatic actions left today")
    return Permission(allowed=True, reason="Pausing protects the budget, so no limit applies")
