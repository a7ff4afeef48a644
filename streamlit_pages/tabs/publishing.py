"""Publishing: schedule what is approved, record how it went, retry what failed."""

from datetime import UTC, datetime, timedelta
from functools import partial

import streamlit as st
from aicmo import operator_services as services
from aicmo.dashboard_models import CreativeStatus, JobStatus, utc_now
from aicmo.operator_services import JobView
from streamlit_pages import job_controls
from streamlit_pages.text import ago, count, escape, moment
from streamlit_pages.ui import Figure, act, badge, card, choose, empty, metrics, operator

MOST_LISTED = 20
"""Open jobs drawn at once: what is beyond waits for these."""

_OPEN = frozenset({JobStatus.SCHEDULED, JobStatus.FAILED})


def render() -> None:
    """Draw the tab."""
    counts = services.job_counts()
    approved = services.creatives(frozenset({CreativeStatus.APPROVED}))
    if not counts and not approved:
        empty(
            "Nothing to publish yet",
            "What goes out is an approved creative. Write one and approve it.",
            go_to="Creatives",
        )
        return
    metrics([Figure(status.value, counts.get(status, 0)) for status in JobStatus])
    _open_jobs(services.jobs(_OPEN))
    with st.expander("Schedule a creative", expanded=not counts, icon=":material/schedule_send:"):
        _schedule({view.id: f"{view.draft.headline} ({view.campaign})" for view in approved})
    _history()


def _open_jobs(found: list[JobView]) -> None:
    st.markdown("## On the plan")
    if not found:
        st.caption("No job is scheduled or failed.")
        return
    # What needs somebody comes before what only has to wait.
    found.sort(key=lambda job: (job.status is not JobStatus.FAILED, not job.due))
    for job in found[:MOST_LISTED]:
        _job(job)
    if len(found) > MOST_LISTED:
        st.caption(f"The first {MOST_LISTED} of {len(found)}.")


def _job(job: JobView) -> None:
    due = " :orange-badge[Due]" if job.due else ""
    tried = f" · {count(job.attempts, 'attempt')}" if job.attempts else ""
    state = (
        f"{badge(job.status)}{due} {escape(job.campaign)} · {job.channel.value} · "
        f"{moment(job.scheduled_for)} ({ago(job.scheduled_for)}){tried}"
    )
    problem = [f":gray[Last error: {escape(job.last_error)}]"] if job.last_error else []
    with card(job.headline, state, *problem):
        job_controls.draw(job, place="publishing")


def _schedule(names: dict[int, str]) -> None:
    if not names:
        st.caption("No creative is approved. Approve one in Creatives.")
        return
    creative_id = choose("Creative", names, "keep.publishing.creative")
    if creative_id is None:
        return
    with st.form("schedule"):
        soon = utc_now() + timedelta(hours=1)
        left, right = st.columns(2)
        with left:
            day = st.date_input("Day", soon.date(), min_value=utc_now().date())
        with right:
            time = st.time_input("Time (UTC)", soon.time().replace(second=0, microsecond=0))
        if st.form_submit_button("Schedule", type="primary"):
            when = datetime.combine(day, time, tzinfo=UTC)
            act(
                partial(services.schedule, creative_id, when, operator()),
                f"Scheduled for {moment(when)}",
            )


def _history() -> None:
    found = services.jobs(frozenset({JobStatus.PUBLISHED, JobStatus.CANCELLED}))
    if not found:
        return
    st.markdown("## Done")
    st.dataframe(
        [
            {
                "Creative": job.headline,
                "Campaign": job.campaign,
                "Channel": job.channel.value,
                "Status": job.status.value,
                "Finished": job.finished_at,
                "Attempts": job.attempts,
            }
            for job in reversed(found)
        ],
        hide_index=True,
        column_config={
            "Finished": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", timezone="UTC")
        },
    )
