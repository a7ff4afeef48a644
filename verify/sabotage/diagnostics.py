"""What Diagnostics does not tell, or tells wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import lines, modules
from verify.planting.defect import Sign, defect, smuggled
from verify.planting.tree import DROP
from verify.probes.panel import MISSING, SIDEBAR

if TYPE_CHECKING:
    from verify.planting.tree import Tree

ELSEWHERE = "/srv/old/page.py"


@smuggled("diagnostics", Stage.LIVE)
def panel_in_the_sidebar_gone(tree: Tree) -> Sign:
    """The sidebar is empty: its panel is gone."""
    label = lines.wanted(lines.declared(tree).path, "[diagnostics].path")
    lines.no_sidebar(tree)
    return Sign(f"{label} in {SIDEBAR}\n{MISSING}")


@defect("diagnostics", Stage.LIVE)
def file_that_does_not_run(tree: Tree) -> Sign:
    """Diagnostics names a file that is written down, not the one that runs."""
    label = lines.wanted(lines.declared(tree).path, "[diagnostics].path")
    lines.fixed(tree, label, ELSEWHERE)
    return Sign(f"{label} in {SIDEBAR}\n{ELSEWHERE}")


@defect("diagnostics", Stage.LIVE)
def folder_missing(tree: Tree) -> Sign:
    """Diagnostics does not tell the working directory."""
    label = lines.wanted(lines.declared(tree).folder, "[diagnostics].folder")
    lines.renamed(tree, label, "Place")
    return Sign(f"{label} in {SIDEBAR}\n{MISSING}")


@defect("diagnostics", Stage.LIVE)
def folder_of_the_file(tree: Tree) -> Sign:
    """Diagnostics tells the folder of the entry as the working directory."""
    label = lines.wanted(lines.declared(tree).folder, "[diagnostics].folder")
    lines.fixed(tree, label, "/srv")
    return Sign(f"{label} in {SIDEBAR}\n/srv")


@defect("diagnostics", Stage.LIVE)
def database_missing(tree: Tree) -> Sign:
    """Diagnostics does not tell of the database."""
    label = lines.wanted(lines.declared(tree).database, "[diagnostics].database")
    lines.renamed(tree, label, "Storage")
    return Sign(f"{label} in {SIDEBAR}\n{MISSING}")


@defect("diagnostics", Stage.LOCAL)
def database_always_reachable(tree: Tree) -> Sign:
    """Diagnostics says that the database is reachable, whether it is or not."""
    declared = lines.declared(tree)
    label = lines.wanted(declared.database, "[diagnostics].database")
    if not declared.credentials:
        raise NotDeclared("verify.toml declares no [diagnostics].credentials")
    lines.renamed(tree, label, "Storage")
    lines.drawn(tree, label, "'reachable, sqlite, 1 ms'")
    return Sign(f"{label} in tab {declared.tab}, with an address that leads nowhere\nreachable")


@defect("diagnostics", Stage.LIVE)
def services_missing(tree: Tree) -> Sign:
    """Diagnostics tells of no service."""
    declared = lines.declared(tree)
    name, _ = modules.required(tree)
    pattern = lines.wanted(declared.service, "[diagnostics].service")
    lines.renamed(tree, pattern, "Part ")
    return Sign(f"{declared.service.format(name)} in {SIDEBAR}\n{MISSING}")


@defect("diagnostics", Stage.LIVE)
def service_not_there(tree: Tree) -> Sign:
    """A service is not in the image, and Diagnostics rightly says so."""
    declared = lines.declared(tree)
    lines.wanted(declared.service, "[diagnostics].service")
    name, path = modules.required(tree, -1)
    tree.in_image([tree.image.python, "-c", DROP, tree.inside(path)])
    return Sign(f"{declared.service.format(name)} in {SIDEBAR}\n")


@smuggled("diagnostics", Stage.LIVE)
def variable_that_is_not_on_the_list(tree: Tree) -> Sign:
    """Diagnostics shows a variable that nobody has allowed."""
    declared = lines.declared(tree)
    label = lines.wanted(declared.variable, "[diagnostics].variable").format("HOME")
    lines.drawn(tree, label, "os.environ.get('HOME', '')")
    return Sign(f"variable HOME in tab {declared.tab}\nshown")


@defect("diagnostics", Stage.LIVE)
def variable_that_is_not_shown(tree: Tree) -> Sign:
    """Diagnostics leaves out the variables that it should show."""
    declared = lines.declared(tree)
    pattern = lines.wanted(declared.variable, "[diagnostics].variable")
    if not declared.variables:
        raise NotDeclared("verify.toml declares no [diagnostics].variables")
    lines.renamed(tree, pattern, "Setting ")
    return Sign(f"variable {declared.variables[0]} in {SIDEBAR}\nnot shown")
