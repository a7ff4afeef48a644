"""What an image says of where it comes from, and is not so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile
from verify.planting.decoys import name_of_last_stage
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

BASE, CREATED = "org.opencontainers.image.base.name", "org.opencontainers.image.created"
"""Labels of the OCI image specification, annotations.md."""


def _labelled(tree: Tree, name: str, value: str) -> Sign:
    """Give a label a value of one's own, with the right line in a comment."""
    dockerfile.appended(tree, f'# LABEL {name}="${{GIVEN}}"\nLABEL {name}="{value}"')
    return Sign(f"label {name}\n{value}")


@defect("identity", Stage.IMAGE)
def made_in_the_future(tree: Tree) -> Sign:
    """The image says that it was made at a time that is yet to come."""
    return _labelled(tree, CREATED, "2099-01-01T00:00:00Z")


@defect("identity", Stage.IMAGE)
def made_at_no_time(tree: Tree) -> Sign:
    """The image says when it was made in words that are no time."""
    return _labelled(tree, CREATED, "lately")


@defect("identity", Stage.IMAGE)
def another_base_than_it_says(tree: Tree) -> Sign:
    """The image names another base image than it is built on."""
    return _labelled(tree, BASE, "python:reviewed")


@defect("identity", Stage.IMAGE)
def base_unsaid(tree: Tree) -> Sign:
    """The image does not say on which base image it is built."""
    return _labelled(tree, BASE, "unknown")


@defect("identity", Stage.IMAGE)
def layers_of_another_base(tree: Tree) -> Sign:
    """The image begins with other layers than the base image that it names."""
    folder = tree.image.app_dir
    name = name_of_last_stage(tree)
    dockerfile.appended(tree, f"FROM scratch\nCOPY --from={name} {folder} {folder}")
    return Sign("other layers than the base image has")
