"""One who opens the tabs of a page in the order they are told, with another query each time.

`wire.read` looks at a page as a whole. Here each run of the script is a look of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlencode

from verify.errors import CouldNotCheck
from verify.probes.protocol.conversation import COMPILE_ERROR, SUCCESS, Conversation
from verify.probes.protocol.drawing import ROOTS
from verify.probes.protocol.elements import EXCEPTION, Element
from verify.probes.protocol.protobuf import ProtobufError

if TYPE_CHECKING:
    from types import TracebackType

RUNNING: Final = "still running"
"""How a run begins to be told that did not come back in time."""

Fault = tuple[str, str]
"""Kind, and the label of the tab it is planted in; see `planted.py`."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one tab showed in one run of the script.

    Args:
        tab: its label.
        how: how the run ended, see `wire.Page.how`.
        elements: what is drawn inside in order, nested blocks included.
        exceptions: those drawn anywhere on the page.
        end: the text of the last thing drawn in the main area.
    """

    tab: str
    how: str
    elements: tuple[Element, ...] = ()
    exceptions: tuple[Element, ...] = ()
    end: str = ""

    @property
    def texts(self) -> str:
        """All that people read in the tab, a line each."""
        return "\n".join(element.text for element in self.elements)

    def ended(self, sentinel: str) -> str:
        """Say how the run ended, and whether it came to what the script draws last.

        Args:
            sentinel: stands in that; empty when nobody knows what it is.
        """
        if self.how == SUCCESS and sentinel and sentinel not in self.end:
            return "broken off before the end of the script"
        return self.how


class Opener:
    """One session with a page; a context that ends with a goodbye.

    Args:
        url: the page.
        seconds: until it is given up, from now.

    Raises:
        CouldNotCheck: there is no Streamlit server to talk to.
    """

    def __init__(self, url: str, seconds: float) -> None:
        # Loaded by the first visit only, as in `wire.read`.
        from verify.probes.protocol.websocket import split, streaming

        parts = split(url)
        self._seconds = seconds
        self._how = ""
        self._talk = Conversation(streaming(parts, deadline=time.monotonic() + seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._talk.leave(stop=self._how not in {SUCCESS, COMPILE_ERROR})

    @property
    def tabs(self) -> dict[str, str]:
        """Each tab of the main area with the widget that opens it; "" when it is always drawn."""
        groups = [group for group in self._talk.drawing.groups("main") if not group.inside]
        return {label: group.widget for group in groups for label, _ in group.tabs}

    @property
    def goes_on(self) -> bool:
        """Whether there can be another run, because the last one came to its end."""
        return self._how in {"", SUCCESS}

    def run(self, choices: dict[str, str], fault: Fault | None = None) -> None:
        """Run the script with these tabs open, and with this fault.

        Args:
            choices: labels of tabs by the widgets that open them.
            fault: what to plant where.

        Raises:
            CouldNotCheck: the server went away, or sent something else than messages.
        """
        query = {"verify-fault": fault[0], "verify-tab": fault[1]} if fault else {}
        self._talk.query = urlencode(query)
        try:
            self._how = self._talk.run_script(choices)
        except TimeoutError:
            self._how = f"{RUNNING} after {self._seconds:g} s"
        except ProtobufError as error:
            raise CouldNotCheck(
                f"the server sent bytes that are not Streamlit's protocol: {error}"
            ) from error

    def drew(self, label: str) -> bool:
        """Say whether the last run drew this tab: the open one, or one that always is drawn."""
        return label in self._drawn()

    def shown(self, label: str) -> Shown:
        """Return what a tab shows after the last run; a lazy one that is not open shows nothing."""
        drawing = self._talk.drawing
        everywhere = (one for root in ROOTS for one in drawing.elements(root, tabs=True))
        main = drawing.elements("main", tabs=True)
        return Shown(
            tab=label,
            how=self._how,
            elements=self._drawn().get(label, ()),
            exceptions=tuple(one for one in everywhere if one.kind == EXCEPTION),
            end=main[-1].text if main else "",
        )

    def _drawn(self) -> dict[str, tuple[Element, ...]]:
        return {
            label: group.elements(node, label)
            for group in self._talk.drawing.groups("main")
            if not group.inside
            for number, (label, node) in enumerate(group.tabs)
            if not group.widget or number == group.open
        }
