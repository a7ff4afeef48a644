"""Images and containers that start something else than the entry."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile, launchers
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("entry", Stage.IMAGE)
def command_overridden(tree: Tree) -> Sign:
    """The last CMD of the image starts a retired file, after one that starts the entry."""
    target = launchers.retired(tree)
    dockerfile.appended(tree, dockerfile.exec_form("CMD", dockerfile.started(tree, target)))
    return Sign(target)


@defect("entry", Stage.IMAGE)
def entrypoint_overridden(tree: Tree) -> Sign:
    """The image's ENTRYPOINT is a shell that starts a retired file, and drops the CMD."""
    target = launchers.retired(tree)
    line = dockerfile.shell_line(dockerfile.started(tree, target))
    dockerfile.appended(tree, dockerfile.exec_form("ENTRYPOINT", ("sh", "-c", f"exec {line}")))
    return Sign(target)


@defect("entry", Stage.IMAGE)
def entry_missing_in_the_image(tree: Tree) -> Sign:
    """The image's command names the entry, and the image does not have that file."""
    tree.in_image(["rm", tree.inside(tree.entry)])
    return Sign("the built image's command")


@defect("entry", Stage.CONTAINER)
def copy_served_from_elsewhere(tree: Tree) -> Sign:
    """The image copies the entry to the same place in another folder, and serves that."""
    place = posixpath.join("/tmp/board", tree.entry)  # noqa: S108 - a path in the image
    _served(tree, place)
    return Sign(place)


def _copy_served(tree: Tree) -> Sign:
    place = "/tmp/other_board.py"  # noqa: S108 - a path in the image
    _served(tree, place)
    return Sign(place)


@defect("entry", Stage.CONTAINER)
def copy_served(tree: Tree) -> Sign:
    """The image's ENTRYPOINT serves a copy of the entry that it makes at its start."""
    return _copy_served(tree)


@defect("entry", Stage.LIVE)
def copy_served_to_visitors(tree: Tree) -> Sign:
    """Visitors get the page of a copy that the image makes of the entry at its start."""
    return _copy_served(tree)


@defect("entry", Stage.CONTAINER)
def second_server_in_the_container(tree: Tree) -> Sign:
    """Beside the entry's server the container runs another one, with a retired file."""
    target = launchers.retired(tree)
    other = dockerfile.shell_line(
        [word.replace(str(tree.image.port), "8999") for word in dockerfile.started(tree, target)]
    )
    own = dockerfile.shell_line(dockerfile.started(tree, tree.entry))
    start = dockerfile.exec_form("ENTRYPOINT", ("sh", "-c", f"{other} & exec {own}"))
    dockerfile.appended(tree, start)
    return Sign(target)


def _served(tree: Tree, place: str) -> None:
    """Let the image serve a copy of the entry from this place."""
    folder, entry = posixpath.dirname(place), tree.inside(tree.entry)
    copy = f"mkdir -p {folder} && cp {entry} {place}"
    line = dockerfile.shell_line(dockerfile.started(tree, place))
    dockerfile.appended(
        tree, dockerfile.exec_form("ENTRYPOINT", ("sh", "-c", f"{copy} && exec {line}"))
    )
