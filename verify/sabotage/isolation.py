"""What goes wrong with the error boundary around each tab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import boundary, code, page
from verify.planting.defect import Sign, defect, smuggled

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("isolation", Stage.CONTAINER)
def fault_that_escapes_its_tab(tree: Tree) -> Sign:
    """The boundary passes on what a tab raises, so it takes the page with it."""
    found = boundary.boundary(tree)
    # Not an exit: that leaves the page loading for ever, and a look at it waits as long.
    passed = "if isinstance(system.exc_info()[1], Exception):\n    raise"
    boundary.handled_first(tree, found, f"import sys as system\n\n{passed}")
    return Sign("an exception in")


@defect("isolation", Stage.LOCAL, smuggled=(Stage.CONTAINER,))
def fault_that_is_swallowed(tree: Tree) -> Sign:
    """The boundary shows nothing; what showed the fault stands in a branch that never runs."""
    found = boundary.boundary(tree)
    text = tree.text(found.path)
    for handler in reversed(found.handlers):
        start, _ = code.span(text, handler.body[0])
        _, end = code.span(text, handler.body[-1])
        inner = text[start:end].replace("\n", "\n    ")
        indent = " " * handler.body[0].col_offset
        text = f"{text[:start]}if False:\n{indent}    {inner}{text[end:]}"
    page.change(tree, found.path, text)
    return Sign("what its tab shows\nnothing")


# It leaves the page loading for ever, and each look waits for its deadline; so not on this machine,
# where all defects together have a minute.
@defect("isolation", Stage.CONTAINER)
def boundary_that_lets_an_exit_through(tree: Tree) -> Sign:
    """The boundary takes Exception only, which sys.exit() is not; the comment still says all."""
    found = boundary.boundary(tree)
    text = boundary.taking(tree.text(found.path), found.widest, "Exception")
    page.change(tree, found.path, text)
    return Sign("sys.exit(1) in")


@smuggled("isolation", Stage.CONTAINER)
def fault_without_an_id(tree: Tree) -> Sign:
    """The boundary shows that something went wrong, and no id to look for in the log."""
    found = boundary.boundary(tree)
    said = "Something went wrong, please tell the team."
    boundary.handled(tree, found, f'import streamlit as shown\n\nshown.error("{said}")')
    return Sign(f"what its tab shows\n{said}")


@defect("isolation", Stage.CONTAINER)
def fault_whose_id_is_not_in_the_log(tree: Tree) -> Sign:
    """The boundary shows an id that it makes up and writes nowhere."""
    found, text = boundary.boundary(tree), tree.manifest.dashboard.fault_text
    shown = f'shown.error(f"{text} E-{{made_up.token_hex(4)}}")'
    boundary.handled(
        tree, found, f"import secrets as made_up\n\nimport streamlit as shown\n\n{shown}"
    )
    return Sign("its id in the log\nnot in the log")


@defect("isolation", Stage.CONTAINER)
def fault_that_is_not_listed(tree: Tree) -> Sign:
    """The tab that lists faults lists none."""
    if tree.manifest.diagnostics is None:
        raise NotDeclared("verify.toml declares no [diagnostics]")
    tab = tree.manifest.diagnostics.tab
    page.draw_only(tree, tab, "import streamlit as shown\n\nshown.caption('No errors.')")
    return Sign(f"its id in tab {tab}")


@defect("isolation", Stage.CONTAINER)
def fault_that_ends_the_page(tree: Tree) -> Sign:
    """The boundary shows the fault, and then stops the script before its end."""
    found = boundary.boundary(tree)
    boundary.handled_last(tree, found, "from streamlit import stop as stop_here\n\nstop_here()")
    if not tree.manifest.dashboard.sentinel:
        return Sign(": tab ")  # where all tabs are drawn in one run, those below are missing
    return Sign("its own run\nbroken off before the end")


@defect("isolation", Stage.CONTAINER)
def fault_that_hides_the_other_tabs(tree: Tree) -> Sign:
    """After a first fault in any tab the whole page shows only that it is not available."""
    found = boundary.boundary(tree)
    boundary.handled_last(tree, found, f"{page.kept('broken')}.append(True)")
    page.run_first(
        tree,
        f"if {page.kept('broken')}:\n"
        "    import streamlit as shown\n\n"
        "    shown.error('Not available.')\n"
        "    shown.stop()",
    )
    return Sign("tabs that are gone")


@defect("isolation", Stage.CONTAINER)
def fault_shown_in_another_tab(tree: Tree) -> Sign:
    """A tab shows the faults of all others."""
    found, text = boundary.boundary(tree), tree.manifest.dashboard.fault_text
    other, faults = page.plain_tab(tree), page.kept("faults")
    boundary.handled_last(tree, found, f'{faults}.append("{text} E-00000000")')
    page.draw_first(
        tree,
        other,
        f"import streamlit as shown\n\nfor fault in {faults}:\n    shown.error(fault)",
    )
    return Sign(f": tab {other}\nshows a fault")
