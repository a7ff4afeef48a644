"""Retired: the file Streamlit starts when it is given no target."""

from guards import stop_page

stop_page("This file is deprecated. Run: streamlit run streamlit_pages/aicmo_operator.py")
