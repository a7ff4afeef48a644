"""AICMO: campaigns, leads, creatives and publishing, and the rules that govern them.

Nothing here knows about the page that shows it; the dashboard lives in `streamlit_pages`.
"""
