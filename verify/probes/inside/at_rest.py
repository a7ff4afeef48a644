"""Looks at an image that nobody started: in a throw-away container, or in its files alone."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.inventory import Inventory
from verify.probes import payload
from verify.probes.images.download import download
from verify.probes.images.export import ENGINES, OURS_NOT, exported, inventory
from verify.probes.inside.decode import decode
from verify.surroundings import Inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.probes.engine import Engine

NO_PYTHON = "the image has no Python that starts"

ALONE: dict[str, Any] = {
    # Reads everything, whoever owns it, and can do nothing else.
    "cap_drop": ["ALL"],
    "cap_add": ["DAC_READ_SEARCH"],
    "security_opt": ["no-new-privileges"],
    "pids_limit": 64,
}
"""What a container may do that only reads."""

_NOT_STARTED = re.compile(
    r"exec: .*(executable file not found|no such file or directory|permission denied)|"
    r"exec format error",
    re.IGNORECASE,
)
"""What an engine says when the image has no program of that name that runs."""

_EMPTY = re.compile(
    r"error while loading shared libraries|No module named 'encodings'|"
    r"exec user process caused|^exec \S+: (no such file|exec format)",
    re.MULTILINE,
)
"""What an interpreter says that is not all there."""


def at_rest(
    engine: Engine,
    image_id: str,
    python: str,
    *,
    blobs: Iterable[str] = (),
    blob_format: str = "sha1",
    read: Iterable[str] = (),
    memory: str,
    deadline: float,
) -> Inside:
    """Return all files of an image, what is installed in it, and its interpreter.

    Nothing of the image's own is started but its interpreter, as root and without network; where
    it has none, its files come from the engine.

    Args:
        engine: which engine.
        image_id: which image.
        python: the interpreter in it.
        blobs: folders below which git's object id is wanted, too.
        blob_format: git's hash, sha1 or sha256.
        read: files whose text is in the answer, too, where its interpreter is the one to look.
        memory: the container's limit, as Docker writes it.
        deadline: seconds for all of it.

    Raises:
        CouldNotCheck: the engine died, or the look did not end in time.
    """
    where = f"image {image_id.removeprefix('sha256:')[:12]}"
    blobs = tuple(blobs)
    request = {
        "deadline": deadline,
        "files": {"roots": ["/"], "blobs": blobs, "format": blob_format},
        "distributions": True,
        "interpreter": True,
        "read": list(read),
    }
    command = [python, "-I", "-S", *payload.packed("agent.py", request)]
    try:
        out, err = engine.run_once(
            image_id, command, memory=memory, deadline=deadline, user="0:0", restrictions=ALONE
        )
    except CouldNotCheck as error:
        if error.__cause__ is None or not _not_started(error.__cause__):
            raise
    else:
        if not _EMPTY.search(err):
            answer = payload.answer(out, err, who=f"the look at the {where}")
            return without_the_engines(decode(answer, where))
    files = exported(
        engine, image_id, where=where, blobs=blobs, blob_format=blob_format, deadline=deadline
    )
    return files_alone(files, NO_PYTHON)


def from_the_engine(
    engine: Engine, container_id: str, where: str, why: str, *, deadline: float
) -> Inside:
    """Return all files of a running container; volumes are not among them.

    Args:
        engine: which engine.
        container_id: which container.
        where: what to call it, for people.
        why: the reason why nothing in it could look.
        deadline: seconds for all of it.

    Raises:
        CouldNotCheck: the engine cannot, or breaks off.
    """
    with download(engine, f"/containers/{container_id}/export", where, deadline=deadline) as stream:
        files = inventory(stream, where)
    return without_the_engines(files_alone(files, why))


def files_alone(files: Inventory, why: str) -> Inside:
    """Return what is known where only files could be read.

    Args:
        files: the files.
        why: the reason for all that is not known.
    """
    parts = {each.name for each in fields(Inside)} - {"where", "files", "answer", "unknown"}
    return Inside(files.where, files, unknown=dict.fromkeys(parts, why))


def without_the_engines(inside: Inside) -> Inside:
    """Leave out what an engine puts into each container, whatever the image has there."""
    found = inside.files
    if found is None:
        return inside
    below = tuple(f"{path}/" for path in ENGINES)
    files = {
        path: file
        for path, file in found.files.items()
        if path not in ENGINES and not path.startswith(below)
    }
    unread = {path: why for path, why in found.unread.items() if path not in ENGINES}
    unread |= dict.fromkeys(ENGINES, OURS_NOT)
    return replace(inside, files=replace(found, files=files, unread=unread))


def _not_started(error: BaseException) -> bool:
    """Say whether the engine refused to start the interpreter, and not for a fault of its own."""
    from docker.errors import APIError

    return isinstance(error, APIError) and bool(_NOT_STARTED.search(str(error.explanation)))
