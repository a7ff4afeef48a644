"""Streamlit's own websocket protocol, by field number; `verify.probes.wire` reads pages with it."""
