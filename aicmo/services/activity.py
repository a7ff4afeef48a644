"""Reading the activity log."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from aicmo.core.db import get_session
from aicmo.dashboard_models import ActivityEntry, Campaign


@dataclass(frozen=True)
class Activity:
    """One line of the activity log."""

    at: datetime
    actor: str
    action: str
    campaign: str
    summary: str


def recent_activity(limit: int = 50) -> list[Activity]:
    """Return the latest changes, newest first."""
    query = (
        select(ActivityEntry, Campaign.name)
        .outerjoin(Campaign, Campaign.id == ActivityEntry.campaign_id)
        .order_by(ActivityEntry.at.desc(), ActivityEntry.id.desc())
        .limit(limit)
    )
    with get_session() as session:
        return [
            Activity(entry.at, entry.actor, entry.action, name or "", entry.summary)
            for entry, name in session.execute(query)
        ]
