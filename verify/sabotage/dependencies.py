"""What makes the packages of an image others than the locked ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile
from verify.planting.defect import Sign, defect
from verify.planting.installed import EVERYWHERE, module, pinned, tampered

if TYPE_CHECKING:
    from verify.planting.tree import Tree

DIFFERS = "differs from its source: "
RUNS = "Python runs it all the same"


@defect("dependencies", Stage.IMAGE)
def dependency_bumped(tree: Tree) -> Sign:
    """A package in the image is of another version than the lock says."""
    name = pinned(tree).name
    tampered(tree, "tell", name, "Version", "77.1")
    return Sign(f"{name} in the image\n77.1")


@defect("dependencies", Stage.IMAGE)
def lock_newer_than_the_image(tree: Tree) -> Sign:
    """The lock asks for a newer version than the image was built with."""
    pin = pinned(tree)
    text = tree.text(tree.image.lock).splitlines(keepends=True)
    at = (pin.line or 1) - 1
    text[at] = text[at].replace(pin.version, "99.1", 1)
    tree.write("planted.lock.txt", "".join(text))
    tree.manifest_line("lock", '"planted.lock.txt"')
    return Sign(f"{pin.name} in the image\n{pin.version}")


@defect("dependencies", Stage.IMAGE)
def locked_package_not_installed(tree: Tree) -> Sign:
    """The image lacks a package that the lock names."""
    name = pinned(tree).name
    tampered(tree, "uninstall", name)
    return Sign(f"{name} in the image\nnot installed")


@defect("dependencies", Stage.IMAGE)
def package_hollow(tree: Tree) -> Sign:
    """The image says that a package is installed, and has none of its files."""
    name = pinned(tree).name
    tampered(tree, "hollow", name)
    return Sign(f"the files of {name}\nmissing")


@defect("dependencies", Stage.IMAGE)
def package_beside_the_lock(tree: Tree) -> Sign:
    """The image has a package that the lock does not name."""
    if not tree.image.lock:
        pinned(tree)
    tampered(tree, "beside", "planted_tool", "1.0")
    return Sign("installed beside the lock\nplanted-tool 1.0")


@defect("dependencies", Stage.IMAGE)
def package_installed_twice(tree: Tree) -> Sign:
    """The image has a package in two versions."""
    name = pinned(tree).name
    tampered(tree, "again", name, "0.0.1")
    return Sign(f"{name} in the image\n2 times: ")


@defect("dependencies", Stage.IMAGE)
def package_wanting_another(tree: Tree) -> Sign:
    """A package in the image requires another one that is not there."""
    tampered(tree, "tell", "streamlit", "Requires-Dist", "planted-and-absent>=2")
    return Sign("requires\nnot installed")


@defect("dependencies", Stage.IMAGE)
def source_changed_behind_its_record(tree: Tree) -> Sign:
    """A dependency's source was changed after it was installed."""
    tampered(tree, "append", f"site:{EVERYWHERE}", "X = 1\n")
    return Sign("the files of streamlit\nS.5......")


@defect("dependencies", Stage.IMAGE)
def file_of_nobody(tree: Tree) -> Sign:
    """A module lies among the packages that belongs to none of them."""
    tampered(tree, "write", f"site:{EVERYWHERE.rpartition('/')[0]}/planted.py", "X = 1\n")
    return Sign("/streamlit/planted.py")


@defect("dependencies", Stage.IMAGE)
def forged_bytecode_of_a_dependency(tree: Tree) -> Sign:
    """A dependency's bytecode does something else than its source, which is as it was."""
    tampered(tree, "forge", f"site:{EVERYWHERE}", "time")
    return Sign(DIFFERS)


@defect("dependencies", Stage.IMAGE)
def forged_bytecode_that_nothing_checks(tree: Tree) -> Sign:
    """A dependency's bytecode tells Python not to compare it with its source, and is of another."""
    tampered(tree, "forge", f"site:{EVERYWHERE}", "unchecked")
    return Sign(DIFFERS)


@defect("dependencies", Stage.IMAGE)
def forged_bytecode_of_the_application(tree: Tree) -> Sign:
    """Beside a reviewed module lies bytecode that does something else."""
    place, _ = module(tree)
    tampered(tree, "forge", place, "time")
    folder, _, name = place.rpartition("/")
    return Sign(f"{folder}/__pycache__/{name.removesuffix('.py')}.")


@defect("dependencies", Stage.IMAGE)
def bytecode_without_source(tree: Tree) -> Sign:
    """A module among the packages is bytecode alone, which nobody can read."""
    tampered(tree, "sourceless", "site:planted.py")
    return Sign("planted.pyc: has no source ")


@defect("dependencies", Stage.IMAGE)
def line_that_runs_at_each_start(tree: Tree) -> Sign:
    """A .pth file among the packages runs at each start of Python."""
    tampered(tree, "write", "site:planted.pth", "import sys\n")
    return Sign("planted.pth is of neither")


@defect("dependencies", Stage.IMAGE)
def module_that_runs_at_each_start(tree: Tree) -> Sign:
    """A sitecustomize.py among the packages runs at each start of Python."""
    tampered(tree, "write", "site:sitecustomize.py", "X = 1\n")
    return Sign("sitecustomize.py is of neither")


@defect("dependencies", Stage.IMAGE)
def module_of_users_that_runs_at_each_start(tree: Tree) -> Sign:
    """A usercustomize.py in Python's own library runs at each start."""
    tampered(tree, "write", "stdlib:usercustomize.py", "X = 1\n")
    return Sign("usercustomize.py is of neither")


@defect("dependencies", Stage.IMAGE)
def standard_library_changed(tree: Tree) -> Sign:
    """A module of Python's own library is not as the base image has it."""
    tampered(tree, "append", "stdlib:this.py", "X = 1\n")
    return Sign("the Python of the base image\nS.5......")


@defect("dependencies", Stage.IMAGE)
def standard_library_shadowed(tree: Tree) -> Sign:
    """A module stands in Python's own library that the base image does not have."""
    tampered(tree, "write", "stdlib:planted.py", "X = 1\n")
    return Sign("the Python of the base image\nextra")


@defect("dependencies", Stage.IMAGE)
def folder_ahead_on_pythons_path(tree: Tree) -> Sign:
    """Python looks for modules in a folder that neither the reviewed tree nor a package fills."""
    tampered(tree, "write", "/srv/planted/planted_ahead.py", "X = 1\n")
    path = "/srv/planted:$PYTHONPATH"
    dockerfile.appended(tree, f"ENV PYTHONPATH={path}")
    return Sign("/srv/planted/planted_ahead.py")


@defect("dependencies", Stage.IMAGE)
def interpreter_exchanged(tree: Tree) -> Sign:
    """The interpreter itself is not the one of the base image."""
    tampered(tree, "interpreter")
    return Sign("the Python of the base image\nS.5......")
