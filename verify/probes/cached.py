"""Where things are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def folder(*names: str) -> Path:
    """Return a folder below $XDG_CACHE_HOME or ~/.cache; it may not be there, and may be deleted.

    Args:
        names: of it and of the folders it is in.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache").joinpath("verify", *names)
