"""Keeps an image as the way back that no run has verified."""

from __future__ import annotations

import contextlib
import io
import uuid
from typing import TYPE_CHECKING

from verify.planting import copying
from verify.planting.defect import CannotPlant
from verify.probes import git, kept
from verify.probes.engine import connect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.planting.tree import Tree
    from verify.probes.engine import Built, Engine

LATER = "LATER.md"
"""Makes one more commit, so that the image to go back to is of an older one."""


def keep(tree: Tree, *instructions: str) -> None:
    """Build the copy's image, change it by these instructions, and keep it as the way back.

    What is in the copy then is one commit later.

    Args:
        tree: the copy, with nothing planted in it.
        instructions: of a Dockerfile that starts from the copy's own image, as root.

    Raises:
        CannotPlant: the engine builds no image of them.
    """
    spec = tree.image
    copying.commit(tree.root)
    with contextlib.closing(connect(uuid.uuid4().hex[:12])) as engine:
        built = engine.build(tree.root, spec, args=_args(tree), step=_unheard)
        _build(engine, built, instructions, kept.name(spec.tag, kept.VERIFIED))
    tree.write(LATER, "One commit later.\n")


def _args(tree: Tree) -> dict[str, str]:
    """Return the build arguments that say of which commit an image is."""
    checkout = git.checkout(tree.root)
    if checkout is None:
        raise CannotPlant("git knows nothing of the copy")
    return {"VERSION": "planted", "REVISION": checkout.revision, "CREATED": checkout.date}


def _build(engine: Engine, base: Built, instructions: Sequence[str], name: str) -> None:
    user = base.config.get("User") or "root"
    lines = [f"FROM {base.ref.tag}", "USER root", *instructions, f"USER {user}"]
    file = io.BytesIO("\n".join(lines).encode() + b"\n")
    told = [*engine.api.build(fileobj=file, tag=name, rm=True, forcerm=True, decode=True)]
    errors = [str(one["error"]) for one in told if "error" in one]
    if errors:
        raise CannotPlant(f"the image to go back to cannot be built: {errors[-1]}")


def _unheard(_: str) -> None:
    """Hear a step of the build."""
