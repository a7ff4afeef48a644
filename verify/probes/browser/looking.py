"""Sends a browser through a page, and returns what it saw."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.probes import folders
from verify.probes.access import ANYBODY, Access
from verify.probes.browser.finding import VARIABLE
from verify.probes.browser.sight import (
    Barrier,
    Complaint,
    Fit,
    Keyboard,
    Request,
    Sight,
    TabSight,
)
from verify.probes.children import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.browser.finding import Browser

WORKER = ("-m", "verify.probes.browser.worker")
"""What Python is asked to run: one walk, in a process of its own."""

_ROOT = Path(__file__).parents[3]  # where the package verify is found
_SHORT = 34  # characters of the path of a folder for temporary files
_SHORTEST = "/tmp"  # noqa: S108 - the folder made in it is nobody else's
_BESIDES = 60.0  # seconds for a browser's start and end, and what it does besides opening tabs
_LOOKS = 3
_DISTURBED = (
    "ERR_NETWORK_CHANGED"  # Chromium drops its connections when any interface comes or goes
)
_LONGEST = 300  # characters of a line that tells what happened
_REMOVAL = 15.0  # seconds in which a browser that is ending may still write into its profile


def look(
    url: str,
    labels: tuple[str, ...],
    *,
    browser: Browser,
    widths: tuple[int, ...],
    tab_seconds: float,
    deadline: float | None = None,
    shots: Path | None = None,
    access: Access = ANYBODY,
) -> Sight:
    """Click through a page, walk through it by keyboard, and see whether it fits each width.

    May be called from any thread. Hosts other than the page's own are not reached.

    Args:
        url: where the dashboard is served.
        labels: the tabs it is to have; () when none are known. Those that are there are clicked.
        browser: what to look with.
        widths: of the window, in pixels; at least one.
        tab_seconds: how long the page, and each tab, may take to settle.
        deadline: seconds for the whole look; None for all that its tabs may take on each way
            through them, and a minute besides.
        shots: the folder that takes a picture of each tab; None for no pictures.
        access: what to bring along.

    Raises:
        CouldNotCheck: the browser does not start, died, could not reach the page, or was not done
            in time. A page that never settles is no error: that is a fact about it.
    """
    if access.ca_file is not None:
        raise CouldNotCheck(
            "a browser takes no file with certificates",
            "Add the certificate to those that this machine's browsers trust.",
        )
    if deadline is None:
        # By pointer, by keyboard, and at each further width.
        deadline = _BESIDES + tab_seconds * len(labels) * (1 + len(widths))
    if shots is not None:
        shots.mkdir(parents=True, exist_ok=True)
    order = {
        "url": url,
        "labels": labels,
        "path": browser.path,
        "widths": widths,
        "tab_seconds": tab_seconds,
        "shots": str(shots) if shots else "",
        "headers": access.sent,
    }
    ends = time.monotonic() + deadline
    for _ in range(_LOOKS):
        seen = _once(order, max(1.0, ends - time.monotonic()), browser)
        if seen is not None and not any(_DISTURBED in request.why for request in seen.failed):
            return seen
    raise CouldNotCheck(
        f"the network of this machine changed during each of {_LOOKS} looks of the browser, which "
        "then gives up its requests",
        "Look again while no container starts or ends here, and no interface comes or goes.",
    )


def _once(order: dict[str, Any], deadline: float, browser: Browser) -> Sight | None:
    """Look once; None when the network changed before there was anything to see."""
    timed = {**order, "deadline": deadline, "seconds": math.ceil(deadline) + 5}
    with _folder() as folder:
        (folder / "order.json").write_text(json.dumps(timed), "utf-8")
        said = _work(folder, deadline)
        try:
            return _sight(folder, said, browser)
        except CouldNotCheck as error:
            if _DISTURBED in error.diagnosis:
                return None
            raise


def _work(folder: Path, deadline: float) -> str:
    """Let the worker do it; return what it printed."""
    # -P: a folder `verify` of the project itself must not pass for this one.
    command = [sys.executable, "-P", *WORKER, str(folder)]
    env = {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        # All that the browser leaves lying about goes away with the folder.
        "TMPDIR": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    with (folder / "said").open("w+b") as output:
        with running(
            command, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT
        ) as process:
            try:
                process.wait(deadline)
            except subprocess.TimeoutExpired:
                raise CouldNotCheck(
                    f"the browser was not through with the page within {deadline:.1f} s",
                    "Try again when this machine has less to do; or see what keeps the page busy.",
                ) from None
        output.seek(0)
        return output.read().decode("utf-8", "replace")


def _sight(folder: Path, said: str, browser: Browser) -> Sight:
    trouble, seen = folder / "trouble.json", folder / "sight.json"
    if seen.is_file():
        return _built(json.loads(seen.read_text("utf-8")), browser)
    if trouble.is_file():
        said = json.loads(trouble.read_text("utf-8"))["said"]
    raise CouldNotCheck(f"{browser} could not look at the page: {_short(said)}", _remedy(said))


def _short(said: str) -> str:
    """Return the lines that tell what happened, without command lines and lists of calls."""
    lines = [line.strip() for line in said.partition("Call log:")[0].splitlines() if line.strip()]
    if "Traceback (most recent call last):" in lines:
        return lines[-1]
    told = [re.sub(r"^\[pid=\d+\]\[err\] ", "", line) for line in lines if line[0] not in "<╔║╚"]
    told = [line for line in told if line != "Browser logs:"]
    return " / ".join(line[:_LONGEST] for line in told[:3]) or "it ended without a word"


def _remedy(said: str) -> str:
    if "no usable sandbox" in said.lower():
        return "Its sandbox cannot be made here; run where it can, such as outside of a container."
    if "shared libraries" in said or "missing dependencies" in said:
        return "It lacks libraries: sudo .venv-verify/bin/playwright install-deps chromium"
    if "net::ERR" in said:
        return "See whether the page is served there."
    return f"See whether it starts by itself; {VARIABLE} names another one."


def _built(facts: dict[str, Any], browser: Browser) -> Sight:
    keyboard = facts["keyboard"]
    return Sight(
        url=facts["url"],
        first=_tab(facts["first"]),
        labels=tuple(facts["labels"]),
        tabs=tuple(_tab(one) for one in facts["tabs"]),
        complaints=tuple(Complaint(**one) for one in facts["complaints"]),
        failed=tuple(Request(**one) for one in facts["failed"]),
        foreign=tuple(Request(**one) for one in facts["foreign"]),
        fits=tuple(Fit(**{**one, "out": tuple(one["out"])}) for one in facts["fits"]),
        keyboard=Keyboard(
            keyboard["reached"],
            keyboard["presses"],
            tuple((label, how) for label, how in keyboard["moves"]),
            tuple(keyboard["unseen"]),
            keyboard["trapped"],
            tuple(keyboard["lost"]),
        ),
        checked=tuple((label, scheme) for label, scheme in facts["checked"]),
        barriers=tuple(Barrier(**one) for one in facts["barriers"]),
        browser=f"{browser.name} {facts['browser']}",
        parts=tuple((part, seconds) for part, seconds in facts["parts"]),
    )


def _tab(one: dict[str, Any]) -> TabSight:
    return TabSight(**{**one, "exceptions": tuple(one["exceptions"])})


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Make a folder for one look, and remove it when the browser has stopped writing into it."""
    # Chromium makes a socket in it, whose path must not be longer than about 100 characters.
    short = len(tempfile.gettempdir()) <= _SHORT
    folder = Path(tempfile.mkdtemp(prefix="verify-browser-", dir=None if short else _SHORTEST))
    folders.mark(folder)
    try:
        yield folder
    finally:
        ends = time.monotonic() + _REMOVAL
        while folder.exists() and time.monotonic() < ends:
            _end(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _end(folder: Path) -> None:
    """End what still runs in the folder: a browser is in no process group of ours.

    It ends by itself when whoever drives it is gone, but takes its time on a busy machine. Where
    there is no /proc, that has to do.
    """
    mark = str(folder).encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone, or somebody else's
            if mark in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
