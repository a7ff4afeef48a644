"""Small repositories and what the run matrix says of them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from verify.matrix import Declared, Launcher, Matrix
from verify.probes.launchers.survey import survey
from verify.probes.source import Source

PAGE = "import streamlit as st\n\nst.title('x')\n"


@pytest.fixture
def matrix_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Matrix]:
    """Draw up the matrix of a tree: `matrix_of({path: text}, declared)`."""
    # Hundreds of small trees: asking git about each would take most of the time.
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])

    def ask(files: Mapping[str, str], declared: Declared | None = None) -> Matrix:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return survey(Source(tmp_path), declared)

    return ask


@pytest.fixture
def row_of(matrix_of: Callable[..., Matrix]) -> Callable[..., Launcher]:
    """Return the only row of one file of a tree: `row_of("Dockerfile", {path: text})`."""

    def ask(path: str, files: Mapping[str, str], declared: Declared | None = None) -> Launcher:
        rows = [row for row in matrix_of(files, declared).launchers if row.path == path]
        assert len(rows) == 1, rows
        return rows[0]

    return ask
