"""Looks once at a running deployment, from outside, and holds it against what is expected."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify import direct
from verify import manifest as manifests
from verify.deployment import Look
from verify.errors import CouldNotCheck, SubjectBroken, UsageError
from verify.live import given
from verify.live.hidden import Secrets
from verify.live.seen import facts_of, sessions_of
from verify.model import Stage
from verify.probes.access import ANYBODY, Access
from verify.progress import Progress
from verify.tables import Dashboard, Live

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    from verify.manifest import Manifest
    from verify.model import Cell
    from verify.probes.wire import Page

OF_ANY_PAGE = frozenset({"accessibility", "origin", "responsive", "sessions"})
"""Gates that hold for a page without a manifest: of `[live]` they take the defaults, and of
`[dashboard]` what the page itself shows."""

SHARE = 3
"""Without a manifest a tab may take this part of the whole look; then the next one is opened."""

PATIENCE = 5.0
"""Seconds for asking by plain HTTP what stands there instead of a page."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a look is asked for.

    Args:
        url: where the deployment is served, with its base path.
        root: the project with the manifest to hold it against; None for none.
        marker: the build marker that must be shown; empty for the manifest's.
        tabs: the labels of all tabs in order; empty for the manifest's.
        browser: whether to look with a browser, too.
        screenshots: the folder that gets a picture of each tab; None for none.
        sessions: how many visitors come at once, besides; 0 for none.
        anywhere: whether they may be sent to another machine than this.
        access: what goes along with each request.
        deadline: seconds for the look by protocol.
    """

    url: str
    root: Path | None = None
    marker: str = ""
    tabs: tuple[str, ...] = ()
    browser: bool = False
    screenshots: Path | None = None
    sessions: int = 0
    anywhere: bool = False
    access: Access = ANYBODY
    deadline: float = 30.0


class Looker:
    """Looks as often as it is asked to.

    Args:
        options: what for.

    Raises:
        UsageError: the URL is not one of a page, or a burst is refused there.
        ManifestError: the manifest is wrong.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._parts = _split(options.url)
        self.url = self._parts._replace(query="").geturl()
        with contextlib.suppress(CouldNotCheck):  # a name that is not found: the look tells it
            self._may_burst()
        self._secrets = Secrets(options.url, options.access)
        self._manifest = _expected(options)

    def look(self, progress: Progress | None = None) -> Look:
        """Look once.

        Args:
            progress: hears what takes long.
        """
        began, started = time.monotonic(), datetime.now(UTC)
        progress = progress or Progress()
        found = Look(self.url, started.isoformat(timespec="seconds"), 0.0, ())
        progress.step(f"reading {self.url} and opening every tab")
        try:
            page = replace(self._read(), url=self.url)
        except CouldNotCheck as error:
            found = replace(found, cells=(self._unread(error),))
        except SubjectBroken as error:
            found = replace(found, cells=(given.broken(error),))
        else:
            found = self._judge(page, found, progress)
        found = replace(found, seconds=time.monotonic() - began)
        return self._secrets.hide(found)

    def _read(self) -> Page:
        from verify.probes import wire

        options = self._options
        reviewed = self._manifest
        return wire.read(
            options.url,
            deadline=options.deadline,
            open_tabs=True,
            access=options.access,
            tab_deadline=reviewed.live.tab_seconds if reviewed else options.deadline / SHARE,
            visit_pages=True,
        )

    def _unread(self, error: CouldNotCheck) -> Cell:
        options = self._options
        return given.unread(error, self._parts, options.access, min(options.deadline, PATIENCE))

    def _judge(self, page: Page, found: Look, progress: Progress) -> Look:
        reviewed = self._manifest
        supply = self._supply(page, progress)
        cells: list[Cell] = [given.sound(page)]
        if reviewed is None:
            options = self._options
            cells += given.asked(page, marker=options.marker, tabs=options.tabs)
            cells += direct.cells(Stage.LIVE, supply, only=OF_ANY_PAGE & self._worth_asking())
        else:
            extra = [reviewed.root / folder for folder in reviewed.gates.extra]
            cells += direct.cells(Stage.LIVE, supply, *extra)
        label = reviewed.dashboard.marker_label if reviewed else given.LABEL
        foreign = supply.had("foreign_origin")
        facts = replace(facts_of(page, label), foreign_origin=foreign or "")
        burst = supply.had("burst")
        return replace(
            found,
            cells=tuple(cells),
            facts=facts,
            marker_ok=given.marker_ok(cells),
            sessions=sessions_of(burst) if burst is not None else None,
        )

    def _worth_asking(self) -> frozenset[str]:
        """Return the gates that without a manifest have something to look at."""
        named = {"origin"}
        if self._options.browser:
            named |= {"accessibility", "responsive"}
        if self._options.sessions:
            named |= {"sessions"}
        return frozenset(named)

    def _supply(self, page: Page, progress: Progress) -> direct.Supply:
        options, reviewed = self._options, self._manifest
        labels = tuple(tab.label for tab in page.tabs)
        if reviewed is None:  # only gates that hold for any page see it
            shown = Dashboard(entry=page.main_script, marker="", tabs=labels)
            reviewed = manifests.Manifest(Path(), "", shown)

        def foreign_origin() -> str:
            from verify.probes import origin

            return origin.foreign(options.url, deadline=options.deadline, access=options.access)

        def source() -> Any:
            from verify.probes.source import Source

            return Source(reviewed.root)

        def checkout() -> Any:
            from verify.probes import git

            return git.checkout(reviewed.root)

        def sight() -> Any:
            return self._sight(labels, reviewed.live, progress)

        def burst() -> Any:
            return self._burst(reviewed, progress)

        makers: dict[str, Callable[[], Any]] = {
            "page": lambda: page,
            "manifest": lambda: reviewed,
            "foreign_origin": foreign_origin,
            "source": source,
            "checkout": checkout,
        }
        absent = {
            "sight": "a browser looks only when --browser asks for it",
            "burst": "many visitors come only when --sessions N asks for them",
        }
        if options.browser:
            makers["sight"] = sight
        if options.sessions:
            makers["burst"] = burst
        return direct.Supply(makers, absent)

    def _sight(self, labels: tuple[str, ...], live: Live, progress: Progress) -> Any:
        from verify.probes import browser

        options = self._options
        progress.step("looking with a browser, tab by tab")
        seen = browser.look(
            options.url,
            labels,
            browser=browser.find(),
            widths=live.widths,
            tab_seconds=live.tab_seconds,
            shots=options.screenshots,
            access=options.access,
        )
        return replace(seen, url=self.url)

    def _may_burst(self) -> None:
        if self._options.sessions and not self._options.anywhere:
            from verify.probes.burst import require_loopback

            require_loopback(self._options.url)

    def _burst(self, reviewed: Manifest, progress: Progress) -> Any:
        from verify.probes.endure import endure

        options, dashboard = self._options, reviewed.dashboard
        self._may_burst()
        progress.step(f"sending {options.sessions} visitors at once")
        seen = endure(
            options.url,
            sessions=options.sessions,
            deadline=max(options.deadline, 2 * reviewed.live.p95_seconds),
            access=options.access,
            fault_text=dashboard.fault_text,
            sentinel=dashboard.sentinel,
            pool=reviewed.diagnostics.pool if reviewed.diagnostics else "",
        )
        return replace(seen, url=self.url)


def _split(url: str) -> SplitResult:
    from verify.probes.protocol.websocket import split

    try:
        return split(url)
    except UsageError as error:
        if not {"@", "?"} & set(url):
            raise
        fault, remedy = "The URL is not one of a page", error.remedy  # it may hold a secret
        raise UsageError(f"{fault}; it is not shown, for what it may hold.", remedy) from None


def _expected(options: Options) -> Manifest | None:
    """Return the manifest with what the command line says instead of it; None without one."""
    if options.root is None:
        return None
    reviewed = manifests.load(options.root)
    dashboard = reviewed.dashboard
    if options.marker:
        dashboard = replace(dashboard, marker=options.marker)
    if options.tabs:
        dashboard = replace(dashboard, tabs=options.tabs)
    return replace(reviewed, dashboard=dashboard)
