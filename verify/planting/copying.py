"""Makes throw-away copies of a project that run on their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from verify.errors import CouldNotCheck
from verify.manifest import FILE_NAME, Manifest
from verify.probes import git
from verify.probes.tree import list_files

IDENTITY = {
    **{f"GIT_{who}_NAME": "verify" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "verify@localhost" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_DATE": "2020-01-01T00:00:00+00:00" for who in ("AUTHOR", "COMMITTER")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
"""Who commits in a copy, and when: the same files are the same commit, and so the same image."""

PREPARING = 120.0
"""Seconds for one command of `[prove].prepare`; 0.1 are usual."""


def copy(project: Manifest, into: Path, *, tag: str) -> None:
    """Copy what git would commit of a project.

    Args:
        project: what to copy.
        into: the copy's folder; there must be nothing yet.
        tag: of its image.
    """
    _each(project.root, list_files(project.root), into, shutil.copy)
    if project.image is not None:
        _rename(into / FILE_NAME, tag)


def link(template: Path, into: Path) -> None:
    """Give a copy's files a second place; ten times as fast as another copy.

    Only for what is read and never executed: `Tree` puts a new file in the place of one that it
    changes, but what a program writes into a file would reach all of its places.

    Args:
        template: a copy.
        into: the other place; there must be nothing yet.
    """
    walk = (Path(at, name) for at, _, names in os.walk(template) for name in names)
    _each(template, [str(file.relative_to(template)) for file in walk], into, os.link)


def _each(
    root: Path, names: Iterable[str], into: Path, place: Callable[[str, str], object]
) -> None:
    made = set()
    for name in names:
        folder = os.path.dirname(name)  # noqa: PTH120 - thousands of times, and five times as fast
        if folder not in made:
            os.makedirs(f"{into}/{folder}", exist_ok=True)  # noqa: PTH103 - as above
            made.add(folder)
        place(f"{root}/{name}", f"{into}/{name}")


def _environments(project: Manifest, into: Path) -> None:
    """Make what the interpreters of a project need to execute its copy."""
    for config in sorted(project.root.glob("*/pyvenv.cfg")):
        _environment(config.parent, project.root, into)


def prepare(project: Manifest, root: Path) -> None:
    """Make what a copy needs before it can be executed, and run what the manifest says besides.

    Raises:
        CouldNotCheck: that fails.
    """
    _environments(project, root)
    for words in project.prove.prepare:
        try:
            done = subprocess.run(
                words,
                cwd=root,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PREPARING,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CouldNotCheck(f"[prove].prepare, {' '.join(words)}: {error}") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-400:]
            raise CouldNotCheck(f"[prove].prepare, {' '.join(words)}: {said}")


def commit(root: Path) -> None:
    """Commit all there is in a copy.

    Raises:
        CouldNotCheck: git cannot.
    """
    stage(root)
    run_git(root, "commit", "-qm", "all")


def stage(root: Path) -> None:
    """Let git know of all there is in a copy; a defect may do it before the commit does.

    Raises:
        CouldNotCheck: git cannot.
    """
    run_git(root, "init", "-q")
    run_git(root, "add", "-A")


def run_git(root: Path, *words: str) -> None:
    """Run one command of git in a copy.

    Raises:
        CouldNotCheck: it fails.
    """
    if git.run(root, *words, env=IDENTITY) is None:
        raise CouldNotCheck(f"`git {words[0]}` fails in a copy of the project")


def _rename(manifest: Path, tag: str) -> None:
    """Give the image of a copy a name of its own."""
    text = manifest.read_text("utf-8")
    new, count = re.subn(r'(?m)^(\s*tag\s*=\s*)"[^"]*"', lambda m: f'{m[1]}"{tag}"', text)
    if count != 1:
        raise CouldNotCheck(
            f'{manifest.name}: the line `tag = "..."` of [image] stands there {count} times',
            "Write it as a line of its own, once.",
        )
    manifest.write_text(new, "utf-8")


def _environment(real: Path, root: Path, into: Path) -> None:
    """Make an environment that finds what is installed in the real one, and the copy's code.

    An editable install of the real project would be executed otherwise.
    """
    own = into / real.name
    (own / "bin").mkdir(parents=True)
    for file in real.iterdir():
        if file.is_file():
            shutil.copy(file, own / file.name)
    for packages in real.glob("lib/python3*/site-packages"):
        place = own / packages.relative_to(real)
        place.mkdir(parents=True)
        lines = [str(into), str(packages), *_paths(packages, root, into)]
        (place / "verify-copy.pth").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    for file in sorted((real / "bin").iterdir()):
        if file.name.startswith("python"):
            (own / "bin" / file.name).symlink_to(file.resolve())
        elif file.is_file():
            _script(file, real, own)


def _paths(packages: Path, root: Path, into: Path) -> list[str]:
    """Return the lines of an environment's `.pth` files, those of the project for its copy.

    What an editable install executes there is left out: it would find the real project.
    """
    found = []
    for file in sorted(packages.glob("*.pth")):
        for line in file.read_text("utf-8", "replace").splitlines():
            if line.startswith(("import ", "import\t")):
                if "__editable__" not in line:
                    found.append(line)
            elif Path(line).is_relative_to(root) and line.strip():
                found.append(str(into / Path(line).relative_to(root)))
            elif line.strip() and not line.startswith("#"):
                found.append(str(packages / line))
    return found


def _script(file: Path, real: Path, own: Path) -> None:
    raw = file.read_bytes()
    if raw.startswith(b"#!") and os.fsencode(real) in raw.partition(b"\n")[0]:
        target = own / "bin" / file.name
        target.write_bytes(raw.replace(os.fsencode(real), os.fsencode(own)))
        target.chmod(0o755)
