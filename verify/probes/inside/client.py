"""Runs the client through which a host is reached, bounded in time and in what it may answer."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.probes import children

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 512 << 20
"""Bytes of an answer that are taken; 200,000 files need about 20 MB."""

TAIL = 1 << 16
"""Bytes of what a client complains of that are kept: its end."""

CHUNK = 1 << 20
"""Bytes that are read at once."""

TICK = 1.0
"""Seconds between two calls of `watch`."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a client that ended.

    Args:
        exit: its exit code; that of the process inside, where it says so.
        out: its standard output.
        err: the end of its standard error.
    """

    exit: int
    out: bytes
    err: bytes

    @property
    def said(self) -> str:
        """The end of all it said: some clients tell their errors on standard output."""
        return "\n".join(
            part[-TAIL:].decode("utf-8", "replace").strip() for part in (self.out, self.err)
        ).strip()


def run(
    command: Sequence[str],
    *,
    who: str,
    seconds: float,
    watch: Callable[[], None] = lambda: None,
    env: Mapping[str, str] | None = None,
) -> Ran:
    """Run a client to its end.

    Its standard input stays open as long as this waits for it: whatever it started elsewhere can
    tell from its end that nobody waits any more. See `lifeline` in agent.py.

    Args:
        command: program and arguments.
        who: what it does, for people.
        seconds: until it must have ended.
        watch: called every second; raises when there is nothing to wait for any more.
        env: its environment; ours without it.

    Raises:
        CouldNotCheck: it cannot be started, does not end in time, or says too much.
    """
    ends = time.monotonic() + seconds
    with (
        _lifeline() as stdin,
        _started(
            command, who, stdin, {**(os.environ if env is None else env), "LC_ALL": "C"}
        ) as process,
    ):
        out, err = _read(process, who, ends, seconds, watch)
        try:
            code = process.wait(max(0.1, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise _late(who, seconds) from None
    return Ran(code, out, err)


@contextlib.contextmanager
def _lifeline() -> Iterator[int]:
    """Yield the end of a pipe to read from; nothing comes until it closes when this is left."""
    with children.uninterrupted():
        reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(writing)
        os.close(reading)


@contextlib.contextmanager
def _started(
    command: Sequence[str], who: str, stdin: int, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with contextlib.ExitStack() as stack:
        try:
            process = stack.enter_context(
                children.running(
                    command,
                    cwd=Path.cwd(),
                    env=env,
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            )
        except OSError as error:
            raise CouldNotCheck(
                f"{who} cannot be started: {command[0]}: {error.strerror}"
            ) from error
        yield process


def _read(
    process: subprocess.Popen[bytes],
    who: str,
    ends: float,
    seconds: float,
    watch: Callable[[], None],
) -> tuple[bytes, bytes]:
    """Return all output and the end of the errors, both read as they come."""
    out, err = bytearray(), bytearray()
    watched = time.monotonic()
    with selectors.DefaultSelector() as selector:
        for stream, into in ((process.stdout, out), (process.stderr, err)):
            assert stream is not None  # both are pipes  # noqa: S101
            selector.register(stream, selectors.EVENT_READ, into)
        while selector.get_map():
            # Asked before: what it wrote just before its end is still to be read.
            over = process.poll() is not None
            ready = selector.select(min(TICK, max(0.0, ends - time.monotonic())))
            for key, _ in ready:
                chunk = os.read(key.fd, CHUNK)
                if not chunk:
                    selector.unregister(key.fileobj)
                key.data.extend(chunk)
            del err[:-TAIL]
            if len(out) > LARGEST:
                raise CouldNotCheck(f"{who} gave more than {LARGEST >> 20} MB, and was ended")
            now = time.monotonic()
            if now >= ends:
                raise _late(who, seconds)
            if now - watched >= TICK:
                watched = now
                watch()
            if over and not ready:
                break  # what it left behind holds its output open, and says nothing
    return bytes(out), bytes(err)


def _late(who: str, seconds: float) -> CouldNotCheck:
    return CouldNotCheck(
        f"{who} did not come back within {seconds:g} s, and was ended",
        "See whether what is looked at is paused, or its machine overloaded.",
    )
