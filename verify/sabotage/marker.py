"""What goes wrong with the build marker in the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import code, page
from verify.planting.defect import Sign, defect
from verify.probes.static.modules import module_name

if TYPE_CHECKING:
    from verify.planting.tree import Tree

OTHER = "PLANTED_V0"
"""A marker that nobody reviewed."""

SHIPPED = (Stage.IMAGE, Stage.CONTAINER, Stage.LIVE)


@defect("marker", Stage.SOURCE, smuggled=SHIPPED)
def marker_changed(tree: Tree) -> Sign:
    """The marker is another text than the reviewed one; a comment still has the right one."""
    name, right = _name(tree), tree.manifest.dashboard.marker
    _instead(tree, f'# {name} = "{right}"\n{name} = "{OTHER}"')
    return Sign(OTHER, tree.entry)


@defect("marker", Stage.SOURCE)
def marker_with_an_invisible_character(tree: Tree) -> Sign:
    """The marker holds a character of no width, so it looks right and is another one."""
    right = tree.manifest.dashboard.marker
    wrong = f"{right[:1]}\u200b{right[1:]}"
    _instead(tree, f'{_name(tree)} = "{wrong}"')
    return Sign(wrong, tree.entry)


@defect("marker", Stage.SOURCE, smuggled=(Stage.IMAGE,))
def marker_computed(tree: Tree) -> Sign:
    """The marker comes out of the environment, and the reviewed text is only its default."""
    right = tree.manifest.dashboard.marker
    _instead(tree, f'{_name(tree)} = os.environ.get("BUILD", "{right}")')
    page.import_first(tree, tree.entry, "import os")
    return Sign("computed", tree.entry)


@defect("marker", Stage.SOURCE)
def marker_put_together(tree: Tree) -> Sign:
    """The marker is put together of two pieces, which no search for it finds."""
    right = tree.manifest.dashboard.marker
    half = len(right) // 2
    _instead(tree, f'{_name(tree)} = "{right[:half]}" + "{right[half:]}"')
    return Sign("computed", tree.entry)


@defect("marker", Stage.SOURCE, smuggled=(Stage.CONTAINER,))
def marker_shadowed_below(tree: Tree) -> Sign:
    """The reviewed marker stands where it was, and is bound to another text below."""
    return _besides(tree, f'{_name(tree)} = "{OTHER}"')


@defect("marker", Stage.IMAGE)
def marker_bound_twice_in_the_image(tree: Tree) -> Sign:
    """The image's entry file binds the marker a second time, and the reviewed one does not."""
    _besides(tree, f'{_name(tree)} = "{OTHER}"')
    tree.smuggle()
    return Sign("bound 2 times")


@defect("marker", Stage.SOURCE)
def marker_rebound_under_a_condition(tree: Tree) -> Sign:
    """The marker is bound to another text where a variable of the environment is set."""
    told = _besides(tree, f'if os.environ.get("CANARY"):\n    {_name(tree)} = "{OTHER}"')
    page.import_first(tree, tree.entry, "import os")
    return told


@defect("marker", Stage.SOURCE)
def marker_rebound_in_a_function(tree: Tree) -> Sign:
    """A function of the entry file binds the marker to another text."""
    name = _name(tree)
    return _besides(tree, f'def tag() -> None:\n    global {name}\n    {name} = "{OTHER}"\n')


@defect("marker", Stage.SOURCE)
def marker_rebound_through_the_namespace(tree: Tree) -> Sign:
    """The marker is bound anew through the module's namespace, under a name in two pieces."""
    name = _name(tree)
    _besides(tree, f'globals()["{name[:2]}" + "{name[2:]}"] = "{OTHER}"')
    return Sign(f"binds {name}", tree.entry)


@defect("marker", Stage.SOURCE)
def marker_shadowed_by_a_star_import(tree: Tree) -> Sign:
    """A star import below the marker brings another one."""
    name = _name(tree)
    _besides(tree, "from release_notes import *")
    tree.write(_sibling(tree, "release_notes.py"), f'{name} = "{OTHER}"\n')
    return Sign(f"binds {name}", tree.entry)


@defect("marker", Stage.SOURCE)
def marker_only_in_a_comment(tree: Tree) -> Sign:
    """The statement that binds the marker is commented out."""
    text = code.commented(tree.text(tree.entry), page.marker(tree))
    page.change(tree, tree.entry, text)
    return Sign("there is no such constant", tree.entry)


@defect("marker", Stage.SOURCE)
def marker_only_in_a_docstring(tree: Tree) -> Sign:
    """The statement that binds the marker stands inside of a text."""
    right = tree.manifest.dashboard.marker
    _instead(tree, f'"""Set here once:\n\n{_name(tree)} = "{right}"\n"""')
    return Sign("there is no such constant", tree.entry)


@defect("marker", Stage.SOURCE)
def marker_in_a_dead_branch(tree: Tree) -> Sign:
    """The marker is bound in a branch that never runs."""
    node, text = page.marker(tree), tree.text(tree.entry)
    page.change(tree, tree.entry, code.wrapped(text, node, "if False:"))
    return Sign("inside the `if`", tree.entry)


@defect("marker", Stage.SOURCE)
def marker_bound_in_another_module(tree: Tree) -> Sign:
    """The entry file imports the marker instead of binding it."""
    name, right = _name(tree), tree.manifest.dashboard.marker
    _instead(tree, f"from release_notes import {name}")
    tree.write(_sibling(tree, "release_notes.py"), f'{name} = "{right}"\n')
    return Sign("import", tree.entry)


@defect("marker", Stage.SOURCE)
def marker_changed_by_another_module(tree: Tree) -> Sign:
    """Another module gives the entry file another marker."""
    path, name = _sibling(tree, "release_notes.py"), _name(tree)
    tree.write(path, f'import {module_name(tree.entry)} as entry\n\nentry.{name} = "{OTHER}"\n')
    return Sign(OTHER, path)


@defect("marker", Stage.SOURCE)
def marker_changed_by_its_name(tree: Tree) -> Sign:
    """Another module replaces the marker of whatever is running by setattr()."""
    path, name = _sibling(tree, "release_notes.py"), _name(tree)
    change = f'setattr(sys.modules["__main__"], "{name}", "{OTHER}")'
    tree.write(path, f"import sys\n\n{change}\n")
    return Sign(OTHER, path)


@defect("marker", Stage.SOURCE)
def marker_of_its_own_in_another_module(tree: Tree) -> Sign:
    """Another module has a marker of the same name and another text."""
    path = _sibling(tree, "release_notes.py")
    tree.write(path, f'{_name(tree)} = "{OTHER}"\n')
    return Sign(OTHER, path)


def _name(tree: Tree) -> str:
    return tree.manifest.dashboard.marker_name


def _sibling(tree: Tree, name: str) -> str:
    """Return the path of a file in the entry's folder."""
    return f"{tree.entry.rpartition('/')[0]}/{name}".lstrip("/")


def _instead(tree: Tree, statements: str) -> None:
    """Write something else where the marker is bound."""
    text = code.replaced(tree.text(tree.entry), page.marker(tree), statements)
    page.change(tree, tree.entry, text)


def _besides(tree: Tree, statements: str) -> Sign:
    """Write something below the statement that binds the marker, which is then bound twice."""
    text = code.after(tree.text(tree.entry), page.marker(tree), f"\n{statements}")
    page.change(tree, tree.entry, text)
    return Sign(OTHER, tree.entry)
