"""Retired files in which the right words stand, where nothing runs them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import refusing, retired
from verify.planting.code import literal
from verify.planting.defect import Sign, defect
from verify.probes.static.modules import module_name
from verify.sabotage.guards import OLD

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("guards", Stage.SOURCE)
def guard_commented_out(tree: Tree) -> Sign:
    """The guard of a retired file is a comment."""
    file = retired.near(tree, "raise")
    comment = textwrap.indent(file.guard.strip("\n"), "# ", lambda _: True)
    retired.instead(tree, file, f"{comment}\n{OLD}")
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_a_docstring(tree: Tree) -> Sign:
    """The guard of a retired file stands in its docstring only."""
    file = retired.near(tree, "exit")
    tree.write(file.path, f"'''Retired.\n\n{file.head}{file.guard}'''\n{OLD}".replace('"""', ""))
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_a_text(tree: Tree) -> Sign:
    """The guard of a retired file stands in a text that nobody runs."""
    file = retired.near(tree, "stop")
    retired.instead(tree, file, f"GUARD = {file.guard!r}\n{OLD}")
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_a_dead_branch(tree: Tree) -> Sign:
    """The guard of a retired file stands in a branch that nothing takes."""
    file = retired.near(tree, "raise")
    retired.within(tree, file, "if False:", OLD)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_switched_off(tree: Tree) -> Sign:
    """The guard of a retired file stands under a switch that is off."""
    file = retired.near(tree, "stop")
    retired.within(tree, file, "REFUSE = False\nif REFUSE:", OLD)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_for_type_checkers(tree: Tree) -> Sign:
    """The guard of a retired file stands in a block that only type checkers read."""
    file = retired.near(tree, "exit")
    opening = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:"
    retired.within(tree, file, opening, OLD)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_an_unused_branch_of_a_match(tree: Tree) -> Sign:
    """The guard of a retired file stands in a case that never fits."""
    file = retired.near(tree, "raise")
    inner = "import sys\n\nmatch len(sys.argv):\n  case 0:"
    retired.within(tree, file, inner, OLD)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_below_an_early_end(tree: Tree) -> Sign:
    """A retired file ends without a word, and with success, above its guard."""
    file = retired.near(tree, "raise")
    retired.first(tree, file, "import sys\n\nsys.exit(0)\n")
    return retired.ended(file, "exits with status 0")


@defect("guards", Stage.SOURCE)
def guard_below_a_stop(tree: Tree) -> Sign:
    """A retired file stops its page without a word above its guard."""
    file = retired.near(tree, "stop")
    retired.first(tree, file, "import streamlit as st\n\nst.stop()\n")
    return retired.shown(file, "no text")


@defect("guards", Stage.SOURCE)
def guard_below_a_page(tree: Tree) -> Sign:
    """A retired file draws its page, and refuses below it."""
    file = retired.near(tree, "stop")
    retired.first(tree, file, OLD)
    return retired.acted(file, "calls `st.title`")


@defect("guards", Stage.SOURCE)
def guard_in_a_comment_in_another_encoding(tree: Tree) -> Sign:
    """A retired file reads as its guard, and is another program in the encoding it names."""
    file = retired.near(tree, "raise")
    hidden = "".join(f"{line}+AAo-" for line in OLD.strip().splitlines())
    text = f"# coding: utf-7\n# +AAo-{hidden}raise SystemExit+AAo-\n{file.guard}"
    tree.write(file.path, text)
    return retired.acted(file, "calls `st.title`")


@defect("guards", Stage.SOURCE)
def guard_for_type_checkers_that_are_not(tree: Tree) -> Sign:
    """A retired file draws its page in a block that looks as if only type checkers read it."""
    file = retired.near(tree, "raise")
    inside = textwrap.indent(OLD.strip(), "    ")
    retired.first(tree, file, f"TYPE_CHECKING = True\nif TYPE_CHECKING:\n{inside}\n")
    return retired.acted(file, "calls `st.title`")


@defect("guards", Stage.SOURCE)
def guard_named_and_not_called(tree: Tree) -> Sign:
    """A retired file names its guard and its text, and calls nothing."""
    file = retired.near(tree, "exit")
    name = retired.name(file)
    retired.instead(tree, file, f"REFUSAL = ({name}, {literal(file.text)})\n{OLD}")
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_a_star_that_brings_nothing(tree: Tree) -> Sign:
    """A retired file takes its guard from a module by `*`, whose `__all__` does not list it."""
    file = retired.near(tree, "stop")
    helper, name = refusing.helper(tree, file), retired.name(file)
    module = module_name(helper.path)
    tree.write(
        "retiring.py", f"from {module} import {helper.node.name} as {name}\n\n__all__ = ()\n"
    )
    text = f"def {name}(text):\n    pass\n\n\nfrom retiring import *\n\n{file.guard}"
    tree.write(file.path, text)
    return retired.passed(file)
