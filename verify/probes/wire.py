"""Reads a Streamlit page over its own websocket, as an operator's browser would.

Needs neither Streamlit nor its generated classes in this environment, so one probe serves many
versions, and a visit costs little more than the script's own run.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from verify.errors import CouldNotCheck
from verify.probes.protocol.conversation import COMPILE_ERROR, SUCCESS, Conversation
from verify.probes.protocol.drawing import ROOTS, TabGroup
from verify.probes.protocol.elements import EXCEPTION, Element
from verify.probes.protocol.protobuf import ProtobufError

_ENDPOINT = "_stcore/stream"


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of a top-level group.

    Args:
        label: as people see it.
        elements: what is drawn inside in order, nested blocks included.
        opened: False for a lazy tab that was not open when it was looked at, so that nothing is
            known about what it shows.
        how: how the run ended in which it was open, see `Page.how`; empty when it was not opened.
        seconds: the time of that run.
        end: the last thing that run drew in the main area, in the order of the page; None for
            nothing. A run that was broken off lacks what the script draws last.
    """

    label: str
    elements: tuple[Element, ...]
    opened: bool = True
    how: str = ""
    seconds: float = 0.0
    end: Element | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visitor got on one of the other pages.

    Args:
        path: of the page's address.
        name: as the list of pages shows it.
        how: how its run ended, see `Page.how`.
        elements: what it drew, tabs included.
        exceptions: every exception drawn on it.
        seconds: the time of its run.
    """

    path: str
    name: str
    how: str
    elements: tuple[Element, ...]
    exceptions: tuple[Element, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Page:
    """What one visitor got.

    Args:
        url: the page that was asked for, without user and password.
        main_script: path of the script that ran, as the server names it.
        streamlit: the server's Streamlit version.
        python: the server's Python version.
        pages: names of all pages of the app.
        page_paths: the path of each page's address, "" for the one that is shown first; links to
            elsewhere are left out.
        tabs: those of the main area's top-level groups, in order.
        main: what is drawn outside tabs on the first page; dialogs and the bottom bar come last.
        sidebar: the sidebar of the first page.
        exceptions: every exception drawn on the first page or while a tab was open, and a
            compile error; `where` says where.
        complete: whether the script ran to its end, for the first page and for each tab opened.
            An uncaught exception is drawn and ends the script like any other page.
        how: "success", "compile error", "rerun loop" or "still running after N s"; then which tab
            was open, if not the first.
        runs: script runs that began.
        bytes: received from the server, handshake included.
        connect_seconds: from the call to the end of the handshake.
        first_message_seconds: from the call to the first message of the script's run.
        complete_seconds: from the call to the end of the first page, tabs not yet opened; when
            the page never completed, to the moment it was given up.
        end: the last thing the first page's run drew in the main area, see `Tab.end`.
        visits: what each other page gave, when they were visited.
    """

    url: str
    main_script: str
    streamlit: str
    python: str
    pages: tuple[str, ...]
    page_paths: tuple[str, ...]
    tabs: tuple[Tab, ...]
    main: tuple[Element, ...]
    sidebar: tuple[Element, ...]
    exceptions: tuple[Element, ...]
    complete: bool
    how: str
    runs: int
    bytes: int
    connect_seconds: float
    first_message_seconds: float
    complete_seconds: float
    end: Element | None = None
    visits: tuple[Visit, ...] = ()


def read(url: str, *, deadline: float, open_tabs: bool = False) -> Page:
    """Read a page; with `open_tabs`, open each lazy tab too.

    It presses nothing, and changes nothing but which tab its own session has open.

    Args:
        url: where the dashboard is served, with its base path; http or https.
        deadline: seconds for the whole look; half a second more for the goodbye.
        open_tabs: whether to open the tabs that draw only when open, nested ones included.

    Raises:
        CouldNotCheck: there is no Streamlit server to talk to, or it went away, or no run of the
            script began before the deadline. A script that never ends is no error: it is a fact
            about the page.
        UsageError: the URL is not one of a web page.
    """
    # Loaded by the first look only: a run without this stage does not pay for it.
    from verify.probes.protocol.websocket import WebSocket, split

    started = time.monotonic()
    parts = split(url)
    stream = parts._replace(path=f"{parts.path.rstrip('/')}/{_ENDPOINT}", query="")
    socket = WebSocket(
        stream,
        subprotocol="streamlit",
        deadline=started + deadline,
        headers={"Origin": f"{parts.scheme}://{parts.netloc}"},
    )
    look = _Look(Conversation(socket, parts.query), started, deadline)
    look.connect_seconds = time.monotonic() - started
    try:
        look.at_first_page()
        if open_tabs:
            look.at_each_tab()
    except ProtobufError as error:
        raise CouldNotCheck(
            f"{parts.geturl()} sent bytes that are not Streamlit's protocol: {error}.",
            "Check the port; a proxy may also rewrite what passes through it.",
        ) from error
    finally:
        look.conversation.leave(stop=look.how not in {SUCCESS, COMPILE_ERROR})
    return look.page(parts.geturl(), socket.bytes_received)


@dataclass(slots=True)
class _Look:
    """What one visit has seen so far."""

    conversation: Conversation
    started: float
    deadline: float
    how: str = ""
    main: tuple[Element, ...] = ()
    sidebar: tuple[Element, ...] = ()
    exceptions: list[Element] = field(default_factory=list)
    seen: set[tuple[tuple[str, ...], str]] = field(default_factory=set)
    opened: set[tuple[str, str]] = field(default_factory=set)
    connect_seconds: float = 0.0
    complete_seconds: float = 0.0

    def at_first_page(self) -> None:
        """See what a visitor sees who has just come."""
        try:
            self.how = self.conversation.run_script({})
        except TimeoutError:
            if not self.conversation.runs:
                raise CouldNotCheck(
                    "The server completed the websocket handshake, but no run of its script began "
                    f"within {self.deadline:g} s.",
                    "Check that it is a Streamlit server, and that it is not overloaded.",
                ) from None
            self.how = self._unfinished()
        self.complete_seconds = time.monotonic() - self.started
        drawing = self.conversation.drawing
        self.main = tuple(
            element
            for root in ("main", "event", "bottom")
            for element in drawing.elements(root, tabs=False)
        )
        self.sidebar = drawing.elements("sidebar", tabs=True)
        self._note_exceptions()
        self.exceptions += self.conversation.compile_errors

    def at_each_tab(self) -> None:
        """Open one lazy tab after the other, those inside the open one first."""
        choices: dict[str, str] = {}
        while self.how == SUCCESS and (choice := self._next_tab()):
            widget, label = choice
            self.opened.add(choice)
            choices[widget] = label
            try:
                self.how = self.conversation.run_script(choices, gather_tabs=True)
            except TimeoutError:
                self.how = self._unfinished()
            if self.how != SUCCESS:
                self.how += f", with the tab {label!r} open"
            self._note_exceptions(f"while {label!r} was open")

    def page(self, url: str, received: int) -> Page:
        """Return what was seen."""
        conversation = self.conversation
        return Page(
            url=url,
            main_script=conversation.main_script,
            streamlit=conversation.streamlit,
            python=conversation.python,
            pages=conversation.pages,
            page_paths=conversation.page_paths,
            tabs=tuple(
                Tab(label, group.elements(node, label), opened=self._was_open(group, n, label))
                for group in conversation.drawing.groups("main")
                if not group.inside
                for n, (label, node) in enumerate(group.tabs)
            ),
            main=self.main,
            sidebar=self.sidebar,
            exceptions=tuple(self.exceptions),
            complete=self.how == SUCCESS,
            how=self.how,
            runs=conversation.runs,
            bytes=received,
            connect_seconds=self.connect_seconds,
            first_message_seconds=conversation.first_message - self.started,
            complete_seconds=self.complete_seconds,
        )

    def _next_tab(self) -> tuple[str, str] | None:
        """Return the next lazy tab to open, as its group's widget and its label."""
        drawn = [
            group
            for group in self.conversation.drawing.groups()
            if group.widget and group.node.run == self.conversation.run
        ]
        for group in drawn:
            for label, _ in group.tabs[group.open : group.open + 1]:
                self.opened.add((group.widget, label))
        for group in sorted(drawn, key=lambda group: -group.inside):
            for label, _ in group.tabs:
                if (group.widget, label) not in self.opened:
                    return group.widget, label
        return None

    def _was_open(self, group: TabGroup, number: int, label: str) -> bool:
        return not group.widget or number == group.open or (group.widget, label) in self.opened

    def _note_exceptions(self, when: str = "") -> None:
        """Add the exceptions drawn now; new ones outside tabs belong to the tab just opened."""
        for root in ROOTS:
            drawing = self.conversation.drawing
            outside = {(e.where, e.text) for e in drawing.elements(root, tabs=False)}
            for element in drawing.elements(root, tabs=True):
                key = (element.where, element.text)
                if element.kind != EXCEPTION or key in self.seen:
                    continue
                if when and key in outside:
                    self.exceptions.append(replace(element, where=(*element.where, when)))
                else:
                    self.exceptions.append(element)
                    self.seen.add(key)

    def _unfinished(self) -> str:
        runs = self.conversation.runs
        return f"still running after {self.deadline:g} s" + (f", {runs} runs" if runs > 1 else "")
