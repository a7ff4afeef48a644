"""Servers that nobody reaches: another port, an address of the container alone."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile, launchers
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

ADDRESS, PORT = "--server.address", "--server.port"
WHO = "this container alone"


@defect("entry", Stage.SOURCE, sociable=True)
def server_on_another_port(tree: Tree) -> Sign:
    """The image's command listens on another port than the one that is published."""
    port = tree.image.port + 1
    _with_option(tree, PORT, str(port))
    return Sign(f"\n{port}\n", dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def another_port_exposed(tree: Tree) -> Sign:
    """The image exposes another port than the one its own command listens on."""
    line, found = f"EXPOSE {tree.image.port + 1}", dockerfile.last(tree, "EXPOSE")
    if found is None:
        dockerfile.appended(tree, line)
    else:
        dockerfile.replaced(tree, found, line)
    return Sign("its own command listens on port", dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def compose_publishes_another_port(tree: Tree) -> Sign:
    """A service publishes another port of its container than the one the server listens on."""
    image, path = tree.image, launchers.unused(tree, "compose.board.yaml")
    name = posixpath.relpath(image.dockerfile, image.context)
    build = f"    build:\n      context: {image.context}\n      dockerfile: {name}\n"
    ports = f'    ports:\n      - "{image.port}:{image.port + 1}"\n'
    tree.write(path, f"services:\n  board:\n{build}{ports}")
    return Sign("where Streamlit listens", path)


@defect("entry", Stage.SOURCE, sociable=True)
def server_for_its_container_alone(tree: Tree) -> Sign:
    """The image's command listens on localhost, which nobody outside of the container reaches."""
    _with_option(tree, ADDRESS, "localhost")
    return Sign(WHO, dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def loopback_in_the_environment(tree: Tree) -> Sign:
    """A variable of the image lets its server listen on 127.0.0.1; the command says nothing."""
    _with_option(tree, ADDRESS, "")
    dockerfile.appended(tree, "ENV STREAMLIT_SERVER_ADDRESS=127.0.0.1")
    return Sign(WHO, dockerfile.path(tree))


def _with_option(tree: Tree, option: str, value: str) -> None:
    """Give the image's command an option with another value; "" takes it out."""
    start = dockerfile.starter(tree)
    words, kept = dockerfile.words(start), []
    while words:
        word = words.pop(0)
        if word.partition("=")[0] != option:
            kept.append(word)
        elif word == option and words:
            words.pop(0)
    if value:
        kept.append(f"{option}={value}")
    dockerfile.replaced(tree, start, dockerfile.exec_form(start.name, kept))
