"""Creatives: write them, approve them, or reject them with a comment."""

from functools import partial

import streamlit as st
from aicmo import operator_services as services
from aicmo.creative_engine import LENGTHS, Draft, Severity
from aicmo.dashboard_models import NAME_LENGTH, URL_LENGTH, CreativeStatus
from aicmo.operator_services import CampaignView, CreativeView
from streamlit_pages.text import ago, code, escape
from streamlit_pages.ui import Figure, act, badge, choose, empty, metrics, operator

MOST_LISTED = 20
"""Creatives drawn at once; the status filter finds the others."""

_MARKS = {Severity.BLOCKER: ":red-badge[Must be fixed]", Severity.WARNING: ":orange-badge[Look]"}


def render() -> None:
    """Draw the tab."""
    views = services.campaigns()
    if not views:
        empty(
            "No campaign to write for",
            "A creative belongs to a campaign. Create one first.",
            go_to="Campaign Ops",
        )
        return
    everything = services.creatives()
    if everything:
        metrics(
            [
                Figure(status.value, sum(creative.status is status for creative in everything))
                for status in CreativeStatus
            ]
        )
        _list(everything)
    else:
        empty(
            "No creative yet",
            "Write the first one below. It is checked against its channel's limits, then it waits "
            "for your approval.",
        )
    with st.expander("New creative", expanded=not everything, icon=":material/add:"):
        _new(views)


def _list(everything: list[CreativeView]) -> None:
    st.session_state.setdefault("keep.creatives.status", CreativeStatus.PENDING)
    status = st.segmented_control(
        "Show",
        list(CreativeStatus),
        format_func=lambda status: status.value,
        key="keep.creatives.status",
    )
    found = [creative for creative in everything if status in {None, creative.status}]
    if not found:
        empty(
            "Nothing here",
            "No creative waits for review."
            if status is CreativeStatus.PENDING
            else "No creative has this status.",
        )
    for creative in found[:MOST_LISTED]:
        with st.container(border=True):
            _creative(creative)
    if len(found) > MOST_LISTED:
        st.caption(f"The first {MOST_LISTED} of {len(found)}; decide on these to see the others.")


def _creative(creative: CreativeView) -> None:
    draft = creative.draft
    st.markdown(
        f"{badge(creative.status)} :gray[{escape(creative.campaign)} · {creative.channel.value} · "
        f"written {ago(creative.created_at)}]"
    )
    st.markdown(f"**{escape(draft.headline)}**")
    # Plain text keeps the author's line breaks and shows any markup as it is.
    st.text(draft.body)
    details = (("Call to action", draft.call_to_action), ("Landing page", draft.landing_url))
    named = [f":gray[{name}:] {code(part)}" for name, part in details if part]
    if named:
        st.markdown(" ".join(named))
    for finding in creative.findings:
        st.markdown(f"{_MARKS[finding.severity]} {escape(finding.text)}")
    if creative.review_comment:
        st.markdown(f"> {escape(creative.review_comment)}")
    if creative.status is CreativeStatus.PENDING:
        _review(creative)
    if creative.status is not CreativeStatus.APPROVED:
        with st.popover("Revise"):
            _revise(creative)


def _review(creative: CreativeView) -> None:
    headline = creative.draft.headline
    blocked = any(finding.severity is Severity.BLOCKER for finding in creative.findings)
    with st.form(f"review.{creative.id}", border=False, enter_to_submit=False):
        comment = st.text_input(
            "Comment", max_chars=500, help="Needed to reject, welcome to approve."
        )
        with st.container(horizontal=True):
            approved = not blocked and st.form_submit_button("Approve", type="primary")
            rejected = st.form_submit_button("Reject")
    if approved:
        act(
            partial(services.approve_creative, creative.id, operator(), comment),
            f"Approved {headline}",
        )
    if rejected:
        act(
            partial(services.reject_creative, creative.id, operator(), comment),
            f"Rejected {headline}",
        )


def _revise(creative: CreativeView) -> None:
    with st.form(f"revise.{creative.id}", border=False, enter_to_submit=False):
        draft = _fields(creative.draft)
        if st.form_submit_button("Put up for review", type="primary"):
            act(
                partial(services.revise_creative, creative.id, draft, operator()),
                f"Revised {draft.headline}",
            )


def _new(views: list[CampaignView]) -> None:
    names = {view.id: view.name for view in views}
    campaign_id = choose("Campaign", names, "keep.creatives.campaign")
    if campaign_id is None:
        return
    channel = next(view.channel for view in views if view.id == campaign_id)
    limits = LENGTHS[channel]
    st.caption(
        f"{channel.value} takes a headline of {limits.headline:,} and a text of {limits.body:,} "
        "characters."
    )
    with st.form("new_creative", enter_to_submit=False):
        draft = _fields(Draft("", ""))
        if st.form_submit_button("Put up for review", type="primary"):
            act(
                partial(services.add_creative, campaign_id, draft, operator()),
                f"{draft.headline} waits for review",
            )


def _fields(draft: Draft) -> Draft:
    return Draft(
        headline=st.text_input("Headline", draft.headline, max_chars=300),
        body=st.text_area("Text", draft.body, max_chars=20_000),
        call_to_action=st.text_input("Call to action", draft.call_to_action, max_chars=NAME_LENGTH),
        landing_url=st.text_input(
            "Landing page", draft.landing_url, max_chars=URL_LENGTH, placeholder="https://"
        ),
    )
