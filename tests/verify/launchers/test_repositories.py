"""Every form and every trap of launching, one small repository each, told exactly right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verify.launchers.repository import Repository, judge, read, repositories

REPOSITORIES = repositories()


@pytest.mark.parametrize("repository", REPOSITORIES, ids=lambda one: one.name)
def test_matrix_of_repository_is_right(repository: Repository, tmp_path: Path) -> None:
    verdicts = judge(repository, repository.survey(tmp_path))
    wrong = [f"expected {one.expected}\n     got {one.got}" for one in verdicts if not one.right]
    assert not wrong, "\n".join([repository.about, *wrong])


def test_there_are_fixtures_of_every_family() -> None:
    families = {one.family for one in REPOSITORIES}
    forms = {"dockerfile", "compose", "scripts", "python", "tasks", "hosting", "prefixes", "decoys"}
    assert families >= forms
    launchers = sum(len(one.expected.get("launchers", ())) for one in REPOSITORIES)
    assert len(REPOSITORIES) >= 60
    assert launchers >= 70


TREE = """\
# A form.
executable run.sh
link other.sh -> run.sh
bytes raw.bin 00ff
-- run.sh --
streamlit run app.py
-- app.py --
import streamlit as st

st.title("x")
-- expected.toml --
"""

RIGHT = """
[[launchers]]
path = "run.sh"
line = 1
kind = "shell"
status = "ok"
entry = "app.py"
port = 8501

[[launchers]]
path = "other.sh"
line = 1
kind = "shell"
status = ["ok", "missing"]
open = ["port", "entry"]

[[entry_points]]
path = "app.py"
state = "any"
"""


def wrong_about(answer: str, folder: Path) -> list[tuple[str, str, str, bool]]:
    path = folder / "form-x.txt"
    path.write_text(TREE + answer)
    repository = read(path)
    assert repository.about == "A form."
    verdicts = judge(repository, repository.survey(folder / "tree"))
    return [(v.about, v.expected, v.got, v.shy) for v in verdicts if not v.right]


def test_right_answer_is_taken(tmp_path: Path) -> None:
    assert not wrong_about(RIGHT, tmp_path)
    assert (tmp_path / "tree/run.sh").stat().st_mode & 0o111
    assert (tmp_path / "tree/other.sh").is_symlink()
    assert (tmp_path / "tree/raw.bin").read_bytes() == b"\x00\xff"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("line = 1", "line = 2"),
        ('entry = "app.py"', 'entry = "other.py"'),
        ('entry = "app.py"\n', ""),
        ("port = 8501", "port = 8502"),
        ("port = 8501", ""),
        ('status = "ok"', 'status = "missing"'),
        ('kind = "shell"', 'kind = "batch"'),
        ("port = 8501", 'port = 8501\nwhy = "because"'),
        ("port = 8501", 'port = 8501\ncandidates = ["app.py"]'),
        ('state = "any"', 'state = "none"\n[[entry_points]]\npath = "x.py"\nstate = "page"'),
        ("[[entry_points]]", '[[disagreements]]\npath = "run.sh"\nline = 9\n[[entry_points]]'),
    ],
)
def test_every_difference_is_seen(old: str, new: str, tmp_path: Path) -> None:
    assert wrong_about(RIGHT.replace(old, new, 1), tmp_path)


def test_row_that_is_not_expected_is_wrong(tmp_path: Path) -> None:
    answer = RIGHT[RIGHT.rindex("[[launchers]]") :]
    assert [got for _, expected, got, _ in wrong_about(answer, tmp_path) if expected == "no row"]
