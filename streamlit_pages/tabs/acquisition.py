"""Acquisition: the funnel, the leads in it, and importing more."""

from functools import partial

import streamlit as st
from aicmo import operator_services as services
from aicmo.acquisition_engine import RESULTS, band, funnel, next_statuses
from aicmo.dashboard_models import LeadStatus
from aicmo.operator_services import LeadView
from streamlit_pages import lead_import
from streamlit_pages.text import count, escape, percent
from streamlit_pages.ui import Figure, act, badge, choose, empty, marked, metrics, operator

MOST_LISTED = 500
"""Rows of the table: more is for a search, not for the eye."""


def render() -> None:
    """Draw the tab."""
    names = {view.id: view.name for view in services.campaigns()}
    if not names:
        empty(
            "No campaign to bring leads to",
            "Leads belong to a campaign. Create one, then import them here.",
            go_to="Campaign Ops",
        )
        return
    chosen = choose("Campaign", names, "keep.acquisition.campaign", everything="All campaigns")
    counts = services.lead_counts(chosen)
    if counts:
        _funnel(counts)
        _leads(chosen)
    else:
        empty("No lead yet", "Import them from a CSV file below; each is scored as it comes in.")
    with st.expander("Import leads", expanded=not counts, icon=":material/upload:"):
        lead_import.render(names)


def _funnel(counts: dict[LeadStatus, int]) -> None:
    stages = funnel(counts)
    metrics(
        [
            Figure("Leads", sum(counts.values())),
            Figure(
                "Without an answer",
                counts.get(LeadStatus.CONTACTED, 0),
                help="Contacted, and nothing heard since.",
            ),
            Figure(
                "Results",
                sum(counts.get(status, 0) for status in RESULTS),
                help="Qualified or converted: what counts towards a campaign's target.",
            ),
            Figure("Lost", counts.get(LeadStatus.LOST, 0)),
        ]
    )
    st.markdown("## Funnel")
    everybody = stages[0].reached
    for stage in stages:
        share = stage.reached / everybody if everybody else 0.0
        rate = "" if stage.rate is None else f", {percent(stage.rate)} of the stage before"
        st.progress(
            share,
            f"{marked(stage.status.value)}: {stage.here:,} now, {stage.reached:,} came this far"
            f"{rate}",
        )


def _leads(campaign_id: int | None) -> None:
    st.markdown("## Leads")
    wanted = st.pills(
        "Status",
        list(LeadStatus),
        selection_mode="multi",
        format_func=lambda status: status.value,
        key="keep.acquisition.status",
    )
    found = services.leads(frozenset(wanted) if wanted else None, campaign_id, MOST_LISTED)
    if not found:
        empty("No lead has this status", "Choose another, or none to see all.")
        return
    st.dataframe(
        [
            {
                "Lead": lead.name,
                "Score": lead.score,
                "Band": band(lead.score),
                "Status": lead.status.value,
                "Company": lead.company,
                "Title": lead.job_title,
                "E-mail": lead.email,
                "Source": lead.source,
                "Campaign": lead.campaign,
                "Since": lead.status_changed_at,
            }
            for lead in found
        ],
        hide_index=True,
        height=320,
        column_config={
            "Score": st.column_config.ProgressColumn(min_value=0, max_value=100, format="%d"),
            "Since": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", timezone="UTC"),
        },
    )
    shown = f"The first {MOST_LISTED}" if len(found) == MOST_LISTED else count(len(found), "lead")
    st.caption(f"{shown}, the most promising first. Times are UTC.")
    _move(found)


def _move(found: list[LeadView]) -> None:
    by_id = {lead.id: lead for lead in found}
    chosen = choose(
        "Move a lead",
        {lead.id: f"{lead.name}, {lead.email} ({lead.status.value})" for lead in found},
        "keep.acquisition.lead",
    )
    if chosen is None:
        return
    lead = by_id[chosen]
    targets = next_statuses(lead.status)
    st.markdown(f"{badge(lead.status)} {escape(lead.company)}")
    if not targets:
        st.caption("This lead has become a customer: nothing is left to do here.")
        return
    with st.container(horizontal=True):
        for status in targets:
            if st.button(status.value, key=f"move.{lead.id}.{status.name}"):
                act(
                    partial(services.move_lead, lead.id, status, operator()),
                    f"{lead.name}: {status.value.lower()}",
                )
