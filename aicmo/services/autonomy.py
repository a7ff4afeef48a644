"""Setting how autonomous a campaign is, and doing what it may do alone."""

from collections.abc import Callable
from dataclasses import dataclass

from aicmo.autonomy_engine import Action, Permission, permission
from aicmo.core.db import get_session
from aicmo.core.errors import ActionRefusedError
from aicmo.dashboard_models import (
    AutonomyLevel,
    AutonomySetting,
    Campaign,
    CampaignStatus,
    JobStatus,
    utc_now,
)
from aicmo.services.campaigns import CampaignView, campaigns
from aicmo.services.creatives import unscheduled_creatives
from aicmo.services.publishing import jobs, retry, schedule
from aicmo.services.rows import AUTOMATION, claim, require, write_down


@dataclass(frozen=True)
class Proposal:
    """Something automation would do for a campaign, and whether it may.

    Attributes:
        subject_id: the campaign to pause, the job to retry or the creative to schedule.
    """

    campaign_id: int
    campaign: str
    action: Action
    subject_id: int
    subject: str
    permission: Permission


@dataclass(frozen=True)
class Outcome:
    """What became of a proposal; `problem` is empty if it was carried out."""

    proposal: Proposal
    problem: str = ""


def set_autonomy(
    campaign_id: int,
    level: AutonomyLevel,
    daily_actions: int,
    daily_spend_cents: int,
    actor: str,
) -> None:
    """Set how much of a campaign may run without a person.

    Raises:
        ActionRefusedError: a limit is negative, or the campaign is gone.
    """
    require(daily_actions >= 0 and daily_spend_cents >= 0, "A limit cannot be below zero.")
    with get_session() as session:
        campaign = claim(session, Campaign, campaign_id, "campaign")
        setting = session.get(AutonomySetting, campaign_id)
        if setting is None:
            setting = AutonomySetting(campaign_id=campaign_id)
            session.add(setting)
        setting.level = level
        setting.daily_actions = daily_actions
        setting.daily_spend_cents = daily_spend_cents
        setting.updated_at = utc_now()
        write_down(
            session,
            actor,
            "set autonomy",
            f"{campaign.name}: {level.value.lower()}, at most {daily_actions} actions and "
            f"{daily_spend_cents / 100:,.2f} a day",
            campaign_id,
        )


def proposals() -> list[Proposal]:
    """Return what automation would do now, with whether each campaign's settings allow it."""
    running = {view.id: view for view in campaigns(statuses=frozenset({CampaignStatus.ACTIVE}))}
    found = [
        _proposal(view, Action.PAUSE, view.id, view.name)
        for view in running.values()
        if view.overspends
    ]
    found += [
        _proposal(running[job.campaign_id], Action.RETRY, job.id, job.headline, job.attempts)
        for job in jobs(frozenset({JobStatus.FAILED}))
        if job.campaign_id in running
    ]
    found += [
        _proposal(
            running[creative.campaign_id], Action.PUBLISH, creative.id, creative.draft.headline
        )
        for creative in unscheduled_creatives()
        if creative.campaign_id in running
    ]
    return found


def run_automation() -> list[Outcome]:
    """Do everything that may run without a person now.

    Each thing done is its own transaction and line in the activity log, and counts towards the
    limits of the next. What somebody did meanwhile is left alone.
    """
    outcomes: list[Outcome] = []
    done: set[tuple[Action, int]] = set()
    while True:
        # Asked again after each step: it may have used up a limit or paused the campaign.
        ready = [
            proposal
            for proposal in proposals()
            if proposal.permission.allowed and (proposal.action, proposal.subject_id) not in done
        ]
        if not ready:
            return outcomes
        proposal = ready[0]
        done.add((proposal.action, proposal.subject_id))
        try:
            _DO[proposal.action](proposal.subject_id)
        except ActionRefusedError as error:
            outcomes.append(Outcome(proposal, str(error)))
        else:
            outcomes.append(Outcome(proposal))


def _proposal(
    view: CampaignView, action: Action, subject_id: int, subject: str, attempts: int = 0
) -> Proposal:
    allowed = permission(action, view.level, view.limits, view.usage, attempts=attempts)
    return Proposal(view.id, view.name, action, subject_id, subject, allowed)


def _pause(campaign_id: int) -> None:
    try:
        from aicmo import campaign_ops
    except Exception as error:
        raise ActionRefusedError(
            "Campaign Ops is not available, so nothing can pause it."
        ) from error
    campaign_ops.pause(campaign_id, AUTOMATION)


_DO: dict[Action, Callable[[int], None]] = {
    Action.PAUSE: _pause,
    Action.RETRY: lambda job_id: retry(job_id, utc_now(), AUTOMATION),
    Action.PUBLISH: lambda creative_id: schedule(creative_id, utc_now(), AUTOMATION),
}
