"""What an operator can do with an open publishing job, in whichever tab it is shown."""

from datetime import timedelta
from functools import partial

import streamlit as st
from aicmo import operator_services as services
from aicmo.dashboard_models import JobStatus, utc_now
from aicmo.operator_services import JobView
from streamlit_pages.ui import act, operator

RETRY_DELAY = timedelta(minutes=5)
"""How far ahead a retry is scheduled, so that a channel has time to recover."""


def draw(job: JobView, *, place: str) -> None:
    """Draw the buttons that fit the job's state.

    Args:
        job: the job.
        place: keeps the buttons of two tabs apart.
    """
    key = f"{place}.{job.id}"
    if job.status is JobStatus.FAILED:
        if st.button("Retry", key=f"{key}.retry", type="primary"):
            act(
                partial(services.retry, job.id, utc_now() + RETRY_DELAY, operator()),
                f"{job.headline} is scheduled again",
            )
    elif job.due:
        _result(job, key)
    if st.button("Cancel it", key=f"{key}.cancel"):
        act(partial(services.cancel, job.id, operator()), f"Cancelled {job.headline}")


def _result(job: JobView, key: str) -> None:
    if st.button("It went out", key=f"{key}.published", type="primary"):
        act(
            partial(services.record_published, job.id, operator()),
            f"{job.headline} is published",
        )
    with (
        st.popover("It failed"),
        st.form(f"{key}.failed", border=False, enter_to_submit=False),
    ):
        reason = st.text_input("What went wrong?", max_chars=500)
        if st.form_submit_button("Record the failure"):
            act(
                partial(services.record_failure, job.id, reason, operator()),
                f"Recorded that {job.headline} failed",
            )
