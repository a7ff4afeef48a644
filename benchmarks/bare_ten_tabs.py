"""The least a ten-tab page costs, which the dashboard's first complete page is measured against.

Run: streamlit run benchmarks/bare_ten_tabs.py
"""

import streamlit as st

st.set_page_config(page_title="Ten tabs", layout="wide")
for number, tab in enumerate(st.tabs([f"Tab {number}" for number in range(1, 11)]), start=1):
    tab.write(f"This is tab {number}.")
