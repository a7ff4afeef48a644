"""Notes what the subject's code does to the world, from inside of its process.

Its text is sent to the subject's interpreter, where it runs before the subject's code: as
sitecustomize (agent.py), or in a server that is about to start (farm.py). Nothing here imports it.
It needs only the standard library and Python 3.8.

Reading is free; what counts is what a mere import must not do. The events are those of the audit
events table in the Python documentation. Each becomes a line of the file that VERIFY_EFFECTS names:
process, verb, object and place, between tabs. With VERIFY_PROJECT_ONLY set, only what a file of the
project had a hand in is noted, and that such a file ran: a server around it has its own business.
"""

from __future__ import annotations

import _posixsubprocess
import _thread
import os
import sys

TYPE_CHECKING = False  # `typing` itself would be an import that the subject did not ask for
if TYPE_CHECKING:
    from typing import Any, Callable


WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
VERBS = {
    "socket.connect": "connects to",
    "socket.bind": "listens on",
    # Where a name is unknown, nothing connects; the attempt is the same.
    "socket.getaddrinfo": "looks up",
    "socket.gethostbyname": "looks up",
    "socket.gethostbyaddr": "looks up",
    "socket.sendto": "sends to",
    "sqlite3.connect": "opens database",
    "subprocess.Popen": "starts process",
    "os.system": "starts process",
    "os.posix_spawn": "starts process",
    "os.exec": "becomes process",
    "os.fork": "forks",
    "os.forkpty": "forks",
    "os.mkdir": "makes folder",
    "os.rmdir": "removes folder",
    "os.remove": "removes",
    "os.rename": "renames",
    "os.symlink": "links",
    "os.link": "links",
    "os.truncate": "truncates",
    "os.chmod": "changes mode of",
}
SECOND = {"socket.connect", "socket.bind", "socket.sendto"}  # the first argument is the socket


def witness() -> None:
    """Take up its post."""
    out = os.open(os.environ["VERIFY_EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    only_project = bool(os.environ.get("VERIFY_PROJECT_ONLY"))
    root = os.getcwd() + os.sep
    ours = (os.devnull, os.environ.get("VERIFY_ANSWER"))
    # Of the thread that is noting something: what it does for that does not count.
    busy = set()

    def of_project(name: str) -> bool:
        return name.startswith(root) and "site-packages" not in name

    def where() -> str:
        frame: Any = sys._getframe(2)  # noqa: SLF001
        while frame is not None:
            name = frame.f_code.co_filename
            if of_project(name):
                return f"{name[len(root) :]}:{frame.f_lineno}"
            frame = frame.f_back
        return ""

    def note(verb: str, what: object, place: str) -> None:
        if only_project and not place:
            return
        shown = str(what)[:200].replace("\n", " ").replace("\t", " ")
        line = f"{os.getpid()}\t{verb}\t{shown}\t{place}\n"
        os.write(out, line.encode("utf-8", "backslashreplace"))

    def writes(path: Any, mode: object, flags: object) -> bool:
        if isinstance(path, int) or os.fsdecode(path) in ours:
            return False
        if isinstance(mode, str):
            return any(letter in mode for letter in "wax+")
        return isinstance(flags, int) and bool(flags & WRITING)

    def hook(event: str, args: Any) -> None:
        if event not in {"open", "exec"} and event not in VERBS:
            return
        thread = _thread.get_ident()
        if thread in busy:
            return
        busy.add(thread)
        try:
            if event == "open":
                if writes(*args):
                    note("writes", os.fsdecode(args[0]), where())
            elif event == "exec":
                name = getattr(args[0], "co_filename", "")
                if only_project and of_project(name):
                    note("runs", name[len(root) :], name[len(root) :])
            else:
                note(VERBS[event], args[event in SECOND] if args else "", where())
        finally:
            busy.discard(thread)

    def noted(start: Callable[..., Any]) -> Callable[..., Any]:
        def started(*args: Any, **words: Any) -> Any:
            name = getattr(args[0], "__qualname__", "") if args else ""
            note("starts thread", name, where())
            return start(*args, **words)

        return started

    sys.addaudithook(hook)
    watch_spawning(lambda program: note("starts process", program, where()))
    # Starting a thread is an event for audit hooks from 3.12 on only; so its functions are wrapped:
    # where they come from, and where `threading` may have taken them already.
    for name in ("start_new_thread", "start_joinable_thread"):
        if hasattr(_thread, name):
            setattr(_thread, name, noted(getattr(_thread, name)))
            if hasattr(sys.modules.get("threading"), "_" + name):
                setattr(sys.modules["threading"], "_" + name, getattr(_thread, name))


def watch_spawning(note: Callable[[str], None]) -> None:
    """Note what is started past `subprocess`, as `multiprocessing` does: it is no audit event."""
    start = _posixsubprocess.fork_exec

    def started(*args: Any) -> Any:
        if not sys._getframe(1).f_code.co_filename.endswith("subprocess.py"):  # noqa: SLF001
            note(os.fsdecode(args[0][0]))
        return start(*args)

    _posixsubprocess.fork_exec = started


witness()
