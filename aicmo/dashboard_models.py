"""The tables the dashboard reads and writes, and the states their rows may be in.

Money is whole cents, times are UTC with their zone, and each state is an enum stored by name.
"""

import enum
from datetime import UTC, date, datetime

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAME_LENGTH = 120
"""Longest name of a campaign, person, company or job title, in characters."""

EMAIL_LENGTH = 254
"""Longest e-mail address: RFC 5321 section 4.5.3.1.3, less the two angle brackets."""

URL_LENGTH = 2000
"""Longest landing page address, in characters."""


class Channel(enum.Enum):
    """Where a campaign reaches people."""

    EMAIL = "E-mail"
    LINKEDIN = "LinkedIn"
    SEARCH = "Search"
    SOCIAL = "Social"


class CampaignStatus(enum.Enum):
    """Where a campaign is in its life."""

    DRAFT = "Draft"
    ACTIVE = "Active"
    PAUSED = "Paused"
    COMPLETED = "Completed"


class LeadStatus(enum.Enum):
    """Where a lead is in the funnel."""

    NEW = "New"
    CONTACTED = "Contacted"
    REPLIED = "Replied"
    QUALIFIED = "Qualified"
    CONVERTED = "Converted"
    LOST = "Lost"


class CreativeStatus(enum.Enum):
    """Where a creative is in review."""

    PENDING = "Waiting for review"
    APPROVED = "Approved"
    REJECTED = "Rejected"


class JobStatus(enum.Enum):
    """Where a publishing job is."""

    SCHEDULED = "Scheduled"
    PUBLISHED = "Published"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


class AutonomyLevel(enum.Enum):
    """How much of a campaign may run without a person."""

    MANUAL = "Manual"
    ASSISTED = "Assisted"
    AUTONOMOUS = "Autonomous"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC that keeps its zone on databases that store none (SQLite)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store the moment as UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return the moment with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def utc_now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """What all tables share: constraint names a later migration can refer to."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _state(states: type[enum.Enum]) -> Enum:
    """Return the column type of `states`: its names, checked by the database."""
    # Not a native PostgreSQL enum: those cannot lose a value in a migration.
    return Enum(
        states,
        name=states.__name__.lower(),
        native_enum=False,
        create_constraint=True,
        length=20,
        validate_strings=True,
    )


class Campaign(Base):
    """A campaign: what it wants, what it may spend, and when it runs."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH), unique=True)
    channel: Mapped[Channel] = mapped_column(_state(Channel))
    status: Mapped[CampaignStatus] = mapped_column(
        _state(CampaignStatus), default=CampaignStatus.DRAFT
    )
    target_leads: Mapped[int]
    budget_cents: Mapped[int] = mapped_column(BigInteger)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    pacing_accepted_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class AutonomySetting(Base):
    """How much of one campaign may run without a person, and within which limits."""

    __tablename__ = "autonomy_settings"

    campaign_id: Mapped[int] = mapped_column(
        ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True
    )
    level: Mapped[AutonomyLevel] = mapped_column(
        _state(AutonomyLevel), default=AutonomyLevel.MANUAL
    )
    daily_actions: Mapped[int] = mapped_column(default=0)
    daily_spend_cents: Mapped[int] = mapped_column(BigInteger, default=0)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class SpendEntry(Base):
    """Money a campaign spent on one day."""

    __tablename__ = "spend_entries"
    __table_args__ = (Index("ix_spend_entries_campaign_day", "campaign_id", "spent_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    spent_on: Mapped[date]
    amount_cents: Mapped[int] = mapped_column(BigInteger)


class Lead(Base):
    """A person who may become a customer."""

    __tablename__ = "leads"
    __table_args__ = (
        UniqueConstraint("campaign_id", "email", name="uq_leads_campaign_email"),
        Index("ix_leads_status", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    company: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    job_title: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    source: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    status: Mapped[LeadStatus] = mapped_column(_state(LeadStatus), default=LeadStatus.NEW)
    score: Mapped[int]
    status_changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Creative(Base):
    """A piece of text to publish, and what its reviewer said."""

    __tablename__ = "creatives"
    __table_args__ = (Index("ix_creatives_status", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    headline: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    call_to_action: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    landing_url: Mapped[str] = mapped_column(String(URL_LENGTH), default="")
    status: Mapped[CreativeStatus] = mapped_column(
        _state(CreativeStatus), default=CreativeStatus.PENDING
    )
    review_comment: Mapped[str] = mapped_column(Text, default="")
    reviewed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class PublishingJob(Base):
    """One creative to go out at one moment."""

    __tablename__ = "publishing_jobs"
    __table_args__ = (Index("ix_publishing_jobs_status", "status", "scheduled_for"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    creative_id: Mapped[int] = mapped_column(ForeignKey("creatives.id", ondelete="CASCADE"))
    status: Mapped[JobStatus] = mapped_column(_state(JobStatus), default=JobStatus.SCHEDULED)
    scheduled_for: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class ActivityEntry(Base):
    """One change: who did what to which thing, and when."""

    __tablename__ = "activity_log"
    __table_args__ = (Index("ix_activity_log_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    actor: Mapped[str] = mapped_column(String(NAME_LENGTH))
    action: Mapped[str] = mapped_column(String(60))
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("campaigns.id", ondelete="SET NULL"))
    summary: Mapped[str] = mapped_column(Text)
