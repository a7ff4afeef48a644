"""GitHub workflows and GitLab pipelines: what their steps start, and the images they build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.matrix import Status
from verify.probes.launchers.world import World
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OK, MISSING, BROKEN, UNKNOWN = Status.OK, Status.MISSING, Status.BROKEN, Status.UNKNOWN
PAGE = "import streamlit as st\n\nst.title('x')\n"
TREE = {
    "app.py": PAGE,
    "ui/page.py": PAGE,
    "Makefile": "run:\n\tstreamlit run app.py\n",
    "start.sh": "streamlit run app.py\n",
}
Expected = list[tuple[int, Status, str | None, int | None]]
PATH = ".github/workflows/ci.yml"
HEAD = "on: push\njobs:\n  a:\n    steps:\n"

STEPS: dict[str, tuple[str, Expected]] = {
    "one line": (f"{HEAD}      - run: streamlit run app.py\n", [(5, OK, "app.py", 8501)]),
    "block": (
        (
            f"{HEAD}      - name: x\n"
            f"        run: |\n          cd ui\n          streamlit run page.py &\n"
        ),
        [(6, OK, "ui/page.py", 8501)],
    ),
    "folder": (
        f"{HEAD}      - run: streamlit run page.py\n        working-directory: ./ui\n",
        [(5, OK, "ui/page.py", 8501)],
    ),
    "folder of the job": (
        (
            "jobs:\n  a:\n    defaults: {run: {working-directory: ui}}\n    steps:\n"
            "      - run: streamlit run page.py\n"
        ),
        [(5, OK, "ui/page.py", 8501)],
    ),
    "folder of the workflow": (
        (
            "defaults: {run: {working-directory: ui}}\njobs:\n  a:\n    steps:\n"
            "      - run: streamlit run page.py\n"
        ),
        [(5, OK, "ui/page.py", 8501)],
    ),
    "make": (f"{HEAD}      - run: make run\n", [(5, OK, "app.py", 8501)]),
    "script": (f"{HEAD}      - run: bash start.sh\n", [(5, OK, "app.py", 8501)]),
    "environment of all three": (
        (
            "env: {A: ui, P: 1}\njobs:\n  a:\n    env: {B: page.py, P: 2}\n    steps:\n"
            "      - run: streamlit run $A/$B --server.port $P\n        env: {P: 8600}\n"
        ),
        [(6, OK, "ui/page.py", 8600)],
    ),
    "expression of the environment": (
        "env: {APP: app.py}\njobs:\n  a:\n    steps:\n      - run: streamlit run ${{ env.APP }}\n",
        [(5, OK, "app.py", 8501)],
    ),
    "workspace": (
        f"{HEAD}      - run: cd / && streamlit run ${{{{ github.workspace }}}}/app.py\n",
        [(5, OK, "app.py", 8501)],
    ),
    "expression": (
        f"{HEAD}      - run: streamlit run ${{{{ inputs.app }}}}\n",
        [(5, UNKNOWN, None, 8501)],
    ),
    "expression in quotes": (
        f"{HEAD}      - run: streamlit run '${{{{ inputs.app }}}}'\n",
        [(5, UNKNOWN, None, 8501)],
    ),
    "expression for a port": (
        f"{HEAD}      - run: streamlit run app.py --server.port=${{{{ inputs.port }}}}\n",
        [(5, OK, "app.py", None)],
    ),
    "empty port": (
        f"{HEAD}      - run: streamlit run app.py --server.port=$PORT\n",
        [(5, BROKEN, "app.py", None)],
    ),
    "missing": (f"{HEAD}      - run: timeout 5 streamlit run old.py\n", [(5, MISSING, None, 8501)]),
    "composite action's step": (
        "runs:\n  using: composite\n  steps:\n    - run: streamlit run app.py\n      shell: bash\n",
        [(4, OK, "app.py", 8501)],
    ),
    "matrix": (
        (
            "jobs:\n  a:\n    strategy: {matrix: {app: [app.py, ui/page.py], x: [1]}}\n    steps:\n"
            "      - run: streamlit run ${{ matrix.app }}\n"
        ),
        [(5, OK, "app.py", 8501), (5, OK, "ui/page.py", 8501)],
    ),
    "job that never runs": (
        "jobs:\n  a:\n    if: false\n    steps:\n      - run: streamlit run app.py\n",
        [],
    ),
    "step that never runs": (
        f"{HEAD}      - if: ${{{{ false }}}}\n        run: streamlit run app.py\n",
        [],
    ),
    "no YAML": ("jobs: [\n  streamlit run\n", [(3, BROKEN, None, None)]),
    "decoys": (
        (
            f"# streamlit run app.py\n{HEAD}      - name: streamlit run app.py\n"
            "      - run: pip install streamlit && echo streamlit run app.py\n"
            "      - uses: x/streamlit@v1\n        with: {run: streamlit run app.py}\n"
        ),
        [],
    ),
}

PIPELINES: dict[str, tuple[str, Expected]] = {
    "script": ("a:\n  script:\n    - streamlit run app.py\n", [(3, OK, "app.py", 8501)]),
    "text": ("a:\n  script: streamlit run app.py\n", [(2, OK, "app.py", 8501)]),
    "one shell for all": (
        "a:\n  before_script: [cd ui]\n  script:\n    - ls\n    - streamlit run page.py\n",
        [(5, OK, "ui/page.py", 8501)],
    ),
    "variables": (
        (
            "variables: {P: 1}\na:\n  variables: {P: 8600}\n  script:\n"
            "    - streamlit run app.py --server.port $P\n"
        ),
        [(5, OK, "app.py", 8600)],
    ),
    "two": (
        "a:\n  script:\n    - streamlit run app.py &\n    - streamlit run ui/page.py\n",
        [(3, OK, "app.py", 8501), (4, OK, "ui/page.py", 8501)],
    ),
    "missing": ("a:\n  script: [streamlit run old.py]\n", [(2, MISSING, None, 8501)]),
    "hidden job": (".a:\n  script: [streamlit run app.py]\n", []),
}


def _seen(path: str, text: str, matrix_of: Callable) -> tuple[Expected, list[str]]:
    rows = [row for row in matrix_of({**TREE, path: text}).launchers if row.path == path]
    assert all(row.why for row in rows if row.status is not OK), rows
    return [(row.line, row.status, row.entry, row.port) for row in rows], [row.why for row in rows]


@pytest.mark.parametrize("case", STEPS)
def test_step_is_followed(case: str, matrix_of: Callable) -> None:
    text, expected = STEPS[case]
    path = "tools/action.yml" if text.startswith("runs:") else PATH
    found, reasons = _seen(path, text, matrix_of)
    assert found == expected, reasons


@pytest.mark.parametrize("case", PIPELINES)
def test_pipeline_is_followed(case: str, matrix_of: Callable) -> None:
    text, expected = PIPELINES[case]
    found, reasons = _seen(".gitlab-ci.yml", text, matrix_of)
    assert found == expected, reasons


def test_expression_is_named_and_shown_as_written(row_of: Callable) -> None:
    row = row_of(PATH, {**TREE, PATH: STEPS["expression"][0]})
    assert row.raw == "streamlit run ${{ inputs.app }}"
    assert "${{ inputs.app }}" in row.why


@pytest.mark.parametrize("shell", ["pwsh", "cmd", "perl {0}"])
def test_other_shell_is_not_read_as_bash(shell: str, matrix_of: Callable) -> None:
    text = f"{HEAD}      - run: $x = 1; if (x) {{ streamlit run app.py }}\n        shell: {shell}\n"
    rows = [row for row in matrix_of({**TREE, PATH: text}).launchers if row.path == PATH]
    assert all(row.status in {OK, UNKNOWN, Status.DYNAMIC} for row in rows)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("with: {tags: 'x/dash:1', file: ui/Dockerfile}", [("x/dash:1", "ui/Dockerfile", "")]),
        ("with: {tags: dash, context: ./ui}", [("dash", "ui/Dockerfile", "ui")]),
        ("with: {context: '${{ inputs.x }}'}", []),
        ("id: x", [("", "Dockerfile", "")]),
    ],
)
def test_image_that_a_step_builds(
    step: str, expected: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)
    path.write_text(f"{HEAD}      - uses: docker/build-push-action@v6\n        {step}\n")
    builds = World(Source(tmp_path)).builds
    assert [(one.tag, one.dockerfile, one.context) for one in builds] == expected
