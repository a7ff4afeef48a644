"""Reads a small broken app from one text file, and stands it up as an operator would meet it.

A whole app in one text file keeps it from looking like a rival dashboard of this project. The
format is that of the run matrix's fixtures (`tests/verify/launchers/repository.py`): what is broken
in a sentence, then `-- path --` and that file's text. `-- expected.toml --` is no file of the app:

    title = "exception in a tab"    # its row in the table
    says = "ZeroDivisionError"      # stands in what `verify` finds; "" for a sound app
    served = "page.py"              # the script that the server is told to run
    command = "module"              # or "script", see `verify.probes.server.serve`
    watch = false                   # whether the server looks out for changed files
    through = ""                    # what stands between visitors and server, see `BETWEEN`
    afterwards = ""                 # what happens to it after its start, see `AFTERWARDS`
    env = {}                        # of the server
    fragile = false                 # whether a look may harm it: each then gets its own server
    endless = false                 # whether a run or an answer never ends: looks are kept short
    note = ""                       # why the truth is not what one would think

    [reviewed]                      # what was reviewed, where it differs from `Reviewed`
    [signals]                       # what each other signal tells of it
    health = "missed"
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from tests.verify.broken.between import BETWEEN
from tests.verify.launchers.repository import Repository, read
from verify.errors import SubjectBroken
from verify.probes.ports import reserved
from verify.probes.server import Server, serve

FOLDER: Final = Path(__file__).with_name("apps")

FAMILIES: Final = {
    "sound": "nothing is broken",
    "script": "a run goes wrong",
    "lazy": "only when a tab is opened",
    "page": "on another page",
    "other": "not what was reviewed",
    "served": "between the script and its visitors",
}
"""The first word of an app's name, and what it stands for."""

OTHERS: Final = ("health", "script health", "in-process", "browser")
"""The signals beside our own, by the titles of their columns."""

START: Final = 60  # seconds: never reached unless something hangs


@dataclass(frozen=True)
class Reviewed:
    """What was reviewed, and must therefore be found.

    Args:
        entry: the main script.
        labels: those of the tabs, in order.
        pages: the files of the other pages.
        marker: the build marker.
        sentinel: stands in the last thing that each run draws.
        fault_text: what the page's own error boundary shows.
    """

    entry: str = "page.py"
    labels: tuple[str, ...] = ("Orders", "Stock", "Reports")
    pages: tuple[str, ...] = ()
    marker: str = "BUILD_7"
    sentinel: str = "data-end-of-script"
    fault_text: str = "Error id"


@dataclass(frozen=True)
class App:
    """One small app: what is broken in it, and what each signal must make of it."""

    name: str
    about: str
    files: Repository
    title: str
    says: str
    reviewed: Reviewed
    signals: dict[str, str]
    served: str = "page.py"
    command: str = "module"
    watch: bool = False
    through: str = ""
    afterwards: str = ""
    env: tuple[tuple[str, str], ...] = ()
    fragile: bool = False
    endless: bool = False
    note: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is broken: every signal must say so, or its column is worth nothing."""
        return not self.says

    @property
    def family(self) -> str:
        """The kind of thing that is broken: one of `FAMILIES`."""
        return self.name.partition("-")[0]

    @property
    def in_tree(self) -> bool:
        """Whether the fault is in the reviewed files, and not in how they are served."""
        return self.served == self.reviewed.entry and not (self.through or self.afterwards)


@dataclass(frozen=True)
class Standing:
    """An app that is being served.

    Args:
        app: the app.
        folder: where it is served from.
        url: the address that visitors use.
        reviewed: the tree that was reviewed, to which nothing happens.
    """

    app: App
    folder: Path
    url: str
    reviewed: Path


def apps() -> list[App]:
    """Return all apps, family by family."""
    found = [_app(read(path)) for path in sorted(FOLDER.glob("*.txt"))]
    return sorted(found, key=lambda app: list(FAMILIES).index(app.family))


def _app(files: Repository) -> App:
    told: dict[str, Any] = dict(files.expected)
    reviewed = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told.pop("reviewed", {}).items()
    }
    told["env"] = tuple(told.get("env", {}).items())
    signals = {"probe": "seen", **told.pop("signals")}
    known = {field.name for field in fields(App)}
    if strange := {*told} - known or {*signals} - {*OTHERS, "probe"}:
        raise ValueError(f"{files.name}: {', '.join(sorted(strange))} mean nothing")
    return App(
        name=files.name,
        about=files.about,
        files=files,
        reviewed=Reviewed(**reviewed),
        signals=signals,
        **told,
    )


@contextlib.contextmanager
def written(app: App, folder: Path) -> Iterator[Standing]:
    """Only write an app's files into an empty folder, for those who never ask a server."""
    served, reviewed = folder / "served", folder / "reviewed"
    for tree in (served, reviewed):
        app.files.write(tree)
    yield Standing(app, served, "", reviewed)


@contextlib.contextmanager
def standing(app: App, folder: Path) -> Iterator[Standing]:
    """Write an app into an empty folder, and serve it until the context is left."""
    with written(app, folder) as trees, contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(_server(app, trees.folder))
        except SubjectBroken:  # visitors then find nobody at its address
            (port,) = stack.enter_context(reserved(1))
            yield replace(trees, url=f"http://127.0.0.1:{port}")
            return
        url = server.url
        if app.through:
            url = stack.enter_context(BETWEEN[app.through](server.port))
        if app.afterwards:
            stack.callback(_thaw, server)
            AFTERWARDS[app.afterwards](server, trees.folder / app.served)
        yield replace(trees, url=url)


def _server(app: App, folder: Path) -> AbstractContextManager[Server]:
    env = {
        "HOME": str(folder),
        "STREAMLIT_SERVER_SCRIPT_HEALTH_CHECK_ENABLED": "true",
        **dict(app.env),
    }
    return serve(
        sys.executable,
        app.served,
        cwd=folder,
        env=env,
        deadline=START,
        via="script" if app.command == "script" else "module",
        watch=app.watch,
    )


def _kill(server: Server, _script: Path) -> None:
    os.kill(server.pid, signal.SIGKILL)
    os.waitid(os.P_PID, server.pid, os.WEXITED | os.WNOWAIT)  # its port is free only then


def _freeze(server: Server, _script: Path) -> None:
    os.kill(server.pid, signal.SIGSTOP)


def _thaw(server: Server) -> None:
    """Let a frozen server hear that it is to end."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGCONT)


def _delete(_server: Server, script: Path) -> None:
    script.unlink()


AFTERWARDS: Final[dict[str, Callable[[Server, Path], None]]] = {
    "dies": _kill,
    "freezes": _freeze,
    "script deleted": _delete,
}
"""What may happen to a server after its start."""
