"""How a database session comes to be that nobody closes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import code, modules, page, sessions
from verify.planting.defect import Sign, defect
from verify.planting.reach import reached
from verify.probes.static.modules import module_name

if TYPE_CHECKING:
    from verify.planting.sessions import Block
    from verify.planting.tree import Tree

RIGHT = "# with {call} as {name}: it is closed."
"""A comment that keeps a search for the right words content."""


@defect("sessions", Stage.SOURCE)
def session_outside_of_with(tree: Tree) -> Sign:
    """A session is entered by hand and never closed; a comment has the right words."""
    found = sessions.block(tree)
    right = RIGHT.format(call=found.call, name=found.name)
    _head(tree, found, f"{right}\n{found.name} = {found.call}.__enter__()")
    return Sign("`.__enter__` of the context manager", found.path)


@defect("sessions", Stage.SOURCE)
def session_called_and_not_entered(tree: Tree) -> Sign:
    """What the function gives is used as if it were the session."""
    found = sessions.block(tree)
    _head(tree, found, f"{found.name} = {found.call}")
    return Sign("assigned, not entered", found.path)


@defect("sessions", Stage.SOURCE)
def session_of_a_generator(tree: Tree) -> Sign:
    """A session is taken with next(), which leaves the rest of the function undone."""
    found = sessions.block(tree)
    _head(tree, found, f"{found.name} = next({found.call})")
    return Sign("passed to next(...)", found.path)


@defect("sessions", Stage.SOURCE)
def session_used_after_its_with(tree: Tree) -> Sign:
    """The `with` is around the first line only; the session is used after it was closed."""
    found = sessions.block(tree)
    _head(tree, found, f"with {found.call} as {found.name}:\n    pass")
    return Sign("used after", found.path)


@defect("sessions", Stage.SOURCE)
def session_under_another_name(tree: Tree) -> Sign:
    """The function is given another name, and called under that one."""
    found = sessions.block(tree)
    function = found.call.partition("(")[0]
    _head(tree, found, f"opened = {function}\n{found.name} = opened()")
    return Sign("assigned, not entered", found.path)


@defect("sessions", Stage.SOURCE)
def session_kept_for_the_whole_module(tree: Tree) -> Sign:
    """A module opens a session once, and keeps it for all visitors; a dead branch does it right."""
    module, _, name = sessions.target(tree).partition(":")
    _, path = modules.required(tree)
    tree.append(
        path,
        f"import {module}\n\nif False:\n    with {module}.{name}() as SHARED:\n        pass\n"
        f"SHARED = {module}.{name}()\n",
    )
    return Sign("assigned, not entered", path)


@defect("sessions", Stage.SOURCE)
def session_kept_from_run_to_run(tree: Tree) -> Sign:
    """A session is put away from inside of its `with`, and found closed in the next run."""
    found = sessions.block(tree)
    keep = f"__import__('streamlit').session_state['session'] = {found.name}"
    tree.write(found.path, code.before(tree.text(found.path), found.node.body[0], keep))
    return Sign("kept", found.path)


@defect("sessions", Stage.SOURCE)
def session_on_a_stack_that_nobody_closes(tree: Tree) -> Sign:
    """A session is entered on a stack of which another function closes one of the same name."""
    found = sessions.block(tree)
    _head(
        tree,
        found,
        "stack = __import__('contextlib').ExitStack()\n"
        f"{found.name} = stack.enter_context({found.call})",
    )
    tree.append(
        found.path,
        "\n\ndef _closed():\n    from contextlib import ExitStack\n\n"
        "    with ExitStack() as stack:\n        return stack\n",
    )
    return Sign("entered on a stack that no `with` closes", found.path)


@defect("sessions", Stage.SOURCE)
def session_past_its_function(tree: Tree) -> Sign:
    """A session is made of the engine, past the function that closes and commits."""
    return _of_engine(tree, "Session({}())", "from sqlalchemy.orm import Session")


@defect("sessions", Stage.SOURCE)
def connection_past_its_function(tree: Tree) -> Sign:
    """A connection is taken from the engine, and is never given back."""
    return _of_engine(tree, "{}().connect()")


@defect("sessions", Stage.SOURCE)
def function_of_sessions_renamed(tree: Tree) -> Sign:
    """The function that opens sessions is another one than verify.toml names."""
    target = sessions.target(tree)
    module, _, name = target.partition(":")
    for path in reached(tree):
        if module_name(path) == module:
            tree.replace(path, f"def {name}(", f"def {name}_again(")
    return Sign(f"{target}\nno such function")


@defect("sessions", Stage.LOCAL)
def connection_never_given_back(tree: Tree) -> Sign:
    """A tab takes a connection out of the pool and keeps it."""
    module, name = sessions.engine(tree)
    label, left = page.plain_tab(tree), page.kept("left")
    taken = f"__import__('importlib').import_module({module!r}).{name}().connect()"
    page.draw_first(tree, label, f"{left}.append({taken})")
    return Sign(f"connections out of the pool after tab {label} ran", tree.entry)


def _head(tree: Tree, found: Block, statements: str) -> None:
    """Put statements in place of the head of a `with`, and what was inside of it after them."""
    indent = f"\n{' ' * found.node.col_offset}"
    inside = "\n".join(ast.unparse(one) for one in found.node.body)
    written = f"{statements}\n{inside}".replace("\n", indent)
    tree.write(found.path, code.replaced(tree.text(found.path), found.node, written))


def _of_engine(tree: Tree, made: str, head: str = "") -> Sign:
    module, name = sessions.engine(tree)
    _, path = modules.required(tree)
    call = made.format(f"{module}.{name}")
    tree.append(path, f"\n\ndef _shared():\n    import {module}\n    {head}\n    return {call}\n")
    return Sign(f"{name}()", path)
