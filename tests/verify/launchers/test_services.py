"""Services: systemd units, supervisord programs, and the run button of a repl."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.matrix import Status

if TYPE_CHECKING:
    from collections.abc import Callable

OK, MISSING, BROKEN, UNKNOWN = Status.OK, Status.MISSING, Status.BROKEN, Status.UNKNOWN
PAGE = "import streamlit as st\n\nst.title('x')\n"
TREE = dict.fromkeys(("app.py", "ui/page.py", "main.py"), PAGE)
Expected = list[tuple[int, Status, str | None, int | None]]

TAKEN = "taking /srv/dash for the checkout"

UNITS: dict[str, tuple[str, Expected, str]] = {
    "folder of the service": (
        "[Service]\nWorkingDirectory=/srv/dash\nExecStart=/srv/dash/v/bin/streamlit run app.py\n",
        [(3, OK, "app.py", 8501)],
        TAKEN,
    ),
    "absolute target": (
        "[Service]\nExecStart=/usr/bin/streamlit run /srv/dash/ui/page.py --server.port 80\n",
        [(2, OK, "ui/page.py", 80)],
        TAKEN,
    ),
    "folder below the checkout": (
        "[Service]\nWorkingDirectory=/srv/dash/ui\nExecStart=streamlit run page.py\n",
        [(3, OK, "ui/page.py", 8501)],
        TAKEN,
    ),
    "home": (
        "[Service]\nWorkingDirectory=%h/dash\nExecStart=%h/dash/.venv/bin/streamlit run app.py\n",
        [(3, OK, "app.py", 8501)],
        "taking %h/dash for the checkout",
    ),
    "continued": (
        (
            "[Service]\nWorkingDirectory=/srv/dash\nExecStart=/x/streamlit run app.py \\\n"
            "  --server.port=8600\n"
        ),
        [(3, OK, "app.py", 8600)],
        TAKEN,
    ),
    "prefixes": (
        "[Service]\nWorkingDirectory=/srv/dash\nExecStart=-@/x/streamlit run app.py\n",
        [(3, OK, "app.py", 8501)],
        TAKEN,
    ),
    "environment": (
        (
            '[Service]\nWorkingDirectory=/srv/dash\nEnvironment=PORT=8700 "X=a b"\n'
            "ExecStart=/x/streamlit run app.py --server.port=${PORT}\n"
        ),
        [(4, OK, "app.py", 8700)],
        TAKEN,
    ),
    "environment of Streamlit": (
        (
            "[Service]\nWorkingDirectory=/srv/dash\nEnvironment=STREAMLIT_SERVER_PORT=8800\n"
            "ExecStart=/x/python3 -m streamlit run app.py\n"
        ),
        [(4, OK, "app.py", 8800)],
        TAKEN,
    ),
    "environment from elsewhere": (
        (
            "[Service]\nWorkingDirectory=/srv/dash\nEnvironmentFile=/etc/dash.env\n"
            "ExecStart=/x/streamlit run app.py --server.port=${PORT}\n"
        ),
        [(4, OK, "app.py", None)],
        TAKEN,
    ),
    "a shell": (
        "[Service]\nExecStart=/bin/bash -c 'cd /srv/dash && exec streamlit run app.py'\n",
        [(2, OK, "app.py", 8501)],
        TAKEN,
    ),
    "instance": (
        (
            "[Service]\nWorkingDirectory=/srv/dash\n"
            "ExecStart=/x/streamlit run app.py --server.port=%i\n"
        ),
        [(3, OK, "app.py", None)],
        TAKEN,
    ),
    "target of the instance": (
        "[Service]\nWorkingDirectory=/srv/dash\nExecStart=/x/streamlit run %i.py\n",
        [(3, UNKNOWN, None, 8501)],
        "",
    ),
    "empty port": (
        (
            "[Service]\nWorkingDirectory=/srv/dash\n"
            "ExecStart=/x/streamlit run app.py --server.port=$P\n"
        ),
        [(3, BROKEN, "app.py", None)],
        "port",
    ),
    "fits nowhere": (
        "[Service]\nWorkingDirectory=/srv/dash\nExecStart=/x/streamlit run old.py\n",
        [(3, MISSING, None, 8501)],
        "no file of the repository fits /srv/dash/old.py",
    ),
    "no folder": (
        "[Service]\nExecStart=/x/streamlit run app.py\n",
        [(2, MISSING, None, 8501)],
        "no working directory is set",
    ),
    "taken back": (
        (
            "[Service]\nExecStart=/x/streamlit run /srv/dash/old.py\nExecStart=\n"
            "ExecStart=/x/streamlit run /srv/dash/app.py\n"
        ),
        [(4, OK, "app.py", 8501)],
        TAKEN,
    ),
    "decoys": (
        (
            "[Unit]\nDescription=streamlit run app.py\n[Service]\n#ExecStart=streamlit run app.py\n"
            "ExecStart=/usr/bin/nginx\nExecStop=/usr/bin/pkill -f 'streamlit run app.py'\n"
        ),
        [],
        "",
    ),
}

PROGRAMS: dict[str, tuple[str, Expected]] = {
    "folder": (
        "[program:ui]\ndirectory=/srv/dash\ncommand=/x/streamlit run app.py\n",
        [(3, OK, "app.py", 8501)],
    ),
    "continued": (
        (
            "[program:ui]\n"
            "directory = /srv/dash\ncommand =\n  streamlit run app.py\n  --server.port 80\n"
        ),
        [(3, OK, "app.py", 80)],
    ),
    "environment": (
        (
            '[program:ui]\ndirectory=/srv/dash\nenvironment=X="1,2",STREAMLIT_SERVER_PORT="8600"\n'
            "command=streamlit run app.py ; the page\n"
        ),
        [(4, OK, "app.py", 8600)],
    ),
    "beside the file": (
        "[program:ui]\ncommand=streamlit run %(here)s/ui/page.py\n",
        [(2, OK, "ui/page.py", 8501)],
    ),
    "port of the host": (
        (
            "[program:ui]\n"
            "directory=/srv/dash\ncommand=streamlit run app.py --server.port=%(ENV_PORT)s\n"
        ),
        [(3, OK, "app.py", None)],
    ),
    "no shell reads it": (
        "[program:ui]\ndirectory=/srv/dash\ncommand=streamlit run app.py --server.port=$PORT\n",
        [(3, BROKEN, "app.py", None)],
    ),
    "a shell": (
        '[program:ui]\ncommand=bash -c "cd /srv/dash/ui && streamlit run page.py"\n',
        [(2, OK, "ui/page.py", 8501)],
    ),
    "fits nowhere": (
        "[program:ui]\ndirectory=/srv/dash\ncommand=streamlit run old.py\n",
        [(3, MISSING, None, 8501)],
    ),
    "open quote": ("[program:ui]\ncommand=streamlit run 'app.py\n", [(2, BROKEN, None, None)]),
    "decoys": (
        "; [program:x]\n[program:web]\ncommand=nginx\n[x]\ncommand=streamlit run app.py\n",
        [],
    ),
}

REPLS: dict[str, tuple[str, Expected]] = {
    "text": ('modules = ["x"]\nrun = "streamlit run app.py"\n', [(2, OK, "app.py", 8501)]),
    "list": (
        'run = ["streamlit", "run", "app.py", "--server.port", "5000"]\n',
        [(1, OK, "app.py", 5000)],
    ),
    "deployment": (
        'run = "echo"\n[deployment]\nrun = ["sh", "-c", "cd ui && streamlit run page.py"]\n',
        [(3, OK, "ui/page.py", 8501)],
    ),
    "workflow": (
        (
            "[[workflows.workflow]]\n"
            'name = "x"\n[[workflows.workflow.tasks]]\ntask = "shell.exec"\n'
            'args = "streamlit run app.py --server.port $PORT"\n'
        ),
        [(5, OK, "app.py", None)],
    ),
    "environment": (
        'run = "streamlit run app.py"\n[env]\nSTREAMLIT_SERVER_PORT = "8600"\n',
        [(1, OK, "app.py", 8600)],
    ),
    "entry point without a command": (
        'entrypoint = "app.py"\n',
        [(1, Status.NOT_STREAMLIT, "app.py", None)],
    ),
    "missing": ('run = "streamlit run old.py"\n', [(1, MISSING, None, 8501)]),
    "no shell reads it": (
        'run = ["streamlit", "run", "app.py", "--server.port", "$PORT"]\n',
        [(1, BROKEN, "app.py", None)],
    ),
    "no TOML": ("run = streamlit run app.py\n", [(1, BROKEN, None, None)]),
    "decoys": ('# run = "streamlit run app.py"\nrun = "pkill -f streamlit"\n', []),
}


def _seen(path: str, text: str, matrix_of: Callable) -> tuple[Expected, list[str]]:
    rows = [row for row in matrix_of({**TREE, path: text}).launchers if row.path == path]
    assert all(row.why for row in rows if row.status is not OK), rows
    return [(row.line, row.status, row.entry, row.port) for row in rows], [row.why for row in rows]


@pytest.mark.parametrize("case", UNITS)
def test_unit_is_followed(case: str, matrix_of: Callable) -> None:
    text, expected, why = UNITS[case]
    found, reasons = _seen("deploy/dash.service", text, matrix_of)
    assert found == expected, reasons
    assert all(why in reason for reason in reasons)


@pytest.mark.parametrize("case", PROGRAMS)
def test_program_is_followed(case: str, matrix_of: Callable) -> None:
    text, expected = PROGRAMS[case]
    found, reasons = _seen("supervisord.conf", text, matrix_of)
    assert found == expected, reasons


@pytest.mark.parametrize("case", REPLS)
def test_repl_is_followed(case: str, matrix_of: Callable) -> None:
    text, expected = REPLS[case]
    found, reasons = _seen(".replit", text, matrix_of)
    assert found == expected, reasons


IMAGES = {
    "its own configuration": (
        "COPY ops/sup.conf /etc/sup.conf\nCMD supervisord -n -c /etc/sup.conf\n",
        OK,
    ),
    "the folder that the package includes": (
        'COPY ops/sup.conf /etc/supervisor/conf.d/\nCMD ["/usr/bin/supervisord", "-n"]\n',
        OK,
    ),
    "a configuration that is not there": ("CMD supervisord -c /etc/other.conf\n", MISSING),
}


@pytest.mark.parametrize("case", IMAGES)
def test_supervisord_in_an_image_is_followed(case: str, matrix_of: Callable) -> None:
    steps, status = IMAGES[case]
    files = {
        **TREE,
        "ops/sup.conf": "[program:ui]\ndirectory=/code\ncommand=streamlit run page.py\n",
        "Dockerfile": f"FROM python\nWORKDIR /code\nCOPY ui/ .\n{steps}",
    }
    rows = {row.path: row for row in matrix_of(files).launchers}
    assert rows["Dockerfile"].status is status
    if status is OK:
        assert {row.entry for row in rows.values()} == {"ui/page.py"}
        assert "ops/sup.conf:3" in rows["Dockerfile"].why
        assert rows["ops/sup.conf"].why == "in the image of Dockerfile"
    else:
        # There is a ui/page.py, which an image may have copied to that folder.
        assert rows["ops/sup.conf"].status is UNKNOWN
        assert "ui/page.py" in rows["ops/sup.conf"].why
