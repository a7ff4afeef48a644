"""What keeps a container from ending soon, and in good order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile, page, start
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

LATE = 1.3
"""Times the allowed seconds: too long, and still seen to end."""


@defect("shutdown", Stage.CONTAINER)
def shell_that_keeps_the_signal(tree: Tree) -> Sign:
    """A shell is the container's first process, and does not pass SIGTERM on."""
    dockerfile.appended(tree, f"CMD {dockerfile.shell_line(start.own(tree))}; true")
    return Sign("still runs after")


@defect("shutdown", Stage.CONTAINER)
def wrapper_that_keeps_the_signal(tree: Tree) -> Sign:
    """A program of Python starts the server, and does not pass SIGTERM on."""
    code = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
    start.instead(tree, start.own(tree), through=[tree.image.python, "-c", code])
    return Sign("still runs after")


@defect("shutdown", Stage.CONTAINER)
def thread_that_holds_the_server(tree: Tree) -> Sign:
    """A thread of the page keeps its process alive when the server has ended."""
    held = page.kept("held")
    code = f"""
    if not {held}:
        {held}.append(__import__("threading").Thread(
            target=__import__("time").sleep, args=(600,), daemon=False
        ))
        {held}[0].start()
    """
    page.run_first(tree, code)
    return Sign("still runs after")


@defect("shutdown", Stage.CONTAINER)
def server_that_ends_late(tree: Tree) -> Sign:
    """The server takes its time after it was told to stop."""
    seconds = LATE * tree.manifest.live.stop_seconds
    _at_exit(tree, f"__import__('time').sleep, {seconds:g}")
    return Sign("from SIGTERM to its end")


@defect("shutdown", Stage.CONTAINER)
def server_that_ends_with_an_error(tree: Tree) -> Sign:
    """The server ends with an exit code that is not 0."""
    _at_exit(tree, "__import__('os')._exit, 9")
    return Sign("its exit code\n9")


@defect("shutdown", Stage.CONTAINER)
def server_that_raises_at_its_end(tree: Tree) -> Sign:
    """The server logs a traceback while it ends, and ends well all the same."""
    _at_exit(tree, "lambda: int('planted')")
    return Sign("faults logged after SIGTERM")


@defect("shutdown", Stage.CONTAINER)
def server_that_complains_at_its_end(tree: Tree) -> Sign:
    """The server logs an exception while it ends, without the traceback that others have."""
    # What is not written in Python has no frame, and so no traceback to log.
    _at_exit(tree, "int, 'planted'")
    return Sign("faults logged after SIGTERM\nException ignored")


@defect("shutdown", Stage.CONTAINER)
def shell_that_ends_before_its_server(tree: Tree) -> Sign:
    """The shell that started the server ends at once when told to, and the server is killed."""
    start.through_shell(tree, "trap 'exit 143' TERM; \"$@\" & wait")
    return Sign("its exit code\n143")


@defect("shutdown", Stage.CONTAINER)
def stopped_by_a_kill(tree: Tree) -> Sign:
    """The image asks the engine to stop it by SIGKILL."""
    dockerfile.appended(tree, "STOPSIGNAL SIGKILL")
    return Sign("its exit code\n137")


@defect("shutdown", Stage.CONTAINER)
def stopped_by_a_signal_that_nobody_hears(tree: Tree) -> Sign:
    """The image asks the engine to stop it by a signal that its server ignores."""
    dockerfile.appended(tree, "STOPSIGNAL SIGWINCH")
    return Sign("still runs after")


def _at_exit(tree: Tree, call: str) -> None:
    """Let the server's process call this at its end, once."""
    kept = page.kept("atexit")
    page.run_first(tree, f"{kept} or {kept}.append(__import__('atexit').register({call}))")
