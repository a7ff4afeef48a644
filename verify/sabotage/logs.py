"""What stands in a log and should not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import page, start
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

CAUGHT = """
try:
    1 / 0
except ZeroDivisionError:
    __import__("logging").exception("odd")
"""

FORMAT = '"%(asctime)s %(levelname)s %(name)s: %(message)s"'


@defect("log", Stage.CONTAINER, smuggled=(Stage.LIVE,))
def traceback_in_each_run(tree: Tree) -> Sign:
    """Each run of the page logs a traceback, and shows nothing of it."""
    page.run_first(tree, CAUGHT)
    return Sign("ZeroDivisionError")


@defect("log", Stage.CONTAINER, smuggled=(Stage.LIVE,))
def thread_that_dies(tree: Tree) -> Sign:
    """A thread that the page starts ends with an exception."""
    page.run_first(tree, "__import__('threading').Thread(target=lambda: 1 / 0).start()")
    return Sign("ZeroDivisionError")


@defect("log", Stage.LIVE)
def traceback_when_a_tab_is_opened(tree: Tree) -> Sign:
    """A tab logs a traceback when it is opened, and shows nothing of it."""
    page.draw_first(tree, page.plain_tab(tree), CAUGHT)
    return Sign("ZeroDivisionError")


@defect("log", Stage.CONTAINER, smuggled=(Stage.LIVE,))
def error_in_the_log(tree: Tree) -> Sign:
    """Each run of the page logs an error without a traceback."""
    logger = "__import__('logging')"
    page.run_first(tree, f"{logger}.basicConfig(format={FORMAT})\n{logger}.error('planted')")
    return Sign("planted")


@defect("log", Stage.CONTAINER, smuggled=(Stage.LIVE,))
def error_in_a_log_of_json(tree: Tree) -> Sign:
    """Each run of the page logs an error as a line of JSON."""
    line = '\'{"time": "2020-01-01T00:00:00Z", "level": "error", "message": "planted"}\''
    page.run_first(tree, f"print({line}, flush=True)")
    return Sign("planted")


@defect("log", Stage.CONTAINER)
def environment_in_the_log(tree: Tree) -> Sign:
    """Each run of the page prints the whole environment."""
    page.run_first(tree, "print(__import__('os').environ, flush=True)")
    return Sign("\nin the log")


@defect("log", Stage.CONTAINER)
def environment_in_the_log_as_base64(tree: Tree) -> Sign:
    """Each run of the page prints the whole environment, in a form that hides it from a search."""
    code = "__import__('base64').b64encode(repr(__import__('os').environ).encode())"
    page.run_first(tree, f"print({code}, flush=True)")
    return Sign("\nin the log")


@defect("log", Stage.CONTAINER)
def environment_in_the_log_at_the_start(tree: Tree) -> Sign:
    """The container prints its environment before it starts its server."""
    start.first(tree, "env")
    return Sign("\nin the log")


@defect("log", Stage.CONTAINER)
def log_thrown_away(tree: Tree) -> Sign:
    """What the server logs reaches nobody."""
    start.through_shell(tree, 'exec "$@" >/dev/null 2>&1')
    return Sign("lines in the running container's log\n0")
