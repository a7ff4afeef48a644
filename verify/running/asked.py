"""Reads off the command line what is looked at, and what it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify import manifest as manifests
from verify.errors import UsageError
from verify.manifest import FILE_NAME
from verify.probes import git

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.manifest import Manifest
    from verify.probes.engine import Built

HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class Options:
    """What a look is asked for.

    Args:
        ref: what is looked at, as `inside.hosts` reads it.
        against: a folder, a revision of the checkout, or an image; empty for the checkout's HEAD.
        root: the project; None for the one that this folder is in, if any.
        app_dir: the folder inside in which the whole tree stands; empty for where the Dockerfile
            of the manifest's [image] puts its files.
        python: the interpreter inside; empty for the manifest's.
        tried: whether imports are tried, too.
        deadline: seconds for the look inside.
    """

    ref: str
    against: str = ""
    root: Path | None = None
    app_dir: str = ""
    python: str = ""
    tried: bool = False
    deadline: float = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What it is held against.

    Args:
        name: as it was asked for.
        root: a folder with the tree; None for an image.
        revision: of the checkout there; None for its HEAD, or the folder as it stands without git.
        image: the image; None for a tree.
    """

    name: str
    root: Path | None = None
    revision: str | None = None
    image: Built | None = None


def project(options: Options) -> Manifest | None:
    """Return the manifest that counts, or None without one.

    Raises:
        ManifestError: it is wrong, or the folder that was named has none.
        UsageError: something was asked for that only a manifest declares.
    """
    if options.root is not None:
        return manifests.load(options.root)
    folder = Path(options.against) if options.against else None
    if folder is not None and (folder / FILE_NAME).is_file():
        return manifests.load(folder)
    here = manifests.nearest_root(Path.cwd())
    if (here / FILE_NAME).is_file():
        return manifests.load(here)
    if options.tried:
        raise UsageError(
            f"--try needs a {FILE_NAME}, which declares what is to be imported.",
            "Name the project with --root DIR, or leave --try out.",
        )
    return None


def wanted(
    options: Options, manifest: Manifest | None, image: Callable[[str], Built | None]
) -> Wanted:
    """Return what `--against` names: a folder, else a revision of the checkout, else an image.

    Args:
        options: what was asked for.
        manifest: the project's; None without one.
        image: finds an image by its name.

    Raises:
        UsageError: it names none of them, or there is nothing to choose by itself.
        CouldNotCheck: the engine, which may have such an image, does not answer.
    """
    here = manifest.root if manifest else options.root or Path.cwd()
    asked = options.against
    if not asked:
        if manifest is None and git.find_commit(here, HEAD) is None:
            raise UsageError(
                "There is nothing to hold it against: this is no git checkout and no project.",
                "Name a folder, a revision or an image with --against, or a project with --root.",
            )
        return Wanted(HEAD, here)
    if (folder := Path(asked)).is_dir():
        return Wanted(asked, folder.resolve())
    if folder.is_file():
        raise UsageError(f"--against {asked} is a file; name a folder, a revision or an image.")
    revision = git.find_commit(here, asked)
    built = image(asked)
    if revision is not None and built is not None:
        raise UsageError(
            f"--against {asked} is a revision of {here} and an image.",
            f"Name the image by its id, {built.ref.id[:19]}, or the revision, {revision.id[:12]}.",
        )
    if revision is not None:
        return Wanted(asked, here, asked)
    if built is not None:
        return Wanted(asked, image=built)
    raise UsageError(
        f"--against {asked} is no folder, no revision of {here}, and no image here.",
        "See `git log --oneline --all` and `docker images`.",
    )
