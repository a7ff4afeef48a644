"""Diagnostics as they are drawn: each fact is one line of Markdown, `**Label:** value`."""

from collections.abc import Iterable
from typing import TypedDict

import streamlit as st
from streamlit_pages.facts import Fact, gather
from streamlit_pages.text import code


class Running(TypedDict):
    """What the entry file said about itself."""

    marker: str
    entry: str


_KEY = "running"


def remember(marker: str, entry: str) -> None:
    """Keep what the entry file said about itself, for the Diagnostics tab."""
    st.session_state[_KEY] = Running(marker=marker, entry=entry)


def current_facts() -> list[Fact]:
    """Return the facts about the dashboard that is running in this session."""
    running: Running = st.session_state[_KEY]
    return gather(running["marker"], running["entry"])


def draw_facts(facts: Iterable[Fact]) -> None:
    """Draw facts as one element: each element is a message of its own, on every page."""
    st.markdown("\n\n".join(f"**{fact.label}:** {code(fact.value)}" for fact in facts))


def draw_sidebar() -> None:
    """Draw the panel every page has: who is working, and Diagnostics in an expander."""
    st.markdown("# AICMO\nOperator dashboard")
    st.text_input(
        "Your name",
        key="keep.operator",
        max_chars=60,
        placeholder="operator",
        help="Written beside each change you make, in the activity log.",
    )
    with st.expander("Diagnostics"):
        draw_facts(current_facts())
