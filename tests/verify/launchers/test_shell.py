"""A shell script is followed to the file it starts; what it leaves open is never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.probes.languages.shell.run import commands
from verify.probes.languages.shell.state import Shell
from verify.probes.languages.wrappers import started, unwrapped
from verify.probes.launchers.kinds import shell
from verify.probes.launchers.survey import rows_of
from verify.probes.launchers.world import World
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from verify.matrix import Launcher

PAGE = "import streamlit as st\n\nst.title('x')\n"
PAGES = ("a.py", "b.py", "app.py", "sub/app.py", "sub/c.py")

OK = {
    "streamlit run a.py": "a.py",
    "cd sub && streamlit run c.py": "sub/c.py",
    "(cd sub && streamlit run c.py)": "sub/c.py",
    "pushd sub; popd; streamlit run a.py": "a.py",
    "cd sub; cd -; streamlit run a.py": "a.py",
    'cd "${0%/*}" && streamlit run a.py': "a.py",
    'cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]:-$0}")")"; streamlit run a.py': "a.py",
    'D="$(cd "$(dirname "$0")" &> /dev/null && pwd)"\nstreamlit run "$D/a.py"': "a.py",
    "$(which streamlit) run a.py": "a.py",
    "streamlit run $(pwd)/a.py": "a.py",
    'ARGS=(run)\nARGS+=(a.py)\nstreamlit "${ARGS[@]}"': "a.py",
    'set -- a.py\nstreamlit run "$1"': "a.py",
    'set -- x a.py; shift\nexec streamlit run "$@"': "a.py",
    "streamlit run ${1:-a.py}": "a.py",
    "F=x/a.py\nstreamlit run ${F##*/}": "a.py",
    "F=A.py\nstreamlit run ${F,,}": "a.py",
    "streamlit run a.py ${X:+--server.port 1}": "a.py",
    "bash <<EOF\nstreamlit run a.py\nEOF": "a.py",
    "if x; then A=1; else A=2; fi\nstreamlit run a.py": "a.py",
    "A=a.py\nwhile [ $# -gt 0 ]; do A=$1; shift; done\nstreamlit run $A": "a.py",
    'A=a.py; if [ -n "$1" ]; then A=$1; fi; streamlit run $A': "a.py",
    "for f in a.py; do streamlit run $f; done": "a.py",
    "f() { streamlit run $1; }\nf a.py": "a.py",
    "if [ 1 = 2 ]; then streamlit run b.py; else streamlit run a.py; fi": "a.py",
    "M=dev\ncase $M in dev) F=a.py;; *) F=b.py;; esac\nstreamlit run $F": "a.py",
    ". ./env.sh\nstreamlit run $FROM_FILE": "a.py",
    "cd sub && npm start &\nstreamlit run a.py": "a.py",
    'screen -dmS x bash -c "streamlit run a.py"': "a.py",
    'su - user -c "streamlit run a.py"': "a.py",
    "tmux new -d -s x 'streamlit run a.py'": "a.py",
    "uv run --directory sub streamlit run c.py": "sub/c.py",
}

OTHER = {
    "if x; then exec streamlit run a.py; fi\nexec streamlit run b.py": ("dynamic", "a.py b.py"),
    "if x; then F=a.py; else F=b.py; fi\nstreamlit run $F": ("dynamic", "a.py b.py"),
    "case $1 in x) F=a.py;; *) F=b.py;; esac\nstreamlit run $F": ("dynamic", "a.py b.py"),
    "streamlit run a.py || streamlit run b.py": ("dynamic", "a.py b.py"),
    "[ -f x ] && F=a.py || F=b.py\nstreamlit run $F": ("dynamic", "a.py b.py"),
    "if x; then cd sub; fi\nstreamlit run app.py": ("dynamic", "sub/app.py app.py"),
    "streamlit run $NOBODY": ("unknown", ""),
    "streamlit run *.py": ("unknown", ""),
    "cd ~/x && streamlit run a.py": ("unknown", ""),
    "streamlit run z.py": ("missing", ""),
    "streamlit run a.py --server.port $PORT": ("broken", ""),
    "#!/bin/sh\r\nstreamlit run a.py\r\n": ("broken", ""),
    "M=${M:-dev}\nif [ $M = dev ]; then F=a.py; else F=b.py; fi\nstreamlit run $F": (
        "dynamic",
        "a.py b.py",
    ),
}

DECOYS = [
    "pkill -f 'streamlit run a.py'",
    "ps aux | grep 'streamlit run a.py'",
    "echo streamlit run a.py",
    "alias go='streamlit run a.py'",
    "command -v streamlit",
    "cat > run.sh <<EOF\nstreamlit run a.py\nEOF",
    "# streamlit run a.py",
    "f() { streamlit run a.py; }",
    "exit 0\nstreamlit run a.py",
    "lsof -i:8501; which streamlit; pgrep -f streamlit",
]


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Launcher]]:
    """Return the rows of one script of a small tree."""
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])

    def ask(text: str, path: str = "run.sh", **more: str) -> list[Launcher]:
        files = {**dict.fromkeys(PAGES, PAGE), "env.sh": "FROM_FILE=a.py\n", **more, path: text}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content.encode())
        world = World(Source(tmp_path))
        return [row for one in shell.read(path, world) for row in rows_of(path, "shell", one)]

    return ask


@pytest.mark.parametrize("text", OK)
def test_script_starts(text: str, rows: Callable[..., list[Launcher]]) -> None:
    assert [(row.status, row.entry) for row in rows(text)] == [("ok", OK[text])]


@pytest.mark.parametrize("text", OTHER)
def test_script_leaves_open_or_fails(text: str, rows: Callable[..., list[Launcher]]) -> None:
    (row,) = rows(text)
    assert (row.status, " ".join(row.candidates)) == OTHER[text]


@pytest.mark.parametrize("text", DECOYS)
def test_decoy_launches_nothing(text: str, rows: Callable[..., list[Launcher]]) -> None:
    assert rows(text) == []


def test_commands_that_both_run_are_two_rows(rows: Callable[..., list[Launcher]]) -> None:
    found = rows("for f in a.py b.py; do streamlit run $f & done")
    assert [row.entry for row in found] == ["a.py", "b.py"]
    found = rows("if x; then F=a.py; else F=b.py; fi\nstreamlit run $F &\nstreamlit run app.py")
    assert [(row.line, row.status) for row in found] == [(2, "dynamic"), (3, "ok")]


def test_default_is_told(rows: Callable[..., list[Launcher]]) -> None:
    (row,) = rows('[ -z "$PORT" ] && PORT=8600\nstreamlit run ${APP:-a.py} --server.port $PORT')
    assert (row.entry, row.port, row.why) == ("a.py", 8600, "unless APP or PORT is set")


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        ("streamlit run c.py", "ok", "started from its own folder sub/"),
        ("streamlit run app.py", "dynamic", "it depends on the folder it is started from"),
        ("streamlit run a.py", "ok", ""),
        ("streamlit run z.py", "missing", "z.py is not in the repository"),
        ("cd nope; streamlit run z.py", "missing", "there is no folder nope/"),
    ],
)
def test_folder_a_script_is_started_from(
    text: str, status: str, why: str, rows: Callable[..., list[Launcher]]
) -> None:
    (row,) = rows(text, "sub/run.sh")
    assert row.status == status
    assert why in row.why


@pytest.mark.parametrize(
    ("text", "status", "why"),
    [
        ("streamlit run /opt/x/sub/c.py", "unknown", "sub/c.py if the checkout stands at /opt/x"),
        ("cd /opt/x && streamlit run a.py", "unknown", "a.py if the checkout stands at /opt/x"),
        ("streamlit run /opt/x/z.py", "missing", "/opt/x/z.py is outside of the repository"),
    ],
)
def test_path_of_another_machine(
    text: str, status: str, why: str, rows: Callable[..., list[Launcher]]
) -> None:
    (row,) = rows(text)
    assert row.status == status
    assert why in row.why


def test_script_that_works_in_its_own_folder_alone(rows: Callable[..., list[Launcher]]) -> None:
    (row,) = rows("set -e\n./env.sh\nstreamlit run c.py\n", "sub/run.sh", **{"sub/env.sh": ""})
    assert (row.status, row.entry) == ("ok", "sub/c.py")
    assert "started from its own folder sub/" in row.why


def test_script_that_only_its_image_has_all_files_for(
    rows: Callable[..., list[Launcher]],
) -> None:
    image = 'FROM x\nWORKDIR /app\nCOPY sub/ .\nCOPY b.py d/b.py\nENTRYPOINT ["./run.sh"]\n'
    more = {"sub/env.sh": "", "Dockerfile": image}
    (row,) = rows("./env.sh\nstreamlit run d/b.py\n", "sub/run.sh", **more)
    assert (row.line, row.status, row.entry) == (2, "ok", "b.py")
    assert "inside the image of Dockerfile:5" in row.why


def test_image_answers_for_a_script_that_only_works_there(
    rows: Callable[..., list[Launcher]],
) -> None:
    image = 'FROM x\nWORKDIR /app\nCOPY . .\nCMD ["./run.sh"]\n'
    (row,) = rows("streamlit run /app/a.py", Dockerfile=image)
    assert (row.status, row.entry) == ("ok", "a.py")
    assert "inside the image of Dockerfile:4" in row.why


WRAPPED = [
    "uv run --with x --env-file .env streamlit",
    "uvx streamlit",
    "poetry run streamlit",
    "hatch run dev:streamlit",
    "conda run -n x --no-capture-output streamlit",
    "env -i -u X A=b streamlit",
    "xvfb-run -a streamlit",
    "watchmedo auto-restart -d . -p *.py -- streamlit",
    "timeout -s INT 5 streamlit",
    "sudo -u me nice -n 5 streamlit",
    "gosu me tini -g -- streamlit",
    "exec -a name streamlit",
    "doppler run -- streamlit",
    "dotenv -f .env run streamlit",
    "aws-vault exec x -- streamlit",
    "nohup setsid stdbuf -oL streamlit",
]


@pytest.mark.parametrize("text", WRAPPED)
def test_wrappers_come_off(text: str) -> None:
    words: list[str | None] = [*text.split(), "run", "a.py"]
    assert unwrapped(words) == ["streamlit", "run", "a.py"]


@pytest.mark.parametrize("text", ["uv pip install x", "command -v streamlit", "poetry install"])
def test_what_starts_nothing_has_no_command(text: str) -> None:
    assert unwrapped([*text.split()])[:1] != ["streamlit"]


def test_wrappers_tell_folder_and_variables() -> None:
    found = started(["env", "-C", "d", "A=b", "uv", "run", "--directory", "e", "streamlit"])
    assert (found.folder, found.variables) == ("d/e", (("A", "b"),))


@pytest.mark.parametrize(
    "text",
    [
        "(a;" * 5000,
        "if a; then b; fi\n" * 3000,
        "if x; then A=$A; else A=b; fi; run $A\n" * 1000,
        "f() { f; f; }; f",
        "${a:-" * 5000,
        "$(" * 5000,
        "for i in a b c; do " * 30 + "x" + "; done" * 30,
        'X="$X$X"\n' * 3000,
        "\x00\xff\\" * 3000,
    ],
    ids=lambda text: text[:20].encode("unicode_escape").decode(),
)
def test_any_script_comes_to_an_end(text: str) -> None:
    assert len(list(commands(text, Shell("/")))) < 100_000
