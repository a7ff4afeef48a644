"""Importing leads and moving them through the funnel."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from aicmo.acquisition_engine import NewLead, RowError, Stage, funnel, next_statuses, score
from aicmo.core.db import get_session
from aicmo.dashboard_models import Campaign, Lead, LeadStatus, utc_now
from aicmo.services.rows import claim, require, write_down


@dataclass(frozen=True)
class LeadView:
    """A lead as the dashboard shows it."""

    id: int
    campaign: str
    name: str
    email: str
    company: str
    job_title: str
    source: str
    status: LeadStatus
    score: int
    status_changed_at: datetime


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    added: int
    skipped: tuple[RowError, ...]


def leads(
    statuses: frozenset[LeadStatus] | None = None,
    campaign_id: int | None = None,
    limit: int = 500,
) -> list[LeadView]:
    """Return leads, the most promising first.

    Args:
        statuses: the statuses wanted; None for all.
        campaign_id: one campaign's; None for all.
        limit: most leads returned.
    """
    query = select(Lead, Campaign.name).join(Campaign, Campaign.id == Lead.campaign_id)
    if statuses is not None:
        query = query.where(Lead.status.in_(statuses))
    if campaign_id is not None:
        query = query.where(Lead.campaign_id == campaign_id)
    query = query.order_by(Lead.score.desc(), Lead.name, Lead.id).limit(limit)
    with get_session() as session:
        return [view_lead(lead, name) for lead, name in session.execute(query)]


def lead_counts(campaign_id: int | None = None) -> dict[LeadStatus, int]:
    """Return how many leads have each status; statuses nobody has are left out."""
    query = select(Lead.status, func.count()).group_by(Lead.status)
    if campaign_id is not None:
        query = query.where(Lead.campaign_id == campaign_id)
    with get_session() as session:
        return dict(session.execute(query).all())


def lead_funnel(campaign_id: int | None = None) -> list[Stage]:
    """Return the funnel of one campaign, or of all."""
    return funnel(lead_counts(campaign_id))


def import_leads(
    campaign_id: int, found: tuple[NewLead, ...], actor: str, origin: str = "a file"
) -> Imported:
    """Add parsed rows to a campaign; those it already has are skipped and named.

    Args:
        campaign_id: the campaign they belong to.
        found: rows of `aicmo.acquisition_engine.parse_leads`.
        actor: who imports them.
        origin: where they came from, for the activity log.

    Raises:
        ActionRefusedError: no row is new, or the campaign is gone.
    """
    with get_session() as session:
        campaign = claim(session, Campaign, campaign_id, "campaign")
        known = set(session.scalars(select(Lead.email).where(Lead.campaign_id == campaign_id)))
        new = [row for row in found if row.email not in known]
        skipped = tuple(
            RowError(row.line, f"{campaign.name} already has {row.email}")
            for row in found
            if row.email in known
        )
        require(bool(new), f"Nothing to import: {campaign.name} already has these leads.")
        session.add_all(
            Lead(
                campaign_id=campaign_id,
                name=row.name,
                email=row.email,
                company=row.company,
                job_title=row.job_title,
                source=row.source,
                status=row.status,
                score=score(row.email, row.company, row.job_title, row.source).points,
            )
            for row in new
        )
        noun = "lead" if len(new) == 1 else "leads"
        write_down(
            session,
            actor,
            "import leads",
            f"Imported {len(new)} {noun} from {origin} into {campaign.name}",
            campaign_id,
        )
    return Imported(len(new), skipped)


def move_lead(lead_id: int, status: LeadStatus, actor: str) -> None:
    """Move a lead to another status.

    Raises:
        ActionRefusedError: it cannot get there from where it is now.
    """
    with get_session() as session:
        lead = claim(session, Lead, lead_id, "lead")
        before = lead.status
        require(
            status in next_statuses(before),
            f"{lead.name} is {before.value.lower()} and cannot become {status.value.lower()}.",
        )
        lead.status = status
        lead.status_changed_at = utc_now()
        write_down(
            session,
            actor,
            "move lead",
            f"{lead.name}: {before.value.lower()} to {status.value.lower()}",
            lead.campaign_id,
        )


def view_lead(lead: Lead, campaign: str) -> LeadView:
    """Return a row as a plain value."""
    return LeadView(
        id=lead.id,
        campaign=campaign,
        name=lead.name,
        email=lead.email,
        company=lead.company,
        job_title=lead.job_title,
        source=lead.source,
        status=lead.status,
        score=lead.score,
        status_changed_at=lead.status_changed_at,
    )
