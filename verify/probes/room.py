"""Sees whether there is room on a disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from verify.errors import CouldNotCheck

LEAST = 1 << 20
"""Bytes; whatever runs on a fuller disk fails for that and nothing else."""


def make_sure_of_room(folder: Path) -> None:
    """Make sure that what ran in a folder had room there.

    Raises:
        CouldNotCheck: the disk is full, so that what was seen does not count.
    """
    if shutil.disk_usage(folder).free < LEAST:
        raise CouldNotCheck(
            f"the disk that temporary files are on is full: {folder}",
            "Make room there, or name another folder with TMPDIR; what was seen does not count.",
        )
