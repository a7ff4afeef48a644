"""Walks through a page: click by click, by keyboard alone, and at each width."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import TimeoutError as NotInTime

from verify.probes.browser.sight import Barrier, Fit, Keyboard, TabSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

HEIGHT, TALLEST = 900, 8000
"""Of the window in pixels, and at most when a whole tab is to be on one picture."""

MOST_STOPS = 150
"""Presses of Tab after which a way by keyboard is given up."""

ATTEMPTS = 3
"""To get a lost focus back."""

BUSY = "an answer of the page: its own code keeps it busy"
"""What is missing when a page's own script does not end: nothing on it can be asked any more."""

IN_DARK = ("color-contrast", "link-in-text-block")
"""Axe's rules of what the colours decide; nothing else differs between the schemes."""

_HERE = Path(__file__).parent

_NOT_YET = TabSight("", settled=False, how="not opened", seconds=0.0, drawn=0)
_NO_KEYS = Keyboard(reached=True, presses=0)


@dataclass(slots=True)
class Walk:
    """One visitor's way through one page.

    Args:
        page: Playwright's page.
        url: where to begin.
        many: whether the page is to have tabs.
        widths: of the window; the widest comes first.
        tab_seconds: how long a tab may take to settle.
        shots: the folder for a picture of each tab; None for no pictures.
        axe: the code of axe-core.
    """

    page: Page
    url: str
    many: bool
    widths: tuple[int, ...]
    tab_seconds: float
    shots: Path | None
    axe: str
    tab: str = ""
    first: TabSight = _NOT_YET
    labels: tuple[str, ...] = ()
    tabs: list[TabSight] = field(default_factory=list)
    fits: list[Fit] = field(default_factory=list)
    keyboard: Keyboard = _NO_KEYS
    checked: list[tuple[str, str]] = field(default_factory=list)
    barriers: list[Barrier] = field(default_factory=list)
    parts: dict[str, float] = field(default_factory=dict)
    asked: float = 0.0

    def go(self) -> None:
        """Do all of it.

        Raises:
            Error: Playwright's: the page cannot be reached, or the browser went away.
        """
        with self._timed("first page"):
            self._come()
        if not self.first.settled:
            return
        self._ask(self.axe)
        if not self.labels:
            self.tabs.append(self._see(-1, ""))
        for number, label in enumerate(self.labels):
            self.tabs.append(self._see(number, label))
        # One way through all tabs is enough for the keyboard, the dark scheme and the first of the
        # narrower windows: none of them changes what the others show.
        narrow, *others = self.widths[1:] or self.widths
        with self._timed(f"keyboard and dark, at {narrow} px"):
            self._window(narrow)
            self._dark()
            self._by_keyboard(fits=narrow != self.widths[0])
        for width in others:
            with self._timed(f"{width} px"):
                self._at(width)

    def give_up(self) -> None:
        """Say that the page has not answered since it was last asked."""
        seconds = time.monotonic() - self.asked
        stuck = TabSight(self.tab, settled=False, how=BUSY, seconds=seconds, drawn=0)
        if not self.first.settled:
            self.first = stuck
        else:
            self.tabs = [*(tab for tab in self.tabs if tab.label != self.tab), stuck]

    def _come(self) -> None:
        self.page.add_init_script(path=_HERE / "page.js")
        began = time.monotonic()
        self.page.goto(self.url, wait_until="commit")
        missing, drawn = self._settle(-1)
        if not missing and self.many:
            self._wait("() => __look.labels().length > 0", began)
        seconds = time.monotonic() - began
        exceptions = tuple(self._ask("__look.exceptions()"))
        self.labels = tuple(self._ask("__look.labels()"))
        self._ask("__look.still()")
        self.first = TabSight("", not missing, "; ".join(missing), seconds, drawn, exceptions)

    def _see(self, number: int, label: str) -> TabSight:
        """Click a tab, and look at it in every way that needs no other window."""
        self.tab = label
        began = time.monotonic()
        with self._timed("clicks"):
            missing, drawn = self._click(number), 0
            if not missing:
                missing, drawn = self._settle(number)
        seconds = time.monotonic() - began
        exceptions = tuple(self._ask("__look.exceptions()"))
        self.fits.append(self._fit(label, missing))
        with self._timed("pictures"):
            shot = self._picture(number, label)
        self._axe(label, "light")
        return TabSight(
            label, not missing, "; ".join(missing), seconds, drawn, exceptions, screenshot=shot
        )

    def _click(self, number: int) -> list[str]:
        """Click a tab as a pointer does; say what was in the way."""
        if number < 0:
            return []
        tab = self.page.evaluate_handle("n => __look.tab(n)", number).as_element()
        if tab is None:
            return ["the tab itself: it is no longer there"]
        try:
            tab.click(timeout=1000 * self.tab_seconds)
        except NotInTime:
            return ["the tab itself: it cannot be clicked"]
        return []

    def _settle(self, number: int) -> tuple[list[str], int]:
        """Wait until a tab has settled; return what is missing, and how much is drawn."""
        self._wait(f"() => __look.settled({number})", time.monotonic())
        now = self._ask("n => __look.state(n)", number)
        return list(now["missing"]), int(now["drawn"])

    def _ask(self, question: str, about: Any = None) -> Any:
        self.asked = time.monotonic()
        return self.page.evaluate(question, about)

    def _wait(self, condition: str, began: float) -> bool:
        self.asked = time.monotonic()
        left = max(0.05, self.tab_seconds - (time.monotonic() - began))
        try:
            self.page.wait_for_function(condition, timeout=1000 * left, polling="raf")
        except NotInTime:
            return False
        return True

    def _fit(self, label: str, missing: list[str]) -> Fit:
        width = (self.page.viewport_size or {"width": 0})["width"]
        fit = self._ask("__look.fit()")
        return Fit(width, label, not missing, "; ".join(missing), fit["over"], tuple(fit["out"]))

    def _picture(self, number: int, label: str) -> str:
        if self.shots is None:
            return ""
        width = self.widths[0]
        height = min(TALLEST, max(HEIGHT, self._ask("__look.height()")))
        self.page.set_viewport_size({"width": width, "height": height})
        name = "-".join("".join(c if c.isalnum() else " " for c in label).lower().split())
        path = self.shots / f"{number + 1:02}-{name or 'page'}.png"
        self.page.screenshot(path=path)
        if height != HEIGHT:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
        return str(path)

    def _axe(self, label: str, scheme: str) -> None:
        rules = IN_DARK if scheme == "dark" else ()
        with self._timed(f"axe, {scheme}"):
            found = self._ask("rules => __look.axe(rules)", list(rules))
        self.checked.append((label, scheme))
        self.barriers += [Barrier(label, scheme, **one) for one in found]

    def _dark(self) -> None:
        self.page.emulate_media(color_scheme="dark")
        self._wait("() => __look.scheme() === 'dark'", time.monotonic())

    def _by_keyboard(self, *, fits: bool) -> None:
        """Reach the tabs by Tab, move through all of them by arrows, and leave the last one.

        Args:
            fits: whether this is the first look at a window of this width.
        """
        if not self.labels:
            self._axe("", "dark")
            return
        press, ask = self.page.keyboard.press, self._ask
        ask("__look.watchFocus()")
        presses, at = 0, -1
        while at < 0 and presses < MOST_STOPS:
            press("Tab")
            presses += 1
            at = ask("__look.focus().tab")
        moves: list[tuple[str, str]] = []
        lost: list[str] = []
        ahead = set(range(len(self.labels))) if at >= 0 else set()
        # A focus that went astray may come back on the first tab: some are passed more than once.
        for _ in range((1 + ATTEMPTS) * len(ahead)):
            at = self._arrow(lost)
            if at < 0:
                moves.append(("", f"the arrow key left the tabs for {ask('__look.focus().name')}"))
                break
            if at >= len(self.labels):
                moves.append(
                    ("", f"a tab that was not there at first, {ask('__look.focus().name')}")
                )
                break
            self.tab = self.labels[at]
            if not ask("n => __look.state(n).selected", at):
                press("Enter")
            missing, _ = self._settle(at)
            if at not in ahead:
                continue
            ahead.remove(at)
            moves.append((self.tab, "; ".join(missing)))
            if fits:
                self.fits.append(self._fit(self.tab, missing))
            self._axe(self.tab, "dark")
            if not ahead:
                break
        at_last = ask("__look.focus()")
        trapped = self._leave() if moves else "" if at_last["body"] else str(at_last["name"])
        ask("__look.endOfFocus()")
        unseen = tuple(ask("__look.unseen()"))
        self.keyboard = Keyboard(bool(moves), presses, tuple(moves), unseen, trapped, tuple(lost))

    def _arrow(self, lost: list[str]) -> int:
        """Move to the next tab; return its number, negative when the focus is not on a tab.

        Streamlit draws its tabs as disabled when a run's first messages happen to arrive apart,
        which takes the focus away. An operator gets it back with Tab and Shift+Tab; so do we.
        """
        press = self.page.keyboard.press
        press("ArrowRight")
        at = int(self._ask("__look.focus().tab"))
        for _ in range(ATTEMPTS if at < 0 else 0):
            lost.append(self.tab)
            press("Tab")
            press("Shift+Tab")
            press("ArrowRight")
            if (at := int(self._ask("__look.focus().tab"))) >= 0:
                break
        return at

    def _leave(self) -> str:
        """Tab on to the end of the page; say where the focus stays for ever, if anywhere."""
        before, begins = "", self._ask("__look.focus().tab")
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            now = self._ask("__look.focus()")
            if not before and now["tab"] == begins >= 0:
                return str(now["name"])  # where it began, and where arrow keys alone lead away
            if now["body"] or now["tab"] >= 0:
                return ""
            before = str(now["name"])
        return before

    def _window(self, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": HEIGHT})

    def _at(self, width: int) -> None:
        self._window(width)
        for number, label in enumerate(self.labels):
            if not self.tabs[number].settled:
                continue  # as has been said already
            self.tab = label
            missing = self._click(number) or self._settle(number)[0]
            self.fits.append(self._fit(label, missing))

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.parts[part] = self.parts.get(part, 0.0) + time.monotonic() - began
