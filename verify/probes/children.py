"""Starts processes that are gone, with all they started, when their context is left."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

GRACE = 3.0
"""Seconds between SIGTERM and SIGKILL; an idle Streamlit server needs about 0.1."""


_started: set[subprocess.Popen[bytes]] = set()
"""What is running now, whichever thread started it."""


@contextlib.contextmanager
def running(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdout: Any,
    stderr: Any,
    stdin: Any = subprocess.DEVNULL,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process as the leader of a group of its own; end the whole group on exit.

    Args:
        command: program and arguments.
        cwd: its working directory.
        env: its whole environment.
        stdout: as for `subprocess.Popen`.
        stderr: as for `subprocess.Popen`.
        stdin: as for `subprocess.Popen`.

    Raises:
        OSError: the program cannot be started.
    """
    process = None
    try:
        # An interrupt inside of Popen would leave a process behind that nobody knows.
        with uninterrupted():
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=env,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
            _started.add(process)
        yield process
    finally:
        if process is not None:
            with uninterrupted():
                _end(process)
                _started.discard(process)


def end_all() -> None:
    """Kill what other threads have started, so that whoever waits for it goes on."""
    for process in list(_started):
        _signal(process, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it politely first, because it may have children of its own to end."""
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    _signal(process, signal.SIGKILL)  # the group may outlive its leader
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all are gone
        os.killpg(process.pid, number)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back for one short step that must be done whole or not at all.

    Raises:
        KeyboardInterrupt: on exit, when there was one meanwhile.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    held: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda got, _frame: held.append(got)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    if held:
        raise KeyboardInterrupt
