"""Writing creatives, and approving or rejecting them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from aicmo.core.db import get_session
from aicmo.creative_engine import Draft, Finding, blockers, check
from aicmo.dashboard_models import (
    NAME_LENGTH,
    URL_LENGTH,
    Campaign,
    Channel,
    Creative,
    CreativeStatus,
    PublishingJob,
    utc_now,
)
from aicmo.services.rows import claim, require, write_down

HEADLINE_LENGTH = 300
"""Longest headline that is stored, in characters: as wide as its column."""

BODY_LENGTH = 20_000
"""Longest text that is stored, in characters."""


@dataclass(frozen=True)
class CreativeView:
    """A creative as the dashboard shows it; `jobs` says how often it was scheduled."""

    id: int
    campaign_id: int
    campaign: str
    channel: Channel
    draft: Draft
    status: CreativeStatus
    review_comment: str
    created_at: datetime
    findings: tuple[Finding, ...]


def creatives(statuses: frozenset[CreativeStatus] | None = None) -> list[CreativeView]:
    """Return creatives, the one that has waited longest first.

    Args:
        statuses: the statuses wanted; None for all.
    """
    query = _query()
    if statuses is not None:
        query = query.where(Creative.status.in_(statuses))
    with get_session() as session:
        return [
            view_creative(creative, campaign)
            for creative, campaign in session.execute(query.order_by(Creative.id))
        ]


def unscheduled_creatives() -> list[CreativeView]:
    """Return approved creatives that were never scheduled."""
    query = _query().where(
        Creative.status == CreativeStatus.APPROVED,
        ~select(PublishingJob.id).where(PublishingJob.creative_id == Creative.id).exists(),
    )
    with get_session() as session:
        return [
            view_creative(creative, campaign)
            for creative, campaign in session.execute(query.order_by(Creative.id))
        ]


def add_creative(campaign_id: int, draft: Draft, actor: str) -> int:
    """Put a new creative up for review and return its id.

    Raises:
        ActionRefusedError: a part of it is missing or too long to store, or the campaign is gone.
    """
    _require_storable(draft)
    with get_session() as session:
        campaign = claim(session, Campaign, campaign_id, "campaign")
        creative = Creative(campaign_id=campaign_id)
        _write(creative, draft)
        session.add(creative)
        session.flush()
        write_down(
            session,
            actor,
            "add creative",
            f"Added {draft.headline.strip()!r} to {campaign.name}",
            campaign_id,
        )
        return creative.id


def revise_creative(creative_id: int, draft: Draft, actor: str) -> None:
    """Change a creative that is not approved, and put it up for review again.

    Raises:
        ActionRefusedError: it is approved, or a part is missing or too long to store.
    """
    _require_storable(draft)
    with get_session() as session:
        creative = claim(session, Creative, creative_id, "creative")
        require(
            creative.status is not CreativeStatus.APPROVED,
            "This creative is approved: what was approved is what goes out. Add a new one instead.",
        )
        _write(creative, draft)
        creative.status = CreativeStatus.PENDING
        write_down(
            session,
            actor,
            "revise creative",
            f"Revised {creative.headline!r}",
            creative.campaign_id,
        )


def approve_creative(creative_id: int, actor: str, comment: str = "") -> None:
    """Approve a creative for publishing.

    Raises:
        ActionRefusedError: it was reviewed meanwhile, or a check forbids publishing it.
    """
    with get_session() as session:
        creative = claim(session, Creative, creative_id, "creative")
        _require_pending(creative)
        campaign = session.get_one(Campaign, creative.campaign_id)
        problems = blockers(draft_of(creative), campaign.channel)
        require(
            not problems,
            "It cannot be approved yet. " + ". ".join(problem.text for problem in problems) + ".",
        )
        _review(creative, CreativeStatus.APPROVED, comment)
        write_down(
            session,
            actor,
            "approve creative",
            _with_comment(f"Approved {creative.headline!r}", comment),
            creative.campaign_id,
        )


def reject_creative(creative_id: int, actor: str, comment: str) -> None:
    """Reject a creative, telling its author why.

    Raises:
        ActionRefusedError: it was reviewed meanwhile, or no comment says why.
    """
    require(bool(comment.strip()), "Say why, so that its author knows what to change.")
    with get_session() as session:
        creative = claim(session, Creative, creative_id, "creative")
        _require_pending(creative)
        _review(creative, CreativeStatus.REJECTED, comment)
        write_down(
            session,
            actor,
            "reject creative",
            _with_comment(f"Rejected {creative.headline!r}", comment),
            creative.campaign_id,
        )


def draft_of(creative: Creative) -> Draft:
    """Return the parts of a creative that are checked."""
    return Draft(creative.headline, creative.body, creative.call_to_action, creative.landing_url)


def view_creative(creative: Creative, campaign: Campaign) -> CreativeView:
    """Return a row as a plain value, with what the checks say about it."""
    draft = draft_of(creative)
    return CreativeView(
        id=creative.id,
        campaign_id=campaign.id,
        campaign=campaign.name,
        channel=campaign.channel,
        draft=draft,
        status=creative.status,
        review_comment=creative.review_comment,
        created_at=creative.created_at,
        findings=tuple(check(draft, campaign.channel)),
    )


def _query() -> "Select[Creative, Campaign]":
    return select(Creative, Campaign).join(Campaign, Campaign.id == Creative.campaign_id)


def _write(creative: Creative, draft: Draft) -> None:
    creative.headline = draft.headline.strip()
    creative.body = draft.body.strip()
    creative.call_to_action = draft.call_to_action.strip()
    creative.landing_url = draft.landing_url.strip()


def _review(creative: Creative, status: CreativeStatus, comment: str) -> None:
    creative.status = status
    creative.review_comment = comment.strip()
    creative.reviewed_at = utc_now()


def _require_pending(creative: Creative) -> None:
    require(
        creative.status is CreativeStatus.PENDING,
        f"This creative was {creative.status.value.lower()} meanwhile.",
    )


def _require_storable(draft: Draft) -> None:
    require(bool(draft.headline.strip()), "Give it a headline.")
    require(bool(draft.body.strip()), "Give it a text.")
    for name, text, limit in (
        ("headline", draft.headline, HEADLINE_LENGTH),
        ("text", draft.body, BODY_LENGTH),
        ("call to action", draft.call_to_action, NAME_LENGTH),
        ("landing page", draft.landing_url, URL_LENGTH),
    ):
        require(len(text.strip()) <= limit, f"The {name} is longer than {limit:,} characters.")
        require("\0" not in text, f"The {name} holds a null byte.")


def _with_comment(summary: str, comment: str) -> str:
    return f"{summary}: {comment.strip()}" if comment.strip() else summary
