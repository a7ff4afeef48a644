"""Runs one walk with Playwright, in a process of its own; writes what was seen to a file.

    python -m verify.probes.browser.worker FOLDER

The folder holds `order.json`; `sight.json` is written into it, or `trouble.json`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from playwright.sync_api import Error, Playwright, sync_playwright

from verify.probes.browser.ears import Ears
from verify.probes.browser.walk import HEIGHT, Walk

STUCK = 10.0
"""Seconds that a page may take to answer, after what a tab may take to settle."""

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def main() -> None:
    """Do what the folder's order says."""
    # A SIGTERM is for Playwright's driver: it ends the browser, and with that this walk.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = Path(sys.argv[1])
    order = json.loads((folder / "order.json").read_text("utf-8"))
    signal.alarm(order["seconds"])  # nobody may be left to end it
    try:
        with sync_playwright() as playwright:
            _walk(playwright, order, folder / "sight.json")
    except Error as error:
        _write(folder / "trouble.json", {"said": str(error)})


def _walk(playwright: Playwright, order: dict[str, Any], target: Path) -> None:
    parts = urlsplit(order["url"])
    browser = playwright.chromium.launch(
        executable_path=order["path"],
        # As root Chromium cannot make its sandbox.
        chromium_sandbox=os.geteuid() != 0,
        # Nothing but the page's own host is reached: what an operator's browser needs besides is
        # not there in a closed network.
        args=[*FLAGS, f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {parts.hostname}"],
    )
    # Playwright may go on waiting for what cannot come any more.
    browser.on("disconnected", lambda _: _fail(target, "the browser died"))
    if not browser.is_connected():
        _fail(target, "the browser died")
    patience = order["tab_seconds"] + STUCK
    silent = threading.Timer(patience, _fail, (target, "the browser opens no page that answers"))
    silent.daemon = True
    silent.start()
    widths = sorted(order["widths"], reverse=True)
    context = browser.new_context(
        viewport={"width": widths[0], "height": HEIGHT},
        color_scheme="light",
        reduced_motion="reduce",
        locale="en-US",
        service_workers="block",
        extra_http_headers=order["headers"],
    )
    context.set_default_timeout(1000 * order["tab_seconds"])
    context.set_default_navigation_timeout(1000 * order["deadline"])
    page = context.new_page()
    page.on("crash", lambda _: _fail(target, "the browser's page crashed"))
    page.evaluate("1")  # one that crashed before anybody listened does not answer
    silent.cancel()
    walk = Walk(
        page=page,
        url=order["url"],
        many=bool(order["labels"]),
        widths=tuple(widths),
        tab_seconds=order["tab_seconds"],
        shots=Path(order["shots"]) if order["shots"] else None,
        axe=_axe(),
    )
    ears = Ears(parts.netloc.rpartition("@")[2], walk)
    ears.listen(page)
    bare = urlunsplit((parts.scheme, ears.host, parts.path, "", ""))

    def note() -> None:
        _write(target, {"url": bare, "browser": version, **_facts(walk, ears)})

    version = browser.version
    done = threading.Event()
    threading.Thread(target=_guard, args=(walk, patience, done, note), daemon=True).start()
    walk.go()
    done.set()
    note()  # before the browser is closed: what is seen is seen
    browser.close()


def _fail(target: Path, said: str) -> None:
    """End this process, unless all was seen before."""
    if not target.exists():
        _write(target.with_name("trouble.json"), {"said": said})
        os._exit(1)


def _guard(walk: Walk, patience: float, done: threading.Event, note: Callable[[], None]) -> None:
    """End this process when the page stops to answer: Playwright itself would wait for ever.

    The same holds for a browser that does not close; what was seen before stays as it is.
    """
    while not done.wait(0.1):
        if walk.asked and time.monotonic() - walk.asked >= patience:
            walk.give_up()
            note()
            os._exit(0)
    time.sleep(STUCK)
    os._exit(0)


def _facts(walk: Walk, ears: Ears) -> dict[str, Any]:
    return {
        "first": asdict(walk.first),
        "labels": walk.labels,
        "tabs": [asdict(tab) for tab in walk.tabs],
        "complaints": [asdict(one) for one in ears.complaints],
        "failed": [asdict(one) for one in ears.failed],
        "foreign": [asdict(one) for one in ears.foreign],
        "fits": [asdict(fit) for fit in walk.fits],
        "keyboard": asdict(walk.keyboard),
        "checked": walk.checked,
        "barriers": [asdict(one) for one in walk.barriers],
        "parts": list(walk.parts.items()),
    }


def _axe() -> str:
    """Return the code of axe-core, which comes in a package for Python."""
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        raise Error("the package axe-playwright-python is not installed")
    return (Path(spec.origin).parent / "axe.min.js").read_text("utf-8")


def _write(path: Path, facts: dict[str, Any]) -> None:
    half = path.with_suffix(".half")
    half.write_text(json.dumps(facts), "utf-8")
    half.replace(path)  # a walk that was ended leaves a whole file or none


if __name__ == "__main__":
    main()
