"""The first schema: campaigns and all that belongs to them, and the activity log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _state(name: str, *names: str) -> sa.Enum:
    """Return a column of names that the database checks; written out, for models move on."""
    return sa.Enum(*names, name=name, native_enum=False, create_constraint=True, length=20)


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column(
            "channel", _state("channel", "EMAIL", "LINKEDIN", "SEARCH", "SOCIAL"), nullable=False
        ),
        sa.Column(
            "status",
            _state("campaignstatus", "DRAFT", "ACTIVE", "PAUSED", "COMPLETED"),
            nullable=False,
        ),
        sa.Column("target_leads", sa.Integer(), nullable=False),
        sa.Column("budget_cents", sa.BigInteger(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("pacing_accepted_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("name", name=op.f("uq_campaigns_name")),
    )
    op.create_table(
        "activity_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_activity_log_campaign_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_log")),
    )
    op.create_index("ix_activity_log_at", "activity_log", ["at"])
    op.create_table(
        "autonomy_settings",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column(
            "level", _state("autonomylevel", "MANUAL", "ASSISTED", "AUTONOMOUS"), nullable=False
        ),
        sa.Column("daily_actions", sa.Integer(), nullable=False),
        sa.Column("daily_spend_cents", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_autonomy_settings_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_autonomy_settings")),
    )
    op.create_table(
        "creatives",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("headline", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("call_to_action", sa.String(length=120), nullable=False),
        sa.Column("landing_url", sa.String(length=2000), nullable=False),
        sa.Column(
            "status", _state("creativestatus", "PENDING", "APPROVED", "REJECTED"), nullable=False
        ),
        sa.Column("review_comment", sa.Text(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_creatives_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_creatives")),
    )
    op.create_index("ix_creatives_status", "creatives", ["status"])
    op.create_table(
        "leads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("company", sa.String(length=120), nullable=False),
        sa.Column("job_title", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column(
            "status",
            _state("leadstatus", "NEW", "CONTACTED", "REPLIED", "QUALIFIED", "CONVERTED", "LOST"),
            nullable=False,
        ),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("status_changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_leads_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
        sa.UniqueConstraint("campaign_id", "email", name="uq_leads_campaign_email"),
    )
    op.create_index("ix_leads_status", "leads", ["status"])
    op.create_table(
        "spend_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_spend_entries_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spend_entries")),
    )
    op.create_index("ix_spend_entries_campaign_day", "spend_entries", ["campaign_id", "spent_on"])
    op.create_table(
        "publishing_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("creative_id", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            _state("jobstatus", "SCHEDULED", "PUBLISHED", "FAILED", "CANCELLED"),
            nullable=False,
        ),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["creative_id"],
            ["creatives.id"],
            name=op.f("fk_publishing_jobs_creative_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publishing_jobs")),
    )
    op.create_index("ix_publishing_jobs_status", "publishing_jobs", ["status", "scheduled_for"])


def downgrade() -> None:
    """Drop every table."""
    op.drop_index("ix_publishing_jobs_status", table_name="publishing_jobs")
    op.drop_table("publishing_jobs")
    op.drop_index("ix_spend_entries_campaign_day", table_name="spend_entries")
    op.drop_table("spend_entries")
    op.drop_index("ix_leads_status", table_name="leads")
    op.drop_table("leads")
    op.drop_index("ix_creatives_status", table_name="creatives")
    op.drop_table("creatives")
    op.drop_table("autonomy_settings")
    op.drop_index("ix_activity_log_at", table_name="activity_log")
    op.drop_table("activity_log")
    op.drop_table("campaigns")
