"""Health checks that tell nothing of the server's health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile
from verify.planting.decoys import commented
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

HEALTHY = "the health check, given a healthy server: "
A_PAGE = "the health check, given a page with status 200, as Streamlit answers on almost any path\n"

ASK = """
import urllib.request
answer = urllib.request.urlopen('http://127.0.0.1:{port}{path}', timeout={seconds})
raise SystemExit(answer.read() != b'ok')
"""


def _check(tree: Tree, code: str, options: str = "") -> None:
    """Give the image another health check, which Python runs."""
    line = "; ".join(line for line in code.splitlines() if line)
    words = dockerfile.exec_form("CMD", [tree.image.python, "-c", line])
    dockerfile.appended(tree, f"HEALTHCHECK {options}{words}")


def _asking(tree: Tree, *, path: str = "", port: int = 0, seconds: int = 2) -> str:
    return ASK.format(
        port=port or tree.image.port,
        path=path or tree.manifest.hardening.health_path,
        seconds=seconds,
    )


@defect("hardening", Stage.IMAGE)
def health_check_of_another_path(tree: Tree) -> Sign:
    """The health check asks for a path that Streamlit answers with a page."""
    _check(tree, _asking(tree, path="/planted"))
    return Sign(f"{HEALTHY}asks port {tree.image.port} for\nGET /planted")


@defect("hardening", Stage.IMAGE)
def health_check_of_another_port(tree: Tree) -> Sign:
    """The health check asks on a port where nothing listens."""
    _check(tree, _asking(tree, port=tree.image.port + 1))
    return Sign(f"{HEALTHY}asks port {tree.image.port} for\nnothing")


@defect("hardening", Stage.IMAGE)
def health_check_of_any_page(tree: Tree) -> Sign:
    """The health check looks at the status only, and any page will do."""
    _check(tree, _asking(tree).rpartition("raise")[0])
    return Sign(f"{A_PAGE}exit code 0")


@defect("hardening", Stage.IMAGE)
def health_check_of_the_connection(tree: Tree) -> Sign:
    """The health check is content when somebody takes the connection."""
    _check(tree, f"import socket; socket.create_connection(('127.0.0.1', {tree.image.port}), 2)")
    return Sign("the health check, given status 503\nexit code 0")


@defect("hardening", Stage.IMAGE)
def health_check_always_content(tree: Tree) -> Sign:
    """The health check asks the right question, and forgets the answer."""
    inner = "\n".join(f"    {line}" for line in _asking(tree).splitlines())
    code = f"try:{inner}\nexcept BaseException:\n    pass\n"
    words = dockerfile.exec_form("CMD", [tree.image.python, "-c", code])
    dockerfile.appended(tree, f"HEALTHCHECK {words}")
    return Sign("the health check, given nothing that listens\nexit code 0")


@defect("hardening", Stage.IMAGE)
def health_check_by_a_program_that_is_not_there(tree: Tree) -> Sign:
    """The health check is run by a program that the image does not have."""
    url = f"http://127.0.0.1:{tree.image.port}{tree.manifest.hardening.health_path}"
    words = dockerfile.exec_form("CMD", ["/usr/local/bin/planted-curl", "-fsS", url])
    dockerfile.appended(tree, f"HEALTHCHECK {words}")
    return Sign(f"{HEALTHY}ends with\ncannot be started")


@defect("hardening", Stage.IMAGE)
def health_check_slower_than_its_own_limit(tree: Tree) -> Sign:
    """The health check waits longer for an answer than the engine waits for it."""
    _check(tree, _asking(tree, seconds=3), "--timeout=1s ")
    return Sign("a server that takes the connection and never answers: waits\n3")


@defect("hardening", Stage.IMAGE)
def health_check_that_is_none(tree: Tree) -> Sign:
    """The image has no health check any more: the line is a comment."""
    commented(tree, "HEALTHCHECK")
    return Sign("HEALTHCHECK\nnone")
