"""Campaigns: every campaign in one searchable table, to read only."""

import streamlit as st
from aicmo import operator_services as services
from aicmo.dashboard_models import CampaignStatus
from streamlit_pages.text import count
from streamlit_pages.ui import Figure, empty, metrics

_CENTS = 100


def render() -> None:
    """Draw the tab."""
    everything = services.campaigns()
    if not everything:
        empty(
            "No campaign yet",
            "This is where all campaigns can be searched. Create the first one.",
            go_to="Campaign Ops",
        )
        return
    metrics(
        [Figure("Campaigns", len(everything))]
        + [
            Figure(status.value, sum(view.status is status for view in everything))
            for status in CampaignStatus
        ]
    )
    search, status = st.columns([2, 3], vertical_alignment="bottom")
    with search:
        text = st.text_input(
            "Search by name", key="keep.campaigns.search", icon=":material/search:"
        )
    with status:
        wanted = st.pills(
            "Status",
            list(CampaignStatus),
            selection_mode="multi",
            format_func=lambda status: status.value,
            key="keep.campaigns.status",
        )
    found = services.campaigns(text, frozenset(wanted) if wanted else None)
    if not found:
        empty("No campaign matches", "Search for less of the name, or for another status.")
        return
    st.dataframe(
        [
            {
                "Campaign": view.name,
                "Status": view.status.value,
                "Channel": view.channel.value,
                "From": view.starts_on,
                "To": view.ends_on,
                "Budget": view.budget_cents / _CENTS,
                "Spent": view.spent_cents / _CENTS,
                "Pace": view.pacing.pace.value,
                "Leads": view.leads,
                "Results": view.results,
                "Target": view.target_leads,
                "Autonomy": view.level.value,
            }
            for view in found
        ],
        hide_index=True,
        column_config={
            "Budget": st.column_config.NumberColumn(format="localized"),
            "Spent": st.column_config.NumberColumn(format="localized"),
            "Results": st.column_config.NumberColumn(help="Qualified and converted leads"),
        },
    )
    st.caption(f"{count(len(found), 'campaign')} shown. Nothing can be changed here.")
