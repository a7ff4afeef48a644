"""Reads contents out of git in one stream, in bounded memory, each held against its own id."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.probes import git
from verify.probes.children import running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEADLINE = 120.0
"""Seconds for the contents of all files; git reads some 200 MB in each."""

SMALL = 1 << 12
"""Bytes up to which a content is kept: the target of a link, a pointer of git LFS."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """One content.

    Args:
        size: in bytes.
        digest: its SHA-256, in hex.
        small: the content itself, unless it is large.
        windows: size and SHA-256 of the same text with lines that end as on Windows; None where
            that makes no difference.
    """

    size: int
    digest: str
    small: bytes | None
    windows: tuple[int, str] | None


def contents(root: Path, blobs: Iterable[str], algorithm: str) -> dict[str, Content]:
    """Return the contents of some blobs by their ids.

    Args:
        root: a folder of the checkout.
        blobs: the ids.
        algorithm: the repository's object format.

    Raises:
        CouldNotCheck: git lacks one, has one that is damaged, or does not answer in time.
    """
    wanted = list(dict.fromkeys(blobs))
    if not wanted:
        return {}
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{blob}\n" for blob in wanted).encode())
        asked.seek(0)
        found = dict(_read(root, asked, algorithm))
    missing = [blob for blob in wanted if blob not in found]
    if missing:
        raise CouldNotCheck(
            f"git did not give {len(missing)} of {len(wanted)} contents, the first {missing[0]}",
            "See whether the checkout is complete: `git fsck`.",
        )
    return found


def _read(root: Path, asked: IO[bytes], algorithm: str) -> Iterator[tuple[str, Content]]:
    command = [*git.BARE, "cat-file", "--batch", "--buffer"]
    with (
        tempfile.TemporaryFile() as errors,
        running(
            command,
            cwd=root,
            env=git.surroundings(),
            stdin=asked,
            stdout=-1,
            stderr=errors,
        ) as process,
    ):
        # Killed, it closes its end, and the loop ends with too few.
        timer = threading.Timer(DEADLINE, process.kill)
        timer.start()
        try:
            stream = process.stdout
            assert stream is not None  # noqa: S101 - asked for
            while line := stream.readline():
                words = line.decode().split()
                if len(words) < 3:  # noqa: PLR2004 - "ID missing"
                    continue
                blob, kind, size = words[:3]
                content = _content(stream, kind, int(size), blob, algorithm)
                if content is None:
                    return
                yield blob, content
        finally:
            timer.cancel()


def _content(stream: IO[bytes], kind: str, size: int, blob: str, algorithm: str) -> Content | None:
    """Return one content; None when the stream ends in the midst of it."""
    own = hashlib.new(algorithm, f"{kind} {size}\0".encode())
    plain, windows = hashlib.sha256(), hashlib.sha256()
    added, left, first, ended = 0, size, b"", b""
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            return None
        left -= len(chunk)
        first = first or chunk
        own.update(chunk)
        plain.update(chunk)
        # A line that ends so already keeps its end, also where a chunk ends between the two.
        marked = (ended + chunk).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        ended = b"\r" if marked.endswith(b"\r") else b""
        marked = marked.removesuffix(b"\r")
        windows.update(marked)
        added += len(marked)
    windows.update(ended)
    added += len(ended)
    if not stream.read(1):
        return None
    if own.hexdigest() != blob:
        raise CouldNotCheck(
            f"git's object {blob} is damaged: its content has the id {own.hexdigest()}",
            "See what else is: `git fsck`.",
        )
    changed = windows.hexdigest() != plain.hexdigest()
    return Content(
        size,
        plain.hexdigest(),
        first if size <= SMALL else None,
        (added, windows.hexdigest()) if changed else None,
    )
