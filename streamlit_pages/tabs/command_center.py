"""Command Center: what needs a decision now, and deciding it."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from aicmo import operator_services as services
from aicmo.creative_engine import Severity
from aicmo.dashboard_models import CampaignStatus, LeadStatus
from aicmo.operator_services import (
    CampaignView,
    CreativeView,
    Decision,
    JobView,
    Kind,
    LeadView,
)
from streamlit_pages import job_controls
from streamlit_pages.text import ago, count, escape, money, percent
from streamlit_pages.ui import Figure, act, badge, card, empty, metrics, operator

LISTED = 3
"""Decisions of one kind listed before the operator asks for all: a screen, not a backlog."""

EXCERPT = 200
"""How much of a creative's text is shown, in characters; Creatives has all of it."""

_WHERE = {
    Kind.OVERSPEND: "Campaign Ops",
    Kind.FAILED_JOB: "Publishing",
    Kind.DUE_JOB: "Publishing",
    Kind.REVIEW: "Creatives",
    Kind.FOLLOW_UP: "Acquisition",
}


def render() -> None:
    """Draw the tab."""
    overview = services.overview()
    if not overview.campaigns:
        _welcome()
        return
    active = [view for view in overview.campaigns if view.status is CampaignStatus.ACTIVE]
    results = sum(view.results for view in active)
    target = sum(view.target_leads for view in active)
    metrics(
        [
            Figure("Decisions waiting", len(overview.decisions)),
            Figure("Active campaigns", len(active)),
            Figure("Leads", f"{overview.leads:,}"),
            Figure(
                "Results of target",
                percent(results / target) if target else "–",
                help="Qualified and converted leads of the active campaigns, of their targets.",
            ),
        ]
    )
    if not overview.decisions:
        st.success("Nothing needs a decision now.")
    for kind in Kind:
        _group(kind, [decision for decision in overview.decisions if decision.kind is kind])
    _activity()


def _welcome() -> None:
    empty(
        "Welcome. There is no campaign yet.",
        "Three steps to a running campaign:\n"
        "1. **Campaign Ops**: create a campaign with its budget, dates and target.\n"
        "2. **Creatives**: write what it says, and approve it.\n"
        "3. **Acquisition**: import the leads it should reach.\n\n"
        "From then on, what needs a decision waits here.",
        go_to="Campaign Ops",
    )


def _group(kind: Kind, decisions: list[Decision]) -> None:
    if not decisions:
        return
    st.markdown(f"## {kind.value} :gray-badge[{len(decisions)}]")
    key = f"keep.all.{kind.name}"
    shown = decisions if st.session_state.get(key) else decisions[:LISTED]
    for decision in shown:
        _draw(decision)
    if len(decisions) > LISTED:
        st.checkbox(f"List all {len(decisions)} (also in {_WHERE[kind]})", key=key)


def _draw(decision: Decision) -> None:
    match decision.subject:
        case CampaignView() as view:
            _overspend(view)
        case JobView() as job:
            _job(job)
        case CreativeView() as creative:
            _review(creative)
        case LeadView() as lead:
            _follow_up(lead)


def _button(
    label: str,
    key: str,
    change: Callable[[], object],
    done: str,
    *,
    main: bool = False,
) -> None:
    if st.button(label, key=key, type="primary" if main else "secondary"):
        act(change, done)


def _overspend(view: CampaignView) -> None:
    pacing = view.pacing
    detail = (
        f"{badge(pacing.pace)} spent {money(pacing.spent_cents)} of {money(view.budget_cents)}; "
        f"{money(pacing.planned_cents)} was planned by today"
    )
    with card(view.name, detail):
        pause = _pause_of(view)
        if pause is not None:
            _button("Pause", f"pause.{view.id}", pause, f"Paused {view.name}", main=True)
        _button(
            "Let it run today",
            f"accept.{view.id}",
            partial(services.accept_pacing, view.id, operator()),
            f"{view.name} runs on today",
        )


def _pause_of(view: CampaignView) -> Callable[[], object] | None:
    try:
        from aicmo import campaign_ops
    except (Exception, SystemExit):  # noqa: BLE001 - its own tab and Diagnostics say why
        return None
    return partial(campaign_ops.pause, view.id, operator())


def _job(job: JobView) -> None:
    detail = f"{escape(job.campaign)} · {job.channel.value} · "
    if job.due:
        detail += f"was due {ago(job.scheduled_for)}"
    else:
        detail += f"{count(job.attempts, 'attempt')}, {badge(job.status)} {escape(job.last_error)}"
    with card(job.headline, detail):
        job_controls.draw(job, place="command")


def _review(creative: CreativeView) -> None:
    draft = creative.draft
    blocked = any(finding.severity is Severity.BLOCKER for finding in creative.findings)
    with card(
        draft.headline,
        f"{escape(creative.campaign)} · {creative.channel.value} · "
        f"written {ago(creative.created_at)}",
        escape(draft.body[:EXCERPT]),
        *(
            f":gray[{finding.severity.value}: {escape(finding.text)}]"
            for finding in creative.findings
        ),
    ):
        if not blocked:
            _button(
                "Approve",
                f"approve.{creative.id}",
                partial(services.approve_creative, creative.id, operator()),
                f"Approved {draft.headline}",
                main=True,
            )
        with (
            st.popover("Reject"),
            st.form(f"reject.{creative.id}", border=False, enter_to_submit=False),
        ):
            comment = st.text_input("What should change?", max_chars=500)
            if st.form_submit_button("Reject it"):
                act(
                    partial(services.reject_creative, creative.id, operator(), comment),
                    f"Rejected {draft.headline}",
                )


def _follow_up(lead: LeadView) -> None:
    who = ", ".join(part for part in (lead.job_title, lead.company) if part)
    detail = (
        f"{escape(who) + ' · ' if who else ''}{escape(lead.campaign)} · score {lead.score} · "
        f"contacted {ago(lead.status_changed_at)}"
    )
    with card(lead.name, detail):
        for status in (LeadStatus.REPLIED, LeadStatus.QUALIFIED, LeadStatus.LOST):
            _button(
                status.value,
                f"lead.{lead.id}.{status.name}",
                partial(services.move_lead, lead.id, status, operator()),
                f"{lead.name}: {status.value.lower()}",
            )


def _activity() -> None:
    lines = services.recent_activity(5)
    if lines:
        st.markdown("## Latest changes")
        st.markdown(
            "\n".join(
                f"- {escape(line.summary)} :gray[{escape(line.actor)}, {ago(line.at)}]"
                for line in lines
            )
        )
