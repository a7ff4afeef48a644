"""Objectives against actuals: is a campaign spending as planned, and will it reach its target?"""

import enum
from dataclasses import dataclass
from datetime import date

TOLERANCE = 0.15
"""How far spending may be from plan, as a share of the plan, before anyone is told: a month's
budget is then off by less than five days."""


class Pace(enum.Enum):
    """How spending compares with an even spread over the campaign's days."""

    NOT_STARTED = "Not started"
    UNDER = "Under plan"
    ON_PLAN = "On plan"
    OVER = "Over plan"
    EXHAUSTED = "Budget used up"
    ENDED = "Ended"


@dataclass(frozen=True)
class Period:
    """A campaign's days, first and last included, and the day it is looked at.

    Raises:
        ValueError: it would end before it starts.
    """

    starts_on: date
    ends_on: date
    today: date

    def __post_init__(self) -> None:
        """Refuse a period without a day."""
        if self.ends_on < self.starts_on:
            raise ValueError(f"it ends on {self.ends_on}, before it starts on {self.starts_on}")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.ends_on - self.starts_on).days + 1

    @property
    def elapsed(self) -> int:
        """How many of its days have begun."""
        return min(max((self.today - self.starts_on).days + 1, 0), self.days)

    @property
    def remaining(self) -> int:
        """How many of its days are left, today included."""
        if self.today > self.ends_on:
            return 0
        return self.days if self.elapsed == 0 else self.days - self.elapsed + 1


@dataclass(frozen=True)
class Pacing:
    """Spending against plan on one day.

    Attributes:
        planned_cents: what an even spread would have spent by the end of the day.
        spent_cents: what was spent.
        daily_cents: what may be spent on each day left, today included, to end on budget.
    """

    pace: Pace
    planned_cents: int
    spent_cents: int
    daily_cents: int


@dataclass(frozen=True)
class Progress:
    """Results against the objective on one day.

    Attributes:
        share: results as a share of the target.
        projected: results at the campaign's end if it goes on as so far; None before it starts.
        on_track: whether the projection reaches the target; None before the campaign starts.
        cost_cents: spending per result; None while there is no result.
    """

    share: float
    projected: int | None
    on_track: bool | None
    cost_cents: int | None


def pacing(budget_cents: int, spent_cents: int, period: Period) -> Pacing:
    """Compare spending with an even spread of the budget over the campaign's days.

    Args:
        budget_cents: the whole budget.
        spent_cents: spent so far.
        period: when the campaign runs and how far it is.
    """
    planned = budget_cents * period.elapsed // period.days
    left = max(budget_cents - spent_cents, 0)
    return Pacing(
        _pace(budget_cents, spent_cents, planned, period),
        planned,
        spent_cents,
        daily_cents=left // period.remaining if period.remaining else 0,
    )


def progress(target: int, results: int, spent_cents: int, period: Period) -> Progress:
    """Compare results with the target and extend them evenly to the campaign's end."""
    projected = results * period.days // period.elapsed if period.elapsed else None
    return Progress(
        share=results / target if target else 0.0,
        projected=projected,
        on_track=None if projected is None else projected >= target,
        cost_cents=spent_cents // results if results else None,
    )


def _pace(budget: int, spent: int, planned: int, period: Period) -> Pace:
    if budget and spent >= budget:
        return Pace.EXHAUSTED
    if not period.remaining:
        return Pace.ENDED
    if not period.elapsed:
        return Pace.OVER if spent else Pace.NOT_STARTED
    if spent > planned * (1 + TOLERANCE):
        return Pace.OVER
    return Pace.UNDER if spent < planned * (1 - TOLERANCE) else Pace.ON_PLAN
