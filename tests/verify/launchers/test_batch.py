"""A Windows batch file is followed to the file it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.probes.languages.batch.run import commands
from verify.probes.launchers.kinds import batch
from verify.probes.launchers.survey import rows_of
from verify.probes.launchers.world import World
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from verify.matrix import Launcher

PAGE = "import streamlit as st\n\nst.title('x')\n"
PAGES = ("a.py", "b.py", "sub/c.py")

OK = {
    '@echo off\r\ncd /d "%~dp0"\r\nstreamlit run a.py\r\n': "a.py",
    'set "F=a.py"\nstreamlit run %F%': "a.py",
    "set F=a.py\nstreamlit run %f%": "a.py",
    "streamlit run sub\\c.py": "sub/c.py",
    'streamlit run "%~dp0sub\\c.py"': "sub/c.py",
    ".venv\\Scripts\\python.exe -m streamlit run a.py": "a.py",
    "if exist venv (\n call venv\\Scripts\\activate.bat\n)\nstreamlit run a.py": "a.py",
    "pushd sub\nstreamlit run c.py\npopd": "sub/c.py",
    'start "App" /b streamlit run a.py': "a.py",
    'start "" /d sub streamlit run c.py': "sub/c.py",
    'cmd /c "cd sub && streamlit run c.py"': "sub/c.py",
    "streamlit run ^\r\n  a.py > log.txt 2>&1": "a.py",
    "call other.bat": "a.py",
    "call :go\nexit /b\n:go\nstreamlit run a.py": "a.py",
    "goto end\nstreamlit run b.py\n:end\nstreamlit run a.py": "a.py",
    'if "%F%"=="" set F=a.py\nstreamlit run %F%': "a.py",
    "uv run streamlit run a.py": "a.py",
}

OTHER = {
    "if x==%1 (streamlit run a.py) else (streamlit run b.py)": "dynamic",
    'set /p c=?\nif "%c%"=="1" goto x\nstreamlit run a.py\nexit\n:x\nstreamlit run b.py': "dynamic",
    "streamlit run %NOBODY%": "unknown",
    "cd C:\\app\nstreamlit run a.py": "unknown",
    "streamlit run z.py": "missing",
    "streamlit run a.py --server.port %PORT%": "broken",
}

DECOYS = [
    "echo streamlit run a.py",
    "rem streamlit run a.py",
    ":: streamlit run a.py",
    "where streamlit",
    "exit /b\nstreamlit run a.py",
    "goto :eof\nstreamlit run a.py",
    'taskkill /im "streamlit run a.py"',
    "start http://localhost:8501",
]


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Launcher]]:
    """Return the rows of one batch file of a small tree."""
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])

    def ask(text: str, path: str = "run.bat") -> list[Launcher]:
        files = {**dict.fromkeys(PAGES, PAGE), "other.bat": "streamlit run a.py\n", path: text}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content.encode())
        world = World(Source(tmp_path))
        return [row for one in batch.read(path, world) for row in rows_of(path, "batch", one)]

    return ask


@pytest.mark.parametrize("text", OK)
def test_batch_file_starts(text: str, rows: Callable[..., list[Launcher]]) -> None:
    assert [(row.status, row.entry) for row in rows(text)] == [("ok", OK[text])]


@pytest.mark.parametrize("text", OTHER)
def test_batch_file_leaves_open_or_fails(text: str, rows: Callable[..., list[Launcher]]) -> None:
    assert [row.status for row in rows(text)] == [OTHER[text]]


@pytest.mark.parametrize("text", DECOYS)
def test_decoy_launches_nothing(text: str, rows: Callable[..., list[Launcher]]) -> None:
    assert rows(text) == []


def test_row_names_line_port_and_assumption(rows: Callable[..., list[Launcher]]) -> None:
    (row,) = rows(
        "@echo off\nif not defined PORT set PORT=99\npy -m streamlit run a.py --server.port=%PORT%"
    )
    assert (row.line, row.port, row.why) == (3, 99, "unless PORT is set")


def test_batch_file_in_a_folder_is_started_from_there(
    rows: Callable[..., list[Launcher]],
) -> None:
    (row,) = rows("streamlit run c.py", "sub/run.bat")
    assert (row.status, row.entry) == ("ok", "sub/c.py")
    assert "started from its own folder sub/" in row.why


@pytest.mark.parametrize(
    "text",
    [
        "(" * 9000,
        "if exist x ( " * 3000,
        ":a\n" + "goto a\n" * 3000,
        "%" * 9000,
        "^\n" * 9000,
        "set X=%X%%X%y\n" * 3000,
        ":f\n" + "call :f\n" * 3000,
        "\x00\xff)&|" * 3000,
    ],
    ids=range(8),
)
def test_any_batch_file_comes_to_an_end(text: str) -> None:
    assert len(list(commands(text, "/x.bat", "/", {}))) < 100_000
