"""Modules that hide another one, because Python searches their folder first."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import launchers
from verify.planting.defect import CannotPlant, Sign, defect
from verify.probes.importable import importable
from verify.probes.static.modules import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.planting.tree import Tree

STANDARD = ("queue", "calendar", "token", "types", "secrets")
"""Modules of Python that people like to call their own so."""


@defect("shadowing", Stage.SOURCE)
def standard_module_hidden(tree: Tree) -> Sign:
    """A file beside the entry has the name of a standard module."""
    return _hides(tree, launchers.beside(tree, f"{_free(tree, STANDARD)}.py"), "standard module")


@defect("shadowing", Stage.SOURCE)
def standard_package_hidden(tree: Tree) -> Sign:
    """A package in the root has the name of a standard module."""
    return _hides(tree, f"{_free(tree, STANDARD)}/__init__.py", "standard module")


@defect("shadowing", Stage.SOURCE)
def library_hidden_by_its_folder(tree: Tree) -> Sign:
    """A folder named like the library has become a package."""
    return _hides(tree, "streamlit/__init__.py", "dependency")


@defect("shadowing", Stage.SOURCE)
def dependency_hidden_by_a_file(tree: Tree) -> Sign:
    """A file in the root has the name of a dependency."""
    return _hides(tree, f"{_dependency(tree)}.py", "dependency")


@defect("shadowing", Stage.SOURCE)
def dependency_hidden_by_bytecode(tree: Tree) -> Sign:
    """A compiled file beside the entry has the name of a dependency; there is no source to read."""
    return _hides(tree, launchers.beside(tree, f"{_dependency(tree)}.pyc"), "dependency")


@defect("shadowing", Stage.SOURCE)
def module_that_python_runs_at_its_start(tree: Tree) -> Sign:
    """A file in the root is one that Python itself runs before anything else."""
    return _hides(tree, "sitecustomize.py", "is run by Python itself")


@defect("shadowing", Stage.SOURCE)
def own_package_hidden(tree: Tree) -> Sign:
    """A file beside the entry has the name of a package of the project that is imported there."""
    if not folder_of(tree.entry):
        raise NotDeclared(f"{tree.entry}: stands in the root, where one name means one module")
    return _hides(tree, launchers.beside(tree, f"{_own(tree)}.py"), "the project's own")


def _hides(tree: Tree, path: str, what: str) -> Sign:
    if tree.has(path):
        raise CannotPlant(f"{path}: is there already")
    tree.write(path, "")
    return Sign(what, path)


def _free(tree: Tree, names: Iterable[str]) -> str:
    """Return the first name that nothing in the root or beside the entry has yet."""
    for name in names:
        places = (name, launchers.beside(tree, name))
        if not any(tree.has(f"{p}.py") or tree.has(f"{p}/__init__.py") for p in places):
            return name
    raise CannotPlant("the project has a module of each name that would hide another")


def _dependency(tree: Tree) -> str:
    known = importable(tree.root, tree.manifest.subject.python)
    return _free(tree, sorted(name for name in known.installed if not name.startswith("_")))


def _own(tree: Tree) -> str:
    """Return a package of the root that code of the entry's folder imports."""
    start = f"{folder_of(tree.entry)}/"
    packages = {posixpath.dirname(path) for path in tree.source.files if path.count("/") == 1}
    packages -= {folder_of(tree.entry)}
    for path in (tree.entry, *tree.source.python_files):
        if path.startswith(start):
            for node in ast.walk(tree.module(path)):
                if isinstance(node, ast.ImportFrom) and not node.level:
                    head = (node.module or "").partition(".")[0]
                    if head in packages and tree.has(f"{head}/__init__.py"):
                        return head
    raise NotDeclared("nothing beside the entry imports a package of the root")
