"""Times one look at a page: ours by protocol, in-process, and with a real browser."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median as _median
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from benchmarks.measure import Row
from verify.probes import wire
from verify.probes.burst import burst
from verify.probes.server import serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGE: Final = """import time

began = time.perf_counter()

import streamlit as st

st.set_page_config(page_title="Ten tabs", layout="wide")
for number, tab in enumerate(st.tabs([f"Tab {number}" for number in range(1, 11)]), start=1):
    tab.metric("Orders", number)
    tab.write(f"This is tab {number}.")
st.text(f"ran {1000 * (time.perf_counter() - began):.3f} ms")
"""
"""Ten small tabs; it tells how long its own run took. A text, because a file of the tree that draws
a page is an entry point nobody reviewed."""

IN_PROCESS: Final = """
import sys, time
from streamlit.testing.v1 import AppTest

for _ in sys.stdin:
    began = time.perf_counter()
    page = AppTest.from_file(sys.argv[1], default_timeout=60).run()
    took = time.perf_counter() - began
    assert len(page.tabs) == 10 and not page.exception
    print(took, flush=True)
"""

HANDSHAKE: Final = (
    "GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGVuIHNtYWxsIHRhYnMhIQ==\r\nSec-WebSocket-Protocol: streamlit\r\n\r\n"
)
RERUN: Final = bytes.fromhex("8282000000005a00")
"""One masked frame: BackMsg.rerun_script, empty."""

FINISHED: Final = bytes.fromhex("3000")
"""ForwardMsg.script_finished: success."""

CHUNK: Final = 65536
ROUNDS: Final = 9
SEVERAL: Final = 5
LOOKS: Final = 41
COMMANDS: Final = 7
VISITORS: Final = 50


def probes() -> list[Row]:
    """One look in each way, in turn; what ours costs above the script's run; a whole command."""
    with tempfile.TemporaryDirectory() as folder, _served(folder) as (url, page):
        return [*_looks(url, page), _overhead(url), _command(url, folder), _crowd(url)]


@contextlib.contextmanager
def _served(folder: str) -> Iterator[tuple[str, Path]]:
    page = Path(folder, "ten_small_tabs.py")
    page.write_text(PAGE, "utf-8")
    # As the dashboard is configured: the garbage collection after one look would be timed with the
    # next.
    env = {"PATH": os.defpath, "HOME": folder, "STREAMLIT_RUNNER_POST_SCRIPT_GC": "false"}
    with serve(sys.executable, str(page), cwd=Path(folder), env=env, deadline=60) as server:
        yield server.url, page


def _looks(url: str, page: Path) -> list[Row]:
    with _in_process(page) as in_process, _chromium() as chromium:
        ways: tuple[Callable[[], float], ...] = (
            # Several: after the browser's, the machine is still busy with that.
            lambda: _median(_by_protocol(url)[0] for _ in range(SEVERAL)),
            in_process,
            lambda: _in_browser(chromium, url),
        )
        rounds = [[way() for way in ways] for _ in range(ROUNDS + 1)][1:]  # the first warms up
    probe, test, browser = (_median(column) for column in zip(*rounds, strict=True))
    beside_browser = _median(one[0] / one[2] for one in rounds)
    beside_test = _median(one[0] / one[1] for one in rounds)
    first = f"{probe * 1e3:.0f} ms, new browser context {browser * 1e3:.0f} ms"
    second = f"{probe * 1e3:.0f} ms, first run in-process {test * 1e3:.0f} ms"
    return [
        Row("probe", 100 * beside_browser, 5.0, "%", first),
        Row("in-proc", 100 * beside_test, None, "%", second),
    ]


def _overhead(url: str) -> Row:
    """A look beside a client that only waits until the script has run: reading and judging it."""
    pairs = [(_by_protocol(url)[0], _bare(url)) for _ in range(LOOKS + 1)][1:]
    run = _median(_by_protocol(url)[1] for _ in range(LOOKS))
    ours, bare = (_median(column) for column in zip(*pairs, strict=True))
    above = _median(one - other for one, other in pairs)
    how = f"{ours * 1e3:.1f} ms, bare client {bare * 1e3:.1f}, the script's lines {run * 1e3:.1f}"
    return Row("overhead", above * 1e3, 10.0, "ms", how)


def _bare(url: str) -> float:
    """Return the seconds until a client has all bytes of the page that decodes none of them."""
    parts = urlsplit(url)
    began = time.perf_counter()
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as client:
        client.sendall(HANDSHAKE.format(host=parts.netloc).encode())
        got = client.recv(CHUNK)
        client.sendall(RERUN)
        while FINISHED not in got.partition(b"ran ")[2]:
            if hasattr(socket, "TCP_QUICKACK"):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            data = client.recv(CHUNK)
            if not data:
                raise SystemExit(f"{url} hung up after {len(got)} bytes")
            got += data
        return time.perf_counter() - began


def _by_protocol(url: str) -> tuple[float, float]:
    """Return the seconds of one look, and those of the script's own run meanwhile."""
    page = wire.read(url, deadline=60)
    told = [re.fullmatch(r"ran ([\d.]+) ms", element.text) for element in page.main]
    (run,) = [float(one[1]) / 1e3 for one in told if one]
    if not page.complete or len(page.tabs) != 10:  # noqa: PLR2004
        raise SystemExit(f"{url}: {page.how}, {len(page.tabs)} tabs")
    return page.complete_seconds, run


@contextlib.contextmanager
def _in_process(page: Path) -> Iterator[Callable[[], float]]:
    """Yield how to time a first run in Streamlit's test harness, that being loaded."""
    with subprocess.Popen(
        [sys.executable, "-c", IN_PROCESS, str(page)],
        cwd=page.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        asks, answers = process.stdin, process.stdout
        assert asks is not None
        assert answers is not None

        def run() -> float:
            asks.write("\n")
            asks.flush()
            return float(answers.readline())

        yield run
        asks.close()


@contextlib.contextmanager
def _chromium() -> Iterator[Browser]:
    """Yield a browser that has started."""
    from playwright.sync_api import sync_playwright

    from verify.probes.browser import find

    found = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.path,
            chromium_sandbox=os.geteuid() != 0,
            args=["--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        yield browser
        browser.close()


def _in_browser(browser: Browser, url: str) -> float:
    """Return the seconds until a new visitor's browser has drawn the page."""
    context = browser.new_context()
    page = context.new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_function(
        "() => document.querySelectorAll('[role=tab]').length === 10 && document.querySelector("
        "'[data-testid=stApp]').dataset.testScriptState === 'notRunning'",
        polling="raf",
    )
    took = time.perf_counter() - began
    context.close()
    return took


def _command(url: str, folder: str) -> Row:
    """A whole process of `verify live`, in a folder without a manifest."""
    command = [str(Path(sys.executable).with_name("verify")), "live", url]
    took = [_timed(command, folder) for _ in range(COMMANDS + 1)][1:]
    how = f"`verify live`, start to exit: fastest of {COMMANDS}, median {_median(took):.2f} s"
    return Row("live", min(took), 0.3, "s", how)


def _timed(command: list[str], folder: str) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return took


def _crowd(url: str) -> Row:
    """Fifty visitors at once: how many pages a server completes in a second."""
    seen = burst(url, sessions=VISITORS, deadline=120)
    last = seen.seconds[-1] if seen.seconds else seen.wall_seconds
    how = f"{seen.complete} of {VISITORS} complete, the last after {last:.2f} s"
    return Row("sessions", seen.complete / last, None, "/s", how)
