"""Does tasks side by side, each in a process of its own, gone afterwards with all it made."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from verify.probes import folders, processes
from verify.probes.children import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkServerProcess

Result = TypeVar("Result")

GRACE = 60.0
"""Seconds that an attempt which is told to end has to remove what it made."""

SHORT = 60
"""Characters of a folder's path in which a socket has room: its own may have 107, unix(7)."""

SHORTEST = "/tmp"  # noqa: S108 - multiprocessing makes a folder of its own in it
"""Where sockets go otherwise."""

PRELOAD = "verify.proving.preloaded"


@dataclass(frozen=True, slots=True)
class Task(Generic[Result]):
    """One thing to do in a process of its own.

    Args:
        name: for people.
        do: does it; gets a folder that is removed afterwards. It and what it returns travel
            between processes.
        lost: makes a result of why there is none: it died, or took too long.
        seconds: it may take.
    """

    name: str
    do: Callable[[Path], Result]
    lost: Callable[[str], Result]
    seconds: float


@dataclass(slots=True)
class _Running(Generic[Result]):
    task: Task[Result]
    process: ForkServerProcess
    answers: Connection
    folder: Path
    ends: float


def work(
    tasks: Sequence[Task[Result]], jobs: int, *, begun: Callable[[str], None] = lambda _: None
) -> Iterator[tuple[Task[Result], Result]]:
    """Do the tasks, so many at once; yield each with its result as soon as it is there.

    Args:
        tasks: in the order in which they begin.
        jobs: how many run at once.
        begun: hears the name of each that begins.

    Raises:
        KeyboardInterrupt: whatever ran is told to end, and has removed what it made.
    """
    folders.sweep()
    context = multiprocessing.get_context("forkserver")
    # Without the second, each task would begin with importing what this process was started with.
    context.set_forkserver_preload([PRELOAD, "__main__"])
    _begin()
    waiting, running = deque(tasks), list[_Running[Result]]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                begun(waiting[0].name)
                with uninterrupted():  # one that began is known, so that it can be told to end
                    running.append(_start(context, waiting.popleft()))
            for one in _ended(running):
                result = _result(one)
                running.remove(one)
                yield one.task, result
    finally:
        with uninterrupted():
            _stop(running)


def _begin() -> None:
    """Start the process that all tasks are forked from; its socket needs a short path."""
    before = tempfile.tempdir
    if len(tempfile.gettempdir()) > SHORT:
        tempfile.tempdir = SHORTEST
    try:
        with uninterrupted():
            forkserver.ensure_running()
    finally:
        tempfile.tempdir = before


def _start(context: Any, task: Task[Result]) -> _Running[Result]:
    folder = Path(tempfile.mkdtemp(prefix=f"{folders.PREFIX}prove-"))
    folders.mark(folder)
    answers, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(task.do, folder, theirs), name=task.name)
    process.start()
    theirs.close()
    return _Running(task, process, answers, folder, time.monotonic() + task.seconds)


def _child(do: Callable[[Path], object], folder: Path, answers: Connection) -> None:
    """Do a task; runs in the process that was made for it."""
    os.setsid()  # Ctrl-C reaches whoever waits for it, who then tells it to end
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(silence, stream)
    with (folder / "said").open("wb", buffering=0) as said:
        os.dup2(said.fileno(), 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    alone = threading.Event()
    threading.Thread(target=_outlived, args=(alone,), daemon=True).start()
    try:
        answers.send(do(folder))
        answers.close()
    except KeyboardInterrupt:
        if alone.is_set():
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(130)


def _outlived(alone: threading.Event) -> None:
    """End this process, politely, when the one that waits for it is gone."""
    prover = multiprocessing.parent_process()
    if prover is not None:
        wait([prover.sentinel])
        alone.set()
        os.kill(os.getpid(), signal.SIGTERM)


def _ended(running: Sequence[_Running[Result]]) -> list[_Running[Result]]:
    """Wait until one has answered, died or run out of time."""
    now = time.monotonic()
    patience = max(0.0, min(one.ends for one in running) - now)
    ready = wait([one.answers for one in running], patience)
    now = time.monotonic()
    return [one for one in running if one.answers in ready or now >= one.ends]


def _result(one: _Running[Result]) -> Result:
    try:
        if one.answers.poll():
            answer: Result = one.answers.recv()
            one.process.join(GRACE)
            return answer
        return one.task.lost(f"did not end within {one.task.seconds:g} s")
    except (EOFError, OSError):
        one.process.join(GRACE)
        return one.task.lost(f"died, exit code {one.process.exitcode}: {_said(one.folder)}")
    finally:
        _stop([one])


def _said(folder: Path) -> str:
    with contextlib.suppress(OSError):
        lines = (folder / "said").read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"  # of a traceback, what was raised
    return "it said nothing"


def _stop(running: Sequence[_Running[Any]]) -> None:
    """End what still runs, politely first, and remove the folders."""
    for one in running:
        if one.process.is_alive():
            one.process.terminate()
    for one in running:
        one.process.join(GRACE)
        if one.process.is_alive():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(one.process.pid or 0, signal.SIGKILL)
            one.process.join()
        if one.process.exitcode:  # it may not have come to ending what it started
            processes.kill(processes.at_work_in(one.folder))
        one.answers.close()
        shutil.rmtree(one.folder, ignore_errors=True)
