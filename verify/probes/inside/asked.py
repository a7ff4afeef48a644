"""What a look inside is asked for, wherever it goes."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable
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


IMPORTS, MARKER, MODULE, GUARDS = "imports", "marker", "module", "guards"
"""What may be tried: each import, the entry's marker, the optional module, each guard."""

EVERYTHING = (IMPORTS, MARKER, MODULE, GUARDS)


def questions(manifest: Manifest, of: Container[str] = EVERYTHING) -> dict[str, Any]:
    """Return what is tried wherever the project runs.

    Args:
        manifest: says what there is to try.
        of: which of `EVERYTHING`.
    """
    imports, ops = manifest.imports, manifest.campaign_ops
    entry = module_of(manifest.dashboard.entry)
    modules = [*imports.required, *imports.optional] if imports and IMPORTS in of else []
    if ops and MODULE in of and ops.module not in modules:
        modules.append(ops.module)
    blocked = imports.optional if imports and IMPORTS in of else ()
    retired = manifest.retired if GUARDS in of else ()
    return {
        "modules": modules,
        "without": [[module, entry] for module in blocked],
        "constants": [[entry, manifest.dashboard.marker_name]] if MARKER in of else [],
        "guards": [[one.path, module_of(one.path)] for one in retired],
    }


def module_of(path: str) -> str:
    """Return the name by which a file of the tree is imported."""
    return path.removesuffix(".py").replace("/", ".")
