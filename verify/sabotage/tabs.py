"""What goes wrong with the tabs of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import code, page
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("tabs", Stage.SOURCE, smuggled=(Stage.LIVE,))
def tab_renamed(tree: Tree) -> Sign:
    """A tab has another label than the reviewed one."""
    row = page.rows(tree)[-2]
    text = tree.text(tree.entry)
    tree.write(tree.entry, code.replaced(text, row.text, code.literal(f"{row.label} 2")))
    return Sign(f"{row.label} 2", tree.entry)


@defect("tabs", Stage.LOCAL)
def tab_that_raises(tree: Tree) -> Sign:
    """A tab raises an exception."""
    page.draw_only(tree, page.plain_tab(tree), "raise ValueError('planted')")
    return Sign("planted" if not tree.manifest.dashboard.fault_text else "")
