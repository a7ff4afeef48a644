"""What each signal says of a standing app."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from tests.verify.broken.app import Standing
from tests.verify.broken.browsing import complaints
from tests.verify.broken.ours import findings
from verify.errors import Unavailable
from verify.probes.children import running

SEEN: Final = "seen"
MISSED: Final = "missed"
HANGS: Final = "hangs"
DOES_NOT_APPLY: Final = "–"

HEALTH_SECONDS: Final = 3.0
SCRIPT_HEALTH_SECONDS: Final = 6.0
IN_PROCESS_SECONDS: Final = 12.0  # for its run, which has a deadline of its own
RUN_SECONDS: Final = 6  # that deadline; a loop that never yields does not hear it


@dataclass(frozen=True)
class Answer:
    """What one signal says of one app.

    Args:
        word: `SEEN`, `MISSED`, `HANGS` or `DOES_NOT_APPLY`.
        said: in its own words.
        seconds: how long that took.
    """

    word: str
    said: str
    seconds: float = 0.0


def health(standing: Standing) -> Answer:
    """Ask the health endpoint as platforms do: the status counts."""
    return _status(f"{standing.url}/_stcore/health", HEALTH_SECONDS)


def script_health(standing: Standing) -> Answer:
    """Ask the hidden endpoint that runs the script."""
    return _status(f"{standing.url}/_stcore/script-health-check", SCRIPT_HEALTH_SECONDS)


def _status(url: str, deadline: float) -> Answer:
    try:
        with urllib.request.urlopen(url, timeout=deadline) as answer:
            return Answer(MISSED, f"{answer.status} {answer.read(20).decode()!r}")
    except urllib.error.HTTPError as error:
        with error:
            return Answer(SEEN, f"{error.code} {HTTPStatus(error.code).phrase}")
    except TimeoutError:
        return Answer(HANGS, f"no answer within {deadline:g} s")
    except OSError as error:
        return Answer(SEEN, str(getattr(error, "reason", error)))


IN_PROCESS: Final = """
import sys
sys.path.insert(0, "")
from streamlit.testing.v1 import AppTest
print("begun", flush=True)
page = AppTest.from_file(sys.argv[1], default_timeout=float(sys.argv[2])).run()
assert not page.exception, page.exception[0].message
"""
"""A project's usual test of its page, from its root and with that on the import path."""


def in_process(standing: Standing) -> Answer:
    """Run the reviewed script in Streamlit's own test harness, in a process that can be killed."""
    if not standing.app.in_tree:
        return Answer(DOES_NOT_APPLY, "it never meets what is served")
    entry = standing.folder / standing.app.reviewed.entry
    env = {"PATH": os.defpath, "HOME": str(standing.folder), **dict(standing.app.env)}
    command = [sys.executable, "-c", IN_PROCESS, str(entry), str(RUN_SECONDS)]
    with (
        tempfile.TemporaryFile("w+") as errors,
        running(
            command, cwd=standing.folder, env=env, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()  # until it has loaded Streamlit, which takes a busy machine long
        try:
            ended = process.wait(IN_PROCESS_SECONDS)
        except subprocess.TimeoutExpired:
            return Answer(HANGS, f"not done within {IN_PROCESS_SECONDS:g} s")
        errors.seek(0)
        said = errors.read().strip().splitlines()
    return Answer(SEEN, said[-1] if said else "nothing") if ended else Answer(MISSED, "nothing")


def probe(standing: Standing) -> Answer:
    """Look as `verify live` does."""
    found = findings(standing)
    return Answer(SEEN, "\n".join(found)) if found else Answer(MISSED, "all as reviewed")


def browser(standing: Standing) -> Answer:
    """Click through the page with a real browser, every tab."""
    try:
        patient = standing.app.signals["browser"] == MISSED
        found = complaints(standing.url, patient=patient)
    except Unavailable as error:
        return Answer(DOES_NOT_APPLY, error.diagnosis)
    return Answer(SEEN, "\n".join(found)) if found else Answer(MISSED, "every tab draws")


@dataclass(frozen=True)
class Signal:
    """One column of the table.

    Args:
        title: of the column.
        ask: asks it.
        served: whether it looks at what is served, and not only at the files.
    """

    title: str
    ask: Callable[[Standing], Answer]
    served: bool = True


SIGNALS: Final = (
    Signal("health", health),
    Signal("script health", script_health),
    Signal("in-process", in_process, served=False),
    Signal("probe", probe),
    Signal("browser", browser),
)
"""In the order of the table's columns."""


def asked(signal: Signal, standing: Standing) -> Answer:
    """Return what a signal says, and how long that took."""
    began = time.perf_counter()
    answer = signal.ask(standing)
    return Answer(answer.word, answer.said, time.perf_counter() - began)
