"""VS Code's tasks and debug configurations, and dev containers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from verify.matrix import Status

if TYPE_CHECKING:
    from collections.abc import Callable

OK, MISSING, BROKEN, UNKNOWN = Status.OK, Status.MISSING, Status.BROKEN, Status.UNKNOWN
PAGE = "import streamlit as st\n\nst.title('x')\n"
START = "import subprocess\n\nsubprocess.run(['streamlit', 'run', 'app.py'])\n"
TREE = {"app.py": PAGE, "ui/page.py": PAGE, "start.sh": "streamlit run app.py\n", "start.py": START}
Expected = list[tuple[Status, str | None, int | None]]

TASKS: dict[str, tuple[dict, Expected]] = {
    "shell": ({"type": "shell", "command": "streamlit run app.py"}, [(OK, "app.py", 8501)]),
    "arguments": (
        {"type": "shell", "command": "streamlit", "args": ["run", "${workspaceFolder}/app.py"]},
        [(OK, "app.py", 8501)],
    ),
    "process": (
        {
            "type": "process",
            "command": "${workspaceFolder}/.venv/bin/python",
            "args": ["-m", "streamlit", "run", "app.py", "--server.port", "8600"],
        },
        [(OK, "app.py", 8600)],
    ),
    "folder": (
        {"command": "streamlit run page.py", "options": {"cwd": "${workspaceFolder}/ui"}},
        [(OK, "ui/page.py", 8501)],
    ),
    "environment": (
        {"command": "streamlit run app.py", "options": {"env": {"STREAMLIT_SERVER_PORT": "8700"}}},
        [(OK, "app.py", 8700)],
    ),
    "quoted": (
        {"command": "streamlit", "args": ["run", {"value": "app.py", "quoting": "strong"}]},
        [(OK, "app.py", 8501)],
    ),
    "a script": ({"command": "./start.sh"}, [(OK, "app.py", 8501)]),
    "open file": ({"command": "streamlit run ${file}"}, [(UNKNOWN, None, 8501)]),
    "open file in quotes": (
        {"command": "streamlit", "args": ["run", "${file}"]},
        [(UNKNOWN, None, 8501)],
    ),
    "open file, no shell": (
        {"type": "process", "command": "streamlit", "args": ["run", "${file}"]},
        [(UNKNOWN, None, 8501)],
    ),
    "asked for": (
        {"command": "streamlit run app.py --server.port=${input:port}"},
        [(OK, "app.py", None)],
    ),
    "missing": ({"command": "streamlit run old.py"}, [(MISSING, None, 8501)]),
    "decoys": ({"label": "streamlit run app.py", "command": "pkill -f streamlit"}, []),
}

DEBUG: dict[str, tuple[dict, Expected]] = {
    "module": (
        {"type": "debugpy", "module": "streamlit", "args": ["run", "${workspaceFolder}/app.py"]},
        [(OK, "app.py", 8501)],
    ),
    "older type": (
        {"type": "python", "module": "streamlit", "args": ["run", "app.py", "--server.port=80"]},
        [(OK, "app.py", 80)],
    ),
    "folder": (
        {"type": "debugpy", "module": "streamlit", "args": ["run", "page.py"], "cwd": "ui"},
        [(OK, "ui/page.py", 8501)],
    ),
    "arguments as a text": (
        {"type": "debugpy", "module": "streamlit", "args": "run app.py"},
        [(OK, "app.py", 8501)],
    ),
    "program": (
        {"type": "debugpy", "program": "${workspaceFolder}/start.py"},
        [(OK, "app.py", 8501)],
    ),
    "the program is streamlit": (
        {"type": "debugpy", "program": ".venv/bin/streamlit", "args": ["run", "app.py"]},
        [(OK, "app.py", 8501)],
    ),
    "environment": (
        {
            "type": "debugpy",
            "module": "streamlit",
            "args": ["run", "app.py"],
            "env": {"STREAMLIT_SERVER_PORT": "8700"},
        },
        [(OK, "app.py", 8700)],
    ),
    "open file": (
        {"type": "debugpy", "module": "streamlit", "args": ["run", "${file}"]},
        [(UNKNOWN, None, 8501)],
    ),
    "missing": (
        {"type": "debugpy", "module": "streamlit", "args": ["run", "old.py"]},
        [(MISSING, None, 8501)],
    ),
    "another program": ({"type": "debugpy", "program": "${file}"}, []),
    "another language": ({"type": "node", "program": "streamlit"}, []),
}

CONTAINERS: dict[str, tuple[dict, Expected]] = {
    "text": ({"postAttachCommand": "streamlit run app.py"}, [(OK, "app.py", 8501)]),
    "list": ({"postStartCommand": ["streamlit", "run", "app.py"]}, [(OK, "app.py", 8501)]),
    "pairs": (
        {"postAttachCommand": {"server": "streamlit run app.py --server.port 80", "x": ["ls"]}},
        [(OK, "app.py", 80)],
    ),
    "environment": (
        {
            "containerEnv": {"STREAMLIT_SERVER_PORT": "8600"},
            "postStartCommand": "streamlit run app.py",
        },
        [(OK, "app.py", 8600)],
    ),
    "workspace": (
        {"postStartCommand": "cd / && streamlit run ${containerWorkspaceFolder}/app.py"},
        [(OK, "app.py", 8501)],
    ),
    "in the background": (
        {"postCreateCommand": "pip install -r x && nohup bash -c 'streamlit run app.py &'"},
        [(OK, "app.py", 8501)],
    ),
    "no shell reads a list": ({"postStartCommand": ["streamlit run app.py"]}, []),
    "missing": ({"postAttachCommand": "streamlit run old.py"}, [(MISSING, None, 8501)]),
    "unknown": ({"postAttachCommand": "streamlit run ${localEnv:APP}"}, [(UNKNOWN, None, 8501)]),
    "decoys": (
        {"name": "streamlit run app.py", "postCreateCommand": "echo streamlit run x.py"},
        [],
    ),
}


def _seen(path: str, text: str, matrix_of: Callable) -> Expected:
    rows = [row for row in matrix_of({**TREE, path: text}).launchers if row.path == path]
    assert all(row.why for row in rows if row.status is not OK), rows
    return [(row.status, row.entry, row.port) for row in rows]


@pytest.mark.parametrize("case", TASKS)
@pytest.mark.parametrize("path", [".vscode/tasks.json", "x.code-workspace"])
def test_task_is_followed(case: str, path: str, matrix_of: Callable) -> None:
    task, expected = TASKS[case]
    document = {"version": "2.0.0", "tasks": [task]}
    text = json.dumps(document if "tasks.json" in path else {"tasks": document}, indent=1)
    assert _seen(path, f"// tasks\n{text}", matrix_of) == expected


@pytest.mark.parametrize("case", DEBUG)
def test_debug_configuration_is_followed(case: str, matrix_of: Callable) -> None:
    configuration, expected = DEBUG[case]
    text = json.dumps({"configurations": [{"request": "launch", **configuration}]})
    assert _seen(".vscode/launch.json", text, matrix_of) == expected


@pytest.mark.parametrize("case", CONTAINERS)
@pytest.mark.parametrize("path", [".devcontainer/devcontainer.json", ".devcontainer.json"])
def test_dev_container_is_followed(case: str, path: str, matrix_of: Callable) -> None:
    document, expected = CONTAINERS[case]
    assert _seen(path, json.dumps(document), matrix_of) == expected


@pytest.mark.parametrize(
    "path", [".vscode/tasks.json", "package.json", ".devcontainer/x/devcontainer.json"]
)
def test_file_that_is_no_json_is_broken(path: str, row_of: Callable) -> None:
    row = row_of(path, {**TREE, path: '{\n"scripts": streamlit\n}'})
    assert (row.status, row.line) == (BROKEN, 2)


def test_row_stands_where_the_command_does(row_of: Callable) -> None:
    text = (
        '{\n // x\n "tasks": [\n  {"label": "x",\n   "command": "streamlit run app.py",},\n ],\n}'
    )
    row = row_of(".vscode/tasks.json", {**TREE, ".vscode/tasks.json": text})
    assert (row.kind, row.line, row.raw) == ("vscode-task", 5, "streamlit run app.py")


def test_what_only_the_run_tells_is_named(row_of: Callable) -> None:
    text = json.dumps({"tasks": [{"command": "streamlit run ${file}"}]})
    row = row_of(".vscode/tasks.json", {**TREE, ".vscode/tasks.json": text})
    assert "${file}" in row.why
    assert row.raw == "streamlit run ${file}"
