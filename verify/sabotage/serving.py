"""What keeps a container from serving its page in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import options, page, start
from verify.planting.defect import Sign, defect
from verify.planting.patience import less_patience

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("startup", Stage.CONTAINER)
def container_that_dies_at_once(tree: Tree) -> Sign:
    """The container says something and ends."""
    code = "import sys; print('last words'); sys.exit(4)"
    start.instead(tree, [tree.image.python, "-c", code])
    return Sign("exited with exit code 4")


@defect("startup", Stage.CONTAINER)
def container_that_cannot_be_started(tree: Tree) -> Sign:
    """The image's command names a program that is not in the image."""
    start.instead(tree, ["/no/such/program"])
    return Sign("does not start")


@defect("startup", Stage.CONTAINER)
def container_without_its_interpreter(tree: Tree) -> Sign:
    """The image's search path lacks the folder that its interpreter is in."""
    options.in_environment(tree, PATH="/nowhere")
    return Sign("does not start")


@defect("startup", Stage.CONTAINER)
def server_on_loopback_in_the_container(tree: Tree) -> Sign:
    """The server listens where only its own container reaches it."""
    start.with_option(tree, "--server.address=127.0.0.1")
    less_patience(tree)
    return Sign("no answer until then")


@defect("startup", Stage.CONTAINER)
def server_on_the_next_port(tree: Tree) -> Sign:
    """The server listens on another port than the reviewed one."""
    start.with_option(tree, f"--server.port={tree.image.port + 1}")
    less_patience(tree)
    return Sign("no answer until then")


@defect("startup", Stage.CONTAINER)
def server_below_another_path(tree: Tree) -> Sign:
    """The server serves its page below a path that nobody was told."""
    start.with_option(tree, "--server.baseUrlPath=moved")
    less_patience(tree)
    return Sign("until then")


@defect("startup", Stage.CONTAINER)
def first_page_that_raises(tree: Tree) -> Sign:
    """The first page of the image raises an exception; that of the tree does not."""
    page.run_first(tree, "raise ValueError('planted')")
    tree.smuggle()
    return Sign("exceptions on the first page")


@defect("startup", Stage.CONTAINER)
def page_that_ends_its_server(tree: Tree) -> Sign:
    """The server ends as soon as its first visitor comes."""
    page.run_first(tree, "__import__('os')._exit(7)")
    tree.smuggle()
    return Sign("exited with exit code 7")


@defect("startup", Stage.CONTAINER)
def page_that_takes_all_memory(tree: Tree) -> Sign:
    """The first page needs more memory than the container may have."""
    code = "b'x' * 1_000_000 for _ in range(1_000_000)"
    page.run_first(tree, f"{page.kept('hoard')}.extend({code})")
    tree.smuggle()
    return Sign("(out of memory)")


@defect("startup", Stage.CONTAINER)
def wait_before_the_server(tree: Tree) -> Sign:
    """The container waits for something before it starts its server."""
    start.first(tree, f"sleep {tree.manifest.startup.budget_seconds:g}")
    return Sign("seconds from the start to the first complete page")
