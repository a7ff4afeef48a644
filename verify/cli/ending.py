"""How a command ends: each error in a sentence for people, and its exit code."""

from __future__ import annotations

import contextlib
import signal
import sys
import warnings
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.model import Verdict

USAGE, INTERRUPTED = 2, 130
"""Exit codes besides the verdict's: wrong usage or a bad manifest; Ctrl-C or SIGTERM."""

EXIT_CODES = {"verified": 0, "failed": 1, "inconclusive": 3}


def exit_with(verdict: Verdict) -> NoReturn:
    """End with the exit code of a verdict."""
    sys.exit(EXIT_CODES[verdict])


@contextlib.contextmanager
def people_first() -> Iterator[None]:
    """Turn every error into a sentence for people and the exit code that goes with it."""
    from verify.errors import CouldNotCheck, Unavailable, VerifyError

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    if not sys.warnoptions:
        # What a library warns of is for whoever works on verify. Here, and not where it arises:
        # filters are one list for all threads, and one that another thread sets may be lost.
        warnings.simplefilter("ignore")
    try:
        yield
    except VerifyError as error:
        click.echo(f"verify: {error.diagnosis}", err=True)
        if error.remedy:
            click.echo(f"  -> {error.remedy}", err=True)
        unknown = isinstance(error, CouldNotCheck | Unavailable)
        sys.exit(EXIT_CODES["inconclusive"] if unknown else USAGE)
    except KeyboardInterrupt:
        click.echo("verify: interrupted; everything this run made is removed", err=True)
        # CPython remembers an interrupt that came through an exec(), with which dataclasses make
        # their classes, and ends the process by SIGINT although it was handled; the next exec()
        # makes it forget (run_eval_code_obj in its pythonrun.c).
        exec("")  # noqa: S102
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # whoever read the output is gone, and so is who wants the rest
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(INTERRUPTED)
    except Exception:  # noqa: BLE001 - an unknown fault is never a verdict
        import traceback

        click.echo(traceback.format_exc(), err=True)
        click.echo("verify: this is a fault of verify itself; nothing was decided", err=True)
        sys.exit(EXIT_CODES["inconclusive"])
