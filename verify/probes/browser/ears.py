"""Hears what a page complains about, and which of its requests fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from verify.probes.browser.sight import Complaint, Request

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Response
    from playwright.sync_api import Error as PageError
    from playwright.sync_api import Request as Sent

    from verify.probes.browser.walk import Walk

_LONGEST = 500  # characters of a complaint
_FAULTS = 400  # the first status of an answer that says that something went wrong


@dataclass  # without slots: Playwright leaves a mark on whoever listens to it
class Ears:
    """What was heard.

    Args:
        host: name and port of the page's own server.
        walk: knows which tab is open.
    """

    host: str
    walk: Walk
    complaints: list[Complaint] = field(default_factory=list)
    failed: list[Request] = field(default_factory=list)
    foreign: list[Request] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Begin, before the page is opened."""
        page.on("console", self._console)
        page.on("pageerror", self._uncaught)
        page.on("requestfailed", self._unanswered)
        page.on("response", self._answered)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        source = urlsplit(message.location.get("url", ""))
        # What the network did is heard from the request itself, which knows more.
        if "Failed to load resource" in message.text:
            return
        self.complaints.append(
            Complaint(self.walk.tab, "console", message.text[:_LONGEST], source.path)
        )

    def _uncaught(self, error: PageError) -> None:
        self.complaints.append(Complaint(self.walk.tab, "uncaught", str(error)[:_LONGEST]))

    def _unanswered(self, sent: Sent) -> None:
        self._note(sent, sent.failure or "failed")

    def _answered(self, response: Response) -> None:
        if response.status >= _FAULTS:
            self._note(response.request, str(response.status))

    def _note(self, sent: Sent, why: str) -> None:
        parts = urlsplit(sent.url)
        if parts.scheme not in {"http", "https"}:
            return
        if parts.netloc == self.host:
            what, heard = f"{sent.method} {parts.path}", self.failed
        else:
            host = parts.hostname or ""
            what, heard = f"{sent.method} {parts.scheme}://{host}{parts.path}", self.foreign
        heard.append(Request(self.walk.tab, what, why))
