"""An operator with a real browser: opens the page, clicks each tab, and sees what is drawn.

One Chromium for all apps, a context of its own for each. It knows nothing of what was reviewed, as
the usual monitors by browser do not; the product's own look (`verify.probes.browser`) takes in more
than that, and an app costs it several seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from verify.errors import CouldNotCheck, Unavailable
from verify.probes.browser import find

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

SHORT: Final = (8.0, 3.0)
"""Seconds until the first page is there, and until a tab is, where one of them never is."""

PATIENT: Final = (60.0, 20.0)
"""The same for a busy machine."""

WIDTH, HEIGHT = 1280, 900

LOOKS: Final = 4
"""Chromium gives up its requests when a network interface comes or goes, as with each container."""

_DISTURBED: Final = "ERR_NETWORK_CHANGED"

_SETTLED: Final = """number => {
    const app = document.querySelector("[data-testid=stApp]");
    if (!app || app.dataset.testConnectionState !== "CONNECTED") return false;
    if (app.dataset.testScriptState === "compilationError") return true;
    if (app.dataset.testScriptState !== "notRunning") return false;
    if (document.querySelector("[data-testid=stAppSkeleton]")) return false;
    if (number < 0) return true;
    const tab = document.querySelectorAll("[role=tab]")[number];
    return tab.getAttribute("aria-selected") === "true" && __drawn() > 0;
}"""
_DRAWN: Final = """
    window.__drawn = () => [...document.querySelectorAll("[role=tabpanel]")]
        .filter(one => one.checkVisibility())
        .flatMap(one => [...one.querySelectorAll("[data-testid=stElementContainer]")])
        .filter(one => one.innerText.trim()).length;
"""
_STATE: Final = """() => {
    const app = document.querySelector("[data-testid=stApp]");
    return app ? `${app.dataset.testConnectionState}, ${app.dataset.testScriptState}` : "no app";
}"""
_EXCEPTIONS: Final = """() => [...document.querySelectorAll("[data-testid=stException]")]
    .filter(one => one.checkVisibility()).map(one => one.innerText.split("\\n")[0])"""


@dataclass
class _Shared:
    """The one browser, and the event loop that it lives in."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    loop: asyncio.AbstractEventLoop | None = None
    browser: Browser | None = None
    playwright: Any = None
    thread: threading.Thread | None = None


_SHARED = _Shared()


@contextlib.contextmanager
def browsing() -> Iterator[None]:
    """Keep one browser, begun by the first look, until the context is left."""
    try:
        yield
    finally:
        with _SHARED.lock:
            if _SHARED.browser is not None:
                _wait(_SHARED.browser.close())
                _wait(_SHARED.playwright.stop())
            if _SHARED.loop is not None and _SHARED.thread is not None:
                _SHARED.loop.call_soon_threadsafe(_SHARED.loop.stop)
                _SHARED.thread.join()
                _SHARED.loop.close()
            _SHARED.loop = _SHARED.browser = _SHARED.playwright = _SHARED.thread = None


def complaints(url: str, *, patient: bool) -> list[str]:
    """Return what an operator sees go wrong; from any thread, inside of `browsing`.

    Args:
        url: the address.
        patient: whether to wait long for what may be slow, instead of briefly for what never comes.

    Raises:
        Unavailable: there is no browser here.
    """
    with _SHARED.lock:
        if _SHARED.browser is None:
            _begin()
    found: list[str] = _wait(_complaints(_SHARED.browser, url, *(PATIENT if patient else SHORT)))
    return found


def _begin() -> None:
    found = find()
    _SHARED.loop = asyncio.new_event_loop()
    _SHARED.thread = threading.Thread(target=_SHARED.loop.run_forever, daemon=True)
    _SHARED.thread.start()
    _SHARED.browser = _wait(_launch(found.path))


async def _launch(path: str) -> Browser:
    from playwright.async_api import async_playwright

    from verify.probes.browser.worker import FLAGS

    _SHARED.playwright = await async_playwright().start()
    browser: Browser = await _SHARED.playwright.chromium.launch(
        executable_path=path,
        chromium_sandbox=os.geteuid() != 0,
        args=[*FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.*"],
    )
    return browser


def _wait(work: Coroutine[Any, Any, Any]) -> Any:
    if _SHARED.loop is None:
        raise Unavailable("no browser was begun")
    return asyncio.run_coroutine_threadsafe(work, _SHARED.loop).result()


async def _complaints(browser: Browser | None, url: str, first: float, each: float) -> list[str]:
    assert browser is not None
    for _ in range(LOOKS):
        disturbed, found = await _looked(browser, url, first, each)
        if not disturbed:
            return found
    raise CouldNotCheck(f"the network of this machine changed during each of {LOOKS} looks")


async def _looked(browser: Browser, url: str, first: float, each: float) -> tuple[bool, list[str]]:
    """Return whether the network changed meanwhile, and what goes wrong."""
    from playwright.async_api import Error

    failed: list[str] = []
    context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
    context.on("requestfailed", lambda request: failed.append(request.failure or ""))
    try:
        await context.add_init_script(_DRAWN)
        page = await context.new_page()
        page.set_default_timeout(first * 1000)
        try:
            found = [text async for text in _seen(page, url, first, each)]
        except Error as error:
            found = [error.message.partition("\n")[0]]
    finally:
        await context.close()
    return any(_DISTURBED in text for text in (*failed, *found)), found


async def _seen(page: Page, url: str, first: float, each: float) -> AsyncIterator[str]:
    await page.goto(url, wait_until="commit")
    if not await _settled(page, -1, first):
        yield f"the page does not settle: {await page.evaluate(_STATE)}"
        return
    for text in await page.evaluate(_EXCEPTIONS):
        yield text
    tabs = page.get_by_role("tab")
    for number in range(await tabs.count()):
        label = await tabs.nth(number).inner_text()
        await tabs.nth(number).click(timeout=each * 1000)
        if not await _settled(page, number, each):
            state = await page.evaluate(_STATE)
            yield f"tab {label}: {await page.evaluate('__drawn()')} elements, {state}"
        for text in await page.evaluate(_EXCEPTIONS):
            yield f"tab {label}: {text}"
    if not await tabs.count():
        yield f"no tabs: {await page.evaluate(_STATE)}"


async def _settled(page: Page, number: int, seconds: float) -> bool:
    from playwright.async_api import TimeoutError as Late

    try:
        await page.wait_for_function(_SETTLED, arg=number, timeout=seconds * 1000, polling=50)
    except Late:
        return False
    return True
