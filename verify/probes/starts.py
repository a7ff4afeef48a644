"""Starts the dashboard by its launchers, each for real, and asks each page which file it runs."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import time
import uuid
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from verify.errors import CouldNotCheck
from verify.probes import wire
from verify.probes.children import running
from verify.probes.health import health
from verify.probes.listeners import Listener, end, listeners, marked
from verify.probes.ports import reserved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.probes.subject import Subject

AT_ONCE: Final = 2
"""Launchers that start side by side; each needs about one processor."""

_POLL: Final = 0.02  # seconds between two looks at a launcher
_SEARCH: Final = 0.3  # seconds between two searches for where else it may listen
_LOG_LINES: Final = 30  # of the log's end that go with a finding
_ELSEWHERE: Final = frozenset({".bat", ".cmd", ".ps1"})
_MARK: Final = "VERIFY_START"
_TAKEN = re.compile(r"Port (\d+) is (?:not available|already in use)")  # Streamlit's own words


@dataclass(frozen=True, slots=True)
class Launch:
    """A way to start the dashboard.

    Args:
        words: program and arguments.
        path: the file that a finding about it points to.
        shown: as people type it.
    """

    words: tuple[str, ...]
    path: str
    shown: str


@dataclass(frozen=True, slots=True)
class Start:
    """What came of starting the dashboard in one way.

    Args:
        command: as people type it.
        path: the file that a finding about it points to.
        got: the file that its page runs, relative to the root; or why there is none.
        message: what else is worth knowing: another port, the end of its log.
        hindered: why it could not be tried at all, such as a missing program.
    """

    command: str
    path: str
    got: str
    message: str = ""
    hindered: str = ""


def start_each(
    launches: Sequence[Launch], *, root: Path, env: Mapping[str, str], deadline: float
) -> list[Start]:
    """Start each launcher, two side by side; all they started is gone afterwards.

    Args:
        launches: what to start.
        root: the working directory.
        env: the whole environment, to which a free port is added.
        deadline: seconds for each until its page must be there.
    """
    waiting = deque(enumerate(launches))
    again: deque[tuple[int, Launch]] = deque()
    tried: dict[int, _Attempt] = {}
    came: dict[int, Start] = {}
    with contextlib.ExitStack() as stack:
        while waiting or again or tried:
            if not waiting and not tried:
                waiting.append(again.popleft())  # alone: what took its port may be gone
            while waiting and len(tried) < AT_ONCE:
                number, launch = waiting.popleft()
                tried[number] = attempt = _Attempt(launch, root, env, deadline)
                stack.callback(attempt.close)
                attempt.begin()
            for number, attempt in list(tried.items()):
                start = attempt.look()
                if start is None:
                    continue
                attempt.close()
                del tried[number]
                if start.hindered and attempt.port_taken and number not in came:
                    again.append((number, attempt.launch))
                came[number] = start
            time.sleep(_POLL)
    return [came[number] for number in sorted(came)]


class _Attempt:
    """One start of one launcher."""

    def __init__(self, launch: Launch, root: Path, env: Mapping[str, str], deadline: float) -> None:
        self.launch = launch
        self.root = root
        self.env = env
        self.deadline = deadline
        self.port_taken = ""
        self._stack = contextlib.ExitStack()
        self._mark = f"{_MARK}={uuid.uuid4().hex}"
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes]
        self._absent = ""
        self._port = 0
        self._until = 0.0
        self._search = 0.0
        self._elsewhere: list[Listener] = []

    def begin(self) -> None:
        """Start it."""
        (self._port,) = self._stack.enter_context(reserved(1))
        self._output = self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        self._until = time.monotonic() + self.deadline
        self._search = time.monotonic() + _SEARCH
        name, _, value = self._mark.partition("=")
        env = {**self.env, **_settings(self._port), name: value}
        # What a launcher detached from its process group goes too, after the group has ended.
        self._stack.callback(end, self._mark)
        words, output = self.launch.words, self._output
        try:
            self._process = self._stack.enter_context(
                running(words, cwd=self.root, env=env, stdout=output, stderr=subprocess.STDOUT)
            )
        except OSError as error:
            self._absent = f"{words[0]} cannot be started: {error.strerror or error}"

    def close(self) -> None:
        """End it with all it started."""
        self._stack.close()

    def look(self) -> Start | None:
        """Return what came of it, or None as long as that is open."""
        if self._process is None:
            return self._came("", hindered=self._absent)
        own = Listener("127.0.0.1", self._port)
        for listener in (own, *self._searched()):
            if health(listener.url) == "ok":
                told = "" if listener == own else _told(listener, self._port)
                return self._page(listener.url, told)
        code = self._process.poll()
        if code is not None and not marked(self._mark):
            return self._ended(code)
        if time.monotonic() > self._until:
            got = f"serves no page within {self.deadline:g} s"
            return self._came(got, f"the end of its log:\n{self._log()}")
        return None

    def _searched(self) -> list[Listener]:
        if time.monotonic() > self._search:
            self._elsewhere = listeners(marked(self._mark))
            self._search = time.monotonic() + _SEARCH
        return self._elsewhere

    def _page(self, url: str, told: str) -> Start:
        try:
            page = wire.read(url, deadline=max(1.0, self._until - time.monotonic()))
        except CouldNotCheck as error:
            return self._came(f"answers, but gives no page: {error.diagnosis}", told)
        return self._came(in_tree(page.main_script, self.root), told)

    def _ended(self, code: int) -> Start:
        log = self._log()
        taken = _TAKEN.search(log)
        if taken and int(taken[1]) != self._port:
            self.port_taken = taken[1]
            return self._came("", hindered=f"the port it insists on, {taken[1]}, is taken")
        return self._came(f"ends with exit code {code}", f"the end of its log:\n{log}")

    def _came(self, got: str, message: str = "", *, hindered: str = "") -> Start:
        return Start(self.launch.shown, self.launch.path, got, message, hindered)

    def _log(self) -> str:
        size = os.fstat(self._output.fileno()).st_size
        text = os.pread(self._output.fileno(), size, 0).decode("utf-8", "replace")
        return "\n".join(text.splitlines()[-_LOG_LINES:])


def launch_of(path: str, subject: Subject) -> Launch | None:
    """Return how a script of the tree is started here; None for one of another system."""
    interpreter = {".py": subject.python, ".sh": "sh", ".bash": "bash"}.get(Path(path).suffix)
    if os.access(subject.root / path, os.X_OK):
        return Launch((f"./{path}",), path, path)
    if Path(path).suffix in _ELSEWHERE and os.name == "posix":
        return None
    words = (interpreter or "sh", path)
    return Launch(words, path, f"{Path(words[0]).name} {path}")


def in_tree(script: str, root: Path) -> str:
    """Return a script's path relative to the root, or as it is when it lies elsewhere."""
    for path in (Path(os.path.normpath(root / script)), (root / script).resolve()):
        for top in (root, root.resolve()):
            if path.is_relative_to(top):
                return path.relative_to(top).as_posix()
    return script


def _settings(port: int) -> dict[str, str]:
    """Return the variables that ask a launcher to keep to this machine, and to a free port."""
    return {
        "PORT": str(port),
        "STREAMLIT_SERVER_PORT": str(port),
        "STREAMLIT_SERVER_ADDRESS": "127.0.0.1",
        "STREAMLIT_SERVER_HEADLESS": "true",
        "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none",
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    }


def _told(listener: Listener, port: int) -> str:
    return f"it listens on {listener.host}:{listener.port}, although PORT is {port}"
