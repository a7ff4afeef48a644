"""The AICMO operator dashboard: the one entry point.

Run: streamlit run streamlit_pages/aicmo_operator.py

To add a tab, write a module with a `render()` and add its row here.
"""

from streamlit_pages.shell import Tab, draw_page

BUILD_MARKER = "AICMO_DASH_V2_2025_12_16"

TABS = (
    Tab("Command Center", "streamlit_pages.tabs.command_center"),
    Tab("Autonomy", "streamlit_pages.tabs.autonomy"),
    Tab("Campaign Ops", "streamlit_pages.tabs.campaign_ops"),
    Tab("Campaigns", "streamlit_pages.tabs.campaigns"),
    Tab("Acquisition", "streamlit_pages.tabs.acquisition"),
    Tab("Strategy", "streamlit_pages.tabs.strategy"),
    Tab("Creatives", "streamlit_pages.tabs.creatives"),
    Tab("Publishing", "streamlit_pages.tabs.publishing"),
    Tab("Monitoring", "streamlit_pages.tabs.monitoring"),
    Tab("Diagnostics", "streamlit_pages.tabs.diagnostics"),
)


def main() -> None:
    """Draw the dashboard for the session that is running this script."""
    draw_page(TABS, marker=BUILD_MARKER, entry=__file__)


if __name__ == "__main__":
    main()
