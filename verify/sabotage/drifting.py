"""What makes a running container differ from its image, or from what was reviewed."""

from __future__ import annotations

import json
import os
import posixpath
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile, options, page, start
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

CLIENT = ".client"
"""The folder of the copy in which the engine's client finds its configuration."""


@defect("contents", Stage.CONTAINER)
def file_written_at_the_start(tree: Tree) -> Sign:
    """The container writes a module beside the reviewed ones when it starts."""
    return Sign(f"extra        {_new_file(tree)}")


@defect("drift", Stage.CONTAINER)
def file_that_no_image_has(tree: Tree) -> Sign:
    """The container has a module that its image lacks."""
    return Sign(f"extra        {_new_file(tree)}")


@defect("contents", Stage.CONTAINER)
def module_changed_at_the_start(tree: Tree) -> Sign:
    """The container changes a reviewed module when it starts."""
    return Sign(f"S.5......    {_changed_file(tree)}")


@defect("drift", Stage.CONTAINER)
def module_other_than_in_the_image(tree: Tree) -> Sign:
    """The container has another version of a module than its image."""
    return Sign(f"S.5......    {_changed_file(tree)}")


@defect("contents", Stage.CONTAINER)
def file_removed_at_the_start(tree: Tree) -> Sign:
    """The container removes a reviewed file when it starts."""
    return Sign(f"missing      {_removed_file(tree)}")


@defect("drift", Stage.CONTAINER)
def file_that_only_the_image_has(tree: Tree) -> Sign:
    """The container lacks a file that its image has."""
    return Sign(f"missing      {_removed_file(tree)}")


@defect("contents", Stage.CONTAINER)
def bytecode_written_at_run(tree: Tree) -> Sign:
    """The server writes bytecode beside the sources, which nobody has reviewed."""
    return Sign(_bytecode(tree))


@defect("drift", Stage.CONTAINER)
def bytecode_that_no_image_has(tree: Tree) -> Sign:
    """The container has bytecode beside its sources that its image lacks."""
    return Sign(_bytecode(tree))


@defect("drift", Stage.CONTAINER)
def package_installed_at_the_start(tree: Tree) -> Sign:
    """The container puts a package into its own environment when it starts."""
    python = tree.image.python
    folder = "__import__('sysconfig').get_paths()['purelib']"
    let = f"import os; os.chmod({folder}, 0o777)"
    put = f"open({folder} + '/planted.py', 'w').close()"
    tree.in_image([python, "-c", let])
    start.first(tree, f'{python} -c "{put}"')
    return Sign("/planted.py")


@defect("drift", Stage.CONTAINER)
def file_written_outside_of_the_application(tree: Tree) -> Sign:
    """The container writes where neither its code nor its data stands."""
    tree.in_image(["mkdir", "-p", "/srv/planted"])
    start.writable(tree, "/srv/planted")
    start.first(tree, "echo odd > /srv/planted/odd")
    return Sign("/srv/planted/odd")


@defect("drift", Stage.CONTAINER)
def page_that_writes_beside_its_code(tree: Tree) -> Sign:
    """The page writes a file into the folder of its own code."""
    start.writable(tree, _folder(tree))
    page.run_first(tree, "open(__file__ + '.seen', 'w').close()")
    return Sign(f"{tree.inside(tree.entry)}.seen")


@defect("identity", Stage.CONTAINER)
def started_with_another_variable(tree: Tree) -> Sign:
    """The engine's client on this machine gives each container variables of its own."""
    # Verify starts the container itself, so only what its client adds can come in between.
    config = {"proxies": {"default": {"noProxy": "elsewhere.invalid"}}}
    tree.write(f"{CLIENT}/config.json", json.dumps(config))
    os.environ["DOCKER_CONFIG"] = str(tree.root / CLIENT)
    return Sign("NO_PROXY is added")


def _folder(tree: Tree) -> str:
    """Return the folder of the entry, inside of the image."""
    return posixpath.dirname(tree.inside(tree.entry))


def _new_file(tree: Tree) -> str:
    """Let the container write a file when it starts; return where."""
    folder = _folder(tree)
    start.writable(tree, folder)
    start.first(tree, f"cp {tree.inside(tree.entry)} {folder}/planted.py")
    return f"{folder}/planted.py"


def _changed_file(tree: Tree) -> str:
    """Let the container add a line to its entry when it starts; return where that is."""
    entry = tree.inside(tree.entry)
    # Its mode stays: a file that everybody may write is another defect.
    user = dockerfile.last(tree, "USER")
    tree.in_image(["chown", user.value if user else "root", entry])
    start.first(tree, f"echo '# odd' >> {entry}")
    return entry


def _removed_file(tree: Tree) -> str:
    """Let the container remove a retired file, or else its entry once it runs; return where."""
    retired = [one.path for one in tree.manifest.retired if tree.has(one.path)]
    path = tree.inside((retired or [tree.entry])[0])
    start.writable(tree, posixpath.dirname(path))
    line = f"rm {path}" if retired else f"(sleep 10; rm {path}) &"
    start.first(tree, line)
    return path


def _bytecode(tree: Tree) -> str:
    """Let the interpreter keep bytecode beside the sources; return where some will be."""
    folder = _folder(tree)
    start.writable(tree, folder)
    options.in_environment(tree, PYTHONDONTWRITEBYTECODE="")
    start.first(tree, f"{tree.image.python} -m compileall -q {folder}")
    return f"{folder}/__pycache__"
