"""What a command may show: how wide, in which colours, with how much progress."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.progress import Progress, Watcher


def terminal() -> dict[str, Any]:
    """Return how wide standard output is, and whether it takes colours."""
    import os
    import shutil

    tty = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if tty or "COLUMNS" in os.environ else 100
    return {"width": max(60, width), "colour": tty and "NO_COLOR" not in os.environ}


def listener(*, quiet: bool) -> Progress:
    """Return what hears how far a run of gates is.

    Args:
        quiet: whether only a terminal may hear it.
    """
    from verify.progress import Progress

    if quiet and not sys.stderr.isatty():
        return Progress()
    if _live():
        from verify.report.live import LiveProgress

        return LiveProgress()
    from verify.report.lines import LineProgress

    return LineProgress()


def watcher(*, quiet: bool) -> Watcher:
    """Return what hears how far a proof is.

    Args:
        quiet: whether only a terminal may hear it.
    """
    from verify.progress import Watcher

    if quiet and not sys.stderr.isatty():
        return Watcher()
    if _live():
        from verify.report.proving_live import LiveProving

        return LiveProving()
    from verify.report.proving_lines import LineProving

    return LineProving()


def _live() -> bool:
    """Say whether somebody sees what standard error shows, as it changes."""
    import os

    return sys.stderr.isatty() and not os.environ.get("CI")


@contextlib.contextmanager
def status_line() -> Iterator[Progress]:
    """Hear how far a command is, in one line that a terminal alone shows, until it is over."""
    from verify.progress import Progress

    progress = Progress()
    if sys.stderr.isatty():
        from verify.report.status_line import StatusLine

        progress = StatusLine()
    try:
        yield progress
    finally:
        progress.end()
