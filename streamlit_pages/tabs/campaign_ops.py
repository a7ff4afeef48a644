"""Campaign Ops: create, launch, pause, resume and complete campaigns.

The package behind it is optional; without it this tab says so and why, and nothing else changes.
"""

import streamlit as st
from streamlit_pages import error_log
from streamlit_pages.text import code, escape

NOT_AVAILABLE = "❌ Campaign Ops module not available"


def render() -> None:
    """Draw the tab."""
    try:
        from aicmo import campaign_ops  # noqa: F401 - optional, and may fail in any way
    except (Exception, SystemExit) as error:  # noqa: BLE001
        fault = error_log.record("Campaign Ops", error)
        # Without an icon of its own Streamlit would cut the sign off the text.
        st.error(NOT_AVAILABLE, icon="")
        st.markdown(
            f"{escape(fault.kind)}: {escape(fault.message)}\n\nError id {code(fault.id)}. "
            "Campaigns cannot be created, launched or paused until `aicmo.campaign_ops` can be "
            "imported; all other tabs work as usual."
        )
        return
    from streamlit_pages import campaign_controls

    campaign_controls.render()
