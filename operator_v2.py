"""Retired: the second draft of the operator dashboard."""

from guards import raise_error

raise_error("This file is deprecated. Run: streamlit run streamlit_pages/aicmo_operator.py")
