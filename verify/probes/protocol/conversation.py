"""Speaks Streamlit's messages over one websocket: asks for runs of the script and draws them.

Messages are read by field number; the numbers are those of Streamlit's `proto/*.proto`, and only
ones that are the same in all versions from 1.40 on.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from verify.probes.protocol import elements
from verify.probes.protocol.drawing import Drawing
from verify.probes.protocol.elements import Element
from verify.probes.protocol.protobuf import Message
from verify.probes.protocol.protobuf import field as encode

if TYPE_CHECKING:
    from verify.probes.protocol.websocket import WebSocket

SUCCESS: Final = "success"
COMPILE_ERROR: Final = "compile error"
RERUN_LOOP: Final = "rerun loop"

RERUN_CAP: Final = 20
"""Runs in a row that may end early for another one before the page counts as a rerun loop.

A page settles in one or two (a redirect, a default written to the session); this is ten times that.
"""

# Of ForwardMsg.
METADATA, NEW_SESSION, DELTA, SCRIPT_FINISHED, SESSION_EVENT, NAVIGATION = 2, 4, 5, 6, 10, 23
DELTA_PATH, RUN = 2, 6  # of ForwardMsgMetadata; RunIdentity.script_run_id is 1
FINISHED, FINISHED_WITH_COMPILE_ERROR, FINISHED_EARLY = 0, 1, 2  # of ScriptFinishedStatus
COMPILE_EXCEPTION = 3  # of SessionEvent
NAVIGATION_PAGES = 2  # of Navigation
PAGE_NAME, PAGE_PATH, EXTERNAL_URL = 2, 6, 8  # of AppPage

# Of NewSession. The run's id moved from there to the metadata after 1.52.
INITIALIZE, OLD_RUN, MAIN_SCRIPT, PAGES, PAGE_HASH = 1, 2, 4, 8, 9
ENVIRONMENT = 3  # of Initialize
STREAMLIT_VERSION, PYTHON_VERSION = 1, 2  # of EnvironmentInfo

STOP_SCRIPT, RERUN_SCRIPT = 7, 11  # of BackMsg
QUERY, WIDGET_STATES, CLIENT_PAGE_HASH = 1, 2, 3  # of ClientState
WIDGETS = 1  # of WidgetStates
WIDGET_ID, STRING_VALUE = 1, 6  # of WidgetState


@dataclass(slots=True)
class Conversation:
    """One session with the server, after the handshake.

    Args:
        socket: the open connection.
        query: the URL's query, which the script can read.
    """

    socket: WebSocket
    query: str = ""
    drawing: Drawing = field(default_factory=Drawing)
    runs: int = 0
    run: str = ""
    first_message: float = 0.0
    main_script: str = ""
    streamlit: str = ""
    python: str = ""
    pages: tuple[str, ...] = ()
    page_paths: tuple[str, ...] = ()
    page_hash: str = ""
    compile_errors: list[Element] = field(default_factory=list)

    def run_script(self, choices: Mapping[str, str], *, gather_tabs: bool = False) -> str:
        """Ask for a run, and follow it to its end and that of those it asks for itself.

        Args:
            choices: values of widgets by their ids, as the visitor has set them.
            gather_tabs: see `Drawing.finish`.

        Returns:
            `SUCCESS`, `COMPILE_ERROR` or `RERUN_LOOP`.

        Raises:
            TimeoutError: the deadline of the socket came first.
            CouldNotCheck: the connection was lost.
            ProtobufError: the server sent something else than messages.
        """
        self.socket.send(encode(RERUN_SCRIPT, self._client_state(choices)))
        status, early = FINISHED, 0
        for payload in self.socket.messages():
            message = Message(payload)
            self._take_in(message)
            if SCRIPT_FINISHED in message:
                status = message.number(SCRIPT_FINISHED)
                if status == FINISHED:
                    self.drawing.finish(self.run, gather_tabs=gather_tabs)
                    return SUCCESS
                early += status == FINISHED_EARLY
                if early > RERUN_CAP:
                    return RERUN_LOOP
            if status == FINISHED_WITH_COMPILE_ERROR and self.compile_errors:
                return COMPILE_ERROR  # the exception itself comes after the end of the run
        raise AssertionError("messages() ends by raising")

    def leave(self, *, stop: bool) -> None:
        """Say goodbye; stop the script first if it still runs."""
        self.socket.close(encode(STOP_SCRIPT, value=True) if stop else b"")

    def _client_state(self, choices: Mapping[str, str]) -> bytes:
        widgets = (
            encode(WIDGETS, encode(WIDGET_ID, widget) + encode(STRING_VALUE, value))
            for widget, value in choices.items()
        )
        fields = (
            (QUERY, self.query),
            (WIDGET_STATES, b"".join(widgets)),
            (CLIENT_PAGE_HASH, self.page_hash),
        )
        return b"".join(encode(number, value) for number, value in fields if value)

    def _take_in(self, message: Message) -> None:
        metadata = message.message(METADATA)
        run = metadata.message(RUN).text(1)
        if NEW_SESSION in message:
            self._begin(message.message(NEW_SESSION), run)
        elif DELTA in message:
            path = metadata.all_numbers(DELTA_PATH)
            self.drawing.apply(path, message.message(DELTA), run or self.run)
        elif NAVIGATION in message:
            listed = message.message(NAVIGATION).messages(NAVIGATION_PAGES)
            self.pages, self.page_paths = _page_names(listed), _page_paths(listed)
        elif SESSION_EVENT in message and COMPILE_EXCEPTION in message.message(SESSION_EVENT):
            fault = message.message(SESSION_EVENT).message(COMPILE_EXCEPTION)
            self.compile_errors.append(elements.exception(fault, ("compilation",)))

    def _begin(self, session: Message, run: str) -> None:
        self.runs += 1
        self.run = run or session.text(OLD_RUN) or str(self.runs)
        self.first_message = self.first_message or time.monotonic()
        self.main_script = session.text(MAIN_SCRIPT)
        self.page_hash = session.text(PAGE_HASH)
        listed = session.messages(PAGES)
        self.pages = _page_names(listed) or self.pages
        self.page_paths = self.page_paths or _page_paths(listed)
        environment = session.message(INITIALIZE).message(ENVIRONMENT)
        self.streamlit = environment.text(STREAMLIT_VERSION)
        self.python = environment.text(PYTHON_VERSION)


def _page_names(pages: list[Message]) -> tuple[str, ...]:
    names = (page.text(PAGE_NAME) or page.text(PAGE_PATH) for page in pages)
    return tuple(name for name in names if name)  # an app of one page does not name it


def _page_paths(pages: list[Message]) -> tuple[str, ...]:
    return tuple(page.text(PAGE_PATH) for page in pages if not page.text(EXTERNAL_URL))
