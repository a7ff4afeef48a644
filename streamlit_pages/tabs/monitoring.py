"""Monitoring: is everything healthy, what went wrong lately, and who changed what."""

import streamlit as st
from streamlit_pages import error_log
from streamlit_pages.boundary import boundary
from streamlit_pages.facts import SERVICES, database, service
from streamlit_pages.text import count, escape
from streamlit_pages.ui import Figure, empty, marked, metrics


def render() -> None:
    """Draw the tab."""
    health = database()
    services = [service(name) for name in SERVICES]
    available = sum(fact.ok is True for fact in services)
    faults = error_log.recent()
    metrics(
        [
            Figure("Database", "Healthy" if health.ok else "Down", help=health.value),
            Figure("Services", f"{available} of {len(services)}"),
            Figure("Recent errors", sum(fault.count for fault in faults)),
        ]
    )
    if not health.ok:
        st.error(escape(health.value), icon=":material/database_off:")
    for fact in services:
        if not fact.ok:
            st.warning(f"{escape(fact.label)}: {escape(fact.value)}")
    st.markdown("## Recent errors")
    _errors(faults)
    # The log of changes needs the database; the rest of this tab is for when it is down.
    with boundary("Monitoring: changes"):
        _work()


def _errors(faults: list[error_log.Fault]) -> None:
    if not faults:
        st.caption("None since this process started.")
        return
    st.dataframe(
        [
            {
                "Last seen": fault.last_seen,
                "Id": fault.id,
                "Where": fault.where,
                "Error": f"{fault.kind}: {fault.message}",
                "Times": fault.count,
            }
            for fault in faults
        ],
        hide_index=True,
        column_config={
            "Last seen": st.column_config.DatetimeColumn(
                format="YYYY-MM-DD HH:mm:ss", timezone="UTC"
            )
        },
    )
    st.caption("The log holds the full report of each under its id.")


def _work() -> None:
    from aicmo import operator_services
    from aicmo.dashboard_models import JobStatus

    counts = operator_services.job_counts()
    failed = counts.get(JobStatus.FAILED, 0)
    if failed:
        st.warning(f"{marked(count(failed, 'publishing job'))} failed. See Publishing.")
    st.markdown("## Latest changes")
    lines = operator_services.recent_activity()
    if not lines:
        empty("Nothing was changed yet", "Each change an operator makes is one line here.")
        return
    st.dataframe(
        [
            {
                "When": line.at,
                "Who": line.actor,
                "What": line.summary,
                "Campaign": line.campaign,
            }
            for line in lines
        ],
        hide_index=True,
        column_config={
            "When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", timezone="UTC")
        },
    )
