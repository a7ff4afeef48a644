"""What makes an image come out otherwise each time it is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

WRITE = "import sys, {module}; open(sys.argv[1], 'w').write(str({value}))"


@defect("reproducible", Stage.IMAGE)
def random_file(tree: Tree) -> Sign:
    """A step of the build writes a random number."""
    code = WRITE.format(module="secrets", value="secrets.token_hex(16)")
    tree.in_image([tree.image.python, "-c", code, "/opt/planted"])
    return Sign("/opt/planted\n..5......    /opt/planted")


@defect("reproducible", Stage.IMAGE)
def file_with_the_time(tree: Tree) -> Sign:
    """A step of the build writes the time into a file."""
    code = WRITE.format(module="time", value="time.time_ns()")
    tree.in_image([tree.image.python, "-c", code, "/opt/planted"])
    return Sign("/opt/planted\n..5......    /opt/planted")
