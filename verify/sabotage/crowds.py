"""What goes wrong when many visitors come at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import page
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

MEGA = 1_000_000


@defect("sessions", Stage.LIVE)
def connections_never_given_back(tree: Tree) -> Sign:
    """The page takes connections out of the pool and keeps them."""
    declared, kept = tree.manifest.sessions, page.kept("taken")
    if declared is None or not declared.engine or not tree.manifest.diagnostics:
        raise NotDeclared("verify.toml declares no [sessions].engine, or no [diagnostics]")
    module, _, name = declared.engine.partition(":")
    engine = f"__import__('importlib').import_module({module!r}).{name}()"
    page.run_first(tree, f"len({kept}) < 3 and {kept}.append({engine}.connect())")
    return Sign(" in use, ")


@defect("sessions", Stage.LIVE)
def memory_kept_for_each_visitor(tree: Tree) -> Sign:
    """Each run of the page leaves something in memory for good."""
    live = tree.manifest.live
    _hoard(tree, 2.5 * live.growth_mb * MEGA / live.sessions)
    return Sign("growth of the container's memory through them")


@defect("sessions", Stage.LIVE)
def more_memory_for_each_visitor_than_there_is(tree: Tree) -> Sign:
    """Many visitors together need more memory than the container may have."""
    from docker.utils import parse_bytes  # takes its time, and most who read this need none of it

    _hoard(tree, 1.5 * parse_bytes(tree.image.memory) / tree.manifest.live.sessions)
    return Sign("(out of memory)")


@defect("sessions", Stage.LIVE)
def exception_when_many_are_there(tree: Tree) -> Sign:
    """The page raises when many visitors come within a second."""
    kept = page.kept("came")
    many = max(2, tree.manifest.live.sessions // 4)
    code = f"""
    {kept}.append(__import__("time").monotonic())
    if sum({kept}[-1] - came < 1 for came in {kept}[-100:]) > {many}:
        raise RuntimeError("too many")
    """
    page.run_first(tree, code)
    return Sign("times: exception")


@defect("sessions", Stage.LIVE)
def less_to_see_when_many_are_there(tree: Tree) -> Sign:
    """The page leaves out a part when many visitors come within a second."""
    kept = page.kept("came")
    code = f"""
    {kept}.append(__import__("time").monotonic())
    if sum({kept}[-1] - came < 1 for came in {kept}[-100:]) < 3:
        for _ in range(3):
            __import__("streamlit").caption("Not busy")
    """
    page.run_first(tree, code)
    return Sign("elements")


@defect("sessions", Stage.LIVE)
def visitors_one_after_the_other(tree: Tree) -> Sign:
    """The page serves one visitor at a time."""
    live, kept = tree.manifest.live, page.kept("lock")
    seconds = 1.25 * live.p95_seconds / live.sessions
    code = f"""
    {kept} or {kept}.append(__import__("threading").Lock())
    with {kept}[0]:
        __import__("time").sleep({seconds:g})
    """
    page.run_first(tree, code)
    return Sign("seconds until 95 of 100 complete pages were there")


def _hoard(tree: Tree, size: float) -> None:
    page.run_first(tree, f"{page.kept('hoard')}.append(b'x' * {size:.0f})")
