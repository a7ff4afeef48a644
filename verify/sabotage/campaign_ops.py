"""What goes wrong with the tab whose module is optional."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import boundary, code, page, texts
from verify.planting.defect import CannotPlant, Sign, defect, smuggled

if TYPE_CHECKING:
    from verify.planting.tree import Tree
    from verify.tables import CampaignOps


@smuggled("campaign_ops", Stage.CONTAINER)
def optional_module_that_the_entry_needs(tree: Tree) -> Sign:
    """The entry file imports the optional module, so without it there is no page."""
    page.import_first(tree, tree.entry, f"import {_ops(tree).module}")
    return Sign("without the module: tabs that are gone")


@defect("campaign_ops", Stage.CONTAINER)
def tab_that_vanishes_with_its_module(tree: Tree) -> Sign:
    """The tab is taken out of the table where its module cannot be imported."""
    ops = _ops(tree)
    statement, name = page.table_statement(tree), page.table_name(tree)
    place = tree.manifest.dashboard.tabs.index(ops.tab)
    page.change(
        tree,
        tree.entry,
        code.after(
            tree.text(tree.entry),
            statement,
            f"try:\n    import {ops.module}\n"
            f"except Exception:\n    {name} = {name}[:{place}] + {name}[{place + 1}:]",
        ),
    )
    return Sign(f"without the module: tabs that are gone\n{ops.tab}")


@defect("campaign_ops", Stage.LOCAL, smuggled=(Stage.CONTAINER,))
def text_of_the_missing_module_is_another(tree: Tree) -> Sign:
    """The tab says something else; the reviewed text stands in a comment and in a dead branch."""
    ops, other = _ops(tree), "This feature is not installed here."
    drawn = texts.drawing(tree, _core(tree))
    text = tree.text(drawn.path)
    said = code.replaced(text, drawn.call.args[0], f'"{other}"')
    start, end = code.span(text, drawn.statement)
    indent = " " * drawn.statement.col_offset
    decoy = f"# {ops.text}\n{indent}if False:\n{indent}    {text[start:end]}\n{indent}"
    page.change(tree, drawn.path, said[:start] + decoy + said[start:])
    return Sign(f"without the module: what {ops.tab} says\n{other}")


@defect("campaign_ops", Stage.CONTAINER)
def text_of_the_missing_module_only_in_the_log(tree: Tree) -> Sign:
    """The tab writes the text into the log, and not on the page."""
    ops, drawn = _ops(tree), texts.drawing(tree, _core(tree))
    text = tree.text(drawn.path)
    start, end = code.span(text, drawn.call.args[0])
    page.change(tree, drawn.path, code.replaced(text, drawn.call, f"print({text[start:end]})"))
    return Sign(f"without the module: what {ops.tab} says")


@defect("campaign_ops", Stage.CONTAINER)
def other_tab_that_fails_with_the_module(tree: Tree) -> Sign:
    """Another tab imports the optional module, and fails without it."""
    other = page.plain_tab(tree)
    page.draw_first(tree, other, f"import {_ops(tree).module}")
    if tree.manifest.dashboard.fault_text:
        return Sign(f"without the module: faults shown in {other}")
    return Sign(f"without the module: exceptions with {other} open")


@defect("campaign_ops", Stage.CONTAINER)
def module_that_fails_in_another_way(tree: Tree) -> Sign:
    """The tab is ready for a module that is not there, and not for one that raises."""
    ops = _ops(tree)
    path, handler = _handler(tree)
    page.change(tree, path, boundary.taking(tree.text(path), handler, "ImportError"))
    return Sign(f"with a module that raises: what {ops.tab} says")


@defect("campaign_ops", Stage.CONTAINER)
def reason_of_the_missing_module_is_not_told(tree: Tree) -> Sign:
    """The tab says that the module is not available, and not why."""
    ops = _ops(tree)
    path, handler = _handler(tree)
    text, drawn = tree.text(path), texts.drawing(tree, _core(tree))
    for node in reversed(handler.body):
        if isinstance(node, ast.Expr) and node.lineno != drawn.statement.lineno:
            text = code.replaced(text, node, "pass")
    page.change(tree, path, text)
    return Sign(f"why, in {ops.tab}")


@defect("campaign_ops", Stage.CONTAINER)
def text_of_the_missing_module_with_it_there(tree: Tree) -> Sign:
    """The tab says that its module is not available although it is."""
    ops = _ops(tree)
    shown = f"import streamlit as always\n\nalways.error({code.literal(ops.text)}, icon='')"
    page.draw_first(tree, ops.tab, shown)
    return Sign(f"with the module: tab {ops.tab}")


@defect("campaign_ops", Stage.CONTAINER)
def tab_of_the_module_without_controls(tree: Tree) -> Sign:
    """With its module the tab shows a sentence, and nothing that anybody could use."""
    ops = _ops(tree)
    page.draw_only(tree, ops.tab, "import streamlit as soon\n\nsoon.write('Coming soon.')")
    return Sign(f"with the module: metrics and controls in {ops.tab}")


@defect("campaign_ops", Stage.CONTAINER)
def missing_module_that_diagnostics_calls_available(tree: Tree) -> Sign:
    """Diagnostics says that the optional module is available where it is not."""
    ops, shown = _ops(tree), tree.manifest.diagnostics
    if shown is None or not shown.service:
        raise NotDeclared("verify.toml declares no [diagnostics].service")
    label = shown.service.replace("{}", ops.module)
    line = f'import streamlit as first\n\nfirst.markdown("**{label}:** available")'
    page.draw_first(tree, shown.tab, line)
    return Sign(f"without the module: {label} in {shown.tab}")


def _ops(tree: Tree) -> CampaignOps:
    if tree.manifest.campaign_ops is None:
        raise NotDeclared("verify.toml declares no [campaign_ops]")
    return tree.manifest.campaign_ops


def _core(tree: Tree) -> str:
    """Return what of the text stands in the code in one piece; its first sign may be an icon."""
    text = _ops(tree).text
    try:
        texts.written(tree, text)
    except CannotPlant:
        return text.partition(" ")[2] or text
    return text


def _handler(tree: Tree) -> tuple[str, ast.ExceptHandler]:
    """Return the handler that draws the text, and its file."""
    drawn = texts.drawing(tree, _core(tree))
    for node in ast.walk(tree.module(drawn.path)):
        if isinstance(node, ast.ExceptHandler) and any(
            isinstance(one, ast.Expr) and one.lineno == drawn.statement.lineno
            for one in ast.walk(node)
        ):
            return drawn.path, node
    raise CannotPlant(f"{drawn.path}: the text of [campaign_ops] is drawn in no `except`")
