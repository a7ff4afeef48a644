"""Autonomy: how much of each campaign may run without a person, and within which limits."""

from functools import partial

import streamlit as st
from aicmo import operator_services as services
from aicmo.autonomy_engine import Action, permission
from aicmo.dashboard_models import AutonomyLevel, CampaignStatus
from aicmo.operator_services import CampaignView
from streamlit_pages.text import count, escape, money
from streamlit_pages.ui import Figure, act, choose, empty, metrics, note, operator

_LEVELS = list(AutonomyLevel)
_MEANING = {
    AutonomyLevel.MANUAL: "Does nothing alone: every step waits for you.",
    AutonomyLevel.ASSISTED: "Protects itself: pauses when it overspends, retries what failed.",
    AutonomyLevel.AUTONOMOUS: "Also schedules approved creatives, within its limits.",
}


def render() -> None:
    """Draw the tab."""
    views = [view for view in services.campaigns() if view.status is not CampaignStatus.COMPLETED]
    if not views:
        empty(
            "No campaign to set up",
            "Autonomy is set per campaign. Create one first.",
            go_to="Campaign Ops",
        )
        return
    levels = [view.level for view in views]
    metrics(
        [Figure(level.value, levels.count(level), help=_MEANING[level]) for level in AutonomyLevel]
        + [
            Figure(
                "Automatic actions today",
                sum(view.usage.actions for view in views),
                help="Counted from midnight, UTC.",
            )
        ]
    )
    chosen = choose("Campaign", {view.id: view.name for view in views}, "keep.autonomy.campaign")
    view = next(view for view in views if view.id == chosen)
    left, right = st.columns(2, gap="large")
    with left:
        _settings(view)
    with right:
        _allowed(view)
    _automation()


def _settings(view: CampaignView) -> None:
    with st.form(f"autonomy.{view.id}"):
        st.markdown("## Level and limits")
        level = st.radio(
            "Level",
            _LEVELS,
            index=_LEVELS.index(view.level),
            format_func=lambda level: level.value,
            captions=[_MEANING[level] for level in AutonomyLevel],
        )
        actions = st.number_input(
            "Automatic actions a day, at most",
            min_value=0,
            max_value=1000,
            value=view.limits.actions,
        )
        spend = st.number_input(
            "Publish nothing more alone once today's spending reaches",
            min_value=0.0,
            max_value=1e9,
            value=view.limits.spend_cents / 100,
            step=50.0,
        )
        if st.form_submit_button("Save", type="primary"):
            act(
                partial(
                    services.set_autonomy,
                    view.id,
                    level,
                    int(actions),
                    round(spend * 100),
                    operator(),
                ),
                f"Saved: {view.name} is {level.value.lower()}",
            )


def _allowed(view: CampaignView) -> None:
    st.markdown("## What runs alone right now")
    for action in Action:
        found = permission(action, view.level, view.limits, view.usage)
        answer = ":green-badge[Alone]" if found.allowed else ":gray-badge[Asks you]"
        st.markdown(f"{answer} **{action.value}**  \n{escape(found.reason)}")
    st.caption(
        f"Today so far: {count(view.usage.actions, 'automatic action')}, "
        f"{money(view.usage.spend_cents)} spent."
    )


def _automation() -> None:
    st.markdown("## What automation would do now")
    found = services.proposals()
    if not found:
        st.caption(
            "Nothing: no active campaign overspends, failed to publish or has an approved "
            "creative that was never scheduled."
        )
        return
    st.dataframe(
        [
            {
                "Campaign": proposal.campaign,
                "Action": proposal.action.value,
                "What": proposal.subject,
                "Runs": "Alone" if proposal.permission.allowed else "Asks you",
                "Why": proposal.permission.reason,
            }
            for proposal in found
        ],
        hide_index=True,
    )
    ready = sum(proposal.permission.allowed for proposal in found)
    if st.button(
        f"Run {count(ready, 'allowed action')} now" if ready else "Nothing may run alone now",
        disabled=not ready,
        type="primary",
    ):
        _run()


def _run() -> None:
    outcomes = services.run_automation()
    done = sum(not outcome.problem for outcome in outcomes)
    problems = [outcome for outcome in outcomes if outcome.problem]
    if not problems:
        note(f"Automation did {count(done, 'thing')}; the activity log names each")
    for outcome in problems:
        st.warning(
            f"{outcome.proposal.action.value}, {escape(outcome.proposal.subject)}: "
            f"{escape(outcome.problem)}"
        )
