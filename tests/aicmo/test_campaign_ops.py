from dataclasses import replace
from datetime import date, timedelta

import pytest

from aicmo import campaign_ops
from aicmo import operator_services as services
from aicmo.campaign_ops import Operation, Plan, missing_for, problems_of
from aicmo.campaign_ops.rules import RESULT, State, allowed
from aicmo.core.errors import ActionRefusedError
from aicmo.dashboard_models import CampaignStatus, Channel, utc_now

DAY = date(2026, 3, 1)
READY = State(approved_creatives=1, spent_cents=0, budget_cents=100, ends_on=DAY)
PLAN = Plan("Tour", Channel.EMAIL, 10, 100_000, DAY, DAY)


def only(campaign_id):
    return next(view for view in services.campaigns() if view.id == campaign_id)


def test_every_status_but_the_last_leads_on_and_the_last_is_final():
    for status in CampaignStatus:
        assert bool(allowed(status)) is (status is not CampaignStatus.COMPLETED)
        assert all(RESULT[operation] is not status for operation in allowed(status))


@pytest.mark.parametrize(
    ("operation", "state", "problems"),
    [
        (Operation.LAUNCH, READY, 0),
        (Operation.LAUNCH, replace(READY, approved_creatives=0), 1),
        (Operation.LAUNCH, replace(READY, ends_on=DAY - timedelta(days=1)), 1),
        (Operation.LAUNCH, replace(READY, spent_cents=100), 1),
        (Operation.RESUME, replace(READY, approved_creatives=0), 0),
        (Operation.RESUME, replace(READY, spent_cents=100), 1),
        (Operation.PAUSE, replace(READY, spent_cents=100), 0),
        (Operation.COMPLETE, replace(READY, spent_cents=100), 0),
    ],
)
def test_starting_needs_an_approved_creative_time_and_money_and_stopping_needs_nothing(
    operation, state, problems
):
    assert len(missing_for(operation, state, DAY)) == problems


@pytest.mark.parametrize(
    "change",
    [
        {"name": "  "},
        {"name": "x" * 121},
        {"name": "a\0b"},
        {"target_leads": 0},
        {"budget_cents": 0},
        {"budget_cents": 10**12 + 1},
        {"ends_on": DAY - timedelta(days=1)},
    ],
)
def test_a_wrong_plan_is_told_and_never_stored(change):
    plan = replace(PLAN, **change)
    assert len(problems_of(plan)) == 1
    with pytest.raises(ActionRefusedError):
        campaign_ops.create(plan, "tester")
    assert services.campaigns() == []
    assert services.recent_activity() == []


def test_a_new_campaign_is_a_draft_with_manual_autonomy(new_campaign):
    view = only(new_campaign("  Tour "))
    assert (view.name, view.status, view.level.name) == ("Tour", CampaignStatus.DRAFT, "MANUAL")


def test_two_campaigns_cannot_have_one_name(new_campaign):
    new_campaign("Tour")
    with pytest.raises(ActionRefusedError, match="called Tour already"):
        new_campaign("Tour")
    assert len(services.recent_activity()) == 1


def test_the_life_of_a_campaign_is_one_line_in_the_log_for_each_step(running_campaign):
    campaign_id = running_campaign("Tour")
    before = len(services.recent_activity())
    for operate, status in (
        (campaign_ops.pause, CampaignStatus.PAUSED),
        (campaign_ops.resume, CampaignStatus.ACTIVE),
        (campaign_ops.complete, CampaignStatus.COMPLETED),
    ):
        operate(campaign_id, "Dana")
        assert only(campaign_id).status is status
    lines = services.recent_activity()
    assert len(lines) == before + 3
    assert [line.summary for line in lines[:3]] == ["Completed Tour", "Resumed Tour", "Paused Tour"]
    assert {line.actor for line in lines[:3]} == {"Dana"}


def test_a_draft_without_an_approved_creative_is_not_launched(new_campaign):
    campaign_id = new_campaign("Tour")
    with pytest.raises(ActionRefusedError, match="no creative is approved"):
        campaign_ops.launch(campaign_id, "tester")
    assert only(campaign_id).status is CampaignStatus.DRAFT
    available = campaign_ops.available_operations(only(campaign_id))
    assert available == {Operation.LAUNCH: ["no creative is approved"]}


def test_what_somebody_did_meanwhile_is_not_done_twice(running_campaign):
    campaign_id = running_campaign("Tour")
    campaign_ops.pause(campaign_id, "first")
    with pytest.raises(ActionRefusedError, match="is paused: there is nothing to pause"):
        campaign_ops.pause(campaign_id, "second")


def test_spending_counts_towards_the_budget_and_today(running_campaign):
    campaign_id = running_campaign(budget=100_000, days=10, start=-4)
    today = utc_now().date()
    campaign_ops.record_spend(campaign_id, today - timedelta(days=1), 30_000, "tester")
    campaign_ops.record_spend(campaign_id, today, 12_345, "tester")
    view = only(campaign_id)
    assert (view.spent_cents, view.usage.spend_cents) == (42_345, 12_345)
    assert view.pacing.planned_cents == 50_000


@pytest.mark.parametrize(
    ("days", "amount", "refusal"),
    [(0, 0, "above zero"), (0, -5, "above zero"), (1, 100, "not come yet")],
)
def test_impossible_spending_is_refused(running_campaign, days, amount, refusal):
    campaign_id = running_campaign()
    day = utc_now().date() + timedelta(days=days)
    with pytest.raises(ActionRefusedError, match=refusal):
        campaign_ops.record_spend(campaign_id, day, amount, "tester")


def test_a_draft_spends_nothing(new_campaign):
    with pytest.raises(ActionRefusedError, match="is a draft"):
        campaign_ops.record_spend(new_campaign(), utc_now().date(), 100, "tester")


def test_a_budget_may_change_but_not_below_what_was_spent(running_campaign):
    campaign_id = running_campaign(budget=100_000)
    campaign_ops.record_spend(campaign_id, utc_now().date(), 60_000, "tester")
    campaign_ops.change_budget(campaign_id, 80_000, "tester")
    assert only(campaign_id).budget_cents == 80_000
    with pytest.raises(ActionRefusedError, match=r"has spent 600\.00 already"):
        campaign_ops.change_budget(campaign_id, 59_999, "tester")
    with pytest.raises(ActionRefusedError, match="above zero"):
        campaign_ops.change_budget(campaign_id, 0, "tester")


def test_a_completed_campaign_is_history(running_campaign):
    campaign_id = running_campaign()
    campaign_ops.complete(campaign_id, "tester")
    with pytest.raises(ActionRefusedError, match="history"):
        campaign_ops.change_budget(campaign_id, 90_000, "tester")
    assert campaign_ops.available_operations(only(campaign_id)) == {}


def test_a_campaign_that_is_gone_is_said_so():
    with pytest.raises(ActionRefusedError, match="does not exist any more"):
        campaign_ops.pause(77, "tester")
