"""Reads off the command line what goes along with each request."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from verify.errors import UsageError
from verify.live.look import Options
from verify.manifest import FILE_NAME, nearest_root
from verify.probes.access import Access

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TOKEN: Final = "VERIFY_TOKEN"  # noqa: S105 - the variable's name
"""The environment variable with a bearer token; on a command line everybody could read it."""

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # no line end: it would begin a new header


def options_of(
    url: str,
    root: Path | None,
    *,
    watched: bool,
    headers: Iterable[str],
    token_file: Path | None,
    ca_file: Path | None,
    tabs: Sequence[str],
    sessions: int | None,
    **others: Any,
) -> Options:
    """Return what the command line asks for.

    Args:
        url: where the deployment is served.
        root: the project to hold it against; None for the one that this folder is in, if any.
        watched: whether it is looked at again and again.
        headers: see `access_of`.
        token_file: see `access_of`.
        ca_file: see `access_of`.
        tabs: the labels of all tabs.
        sessions: how many visitors come at once; None for none.
        others: as `Options` has them.

    Raises:
        UsageError: the options do not go together, or one of them is wrong.
    """
    if others["screenshots"] is not None and not others["browser"]:
        raise UsageError("--screenshots needs a browser.", "Add --browser.")
    if watched and sessions:
        raise UsageError(
            "--sessions goes with a single look, not with --watch.", "Leave one of them out."
        )
    return Options(
        url=url,
        root=root or _project(Path.cwd()),
        tabs=tuple(tabs),
        sessions=sessions or 0,
        access=access_of(headers, token_file, ca_file),
        **others,
    )


def _project(folder: Path) -> Path | None:
    nearest = nearest_root(folder)
    return nearest if (nearest / FILE_NAME).is_file() else None


def access_of(headers: Iterable[str], token_file: Path | None, ca_file: Path | None) -> Access:
    """Return what a visitor brings along.

    Args:
        headers: each as `Name: value`.
        token_file: holds a bearer token; None for that of the environment, if there is one.
        ca_file: certificates to trust instead of this machine's.

    Raises:
        UsageError: a header is none, or a file cannot be read. The text holds no secret.
    """
    if ca_file is not None:
        _trusted(ca_file)
    token = os.environ.get(TOKEN, "").strip() if token_file is None else _token(token_file)
    if not _VALUE.fullmatch(token) or " " in token:
        raise UsageError(
            f"the token of {token_file or TOKEN} is none: it has a blank or a line end in it.",
            "Write the token alone, without the word Bearer.",
        )
    return Access(headers=tuple(map(_header, headers)), token=token, ca_file=ca_file)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value.strip()):
        shown = name if colon and _NAME.fullmatch(name) else "one"  # else it may be the secret
        raise UsageError(
            f"--header: {shown} is not a header.", "Write it as 'Name: value', on one line."
        )
    return name, value.strip()


def _token(path: Path) -> str:
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UsageError(f"--token-file: {path} cannot be read: {reason}.") from error
    if not token:
        raise UsageError(f"--token-file: {path} is empty.", "Write the token into it.")
    return token


def _trusted(path: Path) -> None:
    import ssl

    try:
        ssl.create_default_context(cafile=path)
    except OSError as error:  # SSLError is one
        reason = error.strerror or str(error)
        raise UsageError(
            f"--ca-file: {path} holds no certificates that can be read: {reason}.",
            "Name a file of certificates in PEM.",
        ) from error
