"""justfiles, Taskfiles, package.json and Procfiles: their commands, and the calls of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from verify.matrix import Status

if TYPE_CHECKING:
    from collections.abc import Callable

OK, MISSING, BROKEN = Status.OK, Status.MISSING, Status.BROKEN
UNKNOWN, DYNAMIC = Status.UNKNOWN, Status.DYNAMIC
PAGE = "import streamlit as st\n\nst.title('x')\n"
TREE = dict.fromkeys(("app.py", "a.py", "b.py", "ui/app.py"), PAGE)
Expected = list[tuple[int, Status, str | None, int | None]]

JUST: dict[str, tuple[str, Expected]] = {
    "plain": ("run:\n    streamlit run app.py\n", [(2, OK, "app.py", 8501)]),
    "quiet": ("@run:\n    @-streamlit run app.py\n", [(2, OK, "app.py", 8501)]),
    "each line has its own shell": (
        "run:\n    cd ui\n    streamlit run app.py\n",
        [(3, OK, "app.py", 8501)],
    ),
    "joined": ("run:\n    cd ui && \\\n      streamlit run app.py\n", [(2, OK, "ui/app.py", 8501)]),
    "variables": (
        'dir := "ui"\napp := dir / "app.py"\nrun:\n    streamlit run {{app}}\n',
        [(4, OK, "ui/app.py", 8501)],
    ),
    "joined texts": (
        "app := 'ui/' + 'app' + \".py\"\nrun:\n    streamlit run {{ app }}\n",
        [(3, OK, "ui/app.py", 8501)],
    ),
    "parameter with a default": (
        'run port="8600":\n    streamlit run app.py --server.port {{port}}\n',
        [(2, OK, "app.py", 8600)],
    ),
    "parameter without": ("run app:\n    streamlit run {{app}}\n", [(2, UNKNOWN, None, 8501)]),
    "what is left over": (
        "run *args:\n    streamlit run app.py {{args}}\n",
        [(2, OK, "app.py", 8501)],
    ),
    "environment with a default": (
        (
            'port := env_var_or_default("PORT", "8700")\n'
            "run:\n    streamlit run app.py --server.port={{port}}\n"
        ),
        [(3, OK, "app.py", 8700)],
    ),
    "exported": (
        'export STREAMLIT_SERVER_PORT := "8800"\nrun:\n    streamlit run app.py\n',
        [(3, OK, "app.py", 8800)],
    ),
    "condition": (
        'app := if "1" == "1" { "a.py" } else { "b.py" }\nrun:\n    streamlit run {{app}}\n',
        [(3, OK, "a.py", 8501)],
    ),
    "backticks": (
        "app := `ls *.py`\nrun:\n    streamlit run {{app}}\n",
        [(3, UNKNOWN, None, 8501)],
    ),
    "script": (
        "run:\n    #!/usr/bin/env bash\n    cd ui\n    streamlit run app.py\n",
        [(4, OK, "ui/app.py", 8501)],
    ),
    "own folder": (
        "[working-directory: 'ui']\nrun:\n    streamlit run app.py\n",
        [(3, OK, "ui/app.py", 8501)],
    ),
    "folder of all": (
        'set working-directory := "ui"\nrun:\n    streamlit run app.py\n',
        [(3, OK, "ui/app.py", 8501)],
    ),
    "folder of the justfile": (
        "run:\n    cd / && streamlit run {{justfile_directory()}}/a.py\n",
        [(2, OK, "a.py", 8501)],
    ),
    "call of another": (
        "run:\n    just serve a.py\nserve app:\n    streamlit run {{app}}\n",
        [(2, OK, "a.py", 8501), (4, UNKNOWN, None, 8501)],
    ),
    "missing": ("run:\n    streamlit run old.py\n", [(2, MISSING, None, 8501)]),
    "empty port": (
        "run:\n    streamlit run a.py --server.port=$PORT\n",
        [(2, BROKEN, "a.py", None)],
    ),
    "decoys": (
        "# streamlit run a.py\nrun:\n    echo streamlit run a.py\n    # streamlit run b.py\n",
        [],
    ),
}

TASK: dict[str, tuple[str, Expected]] = {
    "commands": (
        "version: '3'\ntasks:\n  run:\n    cmds:\n      - streamlit run app.py\n",
        [(5, OK, "app.py", 8501)],
    ),
    "one command": ("tasks:\n  run:\n    cmd: streamlit run app.py\n", [(3, OK, "app.py", 8501)]),
    "short": ("tasks:\n  run: streamlit run app.py\n", [(2, OK, "app.py", 8501)]),
    "as pairs": (
        "tasks:\n  run:\n    cmds:\n      - cmd: streamlit run app.py\n        silent: true\n",
        [(4, OK, "app.py", 8501)],
    ),
    "folder and variables": (
        (
            "vars:\n  APP: app.py\ntasks:\n  run:\n    dir: ui\n    vars: {PORT: 8600}\n"
            "    cmds:\n      - streamlit run {{.APP}} --server.port {{.PORT}}\n"
        ),
        [(8, OK, "ui/app.py", 8600)],
    ),
    "default": (
        (
            "tasks:\n  run:\n    cmds:\n"
            '      - streamlit run app.py --server.port={{.PORT | default "8700"}}\n'
        ),
        [(4, OK, "app.py", 8700)],
    ),
    "default in a variable": (
        (
            "vars:\n  PORT: '{{.PORT | default \"8700\"}}'\ntasks:\n  run:\n    cmds:\n"
            "      - streamlit run app.py --server.port={{.PORT}}\n"
        ),
        [(6, OK, "app.py", 8700)],
    ),
    "environment": (
        "env: {STREAMLIT_SERVER_PORT: '8800'}\ntasks:\n  run:\n    cmds: [streamlit run app.py]\n",
        [(4, OK, "app.py", 8800)],
    ),
    "arguments": (
        "tasks:\n  run:\n    cmds:\n      - streamlit run app.py {{.CLI_ARGS}}\n",
        [(4, OK, "app.py", 8501)],
    ),
    "asked from a shell": (
        "vars:\n  APP:\n    sh: ls *.py\ntasks:\n  run: streamlit run {{.APP}}\n",
        [(5, UNKNOWN, None, 8501)],
    ),
    "set nowhere": ("tasks:\n  run: streamlit run {{.APP}}\n", [(2, UNKNOWN, None, 8501)]),
    "empty port": (
        "tasks:\n  run: streamlit run a.py --server.port={{.PORT}}\n",
        [(2, BROKEN, "a.py", None)],
    ),
    "call of another": (
        (
            "tasks:\n  run:\n    cmds:\n      - task: serve\n        vars: {APP: a.py}\n"
            "  serve:\n    cmds:\n      - streamlit run {{.APP}}\n"
        ),
        [(4, OK, "a.py", 8501), (8, UNKNOWN, None, 8501)],
    ),
    "missing": ("tasks:\n  run: streamlit run old.py\n", [(2, MISSING, None, 8501)]),
    "no YAML": ("tasks: [\n  streamlit run a.py\n", [(3, BROKEN, None, None)]),
    "decoys": ("# streamlit run a.py\ntasks:\n  run:\n    desc: streamlit run a.py\n", []),
}

NODE: dict[str, tuple[dict[str, str], Expected]] = {
    "plain": ({"start": "streamlit run app.py"}, [(3, OK, "app.py", 8501)]),
    "folder": ({"start": "cd ui && streamlit run app.py"}, [(3, OK, "ui/app.py", 8501)]),
    "side by side": (
        {"dev": 'concurrently -n a,b "streamlit run a.py" "vite"'},
        [(3, OK, "a.py", 8501)],
    ),
    "two side by side": (
        {"dev": "concurrently 'streamlit run a.py' 'streamlit run b.py'"},
        [(3, OK, "a.py", 8501), (3, OK, "b.py", 8501)],
    ),
    "another script": (
        {"dev": "npm run ui", "ui": "streamlit run a.py"},
        [(3, OK, "a.py", 8501), (4, OK, "a.py", 8501)],
    ),
    "many scripts": (
        {"dev": "run-p ui:*", "ui:a": "streamlit run a.py"},
        [(3, OK, "a.py", 8501), (4, OK, "a.py", 8501)],
    ),
    "variables": (
        {"start": "cross-env STREAMLIT_SERVER_PORT=8600 streamlit run app.py"},
        [(3, OK, "app.py", 8600)],
    ),
    "config": (
        {"start": "streamlit run app.py --server.port $npm_package_config_port"},
        [(3, OK, "app.py", 8900)],
    ),
    "watched": ({"dev": "nodemon --exec 'streamlit run app.py'"}, [(3, OK, "app.py", 8501)]),
    "waits first": ({"dev": "wait-on tcp:1 && streamlit run app.py"}, [(3, OK, "app.py", 8501)]),
    "calls itself": ({"dev": "npm run dev && streamlit run a.py"}, [(3, OK, "a.py", 8501)]),
    "empty port": (
        {"start": "streamlit run app.py --server.port $PORT"},
        [(3, BROKEN, "app.py", None)],
    ),
    "missing": ({"start": "streamlit run old.py"}, [(3, MISSING, None, 8501)]),
    "unknown": ({"start": "streamlit run $APP"}, [(3, UNKNOWN, None, 8501)]),
    "nothing of Streamlit": ({"start": "electron .", "lint": "eslint"}, []),
}


def _seen(path: str, files: dict[str, str], matrix_of: Callable) -> tuple[Expected, set[str]]:
    rows = [row for row in matrix_of({**TREE, **files}).launchers if row.path == path]
    assert all(row.why for row in rows if row.status is not OK), rows
    return [(row.line, row.status, row.entry, row.port) for row in rows], {row.kind for row in rows}


@pytest.mark.parametrize("case", JUST)
def test_recipe_is_followed(case: str, matrix_of: Callable) -> None:
    text, expected = JUST[case]
    found, kinds = _seen("justfile", {"justfile": text}, matrix_of)
    assert found == expected
    assert kinds <= {"justfile"}


@pytest.mark.parametrize("case", TASK)
def test_task_is_followed(case: str, matrix_of: Callable) -> None:
    text, expected = TASK[case]
    found, kinds = _seen("Taskfile.yml", {"Taskfile.yml": text}, matrix_of)
    assert found == expected
    assert kinds <= {"taskfile"}


@pytest.mark.parametrize("case", NODE)
def test_script_is_followed(case: str, matrix_of: Callable) -> None:
    scripts, expected = NODE[case]
    text = json.dumps({"scripts": scripts, "config": {"port": 8900}}, indent=1)
    found, kinds = _seen("package.json", {"package.json": text}, matrix_of)
    assert found == expected
    assert kinds <= {"package-json"}


CALLS: dict[str, tuple[dict[str, str], str | None, int | None]] = {
    "just, first recipe": (
        {"justfile": "r:\n  streamlit run a.py\n", "x.sh": "just"},
        "a.py",
        8501,
    ),
    "just, needs": (
        {
            "justfile": "r: (s 'b.py')\ns app:\n  streamlit run {{app}}\n",
            "x.sh": "just r",
        },
        "b.py",
        8501,
    ),
    "just, from below": (
        {"justfile": "r:\n  streamlit run a.py\n", "x.sh": "cd ui && just r"},
        "a.py",
        8501,
    ),
    "just, variable": (
        {
            "justfile": "p := '1'\nr:\n  streamlit run a.py --server.port {{p}}\n",
            "x.sh": "just p=9 r",
        },
        "a.py",
        9,
    ),
    "just, alias": (
        {"justfile": "alias x := r\nr:\n  streamlit run a.py\n", "x.sh": "just x"},
        "a.py",
        8501,
    ),
    "task": ({"Taskfile.yml": "tasks: {r: streamlit run a.py}", "x.sh": "task r"}, "a.py", 8501),
    "task, variable": (
        {
            "Taskfile.yml": "tasks:\n  r: streamlit run {{.APP}}\n",
            "x.sh": "task r APP=b.py",
        },
        "b.py",
        8501,
    ),
    "task, needs": (
        {
            "Taskfile.yml": "tasks:\n  r:\n    deps: [s]\n  s: streamlit run a.py\n",
            "x.sh": "task r",
        },
        "a.py",
        8501,
    ),
    "task, included": (
        {
            "Taskfile.yml": "includes: {web: {taskfile: ./ui/Taskfile.yml, dir: ./ui}}\n",
            "ui/Taskfile.yml": "tasks: {r: streamlit run app.py}",
            "x.sh": "task web:r",
        },
        "ui/app.py",
        8501,
    ),
    "npm run": (
        {"package.json": '{"scripts": {"ui": "streamlit run a.py"}}', "x.sh": "npm run ui"},
        "a.py",
        8501,
    ),
    "npm with arguments": (
        {
            "package.json": '{"scripts": {"ui": "streamlit run a.py"}}',
            "x.sh": "npm run ui -- --server.port 9000",
        },
        "a.py",
        9000,
    ),
    "npm elsewhere": (
        {
            "ui/package.json": '{"scripts": {"start": "streamlit run app.py"}}',
            "x.sh": "npm --prefix ui start",
        },
        "ui/app.py",
        8501,
    ),
    "yarn": (
        {"package.json": '{"scripts": {"ui": "streamlit run a.py"}}', "x.sh": "yarn ui"},
        "a.py",
        8501,
    ),
    "honcho": ({"Procfile": "web: streamlit run a.py\n", "x.sh": "honcho start"}, "a.py", 8501),
    "one process": (
        {
            "Procfile": "a: streamlit run a.py\nb: streamlit run b.py --server.port $PORT\n",
            "x.sh": "foreman start b",
        },
        "b.py",
        None,
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_call_is_followed(case: str, row_of: Callable) -> None:
    files, entry, port = CALLS[case]
    row = row_of("x.sh", {**TREE, **files})
    assert (row.entry, row.port) == (entry, port), row
    assert "by way of" in row.why


@pytest.mark.parametrize(
    "call", ["just x", "just --list", "task x", "npm run x", "npm install", "honcho run x", "npx x"]
)
def test_call_that_starts_nothing_is_no_launcher(call: str, matrix_of: Callable) -> None:
    files = {
        "justfile": "r:\n  ruff .\n",
        "Taskfile.yml": "tasks: {r: ruff .}",
        "package.json": '{"scripts": {"r": "eslint"}}',
        "x.sh": call,
    }
    assert matrix_of({**TREE, **files}).launchers == ()


def test_default_that_was_taken_is_told(row_of: Callable) -> None:
    text = 'run port="8600":\n    streamlit run app.py --server.port {{port}}\n'
    assert row_of("justfile", {**TREE, "justfile": text}).why == "unless port is set"


HOSTILE = {
    "justfile": "a := a + a\nx:" + " b" * 5000 + "\n  " + "{{" * 5000 + "\nb: x\n  just x\n",
    "Taskfile.yml": "vars: {A: '{{.B}}{{.B}}', B: '{{.A}}{{.A}}'}\n"
    "tasks:\n  a: streamlit run {{.A}}\n  b: {deps: [b], cmds: [task: b]}\n",
    "package.json": '{"scripts": {"a": "' + "npm run a && " * 5000 + 'streamlit run a.py"}}',
    "Procfile": "web:" + " " * 100_000 + "\n" + "a" * 100_000,
}


@pytest.mark.parametrize("path", HOSTILE)
def test_no_file_stops_the_matrix(path: str, matrix_of: Callable) -> None:
    rows = matrix_of({**TREE, path: HOSTILE[path]}).launchers
    assert not [row for row in rows if "cannot be followed:" in row.why]
