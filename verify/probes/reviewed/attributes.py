"""Says of which files git writes something else into a checkout than it keeps: gitattributes(5)."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.probes import git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.gittree import Entry

ASKED = ("text", "eol", "filter", "ident", "working-tree-encoding")

_UNSET = frozenset({"unspecified", "unset"})
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ .*\n)*?"
    rb"oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)


@dataclass(frozen=True, slots=True)
class Form:
    """How a file in a checkout may differ from its content in git.

    Args:
        windows: its lines may end as on Windows.
        large: git LFS keeps it elsewhere; git has a pointer to it.
        why: what changes it in a way that is not followed here; empty when nothing does.
    """

    windows: bool = False
    large: bool = False
    why: str = ""


def altered(
    root: Path, commit: str, paths: Sequence[str], entries: Mapping[str, Entry]
) -> dict[str, Form]:
    """Return the files that a checkout may have otherwise, by path.

    Only the attributes that were committed count, besides those of this checkout's own
    .git/info/attributes.

    Args:
        root: a folder of the checkout.
        commit: its full id.
        paths: the files that are asked about.
        entries: all files of the commit.

    Raises:
        CouldNotCheck: git cannot tell.
    """
    windows = _setting(root, "core.autocrlf") == "true" or _setting(root, "core.eol") == "crlf"
    automatic = _setting(root, "core.autocrlf") == "true"
    declared = any(path.rpartition("/")[2] == ".gitattributes" for path in entries)
    if not declared and not automatic and not _own_attributes(root):
        return {}
    found = {}
    for path, told in _told(root, commit, paths).items():
        form = _form(told, windows=windows, automatic=automatic)
        if form != Form():
            found[path] = form
    return found


def pointer(content: bytes | None) -> tuple[int, str] | None:
    """Return size and SHA-256 of what a pointer of git LFS leads to; None for other contents."""
    found = _POINTER.fullmatch(content or b"")
    return None if found is None else (int(found[2]), found[1].decode())


def _form(told: Mapping[str, str], *, windows: bool, automatic: bool) -> Form:
    program = told["filter"]
    if program == "lfs":
        return Form(large=True)
    if program not in _UNSET:
        return Form(why=f"its filter is {program}")
    if told["ident"] == "set":
        return Form(why="it writes its own id into it")
    if told["working-tree-encoding"] not in _UNSET:
        return Form(why=f"its encoding is {told['working-tree-encoding']}")
    if told["text"] == "unset":
        return Form()
    text = told["text"] != "unspecified" or automatic
    if told["eol"] == "crlf" or (told["eol"] in _UNSET and text and windows):
        return Form(windows=True)
    return Form()


def _told(root: Path, commit: str, paths: Sequence[str]) -> dict[str, dict[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}  # noqa: PTH118 - a text
        given = b"".join(os.fsencode(path) + b"\0" for path in paths)
        asked = ("check-attr", "--cached", "-z", "--stdin", *ASKED)
        # What another version of git than this one would read from the commit itself.
        if git.run(root, "read-tree", commit, env=index) is None or (
            (told := git.run(root, *asked, env=index, given=given)) is None
        ):
            raise CouldNotCheck(
                "git cannot tell the attributes of the reviewed files",
                "See whether the checkout is complete: `git fsck`.",
            )
    words = os.fsdecode(told).split("\0")
    found: dict[str, dict[str, str]] = {}
    for path, name, value in zip(words[0::3], words[1::3], words[2::3], strict=False):
        found.setdefault(path, {})[name] = value
    return found


def _setting(root: Path, name: str) -> str:
    found = git.run(root, "config", "--get", name)
    return "" if found is None else os.fsdecode(found).strip().lower()


def _own_attributes(root: Path) -> bool:
    where = git.run(root, "rev-parse", "--git-path", "info/attributes")
    if where is None:
        return False
    file = root / os.fsdecode(where).rstrip("\n")
    return file.is_file() and file.stat().st_size > 0
