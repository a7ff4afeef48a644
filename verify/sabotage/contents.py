"""What makes the files of an image others than the reviewed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting.defect import Sign, defect
from verify.planting.hidden import hidden, ignored
from verify.planting.installed import module, shipped, tampered

if TYPE_CHECKING:
    from verify.planting.tree import Tree

LABEL = "against the label org.opencontainers.image.revision\n"


def _differs(letters: str, place: str) -> Sign:
    """Return what tells of a file at a place that differs in these ways, see verify.difference."""
    return Sign(f"{letters}    {place}")


@defect("contents", Stage.IMAGE)
def one_more_line(tree: Tree) -> Sign:
    """A module in the image has one more line, a comment."""
    place, _ = module(tree)
    tampered(tree, "append", place, "# odd\n")
    return _differs("S.5......", place)


@defect("contents", Stage.IMAGE)
def one_other_letter(tree: Tree) -> Sign:
    """One letter of a module is another one in the image; its size and its time are the same."""
    place, _ = module(tree)
    tampered(tree, "other_letter", place)
    return _differs("..5......", place)


@defect("contents", Stage.IMAGE)
def file_open_to_all(tree: Tree) -> Sign:
    """Everybody may write a module in the image."""
    place, _ = module(tree)
    tampered(tree, "rights", place, "666")
    return _differs(".M.......", place)


@defect("contents", Stage.IMAGE)
def file_made_a_program(tree: Tree) -> Sign:
    """A module in the image may be started as a program, which it may not in git."""
    place, _ = module(tree)
    tampered(tree, "rights", place, "755")
    return _differs(".M.......", place)


@defect("contents", Stage.IMAGE)
def link_instead_of_a_file(tree: Tree) -> Sign:
    """A link stands in a module's place; what it leads to reads the same, and can be exchanged."""
    place, _ = module(tree)
    tampered(tree, "link", place, "/srv/elsewhere.py")
    return _differs("...D.....", place)


@defect("contents", Stage.IMAGE)
def file_nobody_reviewed(tree: Tree) -> Sign:
    """A module stands in the image beside the entry that no commit has."""
    place = tree.inside(f"{tree.entry.rpartition('/')[0] or '.'}/planted.py").replace("/./", "/")
    tampered(tree, "write", place, "X = 1\n")
    return Sign(f"extra        {place}")


@defect("contents", Stage.IMAGE)
def file_left_out(tree: Tree) -> Sign:
    """A module is missing in the image."""
    place, _ = module(tree)
    tampered(tree, "drop", place)
    return Sign(f"missing      {place}")


@defect("contents", Stage.IMAGE)
def file_elsewhere_changed(tree: Tree) -> Sign:
    """A reviewed file that stands outside of the application's folder is another in the image."""
    folder = f"{tree.image.app_dir.rstrip('/')}/"
    outside = sorted(place for place in shipped(tree) if not place.startswith(folder))
    if not outside:
        raise NotDeclared(f"{tree.image.dockerfile} brings no file elsewhere than to {folder}")
    tampered(tree, "append", outside[0], "# odd\n")
    return _differs("S.5......", outside[0])


@defect("contents", Stage.IMAGE)
def tree_with_its_own_label_only(tree: Tree) -> Sign:
    """The files of the image are not those of the commit that its label names."""
    place, _ = module(tree)
    tampered(tree, "append", place, "# odd\n")
    return Sign(LABEL)


@defect("contents", Stage.IMAGE)
def change_that_git_overlooks(tree: Tree) -> Sign:
    """A module was changed and not committed, and git is told not to look: the label is clean."""
    place, path = module(tree)
    hidden(tree, path, "--assume-unchanged")
    tree.append(path, "# not committed\n")
    return _differs("S.5......", place)


@defect("contents", Stage.IMAGE)
def change_that_git_leaves_alone(tree: Tree) -> Sign:
    """A module was changed for this machine only, and git leaves it alone: the label is clean."""
    place, path = module(tree)
    hidden(tree, path, "--skip-worktree")
    tree.append(path, "# only here\n")
    return _differs("S.5......", place)


@defect("contents", Stage.IMAGE)
def file_that_git_ignores(tree: Tree) -> Sign:
    """The build copies a module that git ignores: it is in no commit, and the label is clean."""
    return Sign(f"extra        {ignored(tree, 'planted_local.py', 'X = 1')}")
