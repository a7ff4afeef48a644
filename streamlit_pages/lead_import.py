"""Importing leads from CSV: see what is right and wrong with each row, then import the rest."""

import streamlit as st
from aicmo import operator_services as services
from aicmo.acquisition_engine import Parsed, RowError, parse_leads
from aicmo.core.errors import ActionRefusedError
from streamlit_pages.text import count, escape
from streamlit_pages.ui import choose, note, operator

EXAMPLE = (
    "name,email,company,title,source\n"
    "Ada Example,ada@clinic.example,Example Clinic,Practice Manager,referral\n"
)
"""A file that can be imported as it is; .example is reserved for such use (RFC 2606)."""

_TURN = "import.turn"


def render(names: dict[int, str]) -> None:
    """Draw the import.

    Args:
        names: name of each campaign's id.
    """
    st.markdown(
        "The first row names the columns: `name` and `email`, and if you like `company`, `title`, "
        "`source` and `status`. Rows with a fault are listed and left out."
    )
    # New keys after each import empty the fields: what was imported must not be offered again.
    turn = st.session_state.setdefault(_TURN, 0)
    campaign_id = choose("Into campaign", names, "keep.import.campaign")
    upload = st.file_uploader("CSV file", type=["csv", "txt"], key=f"import.file.{turn}")
    pasted = st.text_area("or paste the rows", key=f"import.text.{turn}", placeholder=EXAMPLE)
    st.download_button("Download an example", EXAMPLE, "leads-example.csv", "text/csv")
    if upload is None and not pasted.strip():
        return
    origin = upload.name if upload is not None else "pasted rows"
    parsed = parse_leads(upload.getvalue() if upload is not None else pasted)
    _errors(parsed.errors)
    if campaign_id is not None:
        _confirm(parsed, campaign_id, names[campaign_id], origin)


def _confirm(parsed: Parsed, campaign_id: int, campaign: str, origin: str) -> None:
    if not parsed.leads:
        st.warning("No row can be imported.", icon=":material/block:")
        return
    words = count(len(parsed.leads), "lead")
    if not st.button(f"Import {words} into {escape(campaign)}", type="primary"):
        return
    try:
        done = services.import_leads(campaign_id, parsed.leads, operator(), origin)
    except ActionRefusedError as refusal:
        st.warning(escape(refusal.operator_message), icon=":material/block:")
        return
    st.session_state[_TURN] += 1
    left_out = len(done.skipped) + len(parsed.errors)
    also = f"; {count(left_out, 'row')} left out" if left_out else ""
    note(f"Imported {count(done.added, 'lead')}{also}")


def _errors(errors: tuple[RowError, ...]) -> None:
    if not errors:
        return
    st.warning(f"{count(len(errors), 'row')} cannot be imported.", icon=":material/error:")
    st.dataframe(
        [{"Line": error.line, "Problem": error.problem} for error in errors],
        hide_index=True,
        height="auto" if len(errors) <= 10 else 380,  # noqa: PLR2004 - ten rows fit without scrolling
    )
