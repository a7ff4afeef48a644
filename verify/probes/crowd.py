"""The sessions of one burst: a thread each, which connect, ask and leave in step."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from verify.errors import CouldNotCheck
from verify.probes.access import Access
from verify.probes.protocol.conversation import SUCCESS, Conversation
from verify.probes.protocol.drawing import ROOTS
from verify.probes.protocol.elements import EXCEPTION, Element

if TYPE_CHECKING:
    from ssl import SSLContext
    from urllib.parse import SplitResult

GRACE: Final = 5.0
"""Seconds that sessions may take beyond their deadline, to say so and to leave."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one session got.

    Args:
        seconds: from the moment all asked to the end of its page.
        elements: how many things its page drew.
        fault: what is wrong with the page by itself; empty for nothing.
    """

    seconds: float
    elements: int
    fault: str


@dataclass(slots=True)
class Crowd:
    """Sessions that act in step.

    Args:
        parts: the page's URL, split; without user and password.
        sessions: how many.
        ends: when all give up, on the clock of `time.monotonic`.
        access: what goes along with each connection.
        tls: what each connection by https is held against.
        marks: what stands where the page caught an error itself, and what each run draws last; an
            empty one is not looked for.
    """

    parts: SplitResult
    sessions: int
    ends: float
    access: Access
    tls: SSLContext | None
    marks: tuple[str, str]
    received: list[int] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _asked: float = 0.0
    _over: bool = False
    _go: threading.Event = field(default_factory=threading.Event)
    _leave: threading.Event = field(default_factory=threading.Event)
    _arrived: SimpleQueue[Exception | None] = field(default_factory=SimpleQueue)
    _seen: SimpleQueue[Seen | Exception] = field(default_factory=SimpleQueue)
    _threads: list[threading.Thread] = field(default_factory=list)

    def connect(self) -> list[Exception]:
        """Connect all sessions; return why some could not.

        Raises:
            CouldNotCheck: there cannot be so many here.
        """
        self._threads = [
            # Daemons: an interrupt does not wait for a page that never ends.
            threading.Thread(target=self._visit, daemon=True, name=f"session {number}")
            for number in range(1, self.sessions + 1)
        ]
        try:
            for thread in self._threads:
                thread.start()
        except RuntimeError as error:
            raise CouldNotCheck(
                f"This machine cannot have {self.sessions} threads more: {error}.",
                "Ask for fewer sessions, or raise the limit of processes: `ulimit -u`.",
            ) from error
        return [error for error in self._all(self._arrived, self.sessions) if error]

    def read(self, connected: int) -> list[Seen | Exception]:
        """Let all that are connected ask together; return what each got, or why nothing."""
        self._asked = time.monotonic()
        self._go.set()
        return self._all(self._seen, connected)

    def leave(self) -> None:
        """Let all go; those that have not asked yet go without."""
        self._over = True
        self._go.set()
        self._leave.set()

    def join(self) -> None:
        """Wait until all have said goodbye, but not for ever."""
        ends = time.monotonic() + GRACE
        for thread in self._threads:
            thread.join(max(0.0, ends - time.monotonic()))

    def _all(self, queue: SimpleQueue[T], number: int) -> list[T]:
        """Take one thing of each session."""
        found: list[T] = []
        while len(found) < number:
            try:
                found.append(queue.get(timeout=max(0.0, self.ends + GRACE - time.monotonic())))
            except Empty:
                raise CouldNotCheck(
                    f"{number - len(found)} of {self.sessions} sessions did not even give up when "
                    "their time was over.",
                    "See whether this machine is overloaded, or the name of the host is looked up "
                    "for ever.",
                ) from None
        return found

    def _visit(self) -> None:
        """Be one session, from the connection to the goodbye."""
        try:
            conversation = self._connection()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
            self._arrived.put(error)
            return
        self._arrived.put(None)
        self._go.wait()
        how = SUCCESS
        if not self._over:
            try:
                how = self._ask(conversation)
            except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
                self._seen.put(error)
        self.received.append(conversation.socket.bytes_received)
        self._leave.wait()
        conversation.leave(stop=how != SUCCESS)

    def _connection(self) -> Conversation:
        from verify.probes.protocol.websocket import streaming

        sent = self.access.sent
        socket = streaming(self.parts, deadline=self.ends, headers=sent, tls=self.tls)
        return Conversation(socket, self.parts.query)

    def _ask(self, conversation: Conversation) -> str:
        """Read the first page; return how its run ended."""
        try:
            how = conversation.run_script({})
        except TimeoutError:
            how = f"still running after {self.ends - self._began:.3g} s"
            if not conversation.runs:
                how = f"no run began within {self.ends - self._began:.3g} s"
        seconds = time.monotonic() - self._asked
        drawing = conversation.drawing
        drawn = [element for root in ROOTS for element in drawing.elements(root, tabs=True)]
        fault = self._fault(how, [*drawn, *conversation.compile_errors])
        self._seen.put(Seen(seconds, len(drawn), fault))
        return how

    def _fault(self, how: str, drawn: list[Element]) -> str:
        """Say what is wrong with a page by itself."""
        fault_text, sentinel = self.marks
        for element in drawn:
            if element.kind == EXCEPTION:
                return f"{'exception' if how == SUCCESS else how}: {element.text}"
        if how != SUCCESS:
            return how
        for element in drawn:
            if fault_text and fault_text in element.text:
                return f"shows {fault_text!r} in {' > '.join(element.where)}"
        if sentinel and not any(sentinel in e.text for e in drawn):
            return f"ended before {sentinel!r} was drawn"
        return ""
