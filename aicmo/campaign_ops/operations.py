"""Doing it: each function is one transaction and one line in the activity log."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from aicmo.campaign_ops.rules import (
    MAX_BUDGET_CENTS,
    RESULT,
    Operation,
    Plan,
    State,
    allowed,
    missing_for,
    problems_of,
)
from aicmo.core.db import get_session
from aicmo.core.errors import ActionRefusedError
from aicmo.dashboard_models import (
    Campaign,
    CampaignStatus,
    Creative,
    CreativeStatus,
    SpendEntry,
    utc_now,
)
from aicmo.services.campaigns import CampaignView, today
from aicmo.services.rows import claim, require, write_down

_PAST = {
    Operation.LAUNCH: "Launched",
    Operation.PAUSE: "Paused",
    Operation.RESUME: "Resumed",
    Operation.COMPLETE: "Completed",
}


def create(plan: Plan, actor: str) -> int:
    """Create a campaign as a draft and return its id.

    Raises:
        ActionRefusedError: the plan is wrong, or its name is taken.
    """
    problems = problems_of(plan)
    require(not problems, " ".join(problems))
    name = plan.name.strip()
    try:
        with get_session() as session:
            campaign = Campaign(
                name=name,
                channel=plan.channel,
                target_leads=plan.target_leads,
                budget_cents=plan.budget_cents,
                starts_on=plan.starts_on,
                ends_on=plan.ends_on,
            )
            session.add(campaign)
            session.flush()
            write_down(session, actor, "create campaign", f"Created {name}", campaign.id)
            return campaign.id
    except IntegrityError:
        raise ActionRefusedError(f"There is a campaign called {name} already.") from None


def available_operations(view: CampaignView) -> dict[Operation, list[str]]:
    """Return what the status of a campaign allows, each with what still stands against it."""
    state = State(view.approved_creatives, view.spent_cents, view.budget_cents, view.ends_on)
    return {operation: missing_for(operation, state, today()) for operation in allowed(view.status)}


def operate(campaign_id: int, operation: Operation, actor: str) -> None:
    """Change a campaign's status.

    Raises:
        ActionRefusedError: its status does not allow that, or something is missing.
    """
    with get_session() as session:
        campaign = claim(session, Campaign, campaign_id, "campaign")
        verb = operation.value.lower()
        require(
            operation in allowed(campaign.status),
            f"{campaign.name} is {campaign.status.value.lower()}: there is nothing to {verb}.",
        )
        state = State(
            _approved(session, campaign_id),
            _spent(session, campaign_id),
            campaign.budget_cents,
            campaign.ends_on,
        )
        missing = missing_for(operation, state, today())
        require(not missing, f"{campaign.name} cannot {verb} yet: {', '.join(missing)}.")
        campaign.status = RESULT[operation]
        campaign.updated_at = utc_now()
        write_down(session, actor, verb, f"{_PAST[operation]} {campaign.name}", campaign_id)


def launch(campaign_id: int, actor: str) -> None:
    """Start a draft; raises ActionRefusedError if it is not ready."""
    operate(campaign_id, Operation.LAUNCH, actor)


def pause(campaign_id: int, actor: str) -> None:
    """Stop a running campaign for now; raises ActionRefusedError if it does not run."""
    operate(campaign_id, Operation.PAUSE, actor)


def resume(campaign_id: int, actor: str) -> None:
    """Go on with a paused campaign; raises ActionRefusedError if it may not."""
    operate(campaign_id, Operation.RESUME, actor)


def complete(campaign_id: int, actor: str) -> None:
    """End a campaign for good; raises ActionRefusedError if it never started or has ended."""
    operate(campaign_id, Operation.COMPLETE, actor)


def record_spend(campaign_id: int, spent_on: date, amount_cents: int, actor: str) -> None:
    """Add money a campaign spent on one day.

    Raises:
        ActionRefusedError: the amount is not above zero or too large, or the day has not come.
    """
    require(0 < amount_cents <= MAX_BUDGET_CENTS, "The amount must be above zero.")
    require(spent_on <= today(), "That day has not come yet.")
    with get_session() as session:
        campaign = claim(session, Campaign, campaign_id, "campaign")
        require(
            campaign.status is not CampaignStatus.DRAFT,
            f"{campaign.name} is a draft: launch it before it spends.",
        )
        session.add(
            SpendEntry(campaign_id=campaign_id, spent_on=spent_on, amount_cents=amount_cents)
        )
        write_down(
            session,
            actor,
            "record spend",
            f"{campaign.name} spent {amount_cents / 100:,.2f} on {spent_on}",
            campaign_id,
        )


def change_budget(campaign_id: int, budget_cents: int, actor: str) -> None:
    """Change what a campaign may spend in all.

    Raises:
        ActionRefusedError: it is less than was spent, not above zero, or the campaign is over.
    """
    require(
        0 < budget_cents <= MAX_BUDGET_CENTS,
        "The budget must be above zero and at most 10,000,000,000.",
    )
    with get_session() as session:
        campaign = claim(session, Campaign, campaign_id, "campaign")
        require(
            campaign.status is not CampaignStatus.COMPLETED,
            f"{campaign.name} is completed: its budget is history.",
        )
        spent = _spent(session, campaign_id)
        require(budget_cents >= spent, f"{campaign.name} has spent {spent / 100:,.2f} already.")
        before = campaign.budget_cents
        campaign.budget_cents = budget_cents
        campaign.updated_at = utc_now()
        write_down(
            session,
            actor,
            "change budget",
            f"{campaign.name}: budget {before / 100:,.2f} to {budget_cents / 100:,.2f}",
            campaign_id,
        )


def _spent(session: Session, campaign_id: int) -> int:
    query = select(func.sum(SpendEntry.amount_cents)).where(SpendEntry.campaign_id == campaign_id)
    return int(session.scalar(query) or 0)


def _approved(session: Session, campaign_id: int) -> int:
    query = select(func.count()).where(
        Creative.campaign_id == campaign_id, Creative.status == CreativeStatus.APPROVED
    )
    return int(session.scalar(query) or 0)
