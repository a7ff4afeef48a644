"""Campaign Ops: create, launch, pause, resume and complete campaigns.

The package behind it is optional; without it this tab says so and why, and nothing else changes.
"""

import importlib

import streamlit as st
from streamlit_pages import error_log
from streamlit_pages.text import code, escape

NOT_AVAILABLE = "❌ Campaign Ops module not available"
PACKAGE = "aicmo.campaign_ops"


def render() -> None:
    """Draw the tab."""
    try:
        importlib.import_module(PACKAGE)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - optional, and may fail in any way
        # Without an icon of its own Streamlit would cut the sign off the text.
        st.error(NOT_AVAILABLE, icon="")
        st.markdown(
            f"{_why(error)}\n\nCampaigns cannot be created, launched or paused until "
            f"{code(PACKAGE)} can be imported; all other tabs work as usual."
        )
        return
    from streamlit_pages import campaign_controls

    campaign_controls.render()


def _why(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == PACKAGE:
        return f"{code(PACKAGE)} is not installed here."  # a choice, not a fault
    fault = error_log.record("Campaign Ops", error)
    return f"{escape(fault.kind)}: {escape(fault.message)}\n\nError id {code(fault.id)}."
