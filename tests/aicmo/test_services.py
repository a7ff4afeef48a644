import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from aicmo import campaign_ops
from aicmo import operator_services as services
from aicmo.acquisition_engine import parse_leads
from aicmo.autonomy_engine import Action
from aicmo.core import db
from aicmo.core.errors import ActionRefusedError
from aicmo.dashboard_models import (
    AutonomyLevel,
    CampaignStatus,
    CreativeStatus,
    JobStatus,
    Lead,
    LeadStatus,
    utc_now,
)
from aicmo.operator_services import Kind
from aicmo.services.rows import AUTOMATION

ROWS = parse_leads(
    "name,email,company,title,source,status\n"
    "Ada,ada@clinic.example,Clinic,CEO,referral,\n"
    "Bob,bob@gmail.com,,,,contacted\n"
).leads


def log():
    return [line.summary for line in services.recent_activity()]


def statuses():
    return {lead.name: lead.status for lead in services.leads()}


def wait_longer(days):
    """Make every lead as if its status had changed so many days ago."""
    with db.get_session() as session:
        session.execute(update(Lead).values(status_changed_at=utc_now() - timedelta(days=days)))


# Leads


def test_imported_leads_are_scored_and_the_import_is_one_line(new_campaign):
    campaign_id = new_campaign("Tour")
    before = len(log())
    done = services.import_leads(campaign_id, ROWS, "Dana", "leads.csv")
    assert (done.added, done.skipped) == (2, ())
    assert [(lead.name, lead.score) for lead in services.leads()] == [("Ada", 100), ("Bob", 0)]
    assert log()[0] == "Imported 2 leads from leads.csv into Tour"
    assert len(log()) == before + 1


def test_leads_a_campaign_has_are_named_and_left_alone(new_campaign):
    campaign_id = new_campaign("Tour")
    services.import_leads(campaign_id, ROWS[:1], "tester")
    done = services.import_leads(campaign_id, ROWS, "tester")
    assert done.added == 1
    assert [(row.line, row.problem) for row in done.skipped] == [
        (2, "Tour already has ada@clinic.example")
    ]
    with pytest.raises(ActionRefusedError, match="Nothing to import"):
        services.import_leads(campaign_id, ROWS, "tester")


def test_the_same_person_may_be_a_lead_of_two_campaigns(new_campaign):
    for name in ("A", "B"):
        services.import_leads(new_campaign(name), ROWS, "tester")
    assert len(services.leads()) == 4


def test_leads_are_filtered_by_status_and_campaign(new_campaign):
    first, second = new_campaign("A"), new_campaign("B")
    services.import_leads(first, ROWS, "tester")
    services.import_leads(second, ROWS[:1], "tester")
    assert len(services.leads(frozenset({LeadStatus.NEW}))) == 2
    assert len(services.leads(frozenset({LeadStatus.NEW}), first)) == 1
    assert services.lead_counts() == {LeadStatus.NEW: 2, LeadStatus.CONTACTED: 1}
    assert services.lead_counts(second) == {LeadStatus.NEW: 1}
    assert [stage.reached for stage in services.lead_funnel(first)] == [2, 1, 0, 0, 0]
    assert len(services.leads(limit=2)) == 2


def test_a_lead_moves_only_where_the_funnel_leads(new_campaign):
    services.import_leads(new_campaign(), ROWS, "tester")
    lead = next(lead for lead in services.leads() if lead.name == "Ada")
    with pytest.raises(ActionRefusedError, match="Ada is new and cannot become converted"):
        services.move_lead(lead.id, LeadStatus.CONVERTED, "tester")
    services.move_lead(lead.id, LeadStatus.CONTACTED, "tester")
    assert statuses()["Ada"] is LeadStatus.CONTACTED
    assert log()[0] == "Ada: new to contacted"


def test_two_operators_who_move_one_lead_at_once_are_one_after_the_other(new_campaign):
    services.import_leads(new_campaign(), ROWS[1:], "tester")
    [lead] = services.leads()
    before = len(log())

    def move(status):
        try:
            services.move_lead(lead.id, status, "tester")
        except ActionRefusedError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        moved = sum(pool.map(move, [LeadStatus.REPLIED] * 8))
    assert moved == 1
    assert len(log()) == before + 1


def test_two_operators_at_once_are_one_after_the_other_on_postgresql_too(
    postgres_url, monkeypatch, new_campaign
):
    monkeypatch.setenv("AICMO_DATABASE_URL", postgres_url)
    test_two_operators_who_move_one_lead_at_once_are_one_after_the_other(new_campaign)


def test_results_are_the_qualified_and_converted_leads(running_campaign):
    campaign_id = running_campaign()
    services.import_leads(campaign_id, ROWS, "tester")
    bob = next(lead for lead in services.leads() if lead.name == "Bob")
    services.move_lead(bob.id, LeadStatus.QUALIFIED, "tester")
    [view] = services.campaigns()
    assert (view.leads, view.results) == (2, 1)


# Creatives


def test_a_creative_waits_for_review_and_is_approved_with_a_comment(new_campaign, draft):
    creative_id = services.add_creative(new_campaign("Tour"), draft, "writer")
    [view] = services.creatives(frozenset({CreativeStatus.PENDING}))
    assert (view.id, view.campaign, view.findings) == (creative_id, "Tour", ())
    services.approve_creative(creative_id, "Dana", "Well said")
    [view] = services.creatives()
    assert (view.status, view.review_comment) == (CreativeStatus.APPROVED, "Well said")
    assert log()[0] == "Approved 'Plan your week': Well said"


def test_a_creative_with_a_blocker_is_not_approved(new_campaign, draft):
    creative_id = services.add_creative(new_campaign(), replace(draft, body="{{x}}"), "writer")
    with pytest.raises(ActionRefusedError, match="placeholder"):
        services.approve_creative(creative_id, "Dana")
    assert services.creatives()[0].status is CreativeStatus.PENDING


def test_a_rejection_says_why(new_campaign, draft):
    creative_id = services.add_creative(new_campaign(), draft, "writer")
    with pytest.raises(ActionRefusedError, match="Say why"):
        services.reject_creative(creative_id, "Dana", " ")
    services.reject_creative(creative_id, "Dana", "Too dull")
    assert services.creatives()[0].review_comment == "Too dull"


def test_a_reviewed_creative_is_not_reviewed_again(new_campaign, new_creative):
    creative_id = new_creative(new_campaign(), approved=True)
    with pytest.raises(ActionRefusedError, match="was approved meanwhile"):
        services.reject_creative(creative_id, "Dana", "No")


def test_a_rejected_creative_is_revised_and_an_approved_one_is_not(new_campaign, draft):
    creative_id = services.add_creative(new_campaign(), draft, "writer")
    services.reject_creative(creative_id, "Dana", "Too dull")
    services.revise_creative(creative_id, replace(draft, headline="Plan it all"), "writer")
    [view] = services.creatives()
    assert (view.draft.headline, view.status) == ("Plan it all", CreativeStatus.PENDING)
    services.approve_creative(creative_id, "Dana")
    with pytest.raises(ActionRefusedError, match="is approved"):
        services.revise_creative(creative_id, draft, "writer")


@pytest.mark.parametrize(
    "change",
    [
        {"headline": " "},
        {"body": ""},
        {"headline": "x" * 301},
        {"landing_url": "x" * 2001},
        {"body": "a\0b"},
    ],
)
def test_a_creative_that_cannot_be_stored_is_refused(new_campaign, draft, change):
    with pytest.raises(ActionRefusedError):
        services.add_creative(new_campaign(), replace(draft, **change), "writer")
    assert services.creatives() == []


# Publishing


def test_only_approved_creatives_are_scheduled_and_only_once(new_campaign, new_creative):
    campaign_id = new_campaign()
    waiting = new_creative(campaign_id)
    with pytest.raises(ActionRefusedError, match="only approved"):
        services.schedule(waiting, utc_now(), "tester")
    services.approve_creative(waiting, "tester")
    assert [view.id for view in services.unscheduled_creatives()] == [waiting]
    services.schedule(waiting, utc_now(), "tester")
    assert services.unscheduled_creatives() == []
    with pytest.raises(ActionRefusedError, match="not finished"):
        services.schedule(waiting, utc_now(), "tester")


def test_a_job_fails_is_retried_and_goes_out(new_campaign, new_creative):
    services.schedule(new_creative(new_campaign(), approved=True), utc_now(), "tester")
    [job] = services.jobs()
    assert job.due
    with pytest.raises(ActionRefusedError, match="Say what went wrong"):
        services.record_failure(job.id, "", "tester")
    services.record_failure(job.id, "503", "tester")
    with pytest.raises(ActionRefusedError, match="only a scheduled one can be published"):
        services.record_published(job.id, "tester")
    later = utc_now() + timedelta(hours=1)
    services.retry(job.id, later, "tester")
    [job] = services.jobs(frozenset({JobStatus.SCHEDULED}))
    assert (job.attempts, job.last_error, job.scheduled_for, job.due) == (1, "503", later, False)
    services.record_published(job.id, "tester")
    [job] = services.jobs()
    assert (job.status, job.attempts, job.last_error) == (JobStatus.PUBLISHED, 2, "")
    assert services.job_counts() == {JobStatus.PUBLISHED: 1}
    with pytest.raises(ActionRefusedError, match="published already"):
        services.cancel(job.id, "tester")
    with pytest.raises(ActionRefusedError, match="only a failed one"):
        services.retry(job.id, later, "tester")


def test_a_cancelled_job_makes_room_for_another(new_campaign, new_creative):
    creative_id = new_creative(new_campaign(), approved=True)
    services.schedule(creative_id, utc_now(), "tester")
    services.cancel(services.jobs()[0].id, "tester")
    services.schedule(creative_id, utc_now(), "tester")
    assert services.job_counts() == {JobStatus.CANCELLED: 1, JobStatus.SCHEDULED: 1}


def test_nothing_goes_out_for_a_completed_campaign(running_campaign):
    campaign_id = running_campaign()
    campaign_ops.complete(campaign_id, "tester")
    [creative] = services.creatives()
    with pytest.raises(ActionRefusedError, match="is completed"):
        services.schedule(creative.id, utc_now(), "tester")


# Autonomy


def test_autonomy_is_set_changed_and_written_down(new_campaign):
    campaign_id = new_campaign("Tour")
    services.set_autonomy(campaign_id, AutonomyLevel.ASSISTED, 3, 5_000, "Dana")
    services.set_autonomy(campaign_id, AutonomyLevel.AUTONOMOUS, 4, 6_000, "Dana")
    [view] = services.campaigns()
    assert (view.level, view.limits.actions, view.limits.spend_cents) == (
        AutonomyLevel.AUTONOMOUS,
        4,
        6_000,
    )
    assert log()[0] == "Tour: autonomous, at most 4 actions and 60.00 a day"
    with pytest.raises(ActionRefusedError, match="below zero"):
        services.set_autonomy(campaign_id, AutonomyLevel.ASSISTED, -1, 0, "Dana")


def test_automation_does_what_it_may_and_leaves_the_rest(running_campaign):
    alone = running_campaign("Alone")
    services.set_autonomy(alone, AutonomyLevel.AUTONOMOUS, 5, 10_000, "tester")
    running_campaign("Asks")
    before = len(log())
    outcomes = services.run_automation()
    assert [(o.proposal.campaign, o.proposal.action, o.problem) for o in outcomes] == [
        ("Alone", Action.PUBLISH, "")
    ]
    assert [job.campaign for job in services.jobs()] == ["Alone"]
    assert len(log()) == before + 1
    assert services.recent_activity()[0].actor == AUTOMATION
    [left] = services.proposals()
    assert (left.campaign, left.permission.allowed) == ("Asks", False)


def test_automation_stops_at_the_day_s_limit(running_campaign, new_creative):
    campaign_id = running_campaign()
    for _ in range(3):
        new_creative(campaign_id, approved=True)
    services.set_autonomy(campaign_id, AutonomyLevel.AUTONOMOUS, 2, 10_000, "tester")
    assert len(services.run_automation()) == 2
    assert services.campaigns()[0].usage.actions == 2
    assert services.run_automation() == []


def test_an_assisted_campaign_pauses_itself_when_it_overspends(running_campaign):
    campaign_id = running_campaign(days=10)
    campaign_ops.record_spend(campaign_id, utc_now().date(), 90_000, "tester")
    services.set_autonomy(campaign_id, AutonomyLevel.ASSISTED, 0, 0, "tester")
    [outcome] = services.run_automation()
    assert (outcome.proposal.action, outcome.problem) == (Action.PAUSE, "")
    assert services.campaigns()[0].status is CampaignStatus.PAUSED


def test_without_campaign_ops_automation_says_why_it_cannot_pause(running_campaign, monkeypatch):
    campaign_id = running_campaign(days=10)
    campaign_ops.record_spend(campaign_id, utc_now().date(), 90_000, "tester")
    services.set_autonomy(campaign_id, AutonomyLevel.ASSISTED, 0, 0, "tester")
    monkeypatch.setitem(sys.modules, "aicmo.campaign_ops", None)
    monkeypatch.delattr("aicmo.campaign_ops")
    [outcome] = services.run_automation()
    assert "Campaign Ops is not available" in outcome.problem
    assert services.campaigns()[0].status is CampaignStatus.ACTIVE


def test_automation_retries_a_failed_job(running_campaign):
    campaign_id = running_campaign()
    services.schedule(services.creatives()[0].id, utc_now(), "tester")
    services.record_failure(services.jobs()[0].id, "503", "tester")
    services.set_autonomy(campaign_id, AutonomyLevel.ASSISTED, 1, 0, "tester")
    [outcome] = services.run_automation()
    assert outcome.proposal.action is Action.RETRY
    assert services.jobs()[0].status is JobStatus.SCHEDULED


# Command Center


def test_an_empty_database_has_nothing_to_decide():
    overview = services.overview()
    assert (overview.campaigns, overview.decisions, overview.leads) == ((), (), 0)


def test_every_kind_of_decision_is_found_and_the_most_urgent_comes_first(
    running_campaign, new_creative
):
    campaign_id = running_campaign("Tour", days=10)
    campaign_ops.record_spend(campaign_id, utc_now().date(), 90_000, "tester")
    for _ in range(2):
        services.schedule(new_creative(campaign_id, approved=True), utc_now(), "tester")
    services.record_failure(services.jobs()[0].id, "503", "tester")
    new_creative(campaign_id)
    services.import_leads(campaign_id, ROWS, "tester")
    wait_longer(days=4)
    found = services.overview().decisions
    assert [decision.kind for decision in found] == list(Kind)
    assert {decision.campaign for decision in found} == {"Tour"}


def test_letting_a_campaign_run_settles_the_question_for_today(running_campaign):
    campaign_id = running_campaign(days=10)
    campaign_ops.record_spend(campaign_id, utc_now().date(), 90_000, "tester")
    [decision] = services.overview().decisions
    assert decision.kind is Kind.OVERSPEND
    services.accept_pacing(campaign_id, "tester")
    assert services.overview().decisions == ()
    campaign_ops.pause(campaign_id, "tester")
    with pytest.raises(ActionRefusedError, match="spends nothing"):
        services.accept_pacing(campaign_id, "tester")


def test_only_contacted_leads_wait_for_a_follow_up_and_only_after_a_while(new_campaign):
    services.import_leads(new_campaign(), ROWS, "tester")
    assert services.leads_to_follow_up() == []
    wait_longer(days=4)
    assert [lead.name for lead in services.leads_to_follow_up()] == ["Bob"]


def test_the_lead_filter_names_only_statuses_that_exist():
    assert services.ATTENTION_STATUSES == ["CONTACTED"]
    assert "ENGAGED" not in LeadStatus.__members__


def test_campaigns_are_searched_by_part_of_their_name_and_by_status(new_campaign, running_campaign):
    new_campaign("Autumn tour")
    running_campaign("Spring tour")
    running_campaign("Webinar")
    assert [view.name for view in services.campaigns("TOUR")] == ["Autumn tour", "Spring tour"]
    active = frozenset({CampaignStatus.ACTIVE})
    assert [view.name for view in services.campaigns("tour", active)] == ["Spring tour"]
    assert services.campaigns("%") == []


def test_a_change_without_a_name_is_the_operator_s(new_campaign):
    campaign_ops.change_budget(new_campaign(), 5_000, "  ")
    assert services.recent_activity()[0].actor == "operator"
