"""Tells the process that attempts are forked from which project they are about."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = "VERIFY_PROVE_ROOT"
"""The variable that names the project's root to it."""


def know() -> None:
    """Parse the project's files once for all attempts, whose copies hardly differ."""
    from verify.probes.source import remember

    root = os.environ.pop(ROOT, "")
    if root:
        remember(Path(root))
