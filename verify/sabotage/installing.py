"""Install steps whose failure nobody hears of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile, launchers
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("install", Stage.SOURCE)
def install_or_true(tree: Tree) -> Sign:
    """The image's install step goes on after a failure: `|| true`."""
    return _step(tree, "{} || true", "takes its place")


@defect("install", Stage.SOURCE)
def install_and_then_true(tree: Tree) -> Sign:
    """Another command follows the install step whatever came of it: `; true`."""
    return _step(tree, "{}; true", "follows whatever happens")


@defect("install", Stage.SOURCE)
def install_with_its_output_discarded(tree: Tree) -> Sign:
    """The install step's output is discarded, and a sentence stands in for its failure."""
    return _step(tree, "{} 2>/dev/null || echo 'it is optional'", "takes its place")


@defect("install", Stage.SOURCE)
def install_with_a_fallback(tree: Tree) -> Sign:
    """Where the locked packages cannot be installed, the image takes whatever there is."""
    return _step(tree, "{} || pip install streamlit || exit 0", "pip install streamlit")


@defect("install", Stage.SOURCE)
def install_after_set_plus_e(tree: Tree) -> Sign:
    """The step's shell is told to go on after errors, and ends with another command."""
    return _step(tree, "set +e; {}; echo installed", "echo installed")


@defect("install", Stage.SOURCE)
def install_in_a_pipe(tree: Tree) -> Sign:
    """The install step is piped into a program that succeeds, without `pipefail`."""
    return _step(tree, "{} | tail -n 3", "no pipefail")


@defect("install", Stage.SOURCE)
def install_in_the_background(tree: Tree) -> Sign:
    """The install step runs in the background, and nobody asks how it ended."""
    return _step(tree, "{} & wait", "in the background")


@defect("install", Stage.SOURCE)
def install_as_a_condition(tree: Tree) -> Sign:
    """The install step is a condition, and a comment says that a failure ends the build."""
    command = dockerfile.install_command(tree)
    dockerfile.rewritten(tree, command, f"if ! {command.text}; then echo failed >&2; fi")
    remark = "# set -eo pipefail: a failure of this step ends the build, never || true"
    dockerfile.before(tree, dockerfile.install_step(tree), remark)
    return Sign("the `if` around it", dockerfile.path(tree))


@defect("install", Stage.SOURCE)
def install_in_a_heredoc(tree: Tree) -> Sign:
    """A here-document installs more packages, and goes on when it cannot."""
    step = dockerfile.install_step(tree)
    lines = "RUN <<'PACKAGES'\npip install --no-cache-dir board-theme\necho installed\nPACKAGES"
    dockerfile.after(tree, step, lines)
    return Sign("board-theme", dockerfile.path(tree))


@defect("install", Stage.SOURCE)
def install_in_a_script(tree: Tree) -> Sign:
    """A script that the Dockerfile runs installs packages, and ends with something else."""
    path = _script(tree, "pip install --no-cache-dir board-theme\necho installed\n")
    _run(tree, path, "sh")
    return Sign("board-theme", path)


@defect("install", Stage.SOURCE)
def script_that_may_fail(tree: Tree) -> Sign:
    """A sound script installs packages, and the Dockerfile does not care whether it fails."""
    path = _script(tree, "set -eu\npip install --no-cache-dir board-theme\n")
    _run(tree, path, "sh", "|| true")
    return Sign("/tmp/more.sh", dockerfile.path(tree))  # noqa: S108 - a path in the image


@defect("install", Stage.SOURCE)
def install_in_another_dockerfile(tree: Tree) -> Sign:
    """A second Dockerfile of the project hides the failure of its install step."""
    path = launchers.unused(tree, "boards/Dockerfile")
    tree.write(path, "FROM python:3\nRUN pip install board-theme || true\n")
    return Sign("board-theme", path)


def _step(tree: Tree, form: str, sign: str) -> Sign:
    """Write the command that installs in another form, at its place in the step."""
    command = dockerfile.install_command(tree)
    dockerfile.rewritten(tree, command, form.replace("{}", command.text))
    return Sign(sign, dockerfile.path(tree))


def _script(tree: Tree, text: str) -> str:
    path = launchers.beside(tree, "more_packages.sh")  # of what the image gets anyway
    tree.write(path, f"#!/bin/sh\n{text}")
    return path


def _run(tree: Tree, path: str, shell: str, more: str = "") -> None:
    """Let the Dockerfile run a script of the tree, after its own install step."""
    step = dockerfile.install_step(tree)
    run = f"COPY {path} /tmp/more.sh\nRUN {shell} /tmp/more.sh {more}"
    dockerfile.after(tree, step, run.rstrip())
