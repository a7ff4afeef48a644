"""Each tab in each situation, and one walk through all of them as an operator."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from aicmo import campaign_ops, mock_data
from aicmo import operator_services as services
from aicmo.acquisition_engine import parse_leads
from aicmo.campaign_ops import Plan
from aicmo.core import db
from aicmo.creative_engine import Draft
from aicmo.dashboard_models import (
    AutonomyLevel,
    CampaignStatus,
    Channel,
    CreativeStatus,
    JobStatus,
    Lead,
    LeadStatus,
    utc_now,
)
from streamlit_pages import aicmo_operator

TABS = [tab.label for tab in aicmo_operator.TABS]
WITH_DATABASE = TABS[:8]
BANNER = "⚠️ MOCK DATA MODE - Not production data"

every_tab = pytest.mark.parametrize("tab", TABS)


@pytest.fixture
def campaign():
    """A running campaign that overspends, with something of every kind to decide."""
    today = utc_now().date()
    plan = Plan("Autumn tour", Channel.EMAIL, 20, 100_000, today, today + timedelta(days=9))
    campaign_id = campaign_ops.create(plan, "tester")
    for number in range(3):
        draft = Draft(f"Plan week {number}", "Every shift.", "Book", "https://example.com/")
        creative_id = services.add_creative(campaign_id, draft, "tester")
        services.approve_creative(creative_id, "tester")
        if number:
            services.schedule(creative_id, utc_now(), "tester")
    services.record_failure(services.jobs()[0].id, "503", "tester")
    services.add_creative(
        campaign_id, Draft("Waits", "For review.", "Go", "https://a.b/"), "tester"
    )
    campaign_ops.launch(campaign_id, "tester")
    campaign_ops.record_spend(campaign_id, today, 90_000, "tester")
    rows = parse_leads("name,email,status\nBob,bob@x.example,contacted\nAda,ada@x.example,\n")
    services.import_leads(campaign_id, rows.leads, "tester")
    with db.get_session() as session:
        session.execute(update(Lead).values(status_changed_at=utc_now() - timedelta(days=4)))
    return campaign_id


def button(at, label):
    return next(found for found in at.button if found.label == label)


def field(at, label):
    kinds = (at.text_input, at.number_input, at.text_area, at.selectbox)
    return next(found for kind in kinds for found in kind if found.label == label)


@every_tab
def test_with_an_empty_database_a_tab_invents_nothing(tab, open_tab, words):
    at = open_tab(tab)
    assert not at.error
    assert "MOCK" not in words(at).replace("AICMO_MOCK_MODE", "")
    if tab in WITH_DATABASE:
        assert not at.metric
        assert not at.dataframe
        [empty] = [element.value for element in at.markdown if element.value.startswith("## ")]
        assert len(empty.splitlines()) > 1, "it must say what to do next"
    assert db.get_engine().pool.checkedout() == 0


@every_tab
@pytest.mark.parametrize("mode", ["0", "1"])
def test_no_heading_skips_a_level(tab, mode, monkeypatch, open_tab):
    monkeypatch.setenv("AICMO_MOCK_MODE", mode)
    at = open_tab(tab)
    texts = [element.value for part in (at.sidebar, at.main) for element in part.markdown]
    levels = [len(text) - len(text.lstrip("#")) for text in texts if text.startswith("#")]
    assert levels[0] == 1
    assert all(level <= before + 1 for before, level in pairwise(levels))


@every_tab
def test_with_data_a_tab_draws_and_gives_every_connection_back(tab, campaign, open_tab, words):
    at = open_tab(tab)
    assert not at.error
    assert "[MOCK]" not in words(at) + str([metric.label for metric in at.metric])
    if tab != "Diagnostics":
        assert at.metric
    assert db.get_engine().pool.checkedout() == 0


@every_tab
def test_in_mock_mode_every_figure_is_marked(tab, mock_mode, open_tab, words):
    at = open_tab(tab)
    assert not at.error
    assert at.warning[0].value == BANNER
    assert at.warning[0].icon == ""
    assert all(metric.label.startswith("[MOCK] ") for metric in at.metric)
    assert "**Mock mode:** `on`" in words(at)
    if tab != "Diagnostics":
        assert at.metric


@pytest.mark.parametrize("tab", WITH_DATABASE)
def test_with_a_broken_database_a_tab_says_so_in_plain_words(tab, broken_database, open_tab, words):
    at = open_tab(tab)
    [error] = at.error
    assert "not a database" in error.value
    assert "Error id" in error.value
    assert "**Database:** `unreachable, sqlite: " in words(at)
    assert db.get_engine().pool.checkedout() == 0


def test_monitoring_and_diagnostics_stand_on_a_broken_database(broken_database, open_tab, words):
    monitoring = open_tab("Monitoring")
    assert (monitoring.metric[0].label, monitoring.metric[0].value) == ("Database", "Down")
    diagnostics = open_tab("Diagnostics")
    assert "Database" in diagnostics.error[0].value
    assert "**Build marker:** `AICMO_DASH_V2_2025_12_16`" in words(diagnostics)


def test_a_wrong_setting_is_shown_with_its_cure(monkeypatch, open_tab):
    monkeypatch.setenv("AICMO_DATABASE_URL", "mysql://u:hunter22@h/d")
    at = open_tab()
    assert "Use a postgresql:// or sqlite:// URL" in at.error[0].value
    assert "hunter22" not in str([error.value for error in at.error])


def test_without_campaign_ops_its_tab_says_so_and_all_others_work(
    monkeypatch, campaign, open_tab, words
):
    import sys

    monkeypatch.setitem(sys.modules, "aicmo.campaign_ops", None)
    monkeypatch.delattr("aicmo.campaign_ops")
    at = open_tab("Campaign Ops")
    assert at.error[0].value == "❌ Campaign Ops module not available"
    assert "ModuleNotFoundError" in words(at)
    assert "**Service aicmo.campaign\\_ops" not in words(at)
    assert "**Service aicmo.campaign_ops:** `unavailable: ModuleNotFoundError" in words(at)
    for tab in TABS:
        if tab not in {"Campaign Ops", "Diagnostics"}:
            assert not open_tab(tab).error, tab
    assert "Pause" not in [found.label for found in open_tab().button]


def test_the_sidebar_shows_marker_file_and_environment_on_every_tab(open_tab, entry):
    for tab in TABS:
        drawn = [element.value for element in open_tab(tab).sidebar.markdown]
        shown = [line for text in drawn for line in text.splitlines()]
        assert "**Build marker:** `AICMO_DASH_V2_2025_12_16`" in shown
        assert f"**Entry file:** `{entry}`" in shown
        assert any(text.startswith("**Env AICMO_DATABASE_URL:**") for text in shown)


# What an operator does


def test_a_first_campaign_is_created_on_an_empty_database(open_tab):
    at = open_tab("Campaign Ops")
    field(at, "Name").input("Spring tour")
    field(at, "Whole budget").set_value(1500.0)
    button(at, "Create the campaign").click().run()
    assert not at.exception
    [view] = services.campaigns()
    assert (view.name, view.budget_cents, view.status) == (
        "Spring tour",
        150_000,
        CampaignStatus.DRAFT,
    )
    assert len(services.recent_activity()) == 1
    assert field(at, "Campaign").value == view.id


def test_a_refusal_is_shown_and_nothing_is_changed(open_tab):
    at = open_tab("Campaign Ops")
    button(at, "Create the campaign").click().run()
    assert "Give it a name." in at.warning[0].value
    assert services.campaigns() == []
    assert not at.error


def test_the_empty_state_s_button_opens_the_tab_it_names(open_tab):
    at = open_tab("Strategy")
    button(at, "Open Campaign Ops").click().run()
    assert at.session_state["tab"] == "Campaign Ops"


def test_a_decision_in_command_center_changes_what_is_stored_and_names_who(campaign, open_tab):
    at = open_tab()
    before = len(services.recent_activity())
    at.sidebar.text_input[0].input("Dana").run()
    button(at, "Pause").click().run()
    assert not at.exception
    [view] = services.campaigns()
    assert view.status is CampaignStatus.PAUSED
    lines = services.recent_activity()
    assert (lines[0].actor, lines[0].summary) == ("Dana", "Paused Autumn tour")
    assert len(lines) == before + 1
    assert "Pause" not in [found.label for found in at.button]


@pytest.mark.parametrize(
    ("label", "changed"),
    [
        ("Let it run today", lambda: services.campaigns()[0].pacing_accepted_on is not None),
        ("Retry", lambda: not services.jobs(frozenset({JobStatus.FAILED}))),
        ("It went out", lambda: services.job_counts()[JobStatus.PUBLISHED] == 1),
        ("Approve", lambda: not services.creatives(frozenset({CreativeStatus.PENDING}))),
        ("Replied", lambda: services.lead_counts()[LeadStatus.REPLIED] == 1),
        ("Lost", lambda: services.lead_counts()[LeadStatus.LOST] == 1),
    ],
)
def test_every_kind_of_decision_can_be_made_in_command_center(campaign, open_tab, label, changed):
    before = len(services.recent_activity())
    at = open_tab()
    button(at, label).click().run()
    assert not at.exception
    assert changed()
    assert len(services.recent_activity()) == before + 1


def test_a_decision_somebody_made_meanwhile_is_refused_in_words(campaign, open_tab):
    at = open_tab()
    campaign_ops.pause(campaign, "somebody else")
    services.creatives()
    [waiting] = services.creatives(frozenset({CreativeStatus.PENDING}))
    services.approve_creative(waiting.id, "somebody else")
    before = len(services.recent_activity())
    button(at, "Approve").click().run()
    assert len(services.recent_activity()) == before
    assert not at.exception


def test_a_campaign_is_paused_and_resumed_in_campaign_ops(campaign, open_tab):
    at = open_tab("Campaign Ops")
    button(at, "Pause").click().run()
    assert services.campaigns()[0].status is CampaignStatus.PAUSED
    button(at, "Resume").click().run()
    assert services.campaigns()[0].status is CampaignStatus.ACTIVE


def test_spending_and_budget_are_recorded_in_campaign_ops(campaign, open_tab):
    at = open_tab("Campaign Ops")
    field(at, "Amount").set_value(12.5)
    button(at, "Record").click().run()
    field(at, "Whole budget").set_value(2000.0)
    button(at, "Change").click().run()
    [view] = services.campaigns()
    assert (view.spent_cents, view.budget_cents) == (91_250, 200_000)


def test_autonomy_is_set_and_run(campaign, open_tab):
    at = open_tab("Autonomy")
    at.radio[0].set_value(AutonomyLevel.AUTONOMOUS)
    field(at, "Automatic actions a day, at most").set_value(10)
    field(at, "Publish nothing more alone once today's spending reaches").set_value(1000.0)
    button(at, "Save").click().run()
    assert services.campaigns()[0].level is AutonomyLevel.AUTONOMOUS
    button(at, "Run 3 allowed actions now").click().run()
    assert not at.exception
    assert services.campaigns()[0].status is CampaignStatus.PAUSED


def test_campaigns_are_searched_and_cannot_be_changed(campaign, open_tab):
    at = open_tab("Campaigns")
    assert list(at.dataframe[0].value["Campaign"]) == ["Autumn tour"]
    assert not at.button
    field(at, "Search by name").input("winter").run()
    assert not at.dataframe
    field(at, "Search by name").input("AUTUMN").run()
    assert len(at.dataframe[0].value) == 1


def test_leads_are_filtered_moved_and_imported_with_row_errors(campaign, open_tab):
    at = open_tab("Acquisition")
    assert list(at.dataframe[0].value["Lead"]) == ["Ada", "Bob"]
    at.button_group[0].select(LeadStatus.CONTACTED).run()
    assert list(at.dataframe[0].value["Lead"]) == ["Bob"]
    button(at, "Replied").click().run()
    assert services.lead_counts() == {LeadStatus.NEW: 1, LeadStatus.REPLIED: 1}
    field(at, "or paste the rows").input("name,email\nCem,cem@x.example\nBad,bad\n").run()
    assert list(at.dataframe[-1].value["Line"]) == [3]
    button(at, "Import 1 lead into Autumn tour").click().run()
    assert not at.exception
    assert {lead.name for lead in services.leads()} == {"Ada", "Bob", "Cem"}
    assert field(at, "or paste the rows").value == ""


def test_a_creative_is_written_rejected_with_a_comment_and_revised(campaign, open_tab):
    at = open_tab("Creatives")
    button(at, "Reject").click().run()
    assert "Say why" in at.warning[0].value
    field(at, "Comment").input("Too dull")
    button(at, "Reject").click().run()
    [rejected] = services.creatives(frozenset({CreativeStatus.REJECTED}))
    assert rejected.review_comment == "Too dull"
    field(at, "Headline").input("A new headline")
    field(at, "Text").input("And its text")
    button(at, "Put up for review").click().run()
    assert "A new headline" in {creative.draft.headline for creative in services.creatives()}


def test_a_creative_is_scheduled_cancelled_and_retried_in_publishing(campaign, open_tab):
    at = open_tab("Publishing")
    button(at, "Retry").click().run()
    assert services.job_counts() == {JobStatus.SCHEDULED: 2}
    button(at, "Cancel it").click().run()
    assert services.job_counts() == {JobStatus.SCHEDULED: 1, JobStatus.CANCELLED: 1}
    button(at, "Schedule").click().run()
    assert not at.exception
    assert sum(services.job_counts().values()) == 3


def test_a_choice_is_still_there_after_a_look_at_another_tab(campaign, open_tab):
    at = open_tab("Campaigns")
    field(at, "Search by name").input("autumn").run()
    at.session_state["tab"] = "Strategy"
    at.run()
    at.session_state["tab"] = "Campaigns"
    at.run()
    assert field(at, "Search by name").value == "autumn"


def test_names_from_a_file_cannot_format_the_page(campaign, open_tab, words):
    rows = parse_leads("name,email,status\n![x](http://e/p.png),x@x.example,contacted\n")
    services.import_leads(campaign, rows.leads, "tester")
    with db.get_session() as session:
        session.execute(update(Lead).values(status_changed_at=utc_now() - timedelta(days=4)))
    assert r"!\[x\](http" in words(open_tab())


def test_a_change_in_mock_mode_lasts_as_long_as_the_process(mock_mode, open_tab):
    at = open_tab()
    button(at, "Pause").click().run()
    assert "Clinic managers, north" in services.recent_activity()[0].summary
    assert "Pause" not in [found.label for found in open_tab().button]


def test_mock_data_is_never_loaded_outside_mock_mode(open_tab, monkeypatch):
    monkeypatch.setattr(mock_data, "fill", lambda _engine: pytest.fail("mock data was used"))
    for tab in TABS:
        open_tab(tab)
