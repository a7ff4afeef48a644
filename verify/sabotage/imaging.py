"""What goes wrong when the image is built, and in what it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile
from verify.planting.decoys import commented, unused_stage
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

LABELS = "org.opencontainers.image"
"""Prefix of the image labels of the OCI image specification, annotations.md."""

OTHER = "0123456789abcdef0123456789abcdef01234567"
"""The id of no commit."""

ROOT = Sign("the user id a process of the image has\n0")


@defect("image", Stage.IMAGE)
def build_step_that_fails(tree: Tree) -> Sign:
    """A step of the build ends with an error."""
    tree.in_image([tree.image.python, "-c", "raise SystemExit(9)"])
    return Sign("returned a non-zero code: 9")


@defect("image", Stage.IMAGE)
def build_copies_what_is_not_there(tree: Tree) -> Sign:
    """The build copies a file that the tree does not have."""
    dockerfile.appended(tree, "COPY planted-and-forgotten.txt /opt/")
    return Sign("planted-and-forgotten.txt")


@defect("image", Stage.IMAGE)
def image_of_root(tree: Tree) -> Sign:
    """The image runs as root; the ordinary user is that of another stage."""
    unused_stage(tree, "USER 10001:10001")
    dockerfile.appended(tree, "USER root")
    return ROOT


@defect("image", Stage.IMAGE)
def image_of_number_nought(tree: Tree) -> Sign:
    """The image runs as root, named by its number."""
    dockerfile.appended(tree, "USER 0:0")
    return ROOT


@defect("image", Stage.IMAGE)
def image_without_user(tree: Tree) -> Sign:
    """The Dockerfile names its user in a comment only."""
    commented(tree, "USER")
    return ROOT


@defect("image", Stage.IMAGE)
def health_check_switched_off(tree: Tree) -> Sign:
    """The image's health check is switched off by a later line."""
    dockerfile.appended(tree, "HEALTHCHECK NONE")
    return Sign("the image's health check\nNONE")


@defect("image", Stage.IMAGE)
def health_check_in_a_comment(tree: Tree) -> Sign:
    """The image has no health check: one stands in a comment, and one in another stage."""
    unused_stage(tree, commented(tree, "HEALTHCHECK"))
    return Sign("the image's health check\nno health check")


@defect("image", Stage.IMAGE)
def revision_written_by_hand(tree: Tree) -> Sign:
    """The image says that it is of another commit; the line that would be right is a comment."""
    label = f"LABEL {LABELS}.revision"
    dockerfile.appended(tree, f'# {label}="${{REVISION}}"\n{label}="{OTHER}"')
    return Sign(f"label {LABELS}.revision\n{OTHER}")


@defect("image", Stage.IMAGE)
def revision_unsaid(tree: Tree) -> Sign:
    """The image does not say of which commit it is."""
    dockerfile.appended(tree, f'LABEL {LABELS}.revision=""')
    return Sign(f"label {LABELS}.revision\n")


@defect("image", Stage.IMAGE)
def revision_in_another_stage(tree: Tree) -> Sign:
    """The labels stand in a stage that the image is not built from."""
    unused_stage(tree, f"ARG REVISION\n{commented(tree, 'LABEL')}")
    return Sign(f"label {LABELS}.revision\nno such label")


@defect("image", Stage.IMAGE)
def version_unknown(tree: Tree) -> Sign:
    """The image says that nobody knows its version."""
    dockerfile.appended(tree, f'LABEL {LABELS}.version="unknown"')
    return Sign(f"label {LABELS}.version\nunknown")
