"""Asks the engine for an image by whatever names it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.probes.docker_errors import engine_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.engine import Engine

NEAR = 5
"""Names that are told when there is none like the one that was asked for."""


def find(engine: Engine, name: str) -> Mapping[str, Any] | None:
    """Return what the engine tells of an image, None when it has none of this name.

    Args:
        engine: which engine.
        name: a tag, an id or a digest.

    Raises:
        CouldNotCheck: the engine does not say.
    """
    from docker.errors import APIError, ImageNotFound

    with engine_errors("the engine cannot inspect an image"):
        try:
            inspected: Mapping[str, Any] = engine.api.inspect_image(name)
        except ImageNotFound:
            return None
        except APIError as error:
            if error.is_client_error():  # what can be no name of an image is none
                return None
            raise
    return inspected


def found(engine: Engine, name: str) -> Mapping[str, Any]:
    """Return what the engine tells of an image.

    Raises:
        CouldNotCheck: it has none of this name; says which ones are near.
    """
    inspected = find(engine, name)
    if inspected is None:
        near = near_names(engine, name)
        raise CouldNotCheck(
            f"the engine has no image {name}",
            f"It has {', '.join(near)}; `docker image ls` lists all."
            if near
            else "`docker image ls` lists what it has.",
        )
    return inspected


def near_names(engine: Engine, name: str) -> list[str]:
    """Return the names of images that read most like this one, the nearest first."""
    with engine_errors("the engine cannot list its images"):
        rows = engine.api.images()
    known = sorted(
        {tag for row in rows for tag in row.get("RepoTags") or () if "<none>" not in tag}
    )
    near = difflib.get_close_matches(name, known, n=NEAR, cutoff=0.5)
    repository = name.partition(":")[0].rpartition("/")[2]
    same = [tag for tag in known if tag.rpartition(":")[0].rpartition("/")[2] == repository]
    return list(dict.fromkeys([*near, *same]))[:NEAR]
