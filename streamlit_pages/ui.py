"""What several tabs draw: figures, badges, empty states, and buttons that change something."""

import enum
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

import streamlit as st
from aicmo.core.config import mock_mode
from aicmo.core.errors import ActionRefusedError
from streamlit_pages.text import escape

MOCK_BADGE = "[MOCK]"

CHOICE_WIDTH = 560
"""Width of a choice among names, in pixels: a long name fits, and the eye finds its end."""

_COLOURS = {
    "Active": "green",
    "Approved": "green",
    "Published": "green",
    "Converted": "green",
    "Qualified": "green",
    "On plan": "green",
    "Paused": "orange",
    "Waiting for review": "orange",
    "Under plan": "orange",
    "Replied": "blue",
    "Contacted": "blue",
    "Scheduled": "blue",
    "Autonomous": "violet",
    "Assisted": "blue",
    "Over plan": "red",
    "Budget used up": "red",
    "Failed": "red",
    "Rejected": "red",
}


@dataclass(frozen=True)
class Figure:
    """One metric: what is counted, how much it is, and what exactly is meant."""

    label: str
    value: str | int
    help: str | None = None


def marked(label: str) -> str:
    """Return a figure's label, with the badge in mock mode."""
    return f"{MOCK_BADGE} {label}" if mock_mode() else label


def metrics(figures: Sequence[Figure]) -> None:
    """Draw metrics side by side."""
    for column, figure in zip(st.columns(len(figures)), figures, strict=True):
        with column:
            st.metric(
                marked(figure.label), figure.value, help=figure.help, border=True, height="stretch"
            )


def badge(state: enum.Enum) -> str:
    """Return a state as a coloured Markdown badge."""
    return f":{_COLOURS.get(state.value, 'gray')}-badge[{state.value}]"


def empty(title: str, what_next: str, *, go_to: str = "") -> None:
    """Say that there is nothing yet and what to do about it.

    Args:
        title: what is not there.
        what_next: how to get it, as Markdown.
        go_to: label of the tab where that is done, if it is another one.
    """
    with st.container(border=True):
        st.markdown(f"## {title}\n{what_next}")
        if go_to:
            st.button(
                f"Open {go_to}",
                key=f"go.{title}",
                type="primary",
                on_click=_open_tab,
                args=(go_to,),
            )


@contextmanager
def card(title: str, *lines: str) -> Iterator[None]:
    """Draw one thing with the block's buttons beside it, or below where it is narrow.

    Args:
        title: its name, as plain text.
        lines: what there is to know about it, each as Markdown.
    """
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("  \n".join([f"**{escape(title)}**", *lines]), width="stretch")
        with st.container(horizontal=True, width="content", gap="small"):
            yield


def operator() -> str:
    """Return the name the operator gave in the sidebar."""
    return str(st.session_state.get("keep.operator") or "").strip() or "operator"


def act(change: Callable[[], object], done: str) -> None:
    """Make a change, then draw the page afresh with a note; or say why it was refused.

    Args:
        change: the change, one transaction.
        done: what to tell the operator afterwards.
    """
    try:
        change()
    except ActionRefusedError as refusal:
        st.warning(escape(refusal.operator_message), icon=":material/block:")
        return
    note(done)


def note(done: str) -> NoReturn:
    """Draw the page afresh, with a note of what was done."""
    st.session_state["flash"] = escape(done)
    st.rerun()


def choose(label: str, names: dict[int, str], key: str, *, everything: str = "") -> int | None:
    """Let the operator choose a row by its name, and return its id.

    Args:
        label: what is chosen.
        names: name of each id, in order.
        key: widget key.
        everything: if given, the name of a first choice that means all; its id is None.
    """
    if st.session_state.get(key) not in names:
        # What was chosen is gone; Streamlit would refuse to draw it.
        st.session_state.pop(key, None)
    options: list[int | None] = [*([None] if everything else []), *names]
    return st.selectbox(
        label,
        options,
        key=key,
        format_func=lambda option: everything if option is None else names[option],
        width=CHOICE_WIDTH,
    )


def _open_tab(label: str) -> None:
    st.session_state["tab"] = label
