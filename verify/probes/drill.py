"""Looks at the dashboard with secrets planted in its environment, and tells where they show.

No secret leaves this module: what it returns has them cut out, and says where each was seen.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from verify.errors import CouldNotCheck, SubjectBroken
from verify.probes import media, ready, wire
from verify.probes.children import end_all
from verify.probes.log import LOG
from verify.probes.opener import Opener
from verify.probes.server import serve
from verify.probes.starred import starred

if TYPE_CHECKING:
    from verify.probes.canaries import Planted
    from verify.probes.container import Container
    from verify.probes.engine import Engine
    from verify.probes.subject import Subject
    from verify.tables import Image

OUT_OF_SIGHT: Final = "what the server sends, though in no text of it"
"""Where a secret is that stands in a table, a chart or a file."""

WAITS: Final = 2.0
"""Times the allowed seconds that the end is waited for, so that a slow end is measured."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one server gave, the secrets in it cut out.

    Args:
        page: the page, every tab opened.
        log: what it logged until then.
        seen: for each planted variable, where its secret was seen.
        texts: how many texts were searched.
    """

    page: wire.Page
    log: str
    seen: Mapping[str, tuple[str, ...]]
    texts: int


@dataclass(frozen=True, slots=True)
class LocalLooks:
    """What the dashboard gives on this machine with secrets in its environment.

    Args:
        mock: in mock mode; None when the manifest declares none.
        barred: without mock mode, so that its database's address leads nowhere; None when the
            manifest declares no Diagnostics.
    """

    mock: Look | None
    barred: Look | None


@dataclass(frozen=True, slots=True)
class Drill:
    """What a throw-away container gave, and how it ended when it was told to.

    Args:
        look: the page it gave, and all it logged.
        exit_code: of its first process; None when it did not end in time.
        seconds: from SIGTERM to its end, or to the moment it was given up.
        last_words: what it logged after SIGTERM.
    """

    look: Look
    exit_code: int | None
    seconds: float
    last_words: str


def drill(
    engine: Engine,
    image_id: str,
    spec: Image,
    planted: Planted,
    *,
    environment: Mapping[str, str],
    stop_seconds: float,
    deadline: float,
) -> Drill:
    """Start a container with secrets, read its page, and stop it while a visitor is there.

    Args:
        engine: where it runs.
        image_id: which image.
        spec: the manifest's `[image]`.
        planted: the secrets.
        environment: variables besides.
        stop_seconds: how soon it should end; it is waited for a little longer.
        deadline: seconds for reading the page.

    Raises:
        SubjectBroken: it does not start, or serves no page.
        CouldNotCheck: it or the engine went away.
    """
    variables = {**environment, **planted.environment}
    with _discreet(planted):
        container = engine.start(
            image_id,
            ports=(spec.port,),
            memory=spec.memory,
            role="secrets",
            environment=variables,
        )
        try:
            url = container.url(spec.port)
            ready.first_page(
                url,
                what="the container with secrets in its environment",
                ended=container.ended,
                log=container.log,
                deadline=spec.ready_seconds,
            )
            page, heard = _read(url, planted, deadline)
            with Opener(url, deadline) as guest:
                guest.run({})
                said = container.whole_log()
                code, seconds = _stop(container, stop_seconds)
            log = container.whole_log()
        finally:
            engine.remove(container)
    last_words = log.removeprefix(said)
    return Drill(_looked(page, log, heard, planted), code, seconds, planted.hide(last_words))


def look_each(
    subject: Subject,
    entry: str,
    planted: Planted,
    *,
    environments: Mapping[str, Mapping[str, str]],
    starting: float,
    reading: float,
) -> dict[str, Look]:
    """Serve the entry here once for each environment, all at once, and read each page.

    Args:
        subject: the project, executable.
        entry: the script, relative to the root.
        planted: the secrets; environments that are to have them hold them already.
        environments: variables added to the subject's own, by a name of each.
        starting: seconds until a server must be healthy.
        reading: seconds for reading a page.

    Raises:
        SubjectBroken: a server does not start.
        CouldNotCheck: a server went away.
    """

    def look(environment: Mapping[str, str]) -> Look:
        env = {**subject.env, **environment}
        with (
            _discreet(planted),
            serve(
                subject.python, entry, cwd=subject.root, env=env, deadline=starting, via="script"
            ) as server,
        ):
            page, heard = _read(server.url, planted, reading)
            return _looked(page, server.log(), heard, planted)

    with ThreadPoolExecutor(max(1, len(environments))) as pool:
        try:
            looks = list(pool.map(look, environments.values()))
        except KeyboardInterrupt:
            end_all()  # what the other threads wait for
            raise
    return dict(zip(environments, looks, strict=True))


def _read(url: str, planted: Planted, deadline: float) -> tuple[wire.Page, set[str]]:
    """Return the page, and the variables whose secrets are anywhere in what the server sent."""
    heard: set[str] = set()
    files: set[str] = set()

    def hears(message: bytes) -> None:
        # Not decoded as what it is: messages hold texts in UTF-8 and much besides.
        heard.update(planted.found_in(message.decode("latin-1")))
        for path in media.offered(message) - files:
            files.add(path)
            heard.update(planted.found_in(media.fetch(url, path).decode("latin-1")))

    page = wire.read(url, deadline=deadline, open_tabs=True, hears=hears)
    return page, heard


def _stop(container: Container, allowed: float) -> tuple[int | None, float]:
    began = time.monotonic()
    code = container.terminate(WAITS * allowed)
    return code, time.monotonic() - began


def _looked(page: wire.Page, log: str, heard: Iterable[str], planted: Planted) -> Look:
    seen: dict[str, list[str]] = {variable: [] for variable in planted.variables}
    texts = 0
    for where, text in [*_texts(page), (LOG, log)]:
        texts += 1
        for variable in planted.found_in(text):
            if where not in seen[variable]:
                seen[variable].append(where)
    for variable in heard:
        if not set(seen[variable]) - {LOG}:
            seen[variable].append(OUT_OF_SIGHT)
    places = {variable: tuple(where) for variable, where in seen.items()}
    return Look(starred(page, planted.hide), planted.hide(log), places, texts)


def _texts(page: wire.Page) -> Iterator[tuple[str, str]]:
    """Yield each text of a page, and where it stands in words of an operator."""
    areas = [
        ("the sidebar", page.sidebar),
        ("the page outside tabs", page.main),
        *((f"tab {tab.label}", tab.elements) for tab in page.tabs),
        ("an exception", page.exceptions),
        *((f"page {visit.name}", visit.elements) for visit in page.visits),
        *((f"page {visit.name}", visit.exceptions) for visit in page.visits),
    ]
    for where, drawn in areas:
        for element in drawn:
            yield where, element.text
    yield "the names of pages", "\n".join((*page.pages, *page.page_paths, page.main_script))


@contextlib.contextmanager
def _discreet(planted: Planted) -> Iterator[None]:
    """Cut the secrets out of errors too: a log that goes with one may hold them."""
    try:
        yield
    except SubjectBroken as error:
        raise SubjectBroken(
            error.subject,
            expected=error.expected,
            got=planted.hide(error.got),
            path=error.path,
            line=error.line,
            log=planted.hide(error.log),
        ) from None
    except CouldNotCheck as error:
        raise CouldNotCheck(planted.hide(error.diagnosis), error.remedy) from None
