"""What is wrong with an import only where the module is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import modules, options
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

COPY = "/srv/copy"
"""A folder of the image that nobody has reviewed."""


@defect("imports", Stage.CONTAINER)
def import_that_fails_where_it_is_deployed(tree: Tree) -> Sign:
    """Importing a module raises, but in the image's folder only."""
    name, path = modules.required(tree)
    _where_deployed(tree, path, "raise OSError('planted')")
    return Sign(f"import {name}\nOSError: planted")


@defect("imports", Stage.CONTAINER)
def import_that_writes_where_it_is_deployed(tree: Tree) -> Sign:
    """Importing a module writes a file, but in the image's folder only."""
    name, path = modules.required(tree)
    _where_deployed(tree, path, "open('/tmp/planted', 'w').close()")
    return Sign(f"what importing {name} does besides\nwrites /tmp/planted")


@defect("imports", Stage.CONTAINER)
def optional_module_that_fails_where_it_is_deployed(tree: Tree) -> Sign:
    """Importing the optional module raises, but in the image's folder only."""
    name, path = modules.optional(tree)
    _where_deployed(tree, path, "raise OSError('planted')")
    return Sign(f"import {name}\nOSError: planted")


@defect("imports", Stage.CONTAINER)
def import_from_a_copy_in_the_image(tree: Tree) -> Sign:
    """A copy of the code stands on the image's search path before the reviewed one."""
    name, path = modules.required(tree)
    top = name.partition(".")[0]
    folder = tree.inside(f"{path[: path.index(name.replace('.', '/'))]}{top}")
    tree.in_image(["mkdir", COPY], ["cp", "-r", folder, COPY])
    options.in_environment(tree, PYTHONPATH=f"{COPY}:$PYTHONPATH")
    return Sign(f"copies of {name} before it on PYTHONPATH\n{COPY}/{top}")


def _where_deployed(tree: Tree, path: str, statement: str) -> None:
    folder = tree.image.app_dir.rstrip("/")
    tree.append(path, f"\nif __file__.startswith({folder + '/'!r}):\n    {statement}\n")
