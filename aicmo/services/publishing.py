"""Scheduling what was approved, and recording how it went."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from aicmo.core.db import get_session
from aicmo.dashboard_models import (
    Campaign,
    CampaignStatus,
    Channel,
    Creative,
    CreativeStatus,
    JobStatus,
    PublishingJob,
    utc_now,
)
from aicmo.services.rows import claim, require, write_down

OPEN = frozenset({JobStatus.SCHEDULED, JobStatus.FAILED})
"""Jobs somebody still has to do something about."""


@dataclass(frozen=True)
class JobView:
    """A publishing job as the dashboard shows it."""

    id: int
    creative_id: int
    campaign_id: int
    campaign: str
    channel: Channel
    headline: str
    status: JobStatus
    scheduled_for: datetime
    attempts: int
    last_error: str
    finished_at: datetime | None

    @property
    def due(self) -> bool:
        """Whether its time has come and nobody recorded how it went."""
        return self.status is JobStatus.SCHEDULED and self.scheduled_for <= utc_now()


def jobs(statuses: frozenset[JobStatus] | None = None, limit: int = 200) -> list[JobView]:
    """Return publishing jobs, the next one first.

    Args:
        statuses: the statuses wanted; None for all.
        limit: most jobs returned.
    """
    query = _query()
    if statuses is not None:
        query = query.where(PublishingJob.status.in_(statuses))
    query = query.order_by(PublishingJob.scheduled_for, PublishingJob.id).limit(limit)
    with get_session() as session:
        return [
            view_job(job, creative, campaign) for job, creative, campaign in session.execute(query)
        ]


def job_counts() -> dict[JobStatus, int]:
    """Return how many jobs have each status; statuses no job has are left out."""
    query = select(PublishingJob.status, func.count()).group_by(PublishingJob.status)
    with get_session() as session:
        return dict(session.execute(query).all())


def schedule(creative_id: int, when: datetime, actor: str) -> None:
    """Schedule an approved creative.

    Args:
        creative_id: the creative.
        when: the moment it is to go out, with its zone.
        actor: who schedules it.

    Raises:
        ActionRefusedError: it is not approved, is already scheduled, or its campaign is over.
    """
    with get_session() as session:
        creative = claim(session, Creative, creative_id, "creative")
        campaign = session.get_one(Campaign, creative.campaign_id)
        require(
            creative.status is CreativeStatus.APPROVED,
            f"This creative is {creative.status.value.lower()}; only approved ones go out.",
        )
        require(
            campaign.status is not CampaignStatus.COMPLETED,
            f"{campaign.name} is completed: nothing more goes out.",
        )
        waiting = session.scalar(
            select(func.count()).where(
                PublishingJob.creative_id == creative_id, PublishingJob.status.in_(OPEN)
            )
        )
        require(not waiting, "This creative already has a publishing job that is not finished.")
        session.add(PublishingJob(creative_id=creative_id, scheduled_for=when))
        write_down(
            session,
            actor,
            "schedule",
            f"Scheduled {creative.headline!r} for {_shown(when)}",
            campaign.id,
        )


def retry(job_id: int, when: datetime, actor: str) -> None:
    """Schedule a failed job again.

    Raises:
        ActionRefusedError: it is not failed any more.
    """
    with get_session() as session:
        job, creative = _claim(session, job_id)
        _require_status(job, JobStatus.FAILED, "retried")
        job.status = JobStatus.SCHEDULED
        job.scheduled_for = when
        write_down(
            session,
            actor,
            "retry",
            f"Retry {creative.headline!r} at {_shown(when)}",
            creative.campaign_id,
        )


def cancel(job_id: int, actor: str) -> None:
    """Take a job off the plan.

    Raises:
        ActionRefusedError: it is published or cancelled already.
    """
    with get_session() as session:
        job, creative = _claim(session, job_id)
        require(job.status in OPEN, f"This job is {job.status.value.lower()} already.")
        job.status = JobStatus.CANCELLED
        job.finished_at = utc_now()
        write_down(
            session, actor, "cancel", f"Cancelled {creative.headline!r}", creative.campaign_id
        )


def record_published(job_id: int, actor: str) -> None:
    """Record that a scheduled job went out.

    Raises:
        ActionRefusedError: it is not scheduled any more.
    """
    with get_session() as session:
        job, creative = _claim(session, job_id)
        _require_status(job, JobStatus.SCHEDULED, "published")
        job.status = JobStatus.PUBLISHED
        job.attempts += 1
        job.last_error = ""
        job.finished_at = utc_now()
        write_down(
            session, actor, "published", f"Published {creative.headline!r}", creative.campaign_id
        )


def record_failure(job_id: int, reason: str, actor: str) -> None:
    """Record that a scheduled job did not go out, and why.

    Raises:
        ActionRefusedError: it is not scheduled any more, or no reason is given.
    """
    require(bool(reason.strip()), "Say what went wrong, so that somebody can put it right.")
    with get_session() as session:
        job, creative = _claim(session, job_id)
        _require_status(job, JobStatus.SCHEDULED, "marked as failed")
        job.status = JobStatus.FAILED
        job.attempts += 1
        job.last_error = reason.strip()
        write_down(
            session,
            actor,
            "publishing failed",
            f"{creative.headline!r} did not go out: {reason.strip()}",
            creative.campaign_id,
        )


def view_job(job: PublishingJob, creative: Creative, campaign: Campaign) -> JobView:
    """Return a row as a plain value."""
    return JobView(
        id=job.id,
        creative_id=creative.id,
        campaign_id=campaign.id,
        campaign=campaign.name,
        channel=campaign.channel,
        headline=creative.headline,
        status=job.status,
        scheduled_for=job.scheduled_for,
        attempts=job.attempts,
        last_error=job.last_error,
        finished_at=job.finished_at,
    )


def _query() -> "Select[PublishingJob, Creative, Campaign]":
    return (
        select(PublishingJob, Creative, Campaign)
        .join(Creative, Creative.id == PublishingJob.creative_id)
        .join(Campaign, Campaign.id == Creative.campaign_id)
    )


def _claim(session: Session, job_id: int) -> tuple[PublishingJob, Creative]:
    job = claim(session, PublishingJob, job_id, "publishing job")
    return job, session.get_one(Creative, job.creative_id)


def _require_status(job: PublishingJob, status: JobStatus, verb: str) -> None:
    require(
        job.status is status,
        f"This job is {job.status.value.lower()}; only a {status.value.lower()} one can be {verb}.",
    )


def _shown(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M %Z").strip()
