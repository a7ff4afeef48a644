"""Removes the images that were built of a copy."""

from __future__ import annotations

import contextlib
import uuid

from verify.errors import VerifyError
from verify.probes import kept


def forget(tag: str) -> None:
    """Remove the image of this name, and what was kept of it; nothing where no engine is."""
    import sys

    if "docker" not in sys.modules:
        return  # no run asked an engine for anything
    from docker.errors import APIError

    from verify.probes import engine

    try:
        connected = engine.connect(uuid.uuid4().hex[:12])
    except VerifyError:
        return  # there is none any more, and so nothing to remove
    with contextlib.closing(connected):
        for name in (tag, kept.name(tag, kept.VERIFIED), kept.name(tag, kept.PREVIOUS)):
            with contextlib.suppress(APIError):
                connected.api.remove_image(name, force=True)
