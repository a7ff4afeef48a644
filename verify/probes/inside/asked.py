"""What a look inside is asked for, wherever it goes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.manifest import Manifest

PREFIX = "{prefix}"
"""How the agent is asked for the folder of its own environment."""

TOLD = (
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "PATH",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHOME",
    "PYTHONNOUSERSITE",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
)
"""Variables whose values may be told: they say which code runs, and hold no secret."""

AROUND: dict[str, Any] = {
    "processes": True,
    "listeners": True,
    "mounts": True,
    "limits": True,
    "environment": TOLD,
    "distributions": True,
    "interpreter": True,
}
"""What is asked of the agent in whatever runs."""


def copied(app_dir: str, paths: Iterable[str]) -> list[str]:
    """Return where to look for reviewed files: the application's folder, and those beside it.

    A folder that several are copied to is walked whole; a lone file is only looked at itself,
    because what else stands beside it may be the system's.

    Args:
        app_dir: the application's folder inside.
        paths: of all reviewed files inside.
    """
    start = app_dir.rstrip("/") + "/"
    folders: dict[str, list[str]] = {}
    for path in paths:
        if not path.startswith(start):
            folders.setdefault(posixpath.dirname(path), []).append(path)
    beside = [
        place
        for folder, files in sorted(folders.items())
        for place in ([folder] if len(files) > 1 and folder.count("/") > 1 else sorted(files))
    ]
    return [app_dir, *beside]


def questions(manifest: Manifest) -> dict[str, Any]:
    """Return what is tried wherever the project runs: imports, constants and guards."""
    imports = manifest.imports
    entry = module_of(manifest.dashboard.entry)
    return {
        "modules": [*imports.required, *imports.optional] if imports else [],
        "without": [[module, entry] for module in imports.optional] if imports else [],
        "constants": [[entry, manifest.dashboard.marker_name]],
        "guards": [[retired.path, module_of(retired.path)] for retired in manifest.retired],
    }


def module_of(path: str) -> str:
    """Return the name by which a file of the tree is imported."""
    return path.removesuffix(".py").replace("/", ".")
