"""A PowerShell script is followed to the file it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.probes.languages.powershell.run import commands
from verify.probes.launchers.kinds import powershell
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
    "streamlit run a.py --server.port 8501": "a.py",
    '$f = "a.py"\nstreamlit run $f': "a.py",
    '$f="a.py"\nstreamlit run "./$f"': "a.py",
    'param([string]$App = "a.py")\nstreamlit run $App': "a.py",
    'Set-Location $PSScriptRoot\n& "$PSScriptRoot\\venv\\Scripts\\streamlit.exe" run a.py': "a.py",
    'streamlit run (Join-Path $PSScriptRoot "a.py")': "a.py",
    "$r = Split-Path -Parent $MyInvocation.MyCommand.Path\nstreamlit run $r\\a.py": "a.py",
    "cd sub; streamlit run c.py": "sub/c.py",
    "cd sub; docker-compose up -d": "sub/c.py",
    "Push-Location sub\nPop-Location\nstreamlit run a.py": "a.py",
    "Start-Process streamlit -ArgumentList 'run','a.py' -NoNewWindow": "a.py",
    'Start-Process python -ArgumentList "-m streamlit run c.py" -WorkingDirectory sub': "sub/c.py",
    "$a = @('run', 'a.py')\nstreamlit @a": "a.py",
    "streamlit run `\n  a.py": "a.py",
    "function Go {\n streamlit run a.py\n}\nGo": "a.py",
    "Start-Job { streamlit run a.py }": "a.py",
    "$job = Start-Job -ScriptBlock {\n cd $using:PWD\n streamlit run a.py\n}": "a.py",
    "$p = Start-Process python -ArgumentList '-m','streamlit','run','a.py' -PassThru": "a.py",
    "try { streamlit run a.py } catch { Write-Error x }": "a.py",
    "if (Test-Path x) {\n .\\venv\\Scripts\\Activate.ps1\n}\nelse {\n exit 1\n}\n"
    "python -m streamlit run a.py 2>&1 | Tee-Object log.txt": "a.py",
    ".\\other.ps1": "a.py",
    'powershell -ExecutionPolicy Bypass -Command "streamlit run a.py"': "a.py",
    '$m = "dev"\nif ($m -eq "dev") { streamlit run a.py } else { streamlit run b.py }': "a.py",
}

OTHER = {
    "if ($x) { streamlit run a.py } else { streamlit run b.py }": "dynamic",
    'switch ($x) { "a" { $f = "a.py" } default { $f = "b.py" } }\nstreamlit run $f': "dynamic",
    "if ($x) { streamlit run a.py; exit }\nstreamlit run b.py": "dynamic",
    "streamlit run $nobody": "unknown",
    "streamlit run z.py": "missing",
    "streamlit run a.py --server.port $env:PORT": "broken",
}

DECOYS = [
    'Write-Host "streamlit run a.py"',
    "# streamlit run a.py",
    "<#\nstreamlit run a.py\n#>",
    '$hint = @"\nstreamlit run a.py\n"@',
    "function Go { streamlit run a.py }",
    "exit 0\nstreamlit run a.py",
    "Get-Command streamlit; Stop-Process -Name streamlit",
]


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Launcher]]:
    """Return the rows of one PowerShell script of a small tree."""
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])

    def ask(text: str, path: str = "run.ps1") -> list[Launcher]:
        files = {**dict.fromkeys(PAGES, PAGE), "other.ps1": "streamlit run a.py\n", path: text}
        files["sub/compose.yaml"] = "services:\n  ui:\n    build: .\n"
        files["sub/Dockerfile"] = "FROM python\nCOPY . .\nCMD streamlit run c.py\n"
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content.encode())
        world = World(Source(tmp_path))
        found = powershell.read(path, world)
        return [row for one in found for row in rows_of(path, "powershell", one)]

    return ask


@pytest.mark.parametrize("text", OK)
def test_powershell_starts(text: str, rows: Callable[..., list[Launcher]]) -> None:
    assert [(row.status, row.entry) for row in rows(text)] == [("ok", OK[text])]


@pytest.mark.parametrize("text", OTHER)
def test_powershell_leaves_open_or_fails(text: str, rows: Callable[..., list[Launcher]]) -> None:
    assert [row.status for row in rows(text)] == [OTHER[text]]


@pytest.mark.parametrize("text", DECOYS)
def test_decoy_launches_nothing(text: str, rows: Callable[..., list[Launcher]]) -> None:
    assert rows(text) == []


def test_row_names_line_port_and_assumption(rows: Callable[..., list[Launcher]]) -> None:
    text = 'if (-not $env:PORT) { $env:PORT = "99" }\nstreamlit run a.py --server.port=$env:PORT'
    (row,) = rows(text)
    assert (row.line, row.port, row.why) == (2, 99, "unless PORT is set")


def test_environment_sets_the_port(rows: Callable[..., list[Launcher]]) -> None:
    (row,) = rows("$env:STREAMLIT_SERVER_PORT = 8900\nstreamlit run a.py")
    assert row.port == 8900


@pytest.mark.parametrize(
    "text",
    [
        "if ($a) { " * 3000,
        "@('" * 3000,
        '@"\n' * 3000,
        "{(" * 3000,
        "`" * 9000,
        "<#" * 3000,
        "if a; then b; fi\n" * 3000,
        "[$a" * 3000,
        "\x00\xff}])" * 3000,
    ],
    ids=range(9),
)
def test_any_powershell_comes_to_an_end(text: str) -> None:
    assert len(list(commands(text, "/x.ps1", "/", {}))) < 100_000
