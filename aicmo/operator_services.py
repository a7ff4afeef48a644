"""Everything the tabs read and do, in one place.

What needs a decision now is worked out here from what is stored; nothing is queued that could go
stale. The rest is in `aicmo.services`, by subject.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select

from aicmo.core.db import get_session
from aicmo.core.errors import ActionRefusedError
from aicmo.dashboard_models import (
    Campaign,
    CreativeStatus,
    JobStatus,
    Lead,
    LeadStatus,
    utc_now,
)
from aicmo.services.activity import Activity, recent_activity
from aicmo.services.autonomy import Outcome, Proposal, proposals, run_automation, set_autonomy
from aicmo.services.campaigns import CampaignView, accept_pacing, campaign_views, campaigns
from aicmo.services.creatives import (
    CreativeView,
    add_creative,
    approve_creative,
    creatives,
    reject_creative,
    revise_creative,
    unscheduled_creatives,
)
from aicmo.services.leads import (
    Imported,
    LeadView,
    import_leads,
    lead_counts,
    lead_funnel,
    leads,
    move_lead,
    view_lead,
)
from aicmo.services.publishing import (
    JobView,
    cancel,
    job_counts,
    jobs,
    record_failure,
    record_published,
    retry,
    schedule,
)

__all__ = [
    "FOLLOW_UP",
    "ActionRefusedError",
    "Activity",
    "CampaignView",
    "CreativeView",
    "Decision",
    "Imported",
    "JobView",
    "Kind",
    "LeadView",
    "Outcome",
    "Overview",
    "Proposal",
    "accept_pacing",
    "add_creative",
    "approve_creative",
    "campaigns",
    "cancel",
    "creatives",
    "import_leads",
    "job_counts",
    "jobs",
    "lead_counts",
    "lead_funnel",
    "leads",
    "leads_to_follow_up",
    "move_lead",
    "overview",
    "proposals",
    "recent_activity",
    "record_failure",
    "record_published",
    "reject_creative",
    "retry",
    "revise_creative",
    "run_automation",
    "schedule",
    "set_autonomy",
    "unscheduled_creatives",
]

FOLLOW_UP = timedelta(days=3)
"""How long a contacted lead may stay without an answer before somebody follows up."""

# DASH_FIX_START
# The list once also named a status that LeadStatus does not have.
ATTENTION_STATUSES = ["CONTACTED"]


def _needs_attention() -> ColumnElement[bool]:
    """Select the leads an operator may have to chase."""
    return Lead.status.in_([LeadStatus[name] for name in ATTENTION_STATUSES])


# DASH_FIX_END


class Kind(enum.Enum):
    """What a decision is about, the most urgent first."""

    OVERSPEND = "Spending ahead of plan"
    FAILED_JOB = "Publishing failed"
    DUE_JOB = "Publishing due"
    REVIEW = "Creatives to review"
    FOLLOW_UP = "Leads to follow up"


@dataclass(frozen=True)
class Decision:
    """Something an operator should decide now; `since` says since when it waits.

    Attributes:
        subject: the campaign, job, creative or lead it is about.
    """

    kind: Kind
    campaign: str
    subject: CampaignView | JobView | CreativeView | LeadView
    since: datetime | None = None


@dataclass(frozen=True)
class Overview:
    """What the first tab shows: campaigns, decisions (the most urgent first), number of leads."""

    campaigns: tuple[CampaignView, ...]
    decisions: tuple[Decision, ...]
    leads: int


def overview() -> Overview:
    """Return what the operator should look at now."""
    with get_session() as session:
        views = campaign_views(session)
    return Overview(
        campaigns=tuple(views),
        decisions=tuple(_decisions(views) if views else ()),
        leads=sum(view.leads for view in views),
    )


def leads_to_follow_up() -> list[LeadView]:
    """Return the leads that were contacted long enough ago and have not answered."""
    query = (
        select(Lead, Campaign.name)
        .join(Campaign, Campaign.id == Lead.campaign_id)
        .where(_needs_attention(), Lead.status_changed_at <= utc_now() - FOLLOW_UP)
        .order_by(Lead.score.desc(), Lead.status_changed_at, Lead.id)
    )
    with get_session() as session:
        return [view_lead(lead, name) for lead, name in session.execute(query)]


def _decisions(views: list[CampaignView]) -> list[Decision]:
    open_jobs = jobs(frozenset({JobStatus.SCHEDULED, JobStatus.FAILED}))
    return [
        *(Decision(Kind.OVERSPEND, view.name, view) for view in views if view.overspends),
        *(
            Decision(Kind.FAILED_JOB, job.campaign, job, job.scheduled_for)
            for job in open_jobs
            if job.status is JobStatus.FAILED
        ),
        *(
            Decision(Kind.DUE_JOB, job.campaign, job, job.scheduled_for)
            for job in open_jobs
            if job.due
        ),
        *(
            Decision(Kind.REVIEW, creative.campaign, creative, creative.created_at)
            for creative in creatives(frozenset({CreativeStatus.PENDING}))
        ),
        *(
            Decision(Kind.FOLLOW_UP, lead.campaign, lead, lead.status_changed_at)
            for lead in leads_to_follow_up()
        ),
    ]
