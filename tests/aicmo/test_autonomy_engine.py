import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicmo.autonomy_engine import MAX_ATTEMPTS, Action, Limits, Usage, permission
from aicmo.dashboard_models import AutonomyLevel

ROOM = Limits(actions=5, spend_cents=10_000)
NOTHING_YET = Usage(actions=0, spend_cents=0)


@pytest.mark.parametrize(
    ("level", "alone"),
    [
        (AutonomyLevel.MANUAL, set()),
        (AutonomyLevel.ASSISTED, {Action.PAUSE, Action.RETRY}),
        (AutonomyLevel.AUTONOMOUS, {Action.PAUSE, Action.RETRY, Action.PUBLISH}),
    ],
)
def test_each_level_allows_what_the_one_before_did_and_more(level, alone):
    found = {action for action in Action if permission(action, level, ROOM, NOTHING_YET).allowed}
    assert found == alone


@pytest.mark.parametrize("level", AutonomyLevel)
def test_a_budget_is_never_changed_without_a_person(level):
    found = permission(Action.CHANGE_BUDGET, level, ROOM, NOTHING_YET)
    assert not found.allowed
    assert "money" in found.reason


def test_a_used_up_limit_of_actions_stops_everything_but_pausing():
    used = Usage(actions=5, spend_cents=0)
    level = AutonomyLevel.AUTONOMOUS
    assert permission(Action.PAUSE, level, ROOM, used).allowed
    assert not permission(Action.RETRY, level, ROOM, used).allowed
    assert "limit of 5" in permission(Action.PUBLISH, level, ROOM, used).reason


def test_a_used_up_spending_limit_stops_publishing_only():
    spent = Usage(actions=0, spend_cents=10_000)
    level = AutonomyLevel.AUTONOMOUS
    assert not permission(Action.PUBLISH, level, ROOM, spent).allowed
    assert permission(Action.RETRY, level, ROOM, spent).allowed


@pytest.mark.parametrize(("attempts", "allowed"), [(MAX_ATTEMPTS - 1, True), (MAX_ATTEMPTS, False)])
def test_a_publication_that_fails_again_and_again_is_left_to_a_person(attempts, allowed):
    found = permission(Action.RETRY, AutonomyLevel.ASSISTED, ROOM, NOTHING_YET, attempts=attempts)
    assert found.allowed is allowed


@given(
    st.sampled_from(Action),
    st.sampled_from(AutonomyLevel),
    st.integers(0, 10),
    st.integers(0, 10),
    st.integers(0, 10),
)
def test_using_more_never_allows_more(action, level, limit, used, more):
    limits = Limits(limit, limit)
    before = permission(action, level, limits, Usage(used, used)).allowed
    after = permission(action, level, limits, Usage(used + more, used + more)).allowed
    assert before or not after


@given(st.sampled_from(Action), st.sampled_from(AutonomyLevel), st.integers(0, 9))
def test_every_answer_has_a_reason(action, level, used):
    assert permission(action, level, ROOM, Usage(used, used)).reason
