"""Which change a campaign allows in each status, and what it needs before it may start."""

import enum
from dataclasses import dataclass
from datetime import date

from aicmo.dashboard_models import NAME_LENGTH, CampaignStatus, Channel

MAX_BUDGET_CENTS = 10**12
"""Largest budget, in cents: ten thousand million is a slip of the keyboard, not a plan."""

MAX_TARGET = 1_000_000
"""Largest target, in leads."""


class Operation(enum.Enum):
    """A change of a campaign's status."""

    LAUNCH = "Launch"
    PAUSE = "Pause"
    RESUME = "Resume"
    COMPLETE = "Complete"


@dataclass(frozen=True)
class Plan:
    """What a campaign is meant to do; money in cents, both days included."""

    name: str
    channel: Channel
    target_leads: int
    budget_cents: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class State:
    """What decides whether a campaign may start or go on; money in cents."""

    approved_creatives: int
    spent_cents: int
    budget_cents: int
    ends_on: date


_ALLOWED = {
    CampaignStatus.DRAFT: (Operation.LAUNCH,),
    CampaignStatus.ACTIVE: (Operation.PAUSE, Operation.COMPLETE),
    CampaignStatus.PAUSED: (Operation.RESUME, Operation.COMPLETE),
    CampaignStatus.COMPLETED: (),
}
RESULT = {
    Operation.LAUNCH: CampaignStatus.ACTIVE,
    Operation.PAUSE: CampaignStatus.PAUSED,
    Operation.RESUME: CampaignStatus.ACTIVE,
    Operation.COMPLETE: CampaignStatus.COMPLETED,
}
"""The status each operation leads to."""


def allowed(status: CampaignStatus) -> tuple[Operation, ...]:
    """Return what may be done to a campaign with this status."""
    return _ALLOWED[status]


def missing_for(operation: Operation, state: State, today: date) -> list[str]:
    """Return what stands against an operation the status allows; empty if nothing does."""
    if operation in {Operation.PAUSE, Operation.COMPLETE}:
        return []
    problems = []
    if operation is Operation.LAUNCH and not state.approved_creatives:
        problems.append("no creative is approved")
    if today > state.ends_on:
        problems.append(f"its last day was {state.ends_on}")
    if state.spent_cents >= state.budget_cents:
        problems.append("its budget is used up")
    return problems


def problems_of(plan: Plan) -> list[str]:
    """Return what is wrong with a plan, one sentence each; empty if nothing is."""
    problems = []
    if not plan.name.strip():
        problems.append("Give it a name.")
    if len(plan.name.strip()) > NAME_LENGTH:
        problems.append(f"The name is longer than {NAME_LENGTH} characters.")
    if "\0" in plan.name:
        problems.append("The name holds a null byte.")
    if not 0 < plan.target_leads <= MAX_TARGET:
        problems.append(f"The target must be between 1 and {MAX_TARGET:,} leads.")
    if not 0 < plan.budget_cents <= MAX_BUDGET_CENTS:
        problems.append("The budget must be above zero and at most 10,000,000,000.")
    if plan.ends_on < plan.starts_on:
        problems.append("The last day is before the first.")
    return problems
