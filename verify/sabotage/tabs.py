"""What goes wrong with the labels of the tabs, and with the table that they stand in."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import code, page
from verify.planting.defect import CannotPlant, Sign, defect
from verify.probes.static.modules import module_name

if TYPE_CHECKING:
    from verify.planting.tree import Tree

ALIKE = str.maketrans("aceiopxy", "асеіорху")
"""Letters of other alphabets that look the same."""


@defect("tabs", Stage.SOURCE, smuggled=(Stage.LIVE,))
def tab_renamed(tree: Tree) -> Sign:
    """A tab has another label than the reviewed one."""
    row = page.rows(tree)[-2]
    return _labelled(tree, row, f"{row.label} 2")


@defect("tabs", Stage.SOURCE, smuggled=(Stage.LIVE,))
def tab_missing(tree: Tree) -> Sign:
    """A tab is gone."""
    texts = page.row_texts(tree)
    del texts[_middle(tree)]
    page.put_rows(tree, texts)
    return Sign("no tab", tree.entry)


@defect("tabs", Stage.SOURCE)
def tab_commented_out(tree: Tree) -> Sign:
    """A tab is gone, and its whole row still stands there as a comment."""
    texts, gone = page.row_texts(tree), _middle(tree)
    remark = "".join(f"# {line}\n" for line in texts.pop(gone).splitlines())
    texts[gone] = f"{remark}{texts[gone]}"
    page.put_rows(tree, texts)
    return Sign("no tab", tree.entry)


@defect("tabs", Stage.SOURCE, smuggled=(Stage.LIVE,))
def tabs_reordered(tree: Tree) -> Sign:
    """Two tabs have changed places."""
    texts, first = page.row_texts(tree), _middle(tree)
    texts[first - 1], texts[first] = texts[first], texts[first - 1]
    page.put_rows(tree, texts)
    return Sign(f"tab {first}\n{tree.manifest.dashboard.tabs[first]}", tree.entry)


@defect("tabs", Stage.SOURCE)
def tab_duplicated(tree: Tree) -> Sign:
    """A tab stands there twice."""
    texts, label = page.row_texts(tree), tree.manifest.dashboard.tabs[-1]
    page.put_rows(tree, [*texts, texts[-1]])
    return Sign(f"tab {len(texts) + 1}\n{label}", tree.entry)


@defect("tabs", Stage.SOURCE, smuggled=(Stage.LIVE,))
def tab_added(tree: Tree) -> Sign:
    """There is a tab that nobody reviewed."""
    texts, row = page.row_texts(tree), page.rows(tree)[-1]
    added = texts[-1].replace(row.label, "Playground", 1)
    page.put_rows(tree, [*texts, added])
    return Sign(f"tab {len(texts) + 1}\nPlayground", tree.entry)


@defect("tabs", Stage.SOURCE, smuggled=(Stage.LIVE,))
def tab_under_a_condition(tree: Tree) -> Sign:
    """A tab is drawn only where a variable of the environment is set."""
    texts, chosen = page.row_texts(tree), _middle(tree)
    texts[chosen] = f'*([{texts[chosen]}] if os.environ.get("SHOW_ALL_TABS") else [])'
    page.put_rows(tree, texts)
    page.import_first(tree, tree.entry, "import os")
    return Sign(f"tab {chosen + 1}\n", tree.entry)


@defect("tabs", Stage.SOURCE, smuggled=(Stage.LIVE,))
def label_with_an_invisible_character(tree: Tree) -> Sign:
    """A label holds a character of no width, so it looks right and is another one."""
    row = page.rows(tree)[_middle(tree)]
    return _labelled(tree, row, f"{row.label[:1]}\u200b{row.label[1:]}")


@defect("tabs", Stage.SOURCE, smuggled=(Stage.LIVE,))
def label_with_letters_that_look_alike(tree: Tree) -> Sign:
    """A label is written with letters of another alphabet that look the same."""
    for row in page.rows(tree):
        if (label := row.label.translate(ALIKE)) != row.label:
            return _labelled(tree, row, label)
    raise CannotPlant(f"{tree.entry}: no label has a letter that looks like another")


@defect("tabs", Stage.SOURCE)
def label_with_a_space_too_many(tree: Tree) -> Sign:
    """A label ends with a space."""
    row = page.rows(tree)[0]
    return _labelled(tree, row, f"{row.label} ")


@defect("tabs", Stage.SOURCE)
def table_bound_again_below(tree: Tree) -> Sign:
    """The table is cut by a second statement, far below the reviewed one."""
    page.table_statement(tree)
    name = page.table_name(tree)
    _at_the_end(tree, f"{name} = {name}[:-1]")
    return Sign(f"binds {name}", tree.entry)


@defect("tabs", Stage.SOURCE)
def table_in_a_dead_branch(tree: Tree) -> Sign:
    """The reviewed table stands in a branch that never runs, and another one is drawn."""
    statement, name = page.table_statement(tree), page.table_name(tree)
    text = tree.text(tree.entry)
    start, end = code.span(text, statement)
    cut = code.wrapped(text, statement, "if False:")
    other = f"\n{text[start:end].replace(page.rows(tree)[-1].label, 'Other', 1)}"
    done = cut[: len(cut) - len(text) + end] + other + text[end:]
    page.change(tree, tree.entry, done)
    return Sign(f"binds {name}", tree.entry)


@defect("tabs", Stage.SOURCE)
def table_that_is_computed(tree: Tree) -> Sign:
    """The reviewed rows are passed through code that may drop one."""
    statement, name = page.table_statement(tree), page.table_name(tree)
    text = tree.text(tree.entry)
    spare = f"ALL_{name}"
    start, end = code.span(text, statement)
    kept = text[start:end].replace(name, spare, 1)
    chosen = f"{name} = tuple(row for row in {spare} if row)"
    page.change(tree, tree.entry, f"{text[:start]}{kept}\n{chosen}{text[end:]}")
    return Sign("computed", tree.entry)


@defect("tabs", Stage.SOURCE)
def table_rebound_in_a_function(tree: Tree) -> Sign:
    """A function of the entry file binds the table anew."""
    page.table_statement(tree)
    name = page.table_name(tree)
    _at_the_end(
        tree, f"def hide_the_last() -> None:\n    global {name}\n    {name} = {name}[:-1]\n"
    )
    return Sign(f"binds {name}", tree.entry)


@defect("tabs", Stage.SOURCE)
def table_rebound_through_the_namespace(tree: Tree) -> Sign:
    """The table is bound anew through the module's namespace, under a name in two pieces."""
    page.table_statement(tree)
    name = page.table_name(tree)
    _at_the_end(tree, f'globals()["{name[:2]}" + "{name[2:]}"] = ()')
    return Sign(f"binds {name}", tree.entry)


@defect("tabs", Stage.SOURCE)
def table_cut_where_it_is_used(tree: Tree) -> Sign:
    """The entry file draws all rows of the table but the last."""
    name = page.table_name(tree)
    return _used(tree, f"{name}[:-1]", f"{name}[:-1]")


@defect("tabs", Stage.SOURCE)
def table_filtered_where_it_is_used(tree: Tree) -> Sign:
    """The entry file draws only those rows of the table that pass a test."""
    name = page.table_name(tree)
    return _used(tree, f"[row for row in {name} if row is not {name}[1]]", f"in {name} if")


@defect("tabs", Stage.SOURCE)
def table_turned_round_where_it_is_used(tree: Tree) -> Sign:
    """The entry file draws the rows of the table in another order."""
    name = page.table_name(tree)
    return _used(tree, f"tuple(reversed({name}))", f"reversed({name})")


@defect("tabs", Stage.SOURCE)
def table_cut_by_another_module(tree: Tree) -> Sign:
    """Another module takes the last row off the entry file's table."""
    name = page.table_name(tree)
    taken = f"{name}.pop()" if isinstance(page.table(tree), ast.List) else f"{name} = {name}[:-1]"
    return _beside(tree, f"entry.{taken}\n", f"{name}")


@defect("tabs", Stage.SOURCE)
def table_replaced_by_another_module(tree: Tree) -> Sign:
    """Another module gives the entry file another table, made by a function."""
    name = page.table_name(tree)
    made = (
        f"def shown(rows):\n    return type(rows)(rows)\n\n\nentry.{name} = shown(entry.{name})\n"
    )
    return _beside(tree, made, f"assignment to entry.{name}")


@defect("tabs", Stage.SOURCE)
def table_replaced_by_its_name(tree: Tree) -> Sign:
    """Another module replaces the entry file's table by setattr()."""
    name = page.table_name(tree)
    return _beside(tree, f'setattr(entry, "{name}", ())\n', "setattr(")


def _middle(tree: Tree) -> int:
    """Return the place of a row in the middle: not the first, and not the last."""
    count = len(page.rows(tree))
    if count < 3:  # noqa: PLR2004 - a first, one in the middle, and a last
        raise CannotPlant(f"{tree.entry}: the table of tabs has only {count} rows")
    return count // 2


def _labelled(tree: Tree, row: page.Row, label: str) -> Sign:
    text = tree.text(tree.entry)
    page.change(tree, tree.entry, code.replaced(text, row.text, f'"{label}"'))
    position = tree.manifest.dashboard.tabs.index(row.label) + 1
    return Sign(f"tab {position}\n{label}", tree.entry)


def _at_the_end(tree: Tree, statements: str) -> None:
    """Write statements at the end of what an import of the entry file runs."""
    page.table_statement(tree)
    module, text = tree.module(tree.entry), tree.text(tree.entry)
    last = module.body[-1]
    written = f"{text.rstrip()}\n\n\n{statements.rstrip()}\n"
    if isinstance(last, ast.If):  # what only a start of the file runs
        written = code.before(text, last, f"{statements.rstrip()}\n\n")
    page.change(tree, tree.entry, written)


def _used(tree: Tree, written: str, told: str) -> Sign:
    page.table_statement(tree)
    found = page.uses(tree, page.table_name(tree))
    if not found:
        raise CannotPlant(f"{tree.entry}: does not read its table of tabs")
    text = code.replaced(tree.text(tree.entry), found[-1], written)
    page.change(tree, tree.entry, text)
    return Sign(told, tree.entry)


def _beside(tree: Tree, statements: str, told: str) -> Sign:
    """Write a module beside the entry that changes the entry's table."""
    page.table_statement(tree)
    folder = tree.entry.rpartition("/")[0]
    path = f"{folder}/preferences.py".lstrip("/")
    page.change(tree, path, f"import {module_name(tree.entry)} as entry\n\n\n{statements}")
    return Sign(told, path)
