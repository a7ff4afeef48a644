"""Retired: the Python launcher of the first dashboard."""

from guards import exit_process

exit_process("This file is deprecated. Run: streamlit run streamlit_pages/aicmo_operator.py")
