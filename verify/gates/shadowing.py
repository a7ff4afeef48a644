"""No file of the tree hides a module that the dashboard imports from elsewhere.

Why: a `queue.py` beside the entry breaks every session, or quietly replaces what a library relies
on, while the health check stays ok.
Fix: give the file or package another name.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.model import Observation
from verify.probes.dockerfile.files import ImageFiles
from verify.probes.dockerfile.parse import environment, lineage, stages
from verify.probes.importable import module_of
from verify.probes.static.modules import imported_heads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.probes.importable import Importable
    from verify.probes.source import Source


def gate_source(
    source: Source, importable: Importable, manifest: Manifest
) -> Iterator[Observation]:
    """Hold the modules in each folder that Python searches first against what is installed."""
    known = f"{len(importable.standard)} standard modules and {importable.known_from}"
    for folder, why in _searched(source, manifest).items():
        found = 0
        for path, name in _modules(source, folder):
            kind = importable.kind(name)
            if not kind and folder and _hides_own(source, folder, name):
                kind = "hides the project's own module of that name, which is imported there"
            if kind:
                found += 1
                yield Observation(
                    f"the module {name} in {folder or 'the root'}",
                    "hides nothing",
                    kind,
                    path,
                    1,
                    f"Python searches {folder or 'the root'} first: {why}",
                )
        subject = f"modules in {folder or 'the root'} that hide one of {known}"
        if not found:
            yield Observation(subject, 0, 0, folder or ".", message=why)


def _hides_own(source: Source, folder: str, name: str) -> bool:
    """Say whether the root has such a module, too, and a file below the folder imports it."""
    rest = (f"{name}.py", f"{name}/__init__.py")
    if name == folder.partition("/")[0] or not any(source.has(path) for path in rest):
        return False
    below = (path for path in source.product_files if path.startswith(f"{folder}/"))
    return any(name in imported_heads(source, path) for path in below)


def _searched(source: Source, manifest: Manifest) -> dict[str, str]:
    """Return the folders that stand before the installed packages on the search path, and why."""
    entry = manifest.dashboard.entry
    folders = {posixpath.dirname(entry): "it is the entry's folder"}
    folders.setdefault("", "`python -m streamlit` puts it on the path")
    for folder in _of_python_path(dict(manifest.subject.env).get("PYTHONPATH", "")):
        folders.setdefault(folder, "[subject].env names it in PYTHONPATH")
    for folder in _of_image(source, manifest):
        folders.setdefault(folder, "the image names it in PYTHONPATH")
    return folders


def _of_python_path(value: str) -> list[str]:
    inside = [posixpath.normpath(part) for part in value.split(":") if part]
    return ["" if part == "." else part for part in inside if not part.startswith(("/", ".."))]


def _of_image(source: Source, manifest: Manifest) -> Iterator[str]:
    """Yield the folders of the tree that the image has in its PYTHONPATH."""
    if manifest.image is None or source.unreadable(manifest.image.dockerfile) is not None:
        return
    dockerfile = manifest.image.dockerfile
    all_stages = stages(source.text(dockerfile))
    if not all_stages:
        return
    variables = environment(lineage(all_stages, all_stages[-1]))
    searched = variables.get("PYTHONPATH", "").split(":")
    files = ImageFiles(source, all_stages, manifest.image.context, dockerfile)
    for part in searched:
        if part.startswith("/") and "$" not in part:
            # Folders are known by the files in them.
            for path in source.python_files:
                name = posixpath.basename(path)
                if files.repo_path(posixpath.join(part, name)) == path:
                    yield posixpath.dirname(path)


def _modules(source: Source, folder: str) -> Iterator[tuple[str, str]]:
    """Yield the modules that stand in a folder, as (file, name).

    A folder without `__init__` is none: a regular package further down the path wins over it.
    """
    start = f"{folder}/" if folder else ""
    for path in source.files:
        if not path.startswith(start):
            continue
        first, *rest = path.removeprefix(start).split("/")
        if not rest and (name := module_of(first)):
            yield path, name
        elif len(rest) == 1 and module_of(rest[0]) == "__init__" and first.isidentifier():
            yield path, first
