"""Files are served side by side, and what each does besides drawing is told, once they ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify.errors import CouldNotCheck
from verify.probes import wire
from verify.probes.ready import first_page
from verify.probes.subject import Farm, open_subject

PYTHON = Path(__file__).parents[3] / ".venv/bin/python"
DRAW = "import streamlit as st\nst.write('drawn')\n"


@pytest.fixture
def serve(tmp_path):
    """Serve files, each given by its text; return what each drew, and did besides."""

    def run(**files: str) -> tuple[dict[str, str], dict[str, list[list[str]]]]:
        names = {f"{name}.py": code for name, code in files.items()}
        root = tmp_path / "tree"
        root.mkdir()
        for name, code in names.items():
            (root / name).write_text(code)
        subject = open_subject(root, str(PYTHON), {}, tmp_path)
        with subject.serve_each(list(names)) as farm:
            drawn = {name: first(name, farm) for name in names}
            return drawn, farm.effects()

    return run


def first(name: str, farm: Farm) -> str:
    page = first_page(farm.urls[name], what=name, ended=str, log=str, deadline=60.0)
    return " ".join(element.text for element in page.main)


def test_what_a_page_does_is_told_of_it_alone(serve):
    drawn, effects = serve(
        quiet=DRAW,
        busy=f"{DRAW}open('left.txt', 'w').close()\nimport os\nos.mkdir('made')\n",
    )
    assert drawn == {"quiet.py": "drawn", "busy.py": "drawn"}
    assert effects["quiet.py"] == [["runs", "quiet.py"]]
    runs, writes, makes = effects["busy.py"]
    assert runs == ["runs", "busy.py"]
    assert writes[0] == "writes"
    assert writes[1] == "left.txt at busy.py:3"
    assert makes == ["makes folder", "made at busy.py:5"]


def test_what_a_file_of_the_tree_does_for_another_is_told(serve):
    _, effects = serve(
        page=f"import helper\n{DRAW}",
        helper="import threading\nthreading.Thread(target=print).start()\n",
    )
    assert [verb for verb, _ in effects["page.py"]] == ["runs", "runs", "starts thread"]
    assert effects["page.py"][2][1].endswith(" at helper.py:2")


def test_a_file_that_does_not_compile_never_ran(serve):
    _, effects = serve(broken="def broken(:\n")
    assert effects["broken.py"] == []


def test_what_happens_after_a_change_of_folder_is_told(serve):
    _, effects = serve(away="import os\nos.chdir('/')\nopen('/tmp/left.txt', 'w').close()\n")
    Path("/tmp/left.txt").unlink()
    assert effects["away.py"][1:] == [["writes", "/tmp/left.txt at away.py:3"]]


def test_servers_that_were_killed_tell_nothing(tmp_path):
    (tmp_path / "page.py").write_text(DRAW)
    subject = open_subject(tmp_path, str(PYTHON), {}, tmp_path)
    with subject.serve_each(["page.py"]) as farm:
        farm.process.kill()
        with pytest.raises(CouldNotCheck, match="gave no answer"):
            farm.effects()


def test_all_servers_are_gone_once_they_have_told(tmp_path):
    (tmp_path / "page.py").write_text(DRAW)
    subject = open_subject(tmp_path, str(PYTHON), {}, tmp_path)
    with subject.serve_each(["page.py"]) as farm:
        first("page.py", farm)
        farm.effects()
        with pytest.raises(CouldNotCheck):
            wire.read(farm.urls["page.py"], deadline=2.0)
