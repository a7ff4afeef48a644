"""What a running container may do or have beyond its need."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile, page, start
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("hardening", Stage.CONTAINER)
def page_that_writes_beside_itself(tree: Tree) -> Sign:
    """The page writes beside its own code, which a read-only container refuses."""
    start.writable(tree, posixpath.dirname(tree.inside(tree.entry)))
    page.run_first(tree, "open(__file__ + '.seen', 'w').close()")
    return Sign("Read-only file system")


@defect("hardening", Stage.CONTAINER)
def start_that_writes_beside_itself(tree: Tree) -> Sign:
    """The container cannot start without a file that it writes beside its code."""
    folder = posixpath.dirname(tree.inside(tree.entry))
    start.writable(tree, folder)
    start.through_shell(tree, f'echo 1 > {folder}/started && exec "$@"')
    return Sign("the image under restrictions\nexited with exit code")


@defect("hardening", Stage.CONTAINER)
def second_server_beside_the_page(tree: Tree) -> Sign:
    """The page opens another port, which anybody in its network reaches."""
    port, kept = tree.image.port + 499, page.kept("server")
    server = f"__import__('socket').create_server(('', {port}))"
    page.run_first(tree, f"{kept} or {kept}.append({server})")
    return Sign(f": port\n{port}")


@defect("hardening", Stage.CONTAINER)
def second_server_before_the_page(tree: Tree) -> Sign:
    """A debugging server of the same container shows all its files."""
    port = tree.image.port + 498
    start.first(tree, f"{tree.image.python} -m http.server {port} --bind 127.0.0.1 &")
    return Sign(f": port\n{port}")


@defect("hardening", Stage.CONTAINER)
def processes_of_root(tree: Tree) -> Sign:
    """The server runs as root."""
    dockerfile.appended(tree, "USER root")
    return Sign("root, with capabilities")


@defect("hardening", Stage.CONTAINER)
def more_threads_than_allowed(tree: Tree) -> Sign:
    """The page starts more threads than the container may have."""
    count, kept = tree.manifest.hardening.processes, page.kept("threads")
    code = f"""
    while len({kept}) < {count}:
        {kept}.append(__import__("threading").Thread(
            target=__import__("time").sleep, args=(600,), daemon=True
        ))
        {kept}[-1].start()
    """
    page.run_first(tree, code)
    return Sign("what the limit of processes breaks")


@defect("hardening", Stage.CONTAINER)
def right_that_is_not_given(tree: Tree) -> Sign:
    """The start needs a right of root that a careful operator takes away."""
    dockerfile.appended(tree, "USER root")
    start.through_shell(tree, 'chown 12345 /tmp && exec "$@"')
    return Sign("what no capabilities and no new privileges breaks")


@defect("hardening", Stage.CONTAINER)
def container_that_is_not_healthy(tree: Tree) -> Sign:
    """The health check fails though the page is served."""
    check = dockerfile.exec_form("CMD", [tree.image.python, "-c", "raise SystemExit(1)"])
    dockerfile.appended(tree, f"HEALTHCHECK --interval=1s --retries=1 {check}")
    # The gate need not wait until the engine gives it up; it tells of the checks that failed.
    return Sign("Of the last checks")


@defect("hardening", Stage.CONTAINER)
def container_that_nobody_checks(tree: Tree) -> Sign:
    """The engine never asks whether the container is healthy."""
    dockerfile.appended(tree, "HEALTHCHECK NONE")
    return Sign("the engine calls the container\nnot checked")


@defect("hardening", Stage.CONTAINER)
def socket_of_the_engine(tree: Tree) -> Sign:
    """The image wants the engine's own socket mounted."""
    dockerfile.appended(tree, "VOLUME /run/docker.sock")
    return Sign("engines that can be spoken to inside\n/run/docker.sock")
