"""The real command line, at work in a copy while something goes wrong around it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import verify
from verify.errors import CouldNotCheck, NotDeclared
from verify.planting.world import Ending, Over
from verify.probes import processes
from verify.proof import End
from verify.proving.box import Box
from verify.proving.leftovers import containers

PATIENCE: Final = 150.0
"""Seconds for whatever is waited for; 5 are usual."""

ENDING: Final = 60.0
"""Seconds that a run which is told to end has to remove what it made."""

INTERRUPTED: Final = 130
"""The exit code of an interrupted run."""

AT_ONCE: Final = 0.3
"""Seconds after a signal; a run that ends so soon with a report was through before."""

_LOOKED_AT: Final = "-dashboard"
"""The end of the name of the container that gates look at, see `fixtures/deployed.py`."""

_PAUSE: Final = 0.01
_TAIL: Final = 400

_PORT: Final = re.compile(r"--server\.port=(\d+)")

_SMALL: Final = 'mount -t tmpfs -o size="$0" none "$TMPDIR" && exec "$@"'
"""For a shell that has mounts of its own: a small disk for temporary files."""


@dataclass(frozen=True, slots=True)
class Command:
    """One `verify run`.

    Args:
        process: it.
        log: takes what it prints.
        report: takes its report.
        cell: the gate and stage that is looked at.
    """

    process: subprocess.Popen[bytes]
    log: Path
    report: Path
    cell: tuple[str, str]

    def said(self) -> str:
        """Return all it has printed so far."""
        return self.log.read_text("utf-8", "replace")

    def heard(self, text: str) -> None:
        """Wait until it has said this."""
        self._until(lambda: text in self.said(), f"it says {text!r}")

    def after(self, seconds: float) -> str:
        """Let time pass while it works; return the last it said by then."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if self.process.poll() is not None:
                raise Over
            time.sleep(_PAUSE)
        return " ".join((self.said().strip().splitlines() or [""])[-1].split())

    def box(self) -> Box:
        """Wait until there is the container that it looks at."""
        owners = {self.process.pid}

        def made() -> list[str]:
            found = containers(owners).items()
            return [box for name, box in found if name.endswith(_LOOKED_AT)]

        return Box(self._until(made, "it has started a container")[0], self._until)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def started(self, mark: str) -> None:
        """Wait until it has started a process with this in its command line."""
        self._until(lambda: self._like(mark, ""), f"it has started {mark}")

    def crash(self, mark: str, but: str = "") -> None:
        """Wait for processes that it started with such a command line, and kill them."""
        processes.kill(self._until(lambda: self._like(mark, but), f"it has started {mark}"))

    def _like(self, mark: str, but: str) -> list[processes.Process]:
        started = processes.started_by(self.process.pid)
        return [p for p in started if mark in p.command and not (but and but in p.command)]

    def taking_ports(self, most: int) -> int:
        """Take the ports it tells its servers to bind, before they can, until it ends."""
        seen: set[int] = set()
        with contextlib.ExitStack() as stack:
            while self.process.poll() is None:
                for port in self._ports() - seen:
                    seen.add(port)
                    if len(seen) <= most:
                        stack.enter_context(_taken(port))
                time.sleep(_PAUSE)
        return len(seen)

    def _ports(self) -> set[int]:
        started = processes.started_by(self.process.pid)
        return {int(found[1]) for one in started if (found := _PORT.search(one.command))}

    def ending(self, *told: str) -> Ending:
        """Wait for its end, and return that of the cell that was looked at."""
        code = self._end()
        try:
            report: dict[str, Any] = json.loads(self.report.read_text("utf-8"))
        except (OSError, ValueError):
            return Ending(None, f"exit code {code}, no report: {self._tail()}", fits=False)
        (cell,) = (c for c in report["cells"] if (c["gate"], c["stage"]) == self.cell)
        said = cell["reason"] or "; ".join(f"{f['subject']}: {f['got']}" for f in cell["findings"])
        right = code == {"verified": 0, "failed": 1, "inconclusive": 3}[report["verdict"]]
        wrong = "" if right else f"exit code {code}, though {report['verdict']}: "
        fits = right and (not told or any(text in said for text in told))
        return Ending(_outcome(cell), f"{wrong}{said}", fits=fits)

    def interrupted(self, how: str) -> Ending:
        """Wait for its end after a signal."""
        began = time.monotonic()
        code = self._end()
        if code == INTERRUPTED:
            return Ending(End.INTERRUPTED, how)
        if time.monotonic() - began < AT_ONCE and self.report.exists():
            raise Over
        return Ending(None, f"{how}: exit code {code}, {self._tail()}", fits=False)

    def _end(self) -> int:
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise CouldNotCheck(f"the run does not end: {self._tail()}") from None

    def _tail(self) -> str:
        return " / ".join(self.said().strip().splitlines())[-_TAIL:]

    def _until(self, condition: Callable[[], Any], what: str) -> Any:
        """Wait for a condition; return its first true value."""
        ends = time.monotonic() + PATIENCE
        while not (value := condition()):
            if self.process.poll() is not None:
                code = self.process.returncode
                raise CouldNotCheck(f"the run ended, {code}, before {what}: {self._tail()}")
            if time.monotonic() > ends:
                raise CouldNotCheck(f"not within {PATIENCE:g} s: {what}: {self._tail()}")
            time.sleep(_PAUSE)
        return value


def _outcome(cell: Mapping[str, Any]) -> Any:
    from verify.model import Outcome

    return Outcome(cell["outcome"])


@contextlib.contextmanager
def _taken(port: int) -> Iterator[None]:
    """Listen on a port that somebody has reserved for a server."""
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):  # the server was faster
            thief.bind(("127.0.0.1", port))
            thief.listen()
        yield


@contextlib.contextmanager
def command(
    root: Path,
    words: tuple[str, ...],
    *,
    into: Path,
    cell: tuple[str, str],
    env: Mapping[str, str],
    disk: int = 0,
) -> Iterator[Command]:
    """Start `verify run` in a copy; end it when the context is left, if it still works.

    Args:
        root: of the copy.
        words: its options.
        into: the folder that takes its output and its report.
        cell: the gate and stage that is looked at.
        env: variables besides those of this process.
        disk: bytes on the disk for its temporary files; 0 for all there are.

    Raises:
        NotDeclared: a small disk cannot be had here.
    """
    number = len(list(into.glob("*.log")))
    log, report = into / f"{number}.log", into / f"{number}.json"
    # A folder `verify` of the copy must not pass for this one.
    run = [sys.executable, "-P", "-m", "verify.cli", "run", "--root", str(root), *words]
    run += ["--report", f"json:{report}"]
    given = {**os.environ, "CI": "true", "PYTHONPATH": str(Path(verify.__file__).parents[1]), **env}
    if disk:
        run = [*_unshared(), "sh", "-c", _SMALL, str(disk), *run]
    with log.open("wb") as output:
        process = subprocess.Popen(
            run,
            cwd=root,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Command(process, log, report, cell)
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(ENDING)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _unshared() -> list[str]:
    """Return what starts a program with mounts of its own.

    Raises:
        NotDeclared: this machine does not let us.
    """
    if shutil.which("unshare") is None:
        raise NotDeclared("a small disk needs `unshare`, of util-linux")
    for words in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        trial = [*words, "mount", "-t", "tmpfs", "none", "/tmp"]  # noqa: S108 - of its own
        if subprocess.run(trial, capture_output=True, check=False).returncode == 0:
            return words
    raise NotDeclared(f"nobody may mount a small disk here: `{shlex.join(trial)}` fails")
