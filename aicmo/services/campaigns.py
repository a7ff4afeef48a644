"""Reading campaigns with what they spent, reached and may do."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from aicmo.acquisition_engine import RESULTS
from aicmo.autonomy_engine import Limits, Usage
from aicmo.core.db import get_session
from aicmo.dashboard_models import (
    ActivityEntry,
    AutonomyLevel,
    AutonomySetting,
    Campaign,
    CampaignStatus,
    Channel,
    Creative,
    CreativeStatus,
    Lead,
    SpendEntry,
    utc_now,
)
from aicmo.services.rows import AUTOMATION, claim, require, write_down
from aicmo.strategy_engine import Pace, Pacing, Period, Progress, pacing, progress


@dataclass(frozen=True)
class CampaignView:
    """A campaign as the dashboard shows it; `results` counts the leads that meet its target."""

    id: int
    name: str
    channel: Channel
    status: CampaignStatus
    target_leads: int
    budget_cents: int
    starts_on: date
    ends_on: date
    pacing_accepted_on: date | None
    leads: int
    results: int
    approved_creatives: int
    spent_cents: int
    level: AutonomyLevel
    limits: Limits
    usage: Usage
    pacing: Pacing
    progress: Progress

    @property
    def overspends(self) -> bool:
        """Whether somebody should decide about its spending today."""
        return (
            self.status is CampaignStatus.ACTIVE
            and self.pacing.pace in {Pace.OVER, Pace.EXHAUSTED}
            and self.pacing_accepted_on != today()
        )


def today() -> date:
    """Return the day that is counted as today: UTC, as all times are."""
    return utc_now().date()


def campaigns(
    search: str = "", statuses: frozenset[CampaignStatus] | None = None
) -> list[CampaignView]:
    """Return campaigns by name.

    Args:
        search: part of a name, in any case; empty for all.
        statuses: the statuses wanted; None for all.
    """
    with get_session() as session:
        found = campaign_views(session)
    wanted = search.strip().casefold()
    return [
        view
        for view in found
        if wanted in view.name.casefold() and (statuses is None or view.status in statuses)
    ]


def accept_pacing(campaign_id: int, actor: str) -> None:
    """Let a campaign that overspends go on for today.

    Raises:
        ActionRefusedError: it does not run.
    """
    with get_session() as session:
        campaign = claim(session, Campaign, campaign_id, "campaign")
        require(
            campaign.status is CampaignStatus.ACTIVE,
            f"{campaign.name} is {campaign.status.value.lower()}, so it spends nothing.",
        )
        campaign.pacing_accepted_on = today()
        campaign.updated_at = utc_now()
        write_down(
            session, actor, "accept pacing", f"Let {campaign.name} spend on today", campaign.id
        )


def campaign_views(session: Session) -> list[CampaignView]:
    """Return every campaign by name, in a fixed number of queries however many there are."""
    day = today()
    found = session.execute(
        select(Campaign, AutonomySetting)
        .outerjoin(AutonomySetting, AutonomySetting.campaign_id == Campaign.id)
        .order_by(Campaign.name)
    ).all()
    if not found:
        return []
    leads = _pairs(session, select(Lead.campaign_id, func.count()).group_by(Lead.campaign_id))
    results = _pairs(
        session,
        select(Lead.campaign_id, func.count())
        .where(Lead.status.in_(RESULTS))
        .group_by(Lead.campaign_id),
    )
    approved = _pairs(
        session,
        select(Creative.campaign_id, func.count())
        .where(Creative.status == CreativeStatus.APPROVED)
        .group_by(Creative.campaign_id),
    )
    spending = select(SpendEntry.campaign_id, func.sum(SpendEntry.amount_cents)).group_by(
        SpendEntry.campaign_id
    )
    spent = _pairs(session, spending)
    spent_today = _pairs(session, spending.where(SpendEntry.spent_on == day))
    acted = _pairs(
        session,
        select(ActivityEntry.campaign_id, func.count())
        .where(
            ActivityEntry.actor == AUTOMATION,
            ActivityEntry.at >= datetime.combine(day, time.min, tzinfo=UTC),
        )
        .group_by(ActivityEntry.campaign_id),
    )
    views = []
    for campaign, setting in found:
        key = campaign.id
        autonomy: AutonomySetting | None = setting
        spending_so_far = spent.get(key, 0)
        period = Period(campaign.starts_on, campaign.ends_on, day)
        views.append(
            CampaignView(
                id=key,
                name=campaign.name,
                channel=campaign.channel,
                status=campaign.status,
                target_leads=campaign.target_leads,
                budget_cents=campaign.budget_cents,
                starts_on=campaign.starts_on,
                ends_on=campaign.ends_on,
                pacing_accepted_on=campaign.pacing_accepted_on,
                leads=leads.get(key, 0),
                results=results.get(key, 0),
                approved_creatives=approved.get(key, 0),
                spent_cents=spending_so_far,
                level=autonomy.level if autonomy else AutonomyLevel.MANUAL,
                limits=Limits(
                    autonomy.daily_actions if autonomy else 0,
                    autonomy.daily_spend_cents if autonomy else 0,
                ),
                usage=Usage(acted.get(key, 0), spent_today.get(key, 0)),
                pacing=pacing(campaign.budget_cents, spending_so_far, period),
                progress=progress(
                    campaign.target_leads, results.get(key, 0), spending_so_far, period
                ),
            )
        )
    return views


def _pairs(session: Session, query: object) -> dict[int, int]:
    return {key: int(number) for key, number in session.execute(query)}  # type: ignore[call-overload]
