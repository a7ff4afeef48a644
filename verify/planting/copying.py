"""Makes throw-away copies of a project that run on their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
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
    """Copy what git would commit of a project, and make what its interpreter needs.

    Args:
        project: what to copy.
        into: the copy's folder; there must be nothing yet.
        tag: of its image.
    """
    for name in list_files(project.root):
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(project.root / name, target)
    if project.image is not None:
        _rename(into / FILE_NAME, tag)
    for config in sorted(project.root.glob("*/pyvenv.cfg")):
        _environment(config.parent, project.root, into)


def prepare(project: Manifest, root: Path) -> None:
    """Run what the manifest says that a copy needs before it can be executed.

    Raises:
        CouldNotCheck: that fails.
    """
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
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
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
