"""How a container is started is read from any Dockerfile, and can be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.planting import options, start
from verify.planting.defect import CannotPlant
from verify.planting.patience import SECONDS, less_patience
from verify.planting.tree import Tree
from verify.probes.dockerfile.parse import stages

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = """
[dashboard]
entry = "page.py"
marker = "M"
tabs = ["One"]

[image]
dockerfile = "Dockerfile"
tag = "own:image"
"""


@pytest.fixture
def plant(tmp_path: Path):
    def made(dockerfile: str, manifest: str = MANIFEST) -> Tree:
        (tmp_path / "page.py").write_text("import streamlit as st\nst.title('x')\n")
        (tmp_path / "Dockerfile").write_text(f"FROM python:3.12\n{dockerfile}\n")
        (tmp_path / "verify.toml").write_text(manifest)
        return Tree(tmp_path)

    return made


def starts(tree: Tree) -> tuple[list[str], list[str]]:
    """Return the words of ENTRYPOINT and of CMD."""
    (stage,) = stages(tree.text("Dockerfile"))
    found = (stage.last(name) for name in ("ENTRYPOINT", "CMD"))
    return tuple([*one.exec_form] if one is not None else [] for one in found)


COMMANDS = {
    'CMD ["a", "b"]': ["a", "b"],
    'ENTRYPOINT ["a"]\nCMD ["b"]': ["a", "b"],
    "CMD a $B": ["/bin/sh", "-c", "a $B"],
    'ENTRYPOINT a\nCMD ["b"]': ["/bin/sh", "-c", "a"],
    'CMD ["old"]\nCMD ["new"]': ["new"],
    'ENTRYPOINT []\nCMD ["a"]': ["a"],
}


@pytest.mark.parametrize("dockerfile", COMMANDS)
def test_the_own_command_is_that_of_the_engine(plant, dockerfile):
    assert start.own(plant(dockerfile)) == COMMANDS[dockerfile]


def test_a_dockerfile_that_starts_nothing_is_a_fault_of_the_catalogue(plant):
    with pytest.raises(CannotPlant, match="no CMD"):
        start.own(plant("RUN true"))


@pytest.mark.parametrize("dockerfile", COMMANDS)
def test_a_line_runs_before_the_own_command(plant, dockerfile):
    tree = plant(dockerfile)
    start.first(tree, "env")
    entrypoint, command = starts(tree)
    assert entrypoint == ["sh", "-c", 'env\nexec "$@"', "sh"]
    assert command == COMMANDS[dockerfile]


@pytest.mark.parametrize("dockerfile", COMMANDS)
def test_another_command_takes_the_place_of_the_own_one(plant, dockerfile):
    tree = plant(dockerfile)
    start.instead(tree, ["/no/such/program"])
    assert starts(tree) == ([], ["/no/such/program"])


def test_an_option_comes_last_in_the_words_or_in_the_line(plant):
    tree = plant('CMD ["a", "b"]')
    start.with_option(tree, "--x=1")
    assert starts(tree)[1] == ["a", "b", "--x=1"]
    tree = plant("CMD a $B")
    start.with_option(tree, "--x=1")
    assert starts(tree)[1] == ["/bin/sh", "-c", "a $B --x=1"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "[server]\nenableCORS = false\n"),
        ("[server]\nport = 1\n", "[server]\nenableCORS = false\nport = 1\n"),
        ("[client]\nx = 1\n", "[client]\nx = 1\n[server]\nenableCORS = false\n"),
    ],
)
def test_an_option_stands_in_its_own_table(plant, before, after):
    tree = plant('CMD ["a"]')
    if before is not None:
        tree.write(options.FILE, before)
    options.in_file(tree, "server", enableCORS=False)
    assert tree.text(options.FILE) == after


def test_an_option_that_stands_there_already_is_a_fault_of_the_catalogue(plant):
    tree = plant('CMD ["a"]')
    tree.write(options.FILE, "[server]\nenableCORS = true\n")
    with pytest.raises(CannotPlant, match="enableCORS"):
        options.in_file(tree, "server", enableCORS=False)


@pytest.mark.parametrize("manifest", [MANIFEST, f"{MANIFEST}ready_seconds = 90\n"])
def test_a_run_waits_less_whether_the_manifest_says_how_long_or_not(plant, manifest):
    tree = plant('CMD ["a"]', manifest)
    less_patience(tree)
    assert Tree(tree.root).image.ready_seconds == SECONDS
