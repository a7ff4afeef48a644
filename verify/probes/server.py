"""Starts `streamlit run` in the subject's own interpreter, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal

from verify.errors import CouldNotCheck, SubjectBroken
from verify.probes.children import running
from verify.probes.health import PATH, health
from verify.probes.ports import reserved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_POLL: Final = 0.01  # seconds between two looks at a server that starts
_PORT_TRIES: Final = 5  # a port is lost only to a race, so two in a row are rare
_LOG_LINES: Final = 40  # of the log's end that go with an error


class Server:
    """A running `streamlit run`.

    Args:
        process: leader of a process group of its own.
        port: where it was told to listen, on loopback.
        output: the file that takes its output; a pipe could fill up and block it.
        started: when it was started, on the clock of `time.monotonic`.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, output: IO[bytes], started: float
    ) -> None:
        self._process = process
        self._output = output
        self.port = port
        self.started = started

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the process ended, negative for a signal; None while it runs."""
        return self._process.poll()

    def log(self) -> str:
        """Return all it has written to its terminal so far."""
        size = os.fstat(self._output.fileno()).st_size
        return os.pread(self._output.fileno(), size, 0).decode("utf-8", "replace")


@contextmanager
def serve(
    python: str,
    entry: str,
    *,
    cwd: Path,
    env: Mapping[str, str],
    deadline: float,
    via: Literal["module", "script"] = "module",
    watch: bool = False,
) -> Iterator[Server]:
    """Start the entry as a Streamlit server, wait until it is healthy, and end it on exit.

    Healthy means that the server is up; the script has not run yet. `wire.read` runs it.

    Args:
        python: the subject's interpreter.
        entry: the script, relative to `cwd`.
        cwd: the folder to start it in.
        env: its whole environment; nothing of ours is added but unbuffered output.
        deadline: seconds until it must be healthy.
        via: "module" is `python -m streamlit`, which puts `cwd` on the import path; "script" is
            the `streamlit` command beside the interpreter, which does not.
        watch: whether it looks out for changed files, as it does by default. That costs about
            50 ms a run, and nothing changes here.

    Raises:
        SubjectBroken: it ended, or was not healthy in time; with the end of its log.
        CouldNotCheck: there is no such interpreter, or no free port.
    """
    until = time.monotonic() + deadline
    env = {"PYTHONUNBUFFERED": "1", **env}
    for _ in range(_PORT_TRIES):
        with contextlib.ExitStack() as stack:
            held = stack.enter_context(contextlib.ExitStack())
            (port,) = held.enter_context(reserved(1))
            output = stack.enter_context(tempfile.TemporaryFile())
            command = _command(python, entry, port, via)
            command += [] if watch else ["--server.fileWatcherType=none"]
            started = time.monotonic()
            try:
                process = stack.enter_context(
                    running(command, cwd=cwd, env=env, stdout=output, stderr=subprocess.STDOUT)
                )
            except OSError as error:
                raise CouldNotCheck(
                    f"{command[0]} cannot be started: {error.strerror}.",
                    "Name the dashboard's interpreter in [subject].python; it needs Streamlit.",
                ) from error
            server = Server(process, port, output, started)
            if _healthy(server, entry, until, deadline):
                held.close()
                yield server
                return
    raise CouldNotCheck(
        f"{_PORT_TRIES} free ports in a row were taken before the server could bind them.",
        "Try again when this machine starts fewer servers at once.",
    )


def _command(python: str, entry: str, port: int, via: Literal["module", "script"]) -> list[str]:
    streamlit = (
        [python, "-m", "streamlit"] if via == "module" else [str(Path(python).parent / "streamlit")]
    )
    return [
        *streamlit,
        "run",
        entry,
        f"--server.port={port}",  # without it a taken port means another one, silently
        "--server.address=127.0.0.1",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]


def _healthy(server: Server, entry: str, until: float, deadline: float) -> bool:
    """Wait until the server is healthy; False when another process took its port."""
    subject = f"streamlit run {entry}"
    expected = f"a server that answers ok at {PATH}"
    answer = "no answer"
    while (exit_code := server.exit_code) is None:
        answer = health(server.url) or answer
        if answer == "ok" and server.exit_code is None:
            return True
        if time.monotonic() >= until:
            got = f"{answer} within {deadline:g} s"
            raise SubjectBroken(subject, expected=expected, got=got, path=entry, log=_end(server))
        time.sleep(_POLL)
    if _port_was_taken(server):
        return False
    got = f"exit code {exit_code}"
    raise SubjectBroken(subject, expected=expected, got=got, path=entry, log=_end(server))


def _port_was_taken(server: Server) -> bool:
    # "Port N is not available" since 1.5x; "is already in use" before.
    return f"Port {server.port} is " in server.log()


def _end(server: Server) -> str:
    return "\n".join(server.log().splitlines()[-_LOG_LINES:])
