"""Strategy: objectives against actuals, campaign by campaign."""

import streamlit as st
from aicmo import operator_services as services
from aicmo.dashboard_models import CampaignStatus
from aicmo.operator_services import CampaignView
from streamlit_pages.text import escape, money, percent
from streamlit_pages.ui import Figure, badge, empty, marked, metrics

_CURRENT = frozenset({CampaignStatus.ACTIVE, CampaignStatus.PAUSED})


def render() -> None:
    """Draw the tab."""
    everything = services.campaigns()
    if not everything:
        empty(
            "No objective yet",
            "A campaign's target, budget and dates are its objectives. Create one first.",
            go_to="Campaign Ops",
        )
        return
    current = [view for view in everything if view.status in _CURRENT]
    _totals(current)
    if not current:
        empty(
            "No campaign is running",
            "Launch one to see how it does against its objectives.",
            go_to="Campaign Ops",
        )
    for view in current:
        with st.container(border=True):
            _campaign(view)
    ended = [view for view in everything if view.status is CampaignStatus.COMPLETED]
    if ended:
        with st.expander(f"Completed campaigns ({len(ended)})"):
            for view in ended:
                _campaign(view)


def _totals(views: list[CampaignView]) -> None:
    spent = sum(view.spent_cents for view in views)
    results = sum(view.results for view in views)
    on_track = sum(view.progress.on_track is True for view in views)
    metrics(
        [
            Figure("Running or paused", len(views)),
            Figure("On track", on_track, help="Will reach their target if they go on as so far."),
            Figure("Spent", money(spent)),
            Figure("Budget", money(sum(view.budget_cents for view in views))),
            Figure(
                "Cost per result",
                money(spent // results) if results else "–",
                help="Spending for each qualified or converted lead.",
            ),
        ]
    )


def _campaign(view: CampaignView) -> None:
    pacing, progress = view.pacing, view.progress
    st.markdown(
        f"**{escape(view.name)}** {badge(view.status)} {badge(pacing.pace)}  \n"
        f":gray[{view.starts_on} to {view.ends_on}]"
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.progress(
            min(progress.share, 1.0),
            f"{marked('Results')}: {view.results} of {view.target_leads} "
            f"({percent(progress.share)})",
        )
        st.caption(_outlook(view))
    with right:
        share = view.spent_cents / view.budget_cents if view.budget_cents else 0.0
        st.progress(
            min(share, 1.0),
            f"{marked('Spent')}: {money(view.spent_cents)} of {money(view.budget_cents)} "
            f"({percent(share)})",
        )
        st.caption(
            f"Planned by today: {money(pacing.planned_cents)}. "
            f"Left for each day to come: {money(pacing.daily_cents)}."
        )


def _outlook(view: CampaignView) -> str:
    progress = view.progress
    if progress.projected is None:
        return "It has not started."
    cost = (
        f" Each costs {money(progress.cost_cents)} so far."
        if progress.cost_cents is not None
        else ""
    )
    if view.status is CampaignStatus.COMPLETED:
        return f"It ended with {view.results}.{cost}"
    verdict = "on track" if progress.on_track else "short of the target"
    return (
        f"At this pace it ends with {progress.projected} of {view.target_leads}: {verdict}.{cost}"
    )
