from concurrent.futures import ThreadPoolExecutor

import pytest

from aicmo import operator_services as services
from aicmo.core import db
from aicmo.dashboard_models import CampaignStatus, CreativeStatus, LeadStatus
from aicmo.operator_services import Kind


@pytest.fixture(autouse=True)
def mock_mode(data_dir, monkeypatch):
    monkeypatch.setenv("AICMO_MOCK_MODE", "1")
    monkeypatch.setenv("AICMO_DATABASE_URL", "postgresql://u:p@127.0.0.1:1/never-asked")
    yield
    db.dispose()


def _picture():
    return (
        [(view.name, view.status, view.spent_cents) for view in services.campaigns()],
        [(lead.name, lead.email, lead.status, lead.score) for lead in services.leads()],
        [(view.draft, view.status) for view in services.creatives()],
    )


def test_the_data_is_the_same_each_time():
    first = _picture()
    db.dispose()
    assert _picture() == first


def test_the_data_is_served_from_memory_and_the_real_database_is_never_asked(data_dir):
    assert services.campaigns()
    assert not data_dir.exists()
    assert db.get_engine().url.database is None


def test_there_is_something_to_see_and_to_decide_everywhere():
    overview = services.overview()
    assert {decision.kind for decision in overview.decisions} == set(Kind)
    assert {view.status for view in overview.campaigns} == set(CampaignStatus)
    assert {view.status for view in services.creatives()} == set(CreativeStatus)
    assert set(services.lead_counts()) == set(LeadStatus)
    assert services.proposals()


def test_nobody_real_could_get_a_message():
    assert all(lead.email.endswith(".example") for lead in services.leads())


def test_fifty_sessions_at_once_read_and_change_without_losing_anything():
    before = services.overview()
    waiting = [view.id for view in services.creatives(frozenset({CreativeStatus.PENDING}))]

    def use(number):
        services.overview()
        services.reject_creative(waiting[number], f"operator {number}", "No")
        return len(services.leads())

    def look(_number):
        return len(services.overview().campaigns)

    with ThreadPoolExecutor(50) as pool:
        looked = [pool.submit(look, number) for number in range(50)]
        used = [pool.submit(use, number) for number in range(len(waiting))]
        assert {found.result() for found in looked} == {len(before.campaigns)}
        assert {found.result() for found in used} == {before.leads}
    assert services.creatives(frozenset({CreativeStatus.PENDING})) == []
    assert db.get_engine().pool.checkedout() == 0
