"""Speaks Streamlit's messages over one websocket: asks for runs of the script and draws them.

Messages are read by field number; the numbers are those of Streamlit's `proto/*.proto`, and only
ones that are the same in all versions from 1.40 on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from verify.probes.protocol import elements
from verify.probes.protocol.drawing import Drawing
from verify.probes.protocol.elements import Element
from verify.probes.protocol.protobuf import Message
from verify.probes.protocol.protobuf import field as encode
from verify.probes.protocol.refusal import sends_away

if TYPE_CHECKING:
    from verify.probes.protocol.websocket import WebSocket

SUCCESS: Final = "success"
COMPILE_ERROR: Final = "compile error"
RERUN_LOOP: Final = "rerun loop"
NOT_FOUND: Final = "page not found"

RERUN_CAP: Final = 20
"""Runs in a row that may end early for another one before the page counts as a rerun loop.

A page settles in one or two (a redirect, a default written to the session); this is ten times that.
"""

# Of ForwardMsg.
HASH, METADATA, NEW_SESSION, DELTA, SCRIPT_FINISHED, SESSION_EVENT = 1, 2, 4, 5, 6, 10
REF_HASH, PAGE_NOT_FOUND, NAVIGATION, AUTH_REDIRECT = 11, 15, 23, 24
CACHEABLE, DELTA_PATH, RUN = 1, 2, 6  # of ForwardMsgMetadata; RunIdentity.script_run_id is 1
REDIRECT_URL = 1  # of AuthRedirect
FINISHED, FINISHED_WITH_COMPILE_ERROR, FINISHED_EARLY = 0, 1, 2  # of ScriptFinishedStatus
COMPILE_EXCEPTION = 3  # of SessionEvent
NAVIGATION_PAGES, SHOWN_PAGE = 2, 4  # of Navigation
LISTED_HASH, PAGE_NAME, PAGE_PATH, EXTERNAL_URL = 1, 2, 6, 8  # of AppPage

# Of NewSession. The run's id moved from there to the metadata after 1.52.
INITIALIZE, OLD_RUN, MAIN_SCRIPT, PAGES, PAGE_HASH, MAIN_HASH = 1, 2, 4, 8, 9, 11
ENVIRONMENT = 3  # of Initialize
STREAMLIT_VERSION, PYTHON_VERSION = 1, 2  # of EnvironmentInfo

STOP_SCRIPT, RERUN_SCRIPT = 7, 11  # of BackMsg
QUERY, WIDGET_STATES, CLIENT_PAGE_HASH = 1, 2, 3  # of ClientState
WIDGETS = 1  # of WidgetStates
WIDGET_ID, STRING_VALUE = 1, 6  # of WidgetState


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of the app's list of pages.

    Args:
        hash: by which it is asked for.
        name: as people see it; empty in an app of one page.
        path: of its address, "" for the one that is shown first.
        external: whether it only leads elsewhere.
    """

    hash: str
    name: str
    path: str
    external: bool

    def visitable(self, shown: str) -> bool:
        """Say whether there is more to see there than on the page that is shown."""
        return bool(self.hash) and not self.external and self.hash != shown


@dataclass(slots=True)
class Conversation:
    """One session with the server, after the handshake.

    Args:
        socket: the open connection.
        query: the URL's query, which the script can read.
        hears: is given each message as it came, if anybody wants them.
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
    listed: tuple[Listed, ...] = ()
    shown: str = ""
    not_found: bool = False
    compile_errors: list[Element] = field(default_factory=list)
    hears: Callable[[bytes], object] | None = None
    _main_hash: str = ""
    _asked: str = ""
    _cached: dict[str, Message] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the app's pages."""
        names = (page.name or page.path for page in self.listed)
        return tuple(name for name in names if name)  # an app of one page does not name it

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the addresses of the app's pages."""
        return tuple(page.path for page in self.listed if not page.external)

    def run_script(
        self, choices: Mapping[str, str], *, page: str = "", gather_tabs: bool = False
    ) -> str:
        """Ask for a run, and follow it to its end and that of those it asks for itself.

        Args:
            choices: values of widgets by their ids, as the visitor has set them.
            page: hash of the page to run; empty for the first one.
            gather_tabs: see `Drawing.finish`.

        Returns:
            `SUCCESS`, `COMPILE_ERROR` or `RERUN_LOOP`.

        Raises:
            TimeoutError: the deadline of the socket came first.
            CouldNotCheck: the connection was lost.
            ProtobufError: the server sent something else than messages.
        """
        self._asked, self.not_found = page, False
        self.socket.send(encode(RERUN_SCRIPT, self._client_state(choices)))
        status, early, known = FINISHED, 0, len(self.compile_errors)
        for payload in self.socket.messages():
            if self.hears is not None:
                self.hears(payload)
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
            if status == FINISHED_WITH_COMPILE_ERROR and len(self.compile_errors) > known:
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
            (CLIENT_PAGE_HASH, self._asked),
        )
        return b"".join(encode(number, value) for number, value in fields if value)

    def _take_in(self, message: Message) -> None:
        metadata = message.message(METADATA)
        if REF_HASH in message:  # the server knows that it sent this before, in this session
            message = self._cached.get(message.text(REF_HASH), message)
        elif metadata.number(CACHEABLE):
            self._cached[message.text(HASH)] = message
        run = metadata.message(RUN).text(1)
        if NEW_SESSION in message:
            self._begin(message.message(NEW_SESSION), run)
        elif DELTA in message:
            path = metadata.all_numbers(DELTA_PATH)
            self.drawing.apply(path, message.message(DELTA), run or self.run)
        elif NAVIGATION in message:
            self._navigate(message.message(NAVIGATION))
        elif SESSION_EVENT in message and COMPILE_EXCEPTION in message.message(SESSION_EVENT):
            fault = message.message(SESSION_EVENT).message(COMPILE_EXCEPTION)
            self.compile_errors.append(elements.exception(fault, ("compilation",)))
        elif PAGE_NOT_FOUND in message:
            self.not_found = True
        elif AUTH_REDIRECT in message:
            raise sends_away("The script", message.message(AUTH_REDIRECT).text(REDIRECT_URL))

    def _begin(self, session: Message, run: str) -> None:
        self.runs += 1
        self.run = run or session.text(OLD_RUN) or str(self.runs)
        self.first_message = self.first_message or time.monotonic()
        self.main_script = session.text(MAIN_SCRIPT)
        self.shown = session.text(PAGE_HASH)
        self._main_hash = session.text(MAIN_HASH)
        # Before the script has said anything, the server may only know the page that it runs.
        if not self.listed:
            self.listed = self._rows(session.messages(PAGES))
        environment = session.message(INITIALIZE).message(ENVIRONMENT)
        self.streamlit = environment.text(STREAMLIT_VERSION)
        self.python = environment.text(PYTHON_VERSION)

    def _navigate(self, navigation: Message) -> None:
        self.listed = self._rows(navigation.messages(NAVIGATION_PAGES))
        begun, self.shown = self.shown, navigation.text(SHOWN_PAGE)
        # A page that is gone is answered with another one. A script that leads elsewhere itself,
        # by `st.switch_page`, begins a run of that page.
        self.not_found |= bool(self._asked) and begun == self._asked != self.shown

    def _rows(self, pages: list[Message]) -> tuple[Listed, ...]:
        return tuple(
            Listed(
                hash=(identity := page.text(LISTED_HASH)),
                name=page.text(PAGE_NAME),
                # The script itself was listed by its own name up to 1.40.
                path=page.text(PAGE_PATH) if identity != self._main_hash else "",
                external=bool(page.text(EXTERNAL_URL)),
            )
            for page in pages
        )
