"""Instructions of a Dockerfile are found as they count, and changed where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.planting import dockerfile
from verify.planting.defect import CannotPlant
from verify.planting.tree import Tree
from verify.probes.dockerfile.install_steps import dockerfile_steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Plant = Callable[[str], Tree]

MANIFEST = """
[dashboard]
entry = "page.py"
marker = "M"
tabs = ["One"]

[image]
dockerfile = "Dockerfile"
tag = "x"
app_dir = "/srv"
"""
START = 'CMD ["streamlit", "run", "page.py"]'


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    def made(text: str) -> Tree:
        (tmp_path / "page.py").write_text("import streamlit as st\nst.title('x')\n")
        (tmp_path / "verify.toml").write_text(MANIFEST)
        (tmp_path / "Dockerfile").write_text(text)
        return Tree(tmp_path)

    return made


def test_the_last_of_the_final_stage_counts(plant: Plant) -> None:
    tree = plant("FROM a AS base\nUSER one\nFROM b\nUSER two\nFROM base\nCMD x\nCMD y\n")
    user, command = dockerfile.last(tree, "USER"), dockerfile.last(tree, "CMD")
    assert user is not None
    assert command is not None
    assert (user.value, command.value) == ("one", "y")
    assert dockerfile.last(tree, "EXPOSE") is None
    with pytest.raises(CannotPlant, match="no EXPOSE"):
        dockerfile.needed(tree, "EXPOSE")


def test_an_instruction_is_replaced_with_its_continued_lines_and_no_more(plant: Plant) -> None:
    text = "FROM a\nLABEL a=1 \\\n  # why\n  b=2\n\n# of the next\nUSER x\n"
    tree = plant(text)
    label = dockerfile.needed(tree, "LABEL")
    assert dockerfile.written(tree, label) == "LABEL a=1 \\\n  # why\n  b=2"
    dockerfile.replaced(tree, label, "LABEL c=3")
    assert tree.text("Dockerfile") == "FROM a\nLABEL c=3\n\n# of the next\nUSER x\n"


def test_a_here_document_belongs_to_its_instruction(plant: Plant) -> None:
    tree = plant("FROM a\nRUN <<EOF\npip install x\n# why\nEOF\nUSER x\n")
    step = dockerfile.install_step(tree)
    dockerfile.after(tree, step, "RUN true")
    assert tree.text("Dockerfile").endswith("# why\nEOF\nRUN true\nUSER x\n")


STEPS = {
    "alone": "RUN pip install x",
    "in a chain": "RUN python -m venv /v && pip install -r a.txt \\\n    && echo done",
    "over lines with remarks": "RUN echo é \\\n # why\n && pip install \\\n # a\n x \\\n && true",
    "with a mount": "RUN --mount=type=cache,target=/root/.cache pip install x",
    "as a list": 'RUN ["pip", "install", "x y"]',
    "in a here-document": "RUN <<EOF\nset -e\npip install x\nEOF",
    "after those of the system": "RUN apt-get install -y a\nRUN uv pip install x",
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_the_command_that_installs_is_found_where_it_stands(step: str, plant: Plant) -> None:
    tree = plant(f"FROM a\n{step}\n{START}\n")
    command = dockerfile.install_command(tree)
    assert "apt-get" not in command.text
    dockerfile.rewritten(tree, command, f"{command.text} || true")
    hidden = [one for one in dockerfile_steps(tree.text("Dockerfile")) if one.hidden]
    assert len(hidden) == 1, tree.text("Dockerfile")
    assert tree.text("Dockerfile").endswith(f"{START}\n")


def test_a_dockerfile_that_installs_nothing_cannot_be_broken_there(plant: Plant) -> None:
    with pytest.raises(CannotPlant, match="no RUN installs"):
        dockerfile.install_step(plant("FROM a\nRUN echo pip install x\n"))


STARTS = {
    "a list": (START, 'CMD ["streamlit", "run", "old.py"]'),
    "a shell": ("CMD exec streamlit run page.py", "CMD exec streamlit run old.py"),
    "an entrypoint": ('ENTRYPOINT ["a", "page.py"]\nCMD ["b"]', 'ENTRYPOINT ["a", "old.py"]'),
    "a whole path": ("CMD streamlit run /srv/page.py", "CMD streamlit run old.py"),
}


@pytest.mark.parametrize(("before", "after"), STARTS.values(), ids=STARTS)
def test_what_starts_the_entry_can_start_another_file(
    before: str, after: str, plant: Plant
) -> None:
    tree = plant(f"FROM a\n{before}\n")
    assert dockerfile.starting(tree, "old.py") == after
    assert "old.py" in dockerfile.started(tree, "old.py")


def test_an_image_that_is_started_by_a_script_says_so(plant: Plant) -> None:
    with pytest.raises(CannotPlant, match="neither ENTRYPOINT nor CMD"):
        dockerfile.starter(plant('FROM a\nCMD ["/start.sh"]\n'))
