"""Renders a report; decides nothing."""

from __future__ import annotations

import os
import tempfile
from importlib import import_module
from typing import TYPE_CHECKING, Any

from verify.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from verify.model import Report


def render(report: Report, form: str, **settings: Any) -> str:
    """Return the report in one format, which is the name of a module here.

    Args:
        report: what to show.
        form: text, json or junit.
        settings: what that format's `render` takes besides.
    """
    rendered: str = import_module(f"verify.report.{form}").render(report, **settings)
    return rendered


def write(report: Report, form: str, path: Path) -> None:
    """Write the report to a file, whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    put(render(report, form), path, f"the {form} report")


def put(text: str, path: Path, what: str) -> None:
    """Write a text to a file, whole or not at all; folders are made.

    Args:
        text: what to write.
        path: where to; what stands there is replaced.
        what: the text's name in an error.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            os.chmod(name, 0o644)  # noqa: PTH101 - mkstemp makes it 0600; a report is for others
            os.replace(name, path)  # noqa: PTH105
        except BaseException:
            os.unlink(name)  # noqa: PTH108
            raise
    except OSError as error:
        raise UsageError(
            f"{what} cannot be written to {path}: {error.strerror}",
            "Name a file in a folder that you may write to.",
        ) from error
