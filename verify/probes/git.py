"""Which commit and tree the reviewed files are of, and what stands in them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.gittree import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEADLINE = 20.0
"""Seconds for one git command; a status of a large tree on a cold disk takes a few."""

_OF_A_HOOK = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_EXTERNAL_DIFF",
        "GIT_INDEX_FILE",
        "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where a git checkout stands.

    Args:
        commit: the full id of HEAD.
        tree: the id of HEAD's tree.
        dirty: whether files differ from it, untracked ones counted.
        date: HEAD's committer date, ISO 8601.
    """

    commit: str
    tree: str
    dirty: bool
    date: str

    @property
    def revision(self) -> str:
        """The commit, said to be dirty when it is."""
        return f"{self.commit}-dirty" if self.dirty else self.commit


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as it is seen from a folder of the checkout.

    Args:
        id: its full id.
        tree: the id of the tree that the folder is in it; the whole tree at the root.
        algorithm: the repository's object format, sha1 or sha256.
        prefix: the folder, relative to the root of the checkout; ends with a slash, or is empty.
    """

    id: str
    tree: str
    algorithm: str
    prefix: str


def checkout(root: Path) -> Checkout | None:
    """Return where `root` stands, or None when it is not (in) a git checkout with a commit."""
    shown = _git(root, "show", "--no-patch", "--no-show-signature", "--format=%H%n%T%n%cI", "HEAD")
    if shown is None:
        return None
    commit, tree, date = shown.split("\n")[:3]
    status = _git(root, "status", "--porcelain", "--untracked-files=normal", "--", ".")
    if status is None:
        return None
    return Checkout(commit=commit, tree=tree, dirty=bool(status), date=date)


def find_commit(root: Path, revision: str) -> Commit | None:
    """Return the commit that a revision names, or None when git knows none here.

    Args:
        root: a folder of the checkout.
        revision: as git takes it: HEAD, a branch, a tag, an id.

    Raises:
        CouldNotCheck: git does not answer in time.
    """
    shown = run(root, "rev-parse", "--show-object-format", "--show-prefix")
    if shown is None:
        return None
    algorithm, prefix = os.fsdecode(shown).split("\n")[:2]
    named = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    commit = run(root, *named, f"{revision}^{{commit}}")
    if not commit:
        return None
    ident = commit.decode().strip()
    tree = run(root, *named, f"{ident}:{prefix.rstrip('/')}")
    return None if tree is None else Commit(ident, tree.decode().strip(), algorithm, prefix)


def entries(root: Path, commit: str) -> dict[str, Entry]:
    """Return what stands in a commit below this folder, by path relative to it.

    Names that are not UTF-8 keep their bytes as surrogates.

    Raises:
        CouldNotCheck: git does not answer in time, or lacks objects.
    """
    listed = run(root, "ls-tree", "-r", "-z", commit)
    if listed is None:
        raise CouldNotCheck(
            f"git cannot list the files of commit {commit[:12]}",
            "See whether the checkout is complete: `git fsck`.",
        )
    found = {}
    for row in listed.split(b"\0"):
        if row:
            about, _, name = row.partition(b"\t")
            mode, _, ident = about.decode().split(" ")
            found[os.fsdecode(name)] = Entry(mode, ident)
    return found


def dirt(root: Path, prefix: str = "") -> tuple[str, ...]:
    """Return the files below this folder that differ from HEAD, untracked ones too.

    Args:
        root: a folder of the checkout.
        prefix: where it is in the checkout.

    Raises:
        CouldNotCheck: git does not answer in time.
    """
    options = ("--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", ".")
    status = run(root, "status", *options)
    if status is None:
        raise CouldNotCheck("git cannot say whether files differ from HEAD: `git status` fails")
    rows = os.fsdecode(status).split("\0")
    return tuple(sorted(row[3:].removeprefix(prefix) for row in rows if row))


def run(
    root: Path, *args: str, env: Mapping[str, str] | None = None, given: bytes = b""
) -> bytes | None:
    """Return what a git command prints, or None when it fails or there is no git.

    Args:
        root: where.
        args: the command and its arguments.
        env: variables besides those of `surroundings`.
        given: what it reads.

    Raises:
        CouldNotCheck: it does not end in time.
    """
    try:
        done = subprocess.run(
            [*BARE, "-C", str(root), *args],
            env={**surroundings(), **(env or {})},
            input=given,
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )
    except OSError:
        return None
    except subprocess.TimeoutExpired as error:
        raise CouldNotCheck(
            f"`git {args[0]}` did not end within {DEADLINE:g} s", "Run it there by hand."
        ) from error
    return done.stdout if done.returncode == 0 else None


BARE = ("git", "--no-replace-objects", "-c", "core.fsmonitor=false")
"""Git that starts no program of the checkout's, and shows objects as what they are."""


def surroundings() -> dict[str, str]:
    """Return the environment for git: a hook's own would make it look at another tree."""
    inherited = {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}
    return {**inherited, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def _git(root: Path, *args: str) -> str | None:
    try:
        done = run(root, *args)
    except CouldNotCheck:
        return None
    return None if done is None else done.decode("utf-8", "surrogateescape")
