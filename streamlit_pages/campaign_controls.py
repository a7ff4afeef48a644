"""The controls of Campaign Ops, drawn when `aicmo.campaign_ops` is there."""

from datetime import timedelta
from functools import partial

import streamlit as st
from aicmo import campaign_ops
from aicmo import operator_services as services
from aicmo.campaign_ops import MAX_TARGET, Operation, Plan
from aicmo.dashboard_models import NAME_LENGTH, CampaignStatus, Channel, utc_now
from aicmo.operator_services import CampaignView
from streamlit_pages.text import escape, money
from streamlit_pages.ui import Figure, act, badge, choose, empty, metrics, operator

MAX_AMOUNT = 1e10
"""Largest amount of money a field takes, in currency units: what `campaign_ops` allows."""

DEFAULT_DAYS = 30
"""How long a new campaign runs unless the operator says otherwise."""

_DONE = {
    Operation.LAUNCH: "{} is running",
    Operation.PAUSE: "Paused {}",
    Operation.RESUME: "{} runs again",
    Operation.COMPLETE: "Completed {}",
}
_CHOSEN = "keep.campaign_ops.campaign"
_CHANNELS = list(Channel)
_NEXT = "campaign_ops.next"


def render() -> None:
    """Draw the controls."""
    views = services.campaigns()
    if not views:
        empty(
            "Create your first campaign",
            "It starts as a draft and spends nothing until you launch it.",
        )
        _new()
        return
    metrics(
        [
            Figure(status.value, sum(view.status is status for view in views))
            for status in CampaignStatus
        ]
    )
    if _NEXT in st.session_state:
        st.session_state[_CHOSEN] = st.session_state.pop(_NEXT)
    chosen = choose("Campaign", {view.id: view.name for view in views}, _CHOSEN)
    view = next(view for view in views if view.id == chosen)
    _campaign(view)
    with st.expander("New campaign", icon=":material/add:"):
        _new()


def _campaign(view: CampaignView) -> None:
    with st.container(border=True):
        st.markdown(
            f"## {escape(view.name)}\n{badge(view.status)} {view.channel.value} · "
            f"{view.starts_on} to {view.ends_on}"
        )
        metrics(
            [
                Figure("Budget", money(view.budget_cents)),
                Figure("Spent", money(view.spent_cents)),
                Figure(
                    "Left a day",
                    money(view.pacing.daily_cents),
                    help="What may be spent on each day left to end on budget.",
                ),
                Figure("Results", f"{view.results} of {view.target_leads}"),
            ]
        )
        _operations(view)
    if view.status is CampaignStatus.COMPLETED:
        return
    left, right = st.columns(2, gap="large")
    with left:
        _budget(view)
    if view.status is not CampaignStatus.DRAFT:
        with right:
            _spend(view)


def _operations(view: CampaignView) -> None:
    available = campaign_ops.available_operations(view)
    if not available:
        st.caption("This campaign is completed: nothing is left to do.")
        return
    with st.container(horizontal=True):
        for position, (operation, missing) in enumerate(available.items()):
            if st.button(
                operation.value,
                key=f"{operation.name}.{view.id}",
                type="secondary" if position else "primary",
                disabled=bool(missing),
            ):
                act(
                    partial(campaign_ops.operate, view.id, operation, operator()),
                    _DONE[operation].format(view.name),
                )
    for operation, missing in available.items():
        if missing:
            st.caption(f"{operation.value} is not possible yet: {', '.join(missing)}.")


def _spend(view: CampaignView) -> None:
    with st.form(f"spend.{view.id}", clear_on_submit=True):
        st.markdown("### Record spending")
        today = utc_now().date()
        day = st.date_input("Day", today, max_value=today)
        amount = st.number_input("Amount", min_value=0.0, max_value=MAX_AMOUNT, step=10.0)
        if st.form_submit_button("Record"):
            act(
                partial(campaign_ops.record_spend, view.id, day, round(amount * 100), operator()),
                f"Recorded for {view.name}",
            )


def _budget(view: CampaignView) -> None:
    with st.form(f"budget.{view.id}"):
        st.markdown("### Change the budget")
        budget = st.number_input(
            "Whole budget",
            min_value=0.0,
            max_value=MAX_AMOUNT,
            value=view.budget_cents / 100,
            step=100.0,
        )
        if st.form_submit_button("Change"):
            act(
                partial(campaign_ops.change_budget, view.id, round(budget * 100), operator()),
                f"Changed the budget of {view.name}",
            )


def _new() -> None:
    today = utc_now().date()
    with st.form("new_campaign"):
        name = st.text_input("Name", max_chars=NAME_LENGTH)
        # Row by row, so that a phone and the keyboard meet the fields in the order of the eye.
        left, right = st.columns(2)
        with left:
            channel = st.selectbox("Channel", _CHANNELS, format_func=lambda channel: channel.value)
        with right:
            target = st.number_input(
                "Target",
                min_value=1,
                max_value=MAX_TARGET,
                value=50,
                help="How many leads it should qualify or convert.",
            )
        left, right = st.columns(2)
        with left:
            starts_on = st.date_input("First day", today)
        with right:
            ends_on = st.date_input("Last day", today + timedelta(days=DEFAULT_DAYS - 1))
        with st.columns(2)[0]:
            budget = st.number_input(
                "Whole budget", min_value=0.0, max_value=MAX_AMOUNT, step=100.0
            )
        if st.form_submit_button("Create the campaign", type="primary"):
            plan = Plan(name, channel, int(target), round(budget * 100), starts_on, ends_on)
            act(partial(_create, plan), f"Created {name.strip()}, as a draft")


def _create(plan: Plan) -> None:
    created = campaign_ops.create(plan, operator())
    # The selectbox was drawn in this run already; the next run starts with the new campaign.
    st.session_state[_NEXT] = created
