"""Diagnostics: which build runs where, on what, and whether its parts work."""

import streamlit as st
from streamlit_pages import error_log, facts, panel
from streamlit_pages.text import ago, code, escape


def render() -> None:
    """Draw the tab."""
    found = panel.current_facts()
    faulty = [fact for fact in found if fact.ok is False]
    if faulty:
        st.error(
            "Not everything works: " + ", ".join(escape(fact.label) for fact in faulty) + ".",
            icon=":material/error:",
        )
    else:
        st.success("Everything this dashboard needs is available.", icon=":material/check_circle:")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("## This dashboard")
        panel.draw_facts(f for f in found if not f.label.startswith(("Service ", "Env ")))
        st.markdown("## Environment")
        panel.draw_facts(f for f in found if f.label.startswith("Env "))
        st.caption("Only these variables are ever shown, and never a credential.")
    with right:
        st.markdown("## Services")
        panel.draw_facts(f for f in found if f.label.startswith("Service "))
        st.markdown("## Recent errors")
        _errors()
    if st.button("Check again", icon=":material/refresh:"):
        facts.forget()
        st.rerun()


def _errors() -> None:
    faults = error_log.recent()
    if not faults:
        st.caption("None since this process started.")
    for fault in faults:
        st.markdown(
            f"{code(fault.id)} **{escape(fault.where)}** {ago(fault.last_seen)}, "
            f"seen {fault.count}×  \n{escape(f'{fault.kind}: {fault.message}')}"
        )
