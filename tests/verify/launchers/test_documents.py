"""Commands of the documentation are read where code stands, and followed like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.matrix import Status
from verify.probes.launchers.documents import documented, is_document
from verify.probes.launchers.world import World
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from verify.probes.launchers.documents import Told

    Ask = Callable[..., tuple[Told, ...]]

PAGE = "import streamlit as st\n\nst.title('x')\n"
FILES = {"app.py": PAGE, "src/main.py": PAGE, "docs/demo.py": PAGE}


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return the commands of a tree's documents."""
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])

    def read(files: Mapping[str, str]) -> tuple[Told, ...]:
        for name, text in {**FILES, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return documented(World(Source(tmp_path)))

    return read


def fence(code: str, language: str = "bash") -> str:
    return f"# Use\n\n```{language}\n{code}\n```\n"


STARTS = [
    (fence("streamlit run app.py"), 4, "app.py"),
    (fence("streamlit run app.py", ""), 4, "app.py"),
    (fence("pip install -r requirements.txt\nstreamlit run app.py"), 5, "app.py"),
    (fence("$ streamlit run app.py", "console"), 4, "app.py"),
    (fence("(venv) $ streamlit run app.py", "console"), 4, "app.py"),
    (fence("> streamlit run app.py", "text"), 4, "app.py"),
    (fence("PS C:\\x> streamlit run app.py", "powershell"), 4, "app.py"),
    (fence("python -m streamlit run app.py"), 4, "app.py"),
    (fence("uv run streamlit run app.py"), 4, "app.py"),
    (fence("PORT=3 streamlit run app.py --server.port $PORT"), 4, "app.py"),
    (fence("streamlit run \\\n  app.py"), 4, "app.py"),
    (fence("streamlit run app.py  # then open localhost"), 4, "app.py"),
    (fence("cd src\nstreamlit run main.py"), 5, "src/main.py"),
    (fence("cd src && streamlit run main.py"), 4, "src/main.py"),
    (fence("git clone https://x/repo.git\ncd repo\nstreamlit run app.py"), 6, "app.py"),
    (fence("cd your-repo\nstreamlit run app.py"), 5, "app.py"),
    (fence("this (is output\nstreamlit run app.py"), 5, "app.py"),
    ("1. First\n\n   ```bash\n   streamlit run app.py\n   ```\n", 4, "app.py"),
    ("> ```\n> streamlit run app.py\n> ```\n", 2, "app.py"),
    ("~~~\nstreamlit run app.py\n~~~\n", 2, "app.py"),
    ("Do:\n\n    streamlit run app.py\n", 3, "app.py"),
    ("Do\nso: `streamlit run app.py`.\n", 2, "app.py"),
    ("| a | `python -m streamlit run app.py` |\n", 1, "app.py"),
    ("```bash\r\nstreamlit run app.py\r\n```\r\n", 2, "app.py"),
]


@pytest.mark.parametrize(("text", "line", "entry"), STARTS)
def test_a_command_is_followed(text: str, line: int, entry: str, ask: Ask) -> None:
    (told,) = ask({"README.md": text})
    assert (told.path, told.line, told.launch.entry) == ("README.md", line, entry)
    assert told.launch.status is Status.OK
    assert "streamlit" in told.raw


NOTHING = [
    "",
    "Then streamlit run app.py and wait.\n",
    "The command `streamlit run` starts a page.\n",
    "See `streamlit` and `app.py`.\n",
    fence("import os\nos.system('streamlit run app.py')", "python"),
    fence("CMD streamlit run app.py", "dockerfile"),
    fence("command: streamlit run app.py", "yaml"),
    fence("run: |\n  streamlit run app.py", "yaml"),
    fence("# streamlit run app.py"),
    fence("echo streamlit run app.py"),
    fence("pkill -f 'streamlit run app.py'"),
    fence("├── app.py   # streamlit run app.py", ""),
    fence("Then run streamlit run app.py to see it", ""),
    fence("pip install streamlit"),
    fence("streamlit --version"),
]


@pytest.mark.parametrize("text", NOTHING)
def test_prose_and_code_of_other_kinds_is_no_command(text: str, ask: Ask) -> None:
    assert ask({"README.md": text}) == ()


@pytest.mark.parametrize(
    ("text", "placeholder"),
    [
        (fence("streamlit run gone.py"), False),
        (fence("streamlit run apps/main.py"), False),
        (fence("streamlit run <file>.py"), True),
        (fence("streamlit run your_app.py"), True),
        (fence("streamlit run path/to/app.py"), True),
        (fence("streamlit run my_app.py"), True),
        (fence("streamlit run ENTRY"), True),
        (fence("streamlit run [file].py"), True),
        ("`streamlit run ENTRY`", True),
        ("`streamlit run {file}.py`", True),
    ],
)
def test_a_missing_file_is_told_from_a_placeholder(
    text: str, ask: Ask, *, placeholder: bool
) -> None:
    found = ask({"README.md": text})
    assert all(told.launch.status is not Status.OK for told in found)
    assert all(told.placeholder for told in found) is placeholder or not found
    assert found or placeholder


@pytest.mark.parametrize(
    ("path", "text", "entry"),
    [
        ("docs/use.rst", "Use::\n\n    streamlit run app.py\n", "app.py"),
        (
            "docs/use.rst",
            ".. code-block:: bash\n\n   cd src\n   streamlit run main.py\n",
            "src/main.py",
        ),
        ("docs/use.rst", "Type ``streamlit run app.py``.\n", "app.py"),
        ("docs/use.txt", "First:\nstreamlit run app.py\n", "app.py"),
        ("README", "Type\n  $ streamlit run app.py\n", "app.py"),
        ("docs/a.md", fence("streamlit run demo.py"), "docs/demo.py"),
        ("docs/a.md", fence("streamlit run app.py"), "app.py"),
        ("src/README.md", fence("streamlit run main.py"), "src/main.py"),
    ],
)
def test_documents_of_every_kind(path: str, text: str, entry: str, ask: Ask) -> None:
    (told,) = ask({path: text})
    assert (told.path, told.launch.entry) == (path, entry)


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("README.md", True),
        ("readme", True),
        ("CONTRIBUTING.md", True),
        ("docs/a/b.md", True),
        ("docs/a.txt", True),
        ("INSTALL.txt", True),
        ("a.rst", True),
        ("requirements.txt", False),
        ("src/robots.txt", False),
        ("CHANGELOG.md", False),
        ("tests/README.md", False),
        ("app.py", False),
    ],
)
def test_what_is_a_document(path: str, *, known: bool) -> None:
    assert is_document(path) is known


@pytest.mark.parametrize(
    "text",
    [
        "streamlit " + "`" * 200_000,
        "streamlit\n" + "> " * 50_000,
        "streamlit\n" + "- " * 50_000,
        "streamlit\n" + "    " * 50_000,
        "`streamlit run a.py` " * 20_000,
        "streamlit " + "a=b " * 50_000 + "streamlit run",
        fence("streamlit run a.py\n" * 200),
        "\0streamlit\ufffd```\nstreamlit run \0.py",
    ],
)
def test_documents_of_any_text_are_read(text: str, ask: Ask) -> None:
    assert isinstance(ask({"README.md": text, "docs/a.rst": text}), tuple)


def test_another_program_beside_the_page_is_nothing_to_disagree_about(ask: Ask) -> None:
    text = "```sh\npython src/service.py &  # not ours\nstreamlit run app.py\n```\n"
    found = ask({"docs/ops/weekly.md": text, "src/service.py": "print()\n"})
    assert [(one.line, one.launch.entry) for one in found] == [(3, "app.py")]
