"""Ways for a retired entry point to refuse, whichever way it is started.

A guard meets two worlds. Under plain Python the text belongs in the terminal and the process must
end non-zero. Under ``streamlit run`` nobody watches the terminal, a bare exit leaves the page
loading for ever, and ``client.showErrorDetails="none"`` blanks the text of an exception, so the
text is drawn on the page first. Standard library only: Streamlit is used where it already runs and
never imported otherwise.
"""

import sys
from typing import NoReturn

__all__ = ["exit_process", "raise_error", "stop_page"]


def raise_error(text: str) -> NoReturn:
    """Refuse by raising.

    Raises:
        RuntimeError: always, with `text`.
    """
    if _on_a_page():
        _draw(text)
    raise RuntimeError(text)


def exit_process(text: str) -> NoReturn:
    """Refuse by ending: the process under plain Python, the script under Streamlit.

    Raises:
        SystemExit: under plain Python; prints `text` to stderr and exits with status 1.
    """
    _end(text)


def stop_page(text: str) -> NoReturn:
    """Refuse by showing `text` on the page and stopping there; under plain Python, by exiting.

    Raises:
        SystemExit: under plain Python; prints `text` to stderr and exits with status 1.
    """
    _end(text)


def _end(text: str) -> NoReturn:
    if _on_a_page():
        _draw(text)
        _stop()
    raise SystemExit(text)


def _on_a_page() -> bool:
    """Say whether this thread runs a script for somebody's browser."""
    runtime = sys.modules.get("streamlit.runtime")
    if runtime is None or not runtime.exists():
        return False
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    return get_script_run_ctx(suppress_warning=True) is not None


def _draw(text: str) -> None:
    import streamlit as st

    st.error(text)


def _stop() -> NoReturn:
    import streamlit as st

    st.stop()
