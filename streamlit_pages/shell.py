"""Draws the page around the tabs, and each tab inside its own error boundary."""

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module

import streamlit as st
from streamlit_pages import panel
from streamlit_pages.boundary import boundary
from streamlit_pages.style import STYLE

MOCK_BANNER = "⚠️ MOCK DATA MODE - Not production data"

OPEN_TAB = "tab"
"""Session state key of the open tab's label."""

END_OF_SCRIPT = "data-end-of-script"
"""Attribute of what each run draws last; its value is the label of the tab that is open. It stands
nowhere else on the page, so a run that was broken off lacks it."""

KEPT = "keep."
"""Widgets whose key starts so keep their value while their tab is closed."""


@dataclass(frozen=True)
class Tab:
    """A row of the entry file.

    Attributes:
        label: what the operator clicks.
        module: dotted name of a module with `render()`; imported when the tab is first opened.
    """

    label: str
    module: str


def draw_page(tabs: Sequence[Tab], *, marker: str, entry: str) -> None:
    """Draw the dashboard: banner, sidebar, tabs, and the code of the one tab that is open.

    Only the open tab runs, so a tab that hangs blocks no other, and a click costs one tab.

    Args:
        tabs: the tabs, in the order of their labels on the page.
        marker: the build marker.
        entry: path of the file that Streamlit runs.
    """
    # No icons here, nor in what an empty dashboard shows first: checking the name of a single one
    # loads all names there are, which takes longer than drawing the page.
    st.set_page_config(page_title="AICMO Operator", layout="wide")
    st.html(STYLE)
    with boundary("Page"):
        # Diagnostics needs this most when what comes after it fails.
        panel.remember(marker, entry)
        _keep_closed_widgets()
        _flash()
        _load()
    with boundary("Banner"):
        _banner()
    with st.sidebar, boundary("Sidebar"):
        panel.draw_sidebar()
    containers = st.tabs([tab.label for tab in tabs], on_change="rerun", key=OPEN_TAB)
    for tab, container in zip(tabs, containers, strict=True):
        if container.open:
            with container, boundary(tab.label):
                import_module(tab.module).render()
    st.caption(f"AICMO operator dashboard · build {marker}")
    st.html(f'<span hidden {END_OF_SCRIPT}="{escape(str(st.session_state.get(OPEN_TAB)))}"></span>')


def _load() -> None:
    """Load the domain, the first time a page is drawn in this process."""
    if "aicmo.operator_services" in sys.modules:
        return
    # Thousands of objects come into being and all stay. Looking for garbage among them again and
    # again is a sixth of the time until the first page.
    collecting = gc.isenabled()
    gc.disable()
    try:
        import_module("aicmo.operator_services")
    finally:
        if collecting:
            gc.enable()


def _banner() -> None:
    from aicmo.core.config import mock_mode

    if mock_mode():
        # Without an icon of its own Streamlit would cut the sign off the text.
        st.warning(MOCK_BANNER, icon="")


def _keep_closed_widgets() -> None:
    # Streamlit forgets a widget that was not drawn in a run, unless the script sets its value.
    for key in list(st.session_state):
        if isinstance(key, str) and key.startswith(KEPT):
            st.session_state[key] = st.session_state[key]


def _flash() -> None:
    message = st.session_state.pop("flash", None)
    if message:
        st.toast(message, icon=":material/check_circle:")
