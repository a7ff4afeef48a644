"""The demonstration data of mock mode: always the same, and only ever in memory.

Names and figures are invented. Dates count from the day the process starts, so that the data never
looks years old.
"""

import random
from datetime import date, datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from aicmo.acquisition_engine import score
from aicmo.dashboard_models import (
    ActivityEntry,
    AutonomyLevel,
    AutonomySetting,
    Base,
    Campaign,
    CampaignStatus,
    Channel,
    Creative,
    CreativeStatus,
    JobStatus,
    Lead,
    LeadStatus,
    PublishingJob,
    SpendEntry,
    utc_now,
)

SEED = 20251216
"""Any number would do; this one is the date in the build marker."""

_CAMPAIGNS = (
    # name, channel, status, target, budget in units, first day, days, share spent so far, level
    ("Autumn product tour", Channel.EMAIL, "ACTIVE", 60, 9_000, -20, 40, 0.49, "AUTONOMOUS"),
    ("Clinic managers, north", Channel.LINKEDIN, "ACTIVE", 45, 12_500, -12, 45, 0.52, "MANUAL"),
    (
        "Search: scheduling software",
        Channel.SEARCH,
        "ACTIVE",
        80,
        15_000,
        -30,
        60,
        0.30,
        "ASSISTED",
    ),
    ("Partner webinar", Channel.EMAIL, "PAUSED", 30, 4_000, -15, 30, 0.35, "ASSISTED"),
    ("Spring launch teaser", Channel.SOCIAL, "DRAFT", 100, 20_000, 14, 60, 0.0, "MANUAL"),
    ("Summer referral drive", Channel.SOCIAL, "COMPLETED", 40, 6_000, -120, 60, 0.97, "ASSISTED"),
)
_FIRST = ("Ada", "Bruno", "Chidi", "Dana", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas")
_LAST = ("Abara", "Brandt", "Castillo", "Demir", "Eriksen", "Fontaine", "Greco", "Haddad", "Ito")
_COMPANIES = ("Northwind Clinics", "Alder Dental", "Blue Harbour Care", "Fernwood Labs", "Kestrel")
_TITLES = ("Chief Executive", "Head of Operations", "Practice Manager", "Director", "Assistant", "")
_SOURCES = ("referral", "webinar", "website", "event", "list")
_FUNNEL = (
    *[LeadStatus.NEW] * 6,
    *[LeadStatus.CONTACTED] * 5,
    *[LeadStatus.REPLIED] * 3,
    *[LeadStatus.QUALIFIED] * 3,
    *[LeadStatus.CONVERTED] * 2,
    LeadStatus.LOST,
)
_CREATIVES = (
    # headline, text, call to action, status, comment
    (
        "See your week before it starts",
        "Plan every shift in one place and send it in a minute.",
        "Book a tour",
        "APPROVED",
        "",
    ),
    (
        "Fewer gaps in the rota",
        "Open shifts reach the right people first.",
        "See how it works",
        "APPROVED",
        "Good.",
    ),
    (
        "The calm way to plan shifts",
        "Guaranteed to save ten hours a week.",
        "Start a trial",
        "PENDING",
        "",
    ),
    (
        "Hello {{first_name}}",
        "A short note about your team's calendar.",
        "Reply",
        "PENDING",
        "",
    ),
    (
        "CHEAPEST PLANNER ON THE MARKET",
        "Buy now! Really, now!",
        "Buy",
        "REJECTED",
        "We do not shout, and we are not the cheapest.",
    ),
)


def fill(engine: Engine) -> None:
    """Create the tables of an empty in-memory database and put the demonstration data in."""
    Base.metadata.create_all(engine)
    dice = random.Random(SEED)  # noqa: S311 - demonstration data, not secrets
    now = utc_now()
    with Session(engine) as session, session.begin():
        for number, row in enumerate(_CAMPAIGNS):
            _campaign(session, dice, row, number, now)


def _campaign(
    session: Session,
    dice: random.Random,
    row: tuple[str, Channel, str, int, int, int, int, float, str],
    number: int,
    now: datetime,
) -> None:
    name, channel, status, target, budget, first, days, share, level = row
    today = now.date()
    starts = today + timedelta(days=first)
    campaign = Campaign(
        name=name,
        channel=channel,
        status=CampaignStatus[status],
        target_leads=target,
        budget_cents=budget * 100,
        starts_on=starts,
        ends_on=starts + timedelta(days=days - 1),
        created_at=now - timedelta(days=max(3, 10 - first)),
    )
    session.add(campaign)
    session.flush()
    session.add(
        AutonomySetting(
            campaign_id=campaign.id,
            level=AutonomyLevel[level],
            daily_actions=5,
            daily_spend_cents=budget * 4,
        )
    )
    session.add(
        ActivityEntry(
            at=campaign.created_at,
            actor="mock operator",
            action="create campaign",
            campaign_id=campaign.id,
            summary=f"Created {name}",
        )
    )
    if share:
        _spending(session, dice, campaign, share, today)
        _leads(session, dice, campaign, number, now)
    _creatives(session, campaign, number, now)


def _spending(
    session: Session, dice: random.Random, campaign: Campaign, share: float, today: date
) -> None:
    last = min(campaign.ends_on, today)
    days = [
        campaign.starts_on + timedelta(days=offset)
        for offset in range((last - campaign.starts_on).days + 1)
    ]
    weights = [dice.uniform(0.6, 1.4) for _ in days]
    for day, weight in zip(days, weights, strict=True):
        amount = int(campaign.budget_cents * share * weight / sum(weights))
        session.add(SpendEntry(campaign_id=campaign.id, spent_on=day, amount_cents=amount))


def _leads(
    session: Session, dice: random.Random, campaign: Campaign, number: int, now: datetime
) -> None:
    for index in range(18 + 4 * number):
        name = f"{dice.choice(_FIRST)} {dice.choice(_LAST)}"
        company = dice.choice(_COMPANIES)
        title = dice.choice(_TITLES)
        source = dice.choice(_SOURCES)
        # example.com and its kin are reserved (RFC 2606): nobody real gets a message.
        domain = f"{company.split()[0].lower()}.example"
        email = f"{name.replace(' ', '.').lower()}.{index}@{domain}"
        session.add(
            Lead(
                campaign_id=campaign.id,
                name=name,
                email=email,
                company=company,
                job_title=title,
                source=source,
                status=dice.choice(_FUNNEL),
                score=score(email, company, title, source).points,
                status_changed_at=now - timedelta(hours=dice.randint(2, 130)),
                created_at=now - timedelta(days=dice.randint(6, 12)),
            )
        )


def _creatives(session: Session, campaign: Campaign, number: int, now: datetime) -> None:
    for index, (headline, body, call, status, comment) in enumerate(_CREATIVES):
        if status == "PENDING" and (number + index) % 3:
            continue
        creative = Creative(
            campaign_id=campaign.id,
            headline=headline,
            body=body,
            call_to_action=call,
            landing_url="https://www.example.com/tour",
            status=CreativeStatus[status],
            review_comment=comment,
            reviewed_at=None if status == "PENDING" else now - timedelta(days=1),
            created_at=now - timedelta(days=2, hours=3 * index + number),
        )
        session.add(creative)
        if status == "APPROVED" and campaign.status is not CampaignStatus.DRAFT:
            session.flush()
            session.add(_job(creative, number + index, now))


def _job(creative: Creative, turn: int, now: datetime) -> PublishingJob:
    job = PublishingJob(creative_id=creative.id, created_at=now - timedelta(days=1))
    match turn % 4:
        case 0:
            job.status = JobStatus.PUBLISHED
            job.scheduled_for = now - timedelta(hours=20)
            job.finished_at = now - timedelta(hours=20)
            job.attempts = 1
        case 1:
            job.status = JobStatus.FAILED
            job.scheduled_for = now - timedelta(hours=5)
            job.last_error = "The channel answered 503: service unavailable"
            job.attempts = 2
        case 2:
            job.status = JobStatus.SCHEDULED
            job.scheduled_for = now + timedelta(hours=22)
        case _:
            job.status = JobStatus.SCHEDULED
            job.scheduled_for = now - timedelta(minutes=40)
    return job
