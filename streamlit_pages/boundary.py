"""What one part of the page raises stays in that part."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.exceptions import ScriptControlException
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType

import streamlit as st
from streamlit_pages import error_log
from streamlit_pages.text import code, escape


class StoppedEarlyError(Exception):
    """A part of the page called `st.stop()`, which would have ended the whole page."""


@contextmanager
def boundary(where: str) -> Iterator[None]:
    """Show whatever the block raises, with an id that is in the log, and go on after it.

    Reruns pass through: they are how Streamlit starts over, not faults. So do Ctrl-C, and a stop
    that the operator or a closed browser asked for.
    """
    try:
        yield
    except StopException as stop:
        if not (_is_own(stop) and _take_back()):
            raise
        error = StoppedEarlyError("it stopped before it was complete")
        error.__cause__ = stop
        _show(where, error)
    except (ScriptControlException, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit would leave the page loading for ever
        _show(where, error)


def _is_own(stop: StopException) -> bool:
    """Tell `st.stop()` in the block from a stop that came from outside."""
    return any(
        frame.f_code.co_name == "stop"
        and frame.f_globals.get("__name__") == "streamlit.commands.execution_control"
        for frame, _ in traceback.walk_tb(stop.__traceback__)
    )


def _take_back() -> bool:
    """Make the script go on after `st.stop()`, which stops every later call too.

    Streamlit offers no way to do so. Where its insides are not as expected, the page stops as it
    would have without a boundary.
    """
    context = get_script_run_ctx(suppress_warning=True)
    requests = getattr(context, "script_requests", None)
    lock = getattr(requests, "_lock", None)
    if lock is None or not hasattr(requests, "_state"):
        return False
    with lock:
        requests._state = ScriptRequestType.CONTINUE  # type: ignore[union-attr]  # noqa: SLF001
    return True


def _show(where: str, error: BaseException) -> None:
    st.error(_sentence(error_log.record(where, error)), icon=":material/error:")


def _sentence(fault: error_log.Fault) -> str:
    if fault.plain:
        text = f"**{escape(fault.message)}**"
    else:
        detail = f"{fault.kind}: {fault.message}" if fault.message else fault.kind
        text = f"**{escape(fault.where)} could not be drawn.** {escape(detail)}"
    return (
        f"{text}\n\nError id {code(fault.id)}. The log has the full report under this id. "
        "The rest of the page is not affected."
    )
