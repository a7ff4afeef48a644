"""Which commit and tree the reviewed files are of."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEADLINE = 20.0
"""Seconds for one git command; a status of a large tree on a cold disk takes a few."""


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


def _git(root: Path, *args: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), "-c", "core.fsmonitor=false", *args],
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=DEADLINE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
