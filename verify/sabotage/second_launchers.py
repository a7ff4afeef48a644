"""A second way to launch, which starts a page that nobody reviewed."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import launchers
from verify.planting.defect import CannotPlant, Sign, defect
from verify.probes.launchers.images.compose_file import project
from verify.probes.launchers.kinds.compose import default_files
from verify.probes.launchers.world import World

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("entry", Stage.SOURCE, sociable=True)
def second_entry_in_a_script(tree: Tree) -> Sign:
    """A new script starts a rival; it names the entry in a comment and prints it."""
    start = f"streamlit run {tree.entry}"
    return _second(tree, "start_board.sh", f"#!/bin/sh\n# {start}\necho '{start}'\n{{}}\n")


@defect("entry", Stage.SOURCE, sociable=True)
def second_entry_in_a_makefile(tree: Tree) -> Sign:
    """A new target of make starts a rival."""
    return _second(tree, "boards/Makefile", "board:\n\tcd .. && {}\n")


@defect("entry", Stage.SOURCE, sociable=True)
def second_entry_in_a_workflow(tree: Tree) -> Sign:
    """A new workflow of GitHub starts a rival."""
    head = "on: push\njobs:\n  board:\n    runs-on: ubuntu-latest\n    steps:\n"
    return _second(tree, ".github/workflows/board.yml", f"{head}      - run: {{}}\n")


@defect("entry", Stage.SOURCE, sociable=True)
def second_entry_in_a_procfile(tree: Tree) -> Sign:
    """A Procfile starts a rival."""
    return _second(tree, "Procfile", "web: {} --server.port $PORT\n")


@defect("entry", Stage.SOURCE, sociable=True)
def second_entry_in_the_editor(tree: Tree) -> Sign:
    """A debug configuration of VS Code starts a rival."""
    target = launchers.rival(tree)
    words = {"type": "debugpy", "module": "streamlit", "args": ["run", target]}
    board = {"name": "Board", "request": "launch", **words}
    path = launchers.unused(tree, ".vscode/launch.json")
    tree.write(path, json.dumps({"version": "0.2.0", "configurations": [board]}, indent=4))
    return Sign(target, path)


@defect("entry", Stage.SOURCE, sociable=True)
def second_entry_in_a_program(tree: Tree) -> Sign:
    """A new Python program starts a server with a rival."""
    target = launchers.rival(tree)
    path = launchers.unused(tree, "start_board.py")
    command = f'[sys.executable, "-m", "streamlit", "run", "{target}"]'
    tree.write(path, f"import subprocess\nimport sys\n\nsubprocess.run({command}, check=True)\n")
    return Sign(target, path)


@defect("entry", Stage.SOURCE, sociable=True)
def second_entry_in_a_compose_override(tree: Tree) -> Sign:
    """An override file, which compose takes by itself, gives the service another command."""
    name, path = _service(tree)
    stem, ending = posixpath.splitext(path)
    override = f"{stem}.override{ending}"
    target = launchers.rival(tree, launchers.beside(tree, "rival_board.py"))
    tree.write(override, f"services:\n  {name}:\n    command: streamlit run {target}\n")
    return Sign(posixpath.basename(target), override)


@defect("entry", Stage.SOURCE, sociable=True)
def compose_names_a_missing_dockerfile(tree: Tree) -> Sign:
    """A compose file builds from a Dockerfile that is not there."""
    path = launchers.unused(tree, "boards/compose.yaml")
    tree.write(path, "services:\n  board:\n    build:\n      dockerfile: Gone.Dockerfile\n")
    return Sign("Gone.Dockerfile", path)


@defect("entry", Stage.SOURCE, sociable=True)
def workflow_with_an_empty_port(tree: Tree) -> Sign:
    """A workflow starts the entry on a port that nothing sets."""
    path = launchers.unused(tree, ".github/workflows/board.yml")
    head = "on: push\njobs:\n  board:\n    runs-on: ubuntu-latest\n    steps:\n"
    tree.write(path, f"{head}      - run: streamlit run {tree.entry} --server.port $BOARD_PORT\n")
    return Sign("the port is empty", path)


@defect("entry", Stage.SOURCE, sociable=True)
def documentation_of_another_command(tree: Tree) -> Sign:
    """The documentation tells people to start a retired file."""
    target = launchers.retired(tree)
    path = "README.md" if tree.has("README.md") else launchers.unused(tree, "docs/start.md")
    told = f"\n## Start\n\n```sh\nstreamlit run {target}\n```\n"
    tree.write(path, f"{tree.text(path)}{told}" if tree.has(path) else told)
    return Sign(f"starts {target}, which refuses to run", path)


def _second(tree: Tree, path: str, text: str) -> Sign:
    """Write a rival and a launcher of it, whose command stands at the braces."""
    target, path = launchers.rival(tree), launchers.unused(tree, path)
    tree.write(path, text.replace("{}", f"streamlit run {target}"))
    return Sign(target, path)


def _service(tree: Tree) -> tuple[str, str]:
    """Return the service that the project's compose file builds, and that file."""
    world = World(tree.source, tree.manifest.declared())
    files = default_files(world, "")
    if not files:
        raise NotDeclared("the project has no compose file in its root")
    for name, service in project(world, files[:1]).items():
        if service.build is not None:
            return name, files[0]
    raise CannotPlant(f"{files[0]}: no service is built of this tree")
