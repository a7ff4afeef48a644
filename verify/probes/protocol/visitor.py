"""A visitor: asks one server for runs of its script, each with a time of its own.

A run that does not end spoils its session: what the script draws later would be taken for the next
run's. So the visitor stops it, leaves, and comes back in a new session.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from verify.errors import CouldNotCheck
from verify.probes.protocol.conversation import COMPILE_ERROR, SUCCESS, Conversation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from verify.probes.protocol.elements import Element
    from verify.probes.protocol.websocket import WebSocket

_NO_TIME: Final = "not opened: the time for the whole look was over"


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of one run.

    Args:
        how: see `verify.probes.protocol.page.Page.how`.
        seconds: how long it took.
        end: the last thing it drew in the main area.
        asked: whether it was asked for; there may have been no time, or nobody to ask.
        began: whether the server began it.
    """

    how: str
    seconds: float = 0.0
    end: Element | None = None
    asked: bool = True
    began: bool = True


class Visitor:
    """One who looks at a page, in one session as long as its runs end.

    Args:
        connect: opens a connection; takes the moment to give up, on the clock of
            `time.monotonic`.
        query: the URL's query, which the script can read.
        started: when the look began, on that clock.
        ends: when to give up the whole look.
        hears: is given each message as it came, if anybody wants them.

    Raises:
        CouldNotCheck: there is nobody to talk to.
    """

    def __init__(
        self,
        connect: Callable[[float], WebSocket],
        query: str,
        *,
        started: float,
        ends: float,
        hears: Callable[[bytes], object] | None = None,
    ) -> None:
        self._connect = connect
        self._ends = ends
        self._begun = started  # the first run is timed from there, its connection included
        self._broken = False
        self._gone = ""
        self._bytes = 0
        self.conversation = Conversation(connect(ends), query, hears=hears)

    @property
    def bytes(self) -> int:
        """What was received so far, handshakes included."""
        return self._bytes + (0 if self._gone else self.conversation.socket.bytes_received)

    def run(
        self,
        choices: Mapping[str, str],
        *,
        page: str = "",
        seconds: float | None = None,
        gather_tabs: bool = False,
    ) -> Ran:
        """Ask for a run and follow it to its end, or until its time is over.

        Args:
            choices: values of widgets by their ids, as the visitor has set them.
            page: hash of the page to run; empty for the first one.
            seconds: for this run; None for all that is left.
            gather_tabs: see `Drawing.finish`.

        Raises:
            CouldNotCheck: the connection was lost.
            ProtobufError: the server sent something else than messages.
        """
        if self._broken and not self._gone and time.monotonic() < self._ends:
            self._come_back()
        begun, self._begun = self._begun or time.monotonic(), 0.0
        until = self._ends if seconds is None else min(self._ends, begun + seconds)
        if self._gone or time.monotonic() >= until:
            why = f"not opened: {self._gone}" if self._gone else _NO_TIME
            return Ran(why, asked=False, began=False)
        talk = self.conversation
        talk.socket.until(until)
        runs_before = talk.runs
        try:
            how = talk.run_script(choices, page=page, gather_tabs=gather_tabs)
        except TimeoutError:
            how = _unfinished(talk.runs - runs_before, until - begun)
        self._broken = how not in {SUCCESS, COMPILE_ERROR}
        began = talk.runs > runs_before
        end = talk.drawing.end(talk.run) if began else None
        return Ran(how, time.monotonic() - begun, end, began=began)

    def leave(self) -> None:
        """Say goodbye; stop the script first if it still runs."""
        if not self._gone:
            self.conversation.leave(stop=self._broken)

    def _come_back(self) -> None:
        self.leave()
        self._bytes = self.bytes
        try:
            self.conversation.socket = self._connect(self._ends)
        except CouldNotCheck as error:
            self._gone = error.diagnosis
        self._broken = False


def _unfinished(runs: int, seconds: float) -> str:
    after = f"{round(seconds, 1):g} s"
    if not runs:
        return f"no run began within {after}"
    return f"still running after {after}" + (f", {runs} runs" if runs > 1 else "")
