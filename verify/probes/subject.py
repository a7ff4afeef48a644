"""Runs the project under test in its own interpreter, sealed off and killable."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from verify.errors import CouldNotCheck, Unavailable
from verify.probes import payload
from verify.probes.children import running
from verify.probes.ports import reserved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PASSED_ON = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SYSTEMROOT",
)
"""Variables of this process the subject sees. An allow-list: a production database's URL in the
caller's environment must never reach a run that presses buttons."""


ENDING = 10.0
"""Seconds a farm may take to end its servers and tell what it saw; 0.1 are usual."""


@dataclass(frozen=True, slots=True)
class Forks:
    """Running servers that are forks of one process.

    Args:
        process: what started them.
        output: the file that takes what all of them print.
    """

    process: subprocess.Popen[bytes]
    output: IO[bytes]

    def ended(self) -> str:
        """Say how what started them ended; empty while it runs."""
        code = self.process.poll()
        return "" if code is None else f"exit code {code}"

    def log(self) -> str:
        """Return all they have printed so far."""
        size = os.fstat(self.output.fileno()).st_size
        return os.pread(self.output.fileno(), size, 0).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Farm(Forks):
    """A server for each of several files.

    Args:
        urls: the address of each.
    """

    urls: dict[str, str]

    def effects(self) -> dict[str, list[list[str]]]:
        """End the servers; return what each file did besides drawing, see `farm.py`.

        Raises:
            CouldNotCheck: they did not tell.
        """
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(ENDING)
        said = self.log()
        facts = payload.answer(said, said, who="the servers of the retired files")
        effects: dict[str, list[list[str]]] = facts["effects"]
        return effects


@dataclass(frozen=True, slots=True)
class Grove(Forks):
    """Servers of one file in which faults can be planted.

    Args:
        urls: the address of each.
    """

    urls: list[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """The project as it can be executed on this machine.

    Args:
        root: the project's root, its working directory.
        python: its interpreter.
        env: everything its processes see of the environment.
    """

    root: Path
    python: str
    env: dict[str, str]

    def look(self, request: dict[str, Any], *, deadline: float) -> dict[str, Any]:
        """Return what `agent.py` finds for this request; `deadline` in seconds.

        Raises:
            CouldNotCheck: it did not answer in time, or not at all.
        """
        request = {"root": str(self.root), "deadline": deadline, **request}
        return self._run(["-I", "-S", *payload.packed("agent.py", request)], "agent", deadline + 5)

    def rehearse(
        self, entry: str, *, engine: str = "", first: float, each: float, deadline: float
    ) -> dict[str, Any]:
        """Run the dashboard in-process and open every tab, see `rehearsal.py`.

        Args:
            entry: what to run.
            engine: of the database, `module:function`; empty for none.
            first: seconds for the first run; one that takes longer is told as stuck.
            each: the same for each tab that is opened.
            deadline: seconds for all of it.

        Raises:
            CouldNotCheck: it did not answer in time, or not at all.
        """
        request = {"entry": entry, "engine": engine, "first": first, "each": each}
        args = payload.packed("rehearsal.py", request)
        return self._run(args, "the in-process run", deadline)

    @contextlib.contextmanager
    def serve_each(self, files: Sequence[str]) -> Iterator[Farm]:
        """Run `streamlit run FILE` for each of these files, see `farm.py`.

        The servers may not answer yet. All are gone when the context is left.
        """
        with reserved(len(files)) as free, tempfile.TemporaryFile() as log:
            ports = dict(zip(files, free, strict=True))
            request = {"address": "127.0.0.1", "servers": list(ports.items())}
            command = [self.python, *payload.packed("farm.py", request)]
            with running(command, cwd=self.root, env=self.env, stdout=log, stderr=log) as process:
                urls = {file: f"http://127.0.0.1:{port}" for file, port in ports.items()}
                yield Farm(process, log, urls)

    @contextlib.contextmanager
    def serve_planted(
        self, entry: str, missing: Sequence[tuple[str, str]], optional: Sequence[str] = ()
    ) -> Iterator[Grove]:
        """Run `streamlit run ENTRY` once for each of these, with faults, see `planted.py`.

        The servers may not answer yet. All are gone when the context is left.

        Args:
            entry: what to serve.
            missing: for each server the module that it lacks, and how; empty for none.
            optional: modules that a tab may do without.
        """
        with reserved(len(missing)) as ports, tempfile.TemporaryFile() as log:
            started = [[port, *lacks] for port, lacks in zip(ports, missing, strict=True)]
            request: dict[str, Any] = {"root": str(self.root), "entry": entry}
            request |= {"address": "127.0.0.1", "optional": list(optional), "servers": started}
            args = payload.packed("planted.py", request)
            command = [self.python, *args]
            with running(command, cwd=self.root, env=self.env, stdout=log, stderr=log) as process:
                yield Grove(process, log, [f"http://127.0.0.1:{port}" for port in ports])

    def _run(self, args: list[str], who: str, deadline: float) -> dict[str, Any]:
        command = [self.python, *args]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with running(command, cwd=self.root, env=self.env, **pipes) as child:
            try:
                out, err = child.communicate(timeout=deadline)
            except subprocess.TimeoutExpired:
                raise CouldNotCheck(
                    f"{who} did not end within {deadline:g} s and was killed",
                    "Look for an endless loop, or a wait, in what runs when a page is drawn.",
                ) from None
        return payload.answer(
            out.decode("utf-8", "replace"), err.decode("utf-8", "replace"), who=who
        )


def open_subject(root: Path, python: str, env: dict[str, str], scratch: Path) -> Subject:
    """Return the project at `root` as something that can be run.

    Args:
        root: the project's root.
        python: the manifest's interpreter, relative to the root; empty for this one.
        env: variables the manifest adds; `{scratch}` in a value is replaced.
        scratch: a folder that the caller removes; home and temporary files go there.

    Raises:
        Unavailable: there is no such interpreter.
    """
    found = interpreter(root, python)
    home, temporary = scratch / "home", scratch / "tmp"
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    sealed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    sealed |= {"HOME": str(home), "TMPDIR": str(temporary)}
    sealed |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    sealed["PATH"] = os.pathsep.join((str(Path(found).parent), sealed.get("PATH", os.defpath)))
    sealed |= {name: value.replace("{scratch}", str(scratch)) for name, value in env.items()}
    return Subject(root=root, python=found, env=sealed)


def interpreter(root: Path, python: str) -> str:
    """Return the path of the interpreter that the manifest names.

    Raises:
        Unavailable: there is none.
    """
    if not python:
        return sys.executable
    # Not resolved: the interpreter of a virtual environment is a link, and its place says which.
    path = root / python
    found = str(path) if path.exists() else shutil.which(python) if os.sep not in python else None
    if found is None:
        raise Unavailable(
            f"the project's interpreter {python} does not exist",
            "Run `make setup`, or name another in verify.toml, [subject].python.",
        )
    return found
