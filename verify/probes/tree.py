"""Lists the files of the reviewed tree: what git would commit, else what stands in the folders."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "build"})

# Hidden folders that people write by hand: workflows, tasks, containers and settings stand there.
_WRITTEN_FOLDERS = frozenset({".circleci", ".config", ".deploy", ".devcontainer", ".docker"}) | {
    ".github",
    ".gitlab",
    ".streamlit",
    ".vscode",
}

_GIT_SECONDS = 30.0


def list_files(root: Path) -> tuple[str, ...]:
    """List the regular files of the tree below `root`, sorted, relative, with forward slashes.

    In a git checkout these are the tracked files and the untracked ones that are not ignored.
    Elsewhere virtual environments, build products and most hidden folders are left out. A symbolic
    link counts when it leads to a file inside the tree. Names that are not UTF-8 keep their bytes
    as surrogates.
    """
    base = os.path.realpath(root)
    names = _git_files(root)
    if not names:  # no checkout, or a copy that stands in a folder its outer checkout ignores
        names = _walk(base, "")
    kept: set[str] = set()
    for name in names:
        kept.update(_regular(base, name))
    return tuple(sorted(kept))


def _git_files(root: Path) -> list[str]:
    # A hook's GIT_DIR or GIT_INDEX_FILE would make git list another tree than this one.
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    if done.returncode != 0:
        return []
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def _regular(base: str, name: str) -> list[str]:
    """Return `name` if it is a file inside `base`; a nested checkout's files if it is one."""
    full = f"{base}/{name}"
    try:
        mode = os.lstat(full).st_mode
        if stat.S_ISLNK(mode):
            target = os.path.realpath(full)
            if not target.startswith(base + os.sep):
                return []
            mode = Path(target).stat().st_mode
            return [name] if stat.S_ISREG(mode) else []
    except (OSError, ValueError):  # deleted but not yet committed, or a link in a circle
        return []
    if stat.S_ISREG(mode):
        return [name]
    if stat.S_ISDIR(mode):  # git names a submodule or a nested checkout, not what is in it
        found = []
        for inner in _walk(base, name.rstrip("/")):
            found += _regular(base, inner)
        return found
    return []


def _walk(base: str, below: str) -> list[str]:
    found: list[str] = []
    for folder, folders, files in os.walk(f"{base}/{below}" if below else base):
        folders[:] = sorted(
            name
            for name in folders
            if (name in _WRITTEN_FOLDERS or not name.startswith("."))
            and name not in _SKIPPED_FOLDERS
            and not Path(folder, name, "pyvenv.cfg").exists()
        )
        relative = os.path.relpath(folder, base).replace(os.sep, "/")
        prefix = "" if relative == "." else f"{relative}/"
        found += [prefix + name for name in files]
    return found
