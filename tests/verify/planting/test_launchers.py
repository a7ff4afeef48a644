"""Launchers of any kind start another file, and their comments stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.errors import NotDeclared
from verify.planting import launchers
from verify.planting.defect import CannotPlant
from verify.planting.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Plant = Callable[..., Tree]

SCRIPT = "#!/bin/sh\n# streamlit run inner/page.py\nif true; then\n    {}\nfi\n"


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    def made(files: dict[str, str], subject: str = "") -> Tree:
        for name, text in ({"inner/page.py": "import streamlit\n"} | files).items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        head = '[dashboard]\nentry = "inner/page.py"\nmarker = "M"\ntabs = ["One"]\n'
        (tmp_path / "verify.toml").write_text(f"{head}[subject]\n{subject}")
        return Tree(tmp_path)

    return made


@pytest.mark.parametrize("command", ["run inner/page.py", "cd inner && streamlit run page.py"])
def test_a_launcher_starts_another_file(command: str, plant: Plant) -> None:
    tree = plant({"go.sh": SCRIPT.format(command)}, 'launchers = ["go.sh"]')
    launchers.retargeted(tree, launchers.script(tree), "other.py")
    code = tree.text("go.sh")
    assert "# streamlit run inner/page.py" in code
    assert "page.py" not in code.replace("# streamlit run inner/page.py", "")
    assert "other.py" in code


def test_a_line_is_put_before_the_start_as_deep_as_it(plant: Plant) -> None:
    tree = plant({"go.sh": SCRIPT.format("run inner/page.py")}, 'launchers = ["go.sh"]')
    launchers.before_start(tree, "go.sh", "exit 3")
    assert "then\n    exit 3\n    run inner/page.py\n" in tree.text("go.sh")


def test_a_launcher_that_does_not_name_the_entry_cannot_be_broken(plant: Plant) -> None:
    tree = plant({"go.sh": "# inner/page.py\nother\n"})
    with pytest.raises(CannotPlant, match=r"go\.sh"):
        launchers.retargeted(tree, "go.sh", "other.py")


def test_the_file_behind_a_command_is_known(plant: Plant) -> None:
    tree = plant({"Makefile": "run:\n"}, 'commands = ["make run"]')
    assert launchers.command_file(tree) == "Makefile"


def test_what_a_project_does_not_have_is_not_declared(plant: Plant) -> None:
    tree = plant({})
    for find in (launchers.script, launchers.command_file, launchers.retired):
        with pytest.raises(NotDeclared):
            find(tree)


def test_a_rival_overwrites_nothing(plant: Plant) -> None:
    tree = plant({"rival_board.py": "mine"})
    assert launchers.rival(tree) == "rival_board_2.py"
    assert tree.text("rival_board.py") == "mine"
    assert launchers.unused(tree, "rival_board.py") == "second/rival_board.py"
