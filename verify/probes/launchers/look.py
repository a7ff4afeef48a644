"""Draws up the run matrix of the project at a folder, or takes it from an earlier run."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

from verify.manifest import FILE_NAME, load
from verify.matrix import Declared
from verify.probes.launchers import cache
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from verify.matrix import Matrix


def look(root: Path, step: Callable[[str], None], *, cached: bool = True) -> Matrix:
    """Return the run matrix of a project, which need not have a manifest.

    Args:
        root: its folder.
        step: hears what is being done.
        cached: whether an earlier run's matrix will do, if nothing that it read has changed.

    Raises:
        ManifestError: it has a manifest, with faults.
    """
    declared = load(root).declared() if (root / FILE_NAME).is_file() else Declared()
    source = Source(root)
    step("listing the files")
    found = cache.recall(source, declared) if cached else None
    if found is None:
        from verify.probes.launchers.survey import survey

        with without_collections():
            found = survey(source, declared, step)
        if cached:
            cache.keep(source, declared, found)
    return found


@contextlib.contextmanager
def without_collections() -> Iterator[None]:
    """Let no garbage be collected meanwhile.

    Thousands of syntax trees are no garbage; looking through them again and again takes three
    times as long as all the rest.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            # What refers to itself in circles goes with the process, which ends soon: to look for
            # it takes half as long as the survey.
            gc.freeze()
            gc.enable()
