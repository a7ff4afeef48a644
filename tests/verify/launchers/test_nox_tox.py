"""What the sessions of nox and the environments of tox start."""

from collections.abc import Callable

import pytest

from tests.verify.launchers.conftest import PAGE
from verify.matrix import Launcher, Matrix

FILES = {
    "app.py": PAGE,
    "ui/page.py": PAGE,
    "launch.py": "import os\nos.system('streamlit run app.py')\n",
}
NOX = "import nox\n\n\n@nox.session(python=False)\ndef ui(session):\n    "

# What the session does, what it starts, on which port.
SESSIONS = {
    "words": ("session.run('streamlit', 'run', 'app.py')", "app.py", 8501),
    "words given on": (
        "session.run('streamlit', 'run', 'app.py', *session.posargs)",
        "app.py",
        8501,
    ),
    "python": ("session.run('python', '-m', 'streamlit', 'run', 'app.py')", "app.py", 8501),
    "launcher": ("session.run('python', 'launch.py')", "app.py", 8501),
    "folder": (
        "session.chdir('ui'); session.run('streamlit', 'run', 'page.py')",
        "ui/page.py",
        8501,
    ),
    "environment": (
        "session.run('streamlit', 'run', 'app.py', env={'STREAMLIT_SERVER_PORT': '82'})",
        "app.py",
        82,
    ),
    "environment of the session": (
        "session.env['STREAMLIT_SERVER_PORT'] = '83'; session.run('streamlit', 'run', 'app.py')",
        "app.py",
        83,
    ),
}


@pytest.mark.parametrize(("code", "entry", "port"), SESSIONS.values(), ids=SESSIONS)
def test_session_is_followed(
    row_of: Callable[..., Launcher], code: str, entry: str, port: int
) -> None:
    row = row_of("noxfile.py", {**FILES, "noxfile.py": NOX + code})
    assert (row.kind, row.status, row.entry, row.port) == ("nox", "ok", entry, port), row
    assert row.line == 6


SILENT_SESSIONS = {
    "comment": NOX + "pass  # session.run('streamlit', 'run', 'app.py')",
    "install": NOX + "session.install('streamlit', 'run', 'app.py')",
    "no session": "def ui(session):\n    session.run('streamlit', 'run', 'app.py')",
}


@pytest.mark.parametrize("text", SILENT_SESSIONS.values(), ids=SILENT_SESSIONS)
def test_noxfile_that_starts_nothing_is_no_row(matrix_of: Callable[..., Matrix], text: str) -> None:
    found = matrix_of({**FILES, "noxfile.py": text})
    assert [row for row in found.launchers if row.path == "noxfile.py"] == []


def test_call_of_nox_starts_the_session_it_names(matrix_of: Callable[..., Matrix]) -> None:
    noxfile = (
        "import nox\nnox.options.sessions = ['tests']\n@nox.session\ndef tests(session):\n"
        "    session.run('pytest')\n@nox.session(name='web')\ndef ui(session):\n"
        "    session.run('streamlit', 'run', *session.posargs)\n"
    )
    calls = {
        "a.sh": "nox -s web -- app.py\n",
        "b.sh": "nox\n",
        "c.sh": "python -m nox -s web -- ui/page.py\n",
    }
    found = matrix_of({**FILES, "noxfile.py": noxfile, **calls})
    rows = {row.path: row.entry for row in found.launchers}
    assert (rows.get("a.sh"), rows.get("c.sh")) == ("app.py", "ui/page.py")
    assert "b.sh" not in rows


# File, its text, the line, what it starts, on which port.
ENVIRONMENTS = {
    "one line": ("tox.ini", "[testenv:ui]\ncommands = streamlit run app.py\n", 2, "app.py", 8501),
    "several": (
        "tox.ini",
        (
            "[testenv:ui]\ncommands =\n    pip list\n    # streamlit run ui/page.py\n"
            "    - streamlit run \\\n"
            "        app.py {posargs}\n"
        ),
        5,
        "app.py",
        8501,
    ),
    "folder": (
        "tox.ini",
        "[testenv]\nchangedir = {toxinidir}/ui\n[testenv:ui]\ncommands = streamlit run page.py",
        4,
        "ui/page.py",
        8501,
    ),
    "root": (
        "tox.ini",
        "[testenv:ui]\ncommands = {envpython} -m streamlit run {toxinidir}{/}app.py",
        2,
        "app.py",
        8501,
    ),
    "arguments with a default": (
        "tox.ini",
        "[testenv:ui]\ncommands = streamlit run {posargs:app.py}",
        2,
        "app.py",
        8501,
    ),
    "environment": (
        "tox.ini",
        "[testenv:ui]\nsetenv =\n    STREAMLIT_SERVER_PORT = 84\ncommands = streamlit run app.py",
        4,
        "app.py",
        84,
    ),
    "other section": (
        "tox.ini",
        "[base]\npage = app.py\n[testenv:ui]\ncommands = streamlit run {[base]page}",
        4,
        "app.py",
        8501,
    ),
    "factor": (
        "tox.ini",
        "[testenv]\ncommands =\n    ui: streamlit run app.py\n",
        3,
        "app.py",
        8501,
    ),
    "setup.cfg": (
        "setup.cfg",
        "[tox:tox]\n[testenv:ui]\ncommands = streamlit run app.py\n",
        3,
        "app.py",
        8501,
    ),
    "legacy": (
        "pyproject.toml",
        (
            '[tool.tox]\nlegacy_tox_ini = """\n[tox]\n[testenv:ui]\n'
            'commands = streamlit run app.py\n"""\n'
        ),
        5,
        "app.py",
        8501,
    ),
    "native": (
        "pyproject.toml",
        (
            '[tool.tox.env.ui]\nchange_dir = "ui"\ncommands = [\n    ["pip", "list"],\n'
            '    ["streamlit", "run", "page.py", { replace = "posargs", extend = true }],\n]\n'
        ),
        5,
        "ui/page.py",
        8501,
    ),
    "tox.toml": (
        "tox.toml",
        '[env_run_base]\ncommands = [["streamlit", "run", "app.py"]]\n',
        2,
        "app.py",
        8501,
    ),
}


@pytest.mark.parametrize(
    ("path", "text", "line", "entry", "port"), ENVIRONMENTS.values(), ids=ENVIRONMENTS
)
def test_environment_is_followed(
    row_of: Callable[..., Launcher], path: str, text: str, line: int, entry: str, port: int
) -> None:
    row = row_of(path, {**FILES, path: text})
    got = (row.kind, row.status, row.entry, row.port, row.line)
    assert got == ("tox", "ok", entry, port, line), row


def test_tox_has_no_shell(row_of: Callable[..., Launcher]) -> None:
    row = row_of("tox.ini", {**FILES, "tox.ini": "[testenv]\ncommands = streamlit run $APP"})
    assert row.status == "broken"


def test_variable_that_nothing_sets_is_unknown(row_of: Callable[..., Launcher]) -> None:
    row = row_of("tox.ini", {**FILES, "tox.ini": "[testenv]\ncommands = streamlit run {env:APP}"})
    assert row.status == "unknown"


def test_call_of_tox_starts_the_environment_it_names(matrix_of: Callable[..., Matrix]) -> None:
    tox = "[testenv]\ncommands = pytest\n[testenv:ui]\ncommands = streamlit run app.py\n"
    calls = {"a.sh": "tox -e ui\n", "b.sh": "tox run -e py311\n"}
    rows = {row.path: row.entry for row in matrix_of({**FILES, "tox.ini": tox, **calls}).launchers}
    assert (rows.get("a.sh"), rows.get("b.sh")) == ("app.py", None)


@pytest.mark.parametrize(
    "text",
    ["", "[", "[testenv]\ncommands", "[testenv]\ncommands = 'streamlit", "{" * 9000, "\0\xff"],
)
@pytest.mark.parametrize("path", ["tox.ini", "tox.toml", "setup.cfg"])
def test_no_text_makes_it_fail(matrix_of: Callable[..., Matrix], path: str, text: str) -> None:
    found = matrix_of({**FILES, path: text + "\n# tox"})
    assert not [row for row in found.launchers if row.path == path]
