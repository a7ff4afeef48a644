"""Changes a copy so that git does not see it: a dirty tree that calls itself clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting import copying
from verify.planting.installed import shipped

if TYPE_CHECKING:
    from verify.planting.tree import Tree

IGNORE = ".gitignore"


def hidden(tree: Tree, path: str, option: str) -> None:
    """Let git overlook what is changed from now on in one file.

    Args:
        tree: the copy; its later commit has the file as it is now.
        path: the file.
        option: of `git update-index`.
    """
    copying.stage(tree.root)
    copying.run_git(tree.root, "update-index", option, "--", path)


def ignored(tree: Tree, name: str, text: str) -> str:
    """Write a file that git ignores, and that the build copies; return its place in the image.

    Raises:
        NotDeclared: the Dockerfile copies no folder whole.
    """
    folders = [path.rpartition("/")[0] for path in (tree.entry, *sorted(shipped(tree).values()))]
    for folder in dict.fromkeys(one for one in folders if one):
        path = f"{folder}/{name}"
        tree.write(path, f"{text}\n")
        found = [place for place, source in shipped(tree).items() if source == path]
        if found:
            before = tree.text(IGNORE) if tree.has(IGNORE) else ""
            tree.write(IGNORE, f"{before.rstrip()}\n/{path}\n".lstrip())
            return found[0]
        tree.remove(path)
    raise NotDeclared(f"{tree.image.dockerfile} copies no folder whole")
