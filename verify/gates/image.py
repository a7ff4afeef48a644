"""The image builds from the reviewed tree, runs as an ordinary user, and can tell its health.

Why: what was reviewed is only deployed when it builds and says of which revision it is; root inside
a container is root on the machine as soon as anything else fails; without a health check a hung
dashboard looks like a working one.
Fix: open the Dockerfile; a build that fails shows its step and the end of its log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.model import NoneOf, Observation, OneOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.engine import Built
    from verify.probes.git import Checkout

FIRST = True

LABELS = "org.opencontainers.image"
"""Prefix of the image labels of the OCI image specification, annotations.md."""


def gate_image(
    image: Built, image_facts: Mapping[str, Any], checkout: Checkout | None, manifest: Manifest
) -> Iterator[Observation]:
    """Build the image and read its configuration."""
    where = manifest.image.dockerfile if manifest.image else None
    yield Observation("the image build", "succeeds", "succeeds", where)
    yield Observation(
        "the user id a process of the image has", NoneOf((0,)), image_facts["uid"], where
    )
    health = (image.config.get("Healthcheck") or {}).get("Test") or []
    kind = health[0] if health else "no health check"
    yield Observation("the image's health check", OneOf(("CMD", "CMD-SHELL")), kind, where)
    labels = image.config.get("Labels") or {}
    for name in ("title", "version", "created"):
        said = labels.get(f"{LABELS}.{name}", "no such label")
        unsaid = NoneOf(("", "unknown", "no such label"))
        yield Observation(f"label {LABELS}.{name}", unsaid, said, where)
    if checkout is None:
        raise CouldNotCheck(
            "there is no git checkout, so nothing tells which revision was reviewed",
            "Run in a git clone of the project, with at least one commit.",
        )
    yield Observation(
        f"label {LABELS}.revision",
        expected=checkout.revision,
        got=labels.get(f"{LABELS}.revision", "no such label"),
        path=where,
        message="the commit of the reviewed tree; -dirty with uncommitted changes",
    )
