"""What only looks like a guard: each trap is seen where the code is read and where it is run."""

from __future__ import annotations

import json
from typing import Any

import pytest

TEXT = "Retired. Run: streamlit run page.py"
RAISE = f"raise RuntimeError({TEXT!r})\n"
LATE = "if 'streamlit' in sys.modules: open('left.txt', 'w')"
DRAW = "import streamlit as st\nst.title('old')\n"
ON_A_PAGE = "import sys\nif 'streamlit' in sys.modules:\n    "

SOUND = {
    "sound.py": RAISE,
    "sound_with_a_docstring.py": f'"""Retired."""\n\n{RAISE}',
}

TRAPS = {
    "dead_branch.py": f"if False:\n    {RAISE}{DRAW}",
    "dead_branch_that_draws_nothing.py": f"if False:\n    {RAISE}",
    "condition.py": f"import os\nif os.environ.get('RETIRED'):\n    {RAISE}{DRAW}",
    "condition_on_streamlit.py": (
        f"import sys\nif 'streamlit' not in sys.modules:\n    {RAISE}{DRAW}"
    ),
    "condition_on_main.py": f"if __name__ == '__main__':\n    {RAISE}",
    "inside_of_a_function.py": f"def refuse():\n    {RAISE}{DRAW}",
    "file_before.py": f"open('left.txt', 'w').close()\n{RAISE}",
    "page_before.py": f"{DRAW}{RAISE}",
    "comment.py": f"# {RAISE}{DRAW}",
    "docstring.py": f'"""{RAISE}"""\n{DRAW}',
    "only_says_so.py": f"import streamlit as st\nprint({TEXT!r})\nst.error({TEXT!r})\n",
    "swallowed.py": f"try:\n    {RAISE}except RuntimeError:\n    pass\n{DRAW}",
    "swallowed_and_shown.py": (
        f"try:\n    {RAISE}except RuntimeError as error:\n    print(error)\n{DRAW}"
    ),
    "suppressed.py": (
        f"import contextlib\nwith contextlib.suppress(RuntimeError):\n    {RAISE}{DRAW}"
    ),
    "second_visitor.py": (
        "import sys\nknown = vars(sys.modules['streamlit']) if 'streamlit' in sys.modules else {}\n"
        f"if not known.get('_told'):\n    known['_told'] = 1\n    {RAISE}{DRAW}"
    ),
    "after_the_guard.py": f"try:\n    {RAISE}finally:\n    open('left.txt', 'w').close()\n",
}

# They refuse in sight of everybody, and do something all the same; on a page only.
ON_THE_QUIET = {
    "quiet_file.py": (f"{ON_A_PAGE}open('left.txt', 'w').close()\n{RAISE}", "writes "),
    "quiet_folder.py": (
        f"{ON_A_PAGE}import os; os.makedirs('left', exist_ok=True)\n{RAISE}",
        "makes folder left",
    ),
    "quiet_socket.py": (
        f"{ON_A_PAGE}import socket; socket.socket().bind(('127.0.0.1', 0))\n{RAISE}",
        "listens on ('127.0.0.1', 0)",
    ),
    "quiet_database.py": (
        f"{ON_A_PAGE}import sqlite3; sqlite3.connect(':memory:')\n{RAISE}",
        "opens database :memory:",
    ),
    "quiet_thread.py": (
        f"{ON_A_PAGE}import threading; threading.Thread(target=print).start()\n{RAISE}",
        "starts thread ",
    ),
    "quiet_process.py": (
        f"{ON_A_PAGE}import subprocess; subprocess.run(['true'])\n{RAISE}",
        "starts process ",
    ),
    "quiet_after.py": (
        f"import sys\ntry:\n    {RAISE}finally:\n    {LATE}\n",
        "writes ",
    ),
}

FILES = SOUND | TRAPS | {name: code for name, (code, _) in ON_THE_QUIET.items()}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, verified: Any) -> dict[str, list[Any]]:
    """Return the findings of each stage, all files judged in one run."""
    root = tmp_path_factory.mktemp("traps")
    (root / "page.py").write_text(
        'import streamlit as st\nBUILD_MARKER = "M1"\nst.tabs(["One", "Two"])\n'
    )
    tables = [
        '[dashboard]\nentry = "page.py"\nmarker = "M1"\ntabs = ["One", "Two"]\n',
        f'[subject]\npython = "{verified.interpreter}"\n',
        "[startup]\nbudget_seconds = 40\n",  # two dozen servers start at once
    ]
    for name, code in FILES.items():
        (root / name).write_text(code)
        tables.append(f"[[retired]]\npath = {json.dumps(name)}\ntext = {json.dumps(TEXT)}\n")
    (root / "verify.toml").write_text("".join(tables))
    report = verified.report(root, "--gate", "guards", "--stage", "source", "--stage", "local")
    cells = {cell["stage"]: cell for cell in report["cells"] if cell["reason"] != "not asked for"}
    assert all(cell["observed"] > len(FILES) for cell in cells.values()), cells
    assert {cell["outcome"] for cell in cells.values()} == {"FAIL"}, cells
    return {stage: cell["findings"] for stage, cell in cells.items()}


@pytest.mark.parametrize("stage", ["source", "local"])
@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_seen(name, stage, found):
    assert name in {finding["path"] for finding in found[stage]}


@pytest.mark.parametrize("stage", ["source", "local"])
@pytest.mark.parametrize("name", SOUND)
def test_a_sound_guard_is_not(name, stage, found):
    assert [one for one in found[stage] if one["path"] == name] == []


def test_a_guard_that_refuses_once_is_seen_by_the_second_visitor_only(found):
    of_file = [one for one in found["local"] if one["path"] == "second_visitor.py"]
    assert of_file
    assert all("to a second visitor" in one["subject"] for one in of_file), of_file


@pytest.mark.parametrize("name", ON_THE_QUIET)
def test_what_is_done_on_a_page_only_is_seen_by_the_server(name, found):
    of_file = [one for one in found["local"] if one["path"] == name]
    (seen,) = [one for one in of_file if "streamlit run FILE does besides" in one["subject"]]
    assert ON_THE_QUIET[name][1] in seen["got"]
    assert f" at {name}:" in seen["got"]
    assert of_file == [seen], "no other look can see it"
    assert name in {one["path"] for one in found["source"]}
