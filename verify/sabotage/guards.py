"""Retired files whose guard is passed by."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import refusing, retired
from verify.planting.code import literal
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.retired import Guarded
    from verify.planting.tree import Tree

OLD = """
import streamlit as st

st.title("Operations")
st.tabs(["Today", "Tomorrow"])
"""
"""The page that a file drew before it was retired."""


@defect("guards", Stage.SOURCE)
def guard_removed(tree: Tree) -> Sign:
    """A retired file draws its page again."""
    file = retired.near(tree, "raise")
    retired.instead(tree, file, OLD)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_a_function_nobody_calls(tree: Tree) -> Sign:
    """A retired file defines how it would refuse, and does not do it."""
    file = retired.near(tree, "raise")
    retired.within(tree, file, "def refuse():", OLD)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_a_coroutine_nobody_awaits(tree: Tree) -> Sign:
    """A retired file calls its guard in a coroutine, which nobody awaits."""
    file = retired.near(tree, "exit")
    retired.within(tree, file, "async def refuse():", "refuse()")
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_a_thread(tree: Tree) -> Sign:
    """A retired file refuses in a thread of its own, and goes on meanwhile."""
    file = retired.near(tree, "raise")
    retired.within(
        tree,
        file,
        "def refuse():",
        f"import threading\n\nthreading.Thread(target=refuse).start()\n{OLD}",
    )
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_as_an_assertion(tree: Tree) -> Sign:
    """A retired file refuses with an assertion, which `python -O` drops."""
    file = retired.near(tree, "raise")
    retired.instead(tree, file, f"assert False, {literal(file.text)}")
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_raised_and_swallowed(tree: Tree) -> Sign:
    """A retired file raises its refusal in a `try` that swallows it."""
    return _swallowed(tree, retired.of_way(tree, "raise"), "RuntimeError")


@defect("guards", Stage.SOURCE)
def guard_exiting_and_swallowed(tree: Tree) -> Sign:
    """A retired file exits in a `try` that swallows the exit."""
    return _swallowed(tree, retired.of_way(tree, "exit"), "SystemExit")


@defect("guards", Stage.SOURCE)
def guard_stopping_and_swallowed(tree: Tree) -> Sign:
    """A retired file stops its page in a `try` that swallows whatever there is."""
    return _swallowed(tree, retired.of_way(tree, "stop"), "BaseException")


@defect("guards", Stage.SOURCE)
def guard_suppressed(tree: Tree) -> Sign:
    """A retired file refuses under `contextlib.suppress`."""
    file = retired.near(tree, "exit")
    opening = "import contextlib\n\nwith contextlib.suppress(BaseException):"
    retired.within(tree, file, opening, OLD)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_in_a_block_that_swallows(tree: Tree) -> Sign:
    """A retired file refuses inside of a `with` whose manager swallows what it gets."""
    file = retired.near(tree, "raise")
    manager = """
    class Calm:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return True


    with Calm():
    """
    retired.within(tree, file, manager, OLD)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_left_by_a_loop(tree: Tree) -> Sign:
    """A retired file refuses in a loop that is left in its `finally`."""
    file = retired.near(tree, "stop")
    retired.within(tree, file, "for attempt in range(1):\n  try:", f"  finally:\n    break\n{OLD}")
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_shadowed(tree: Tree) -> Sign:
    """A retired file defines a function with its guard's name that does nothing."""
    file = retired.near(tree, "raise")
    retired.first(tree, file, f"def {retired.name(file)}(text):\n    pass\n\n")
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_rebound(tree: Tree) -> Sign:
    """A retired file binds its guard's name to something that returns."""
    file = retired.near(tree, "stop")
    retired.first(tree, file, f"{retired.name(file)} = str")
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_that_warns(tree: Tree) -> Sign:
    """A retired file warns instead of refusing."""
    file = retired.near(tree, "raise")
    warning = f"import warnings\n\nwarnings.warn({literal(file.text)}, stacklevel=2)\n{OLD}"
    retired.instead(tree, file, warning)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_that_only_tells(tree: Tree) -> Sign:
    """A retired file shows its text on page and terminal, and goes on."""
    file = retired.near(tree, "stop")
    text = literal(file.text)
    tells = f"import streamlit as st\n\nprint({text})\nst.error({text})\n{OLD}"
    retired.instead(tree, file, tells)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_lost_with_its_module(tree: Tree) -> Sign:
    """A retired file draws its page where the module of its guard cannot be imported."""
    file = next((one for one in retired.files(tree) if _imports(one)), None)
    if file is None:
        raise NotDeclared("no [[retired]] file imports its guard")
    imported = "\n".join(f"    {ast.unparse(one)}" for one in _imports(file))
    inner = "\n".join(f"    {line}" for line in file.guard.strip("\n").splitlines())
    text = f"try:\n{imported}\nexcept ImportError:\n    pass\nelse:\n{inner}\n{OLD}"
    tree.write(file.path, text)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_of_another_module(tree: Tree) -> Sign:
    """A module beside a retired file has its guard's name, comes first, and does nothing."""
    file = retired.nested(tree)
    helper = refusing.helper(tree, file)
    module = helper.path.removesuffix("/__init__.py").removesuffix(".py")
    text = f"def {helper.node.name}({helper.text}):\n    pass\n"
    tree.write(f"{file.folder}{module}.py", text)
    return retired.passed(file)


@defect("guards", Stage.SOURCE)
def guard_beside_a_package_of_its_name(tree: Tree) -> Sign:
    """A package of a retired file's name stands beside it, and is what an import runs."""
    file = retired.near(tree, "raise")
    package = f"{file.path.removesuffix('.py')}/__init__.py"
    tree.write(package, OLD)
    return Sign(f"{file.path}: what an import of its name runs\n{package}", file.path)


def _swallowed(tree: Tree, file: Guarded, error: str) -> Sign:
    retired.within(tree, file, "try:", f"except {error}:\n    pass\n{OLD}")
    return retired.passed(file)


def _imports(file: Guarded) -> list[ast.stmt]:
    """Return the imports that bind the guard's name, where nothing else does."""
    name = ast.unparse(file.called).partition(".")[0] if file.called is not None else ""
    return [
        one
        for one in ast.parse(file.head).body
        if isinstance(one, ast.Import | ast.ImportFrom)
        and any((alias.asname or alias.name) == name for alias in one.names)
    ]
