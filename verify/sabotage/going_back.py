"""What keeps the image that one would go back to from being of any use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile, page, way_back
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

RAISE = "raise ValueError(7)"
WHAT = "the image to go back to"


@defect("rollback", Stage.CONTAINER)
def way_back_that_ends_at_once(tree: Tree) -> Sign:
    """The image to go back to says something and ends."""
    code = "import sys; print('last words'); sys.exit(4)"
    way_back.keep(
        tree, "ENTRYPOINT []", dockerfile.exec_form("CMD", [tree.image.python, "-c", code])
    )
    return Sign(f"{WHAT}\nexited with exit code 4")


@defect("rollback", Stage.CONTAINER)
def way_back_that_cannot_be_started(tree: Tree) -> Sign:
    """The image to go back to starts a program that it does not have."""
    way_back.keep(tree, "ENTRYPOINT []", 'CMD ["/no/such/program"]')
    return Sign("does not start")


@defect("rollback", Stage.CONTAINER)
def way_back_whose_page_raises(tree: Tree) -> Sign:
    """The page of the image to go back to raises."""
    page.run_first(tree, RAISE)
    way_back.keep(tree, *_taken_back(tree))
    return Sign(f"{WHAT}, exceptions")


@defect("rollback", Stage.CONTAINER)
def way_back_with_a_tab_that_raises(tree: Tree) -> Sign:
    """A tab of the image to go back to raises."""
    page.draw_first(tree, page.plain_tab(tree), RAISE)
    way_back.keep(tree, *_taken_back(tree))
    return Sign(tree.manifest.dashboard.fault_text or "planted")


@defect("rollback", Stage.CONTAINER)
def way_back_that_is_not_of_its_commit(tree: Tree) -> Sign:
    """The image to go back to has another version of a file than the commit it names."""
    way_back.keep(tree, _appended(tree, tree.entry, "# more"))
    return Sign(f"S.5......    {tree.inside(tree.entry)}")


@defect("rollback", Stage.CONTAINER)
def way_back_with_a_file_of_no_commit(tree: Tree) -> Sign:
    """The image to go back to has a file that the commit it names lacks."""
    place = tree.inside(f"{tree.entry.removesuffix('.py')}_more.py")
    way_back.keep(tree, f"RUN cp {tree.inside(tree.entry)} {place}")
    return Sign(f"extra        {place}")


@defect("rollback", Stage.CONTAINER)
def way_back_with_another_marker_on_its_page(tree: Tree) -> Sign:
    """The image to go back to shows another marker than its own entry declares."""
    marker = tree.manifest.dashboard.marker
    name = tree.manifest.dashboard.marker_name
    way_back.keep(tree, _appended(tree, tree.entry, f"{name} = {marker + '_NEXT'!r}"))
    return Sign(f"{WHAT}, {tree.manifest.dashboard.marker_label} in the sidebar\n{marker}")


@defect("rollback", Stage.CONTAINER)
def way_back_that_does_not_end(tree: Tree) -> Sign:
    """A shell keeps the signal that is to stop the image to go back to."""
    found = dockerfile.needed(tree, "CMD")
    entrypoint = dockerfile.last(tree, "ENTRYPOINT")
    words = [*(dockerfile.words(entrypoint) if entrypoint else ()), *dockerfile.words(found)]
    way_back.keep(tree, "ENTRYPOINT []", f"CMD {dockerfile.shell_line(words)}; true")
    return Sign(f"{WHAT}, its exit code\nstill runs")


def _taken_back(tree: Tree) -> list[str]:
    """Take back what was planted in the tree; return the instructions that plant it in an image."""
    return [dockerfile.exec_form("RUN", command) for command in tree.taken_back()]


def _appended(tree: Tree, path: str, line: str) -> str:
    """Return the instruction that adds a line to a file of the image."""
    code = "import sys; open(sys.argv[1], 'a').write(chr(10) + sys.argv[2] + chr(10))"
    return dockerfile.exec_form("RUN", [tree.image.python, "-c", code, tree.inside(path), line])
