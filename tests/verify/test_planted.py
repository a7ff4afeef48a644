"""Each gate, at each stage where it looks, seen red by a defect planted in a copy of this project.

The clean copy is green in every cell (test_a_clean_copy_is_verified), so what turns a cell red is
the defect and nothing else.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ENTRY = "streamlit_pages/aicmo_operator.py"
DOCKERFILE = "streamlit/Dockerfile"
TAB = "streamlit_pages/tabs/strategy.py"
SHELL = "streamlit_pages/shell.py"
FACTS = "streamlit_pages/facts.py"
DIAGNOSTICS = "streamlit_pages/tabs/diagnostics.py"

DUMP = "import os; st.dataframe([dict(os.environ)])\n"
LOGGED = """
import logging

try:
    1 / 0
except ZeroDivisionError:
    logging.exception("odd")
"""

RIVAL = "import streamlit as st\n\nst.title('another dashboard')\n"


def in_image(line: str):
    """Change the image behind the tree's back, just before it drops its privileges."""
    return lambda p: p.edit(DOCKERFILE, "\nUSER 10001:10001\n", f"\nRUN {line}\nUSER 10001:10001\n")


def edited(path: str, old: str, new: str):
    return lambda p: p.edit(path, old, new)


def appended(path: str, text: str):
    return lambda p: p.write(path, (p.root / path).read_text("utf-8") + text)


def put(path: str, text: str | bytes):
    return lambda p: p.write(path, text)


def each_run(*lines: str):
    """Do something in each run; what is added to KEPT stays."""
    first = "from aicmo.core import db; KEPT = db.__dict__.setdefault('KEPT', [])"
    planted = "".join(f"    {line}\n" for line in (first, *lines))
    return edited(ENTRY, "    draw_page(", planted + "    draw_page(")


def way_back(dockerfile: str):
    """Keep an image as the way back that no run has verified.

    `{base}` is the image that this project is built on, and `{own}` its own image, of a commit.
    """

    def plant(project):
        tag = (project.root / "verify.toml").read_text().partition('tag = "')[2].partition('"')[0]
        base = output(["scripts/base-image.sh", "--local"], project.root)
        if "{own}" in dockerfile:
            args = [f"PYTHON_IMAGE={base}", f"REVISION={project.commit()}"]
            given = [word for arg in args for word in ("--build-arg", arg)]
            output(["docker", "build", "-qf", DOCKERFILE, "-t", tag, *given, "."], project.root)
            project.write("docs/later.md", "A commit later.\n")
        text = dockerfile.format(base=base, own=tag)
        output(["docker", "build", "-qt", f"{tag}-verified", "-"], project.root, text)

    return plant


def output(command: list[str], root: Path, text: str = "") -> str:
    env = {**os.environ, "DOCKER_BUILDKIT": "0"}
    done = subprocess.run(
        command, cwd=root, env=env, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def rendered(code: str):
    """Let one tab draw only this."""
    return appended(TAB, f"\n\ndef render() -> None:\n    import streamlit as st\n\n    {code}\n")


def injected(path: str):
    """Let the container write a file when it starts, into a folder that it may write."""

    def plant(p):
        in_image(f"chmod 777 {path.rpartition('/')[0]}")(p)
        start = f"exec python -m streamlit run {ENTRY} --server.address=0.0.0.0 --server.port=8501"
        entry = f'ENTRYPOINT ["sh", "-c", "cp /app/app.py {path}; {start}"]'
        p.write(DOCKERFILE, (p.root / DOCKERFILE).read_text("utf-8") + f"{entry}\n")

    return plant


def hidden_edit(path: str, text: str):
    """Change a file so that git does not see it: a dirty tree that calls itself clean."""

    def plant(p):
        p.commit()
        subprocess.run(["git", "update-index", "--assume-unchanged", path], cwd=p.root, check=True)
        appended(path, text)(p)
        p.write("notes.txt", "there is something to commit\n")

    return plant


@dataclass(frozen=True)
class Defect:
    """One defect: what is planted, and the finding it must lead to.

    What it `sees` is the finding's path here, and a part of what was got where it is deployed; what
    it `says` is a part of what was got here.
    """

    name: str
    gate: str
    stage: str
    plant: Callable[[Any], None]
    sees: str
    says: str = ""

    def __str__(self) -> str:
        return f"{self.gate}-{self.stage}-{self.name.replace(' ', '_')}"


SITE_PACKAGES = "cd /opt/venv/lib/python3*/site-packages && "

FORGE = (
    'python -c "import importlib.util as u, marshal, pathlib; '
    "p = pathlib.Path('click/utils.py').resolve(); "
    "c = pathlib.Path(u.cache_from_source(str(p))); "
    "new = compile(p.read_text() + 'FORGED = 1', str(p), 'exec'); "
    'c.write_bytes(c.read_bytes()[:16] + marshal.dumps(new))"'
)


def bumped(p):
    """Ask for a newer version than the image has: of a lock that no build installs from."""
    text = (p.root / "requirements/dashboard.txt").read_text("utf-8")
    p.write("newer.txt", re.sub(r"(?m)^click==\S+", "click==99.1", text))
    p.edit("verify.toml", 'lock = "requirements/dashboard.txt"', 'lock = "newer.txt"')


CMD = 'CMD ["python", "-m", "streamlit", "run", "streamlit_pages/aicmo_operator.py"'

HERE = [
    Defect(
        "syntax error",
        "compile",
        "source",
        appended("aicmo/core/config.py", "\ndef broken(:\n"),
        "aicmo/core/config.py",
    ),
    Defect("null byte", "compile", "source", put("aicmo/nul.py", b"x = 1\n\0\n"), "aicmo/nul.py"),
    Defect(
        "not utf-8",
        "compile",
        "source",
        put("aicmo/latin.py", b"x = 1\ny = '\xe9'\n"),
        "aicmo/latin.py",
    ),
    Defect(
        "image starts a retired file",
        "entry",
        "source",
        edited(DOCKERFILE, CMD, CMD.replace("streamlit_pages/aicmo_operator.py", "app.py")),
        DOCKERFILE,
    ),
    Defect(
        "script starts a retired file",
        "entry",
        "source",
        edited("scripts/launch_operator_ui.sh", f"run {ENTRY}", "run operator_v2.py"),
        "scripts/launch_operator_ui.sh",
    ),
    Defect("rival of the entry", "entry", "source", put("rival.py", RIVAL), "rival.py"),
    Defect(
        "make starts a rival",
        "entry",
        "source",
        lambda p: (
            p.write("rival.py", RIVAL),
            p.write("extra/Makefile", "run:\n\tstreamlit run rival.py\n"),
        ),
        "extra/Makefile",
    ),
    Defect(
        "compose names a missing dockerfile",
        "entry",
        "source",
        put("extra/compose.yaml", "services:\n  a:\n    build:\n      dockerfile: Gone\n"),
        "extra/compose.yaml",
    ),
    Defect(
        "workflow with an empty port",
        "entry",
        "source",
        put(
            ".github/workflows/page.yml",
            "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
            f"      - run: streamlit run {ENTRY} --server.port $PORT\n",
        ),
        ".github/workflows/page.yml",
    ),
    Defect(
        "script starts a rival",
        "entry",
        "local",
        lambda p: (
            p.write("rival.py", RIVAL),
            p.edit("scripts/launch_operator_ui.sh", f"run {ENTRY}", "run rival.py"),
        ),
        "scripts/launch_operator_ui.sh",
    ),
    Defect(
        "script that ends",
        "entry",
        "local",
        edited("scripts/launch_operator_ui.sh", "set -eu\n", "set -eu\nexit 3\n"),
        "scripts/launch_operator_ui.sh",
    ),
    Defect(
        "make run starts a retired file",
        "entry",
        "local",
        edited("Makefile", f"streamlit run {ENTRY}", "streamlit run app.py"),
        "verify.toml",
    ),
    Defect(
        "standard module hidden beside the entry",
        "shadowing",
        "source",
        put("streamlit_pages/queue.py", ""),
        "streamlit_pages/queue.py",
    ),
    Defect(
        "dependency hidden in the root",
        "shadowing",
        "source",
        put("sqlalchemy/__init__.py", ""),
        "sqlalchemy/__init__.py",
    ),
    Defect(
        "page in the folder that publishes",
        "pages",
        "source",
        put("streamlit_pages/pages/extra.py", RIVAL),
        "streamlit_pages/pages/extra.py",
    ),
    Defect(
        "guard removed",
        "guards",
        "source",
        put("app.py", '"""Retired."""\nimport streamlit as st\n\nst.title("AICMO")\n'),
        "app.py",
    ),
    Defect(
        "guard in a dead branch",
        "guards",
        "source",
        edited("operator_v2.py", "raise_error(", "if False:\n    raise_error("),
        "operator_v2.py",
    ),
    Defect(
        "guard that exits with 0",
        "guards",
        "local",
        put("launch_operator.py", "import sys\nsys.exit(0)\n"),
        "launch_operator.py",
    ),
    Defect(
        "guard that writes when a page asks",
        "guards",
        "local",
        edited(
            "app.py",
            "raise_error(",
            "import sys\n\nif 'streamlit' in sys.modules:\n    open('left.txt', 'a').close()\n"
            "raise_error(",
        ),
        "app.py",
    ),
    Defect(
        "guard that an import passes",
        "guards",
        "local",
        edited("operator_v2.py", "raise_error(", 'if __name__ == "__main__":\n    raise_error('),
        "operator_v2.py",
    ),
    Defect(
        "guard after a side effect",
        "guards",
        "local",
        edited(
            "guards/__init__.py",
            "def raise_error(text: str) -> NoReturn:",
            "def raise_error(text: str) -> NoReturn:\n    open('left.txt', 'a').close()",
        ),
        "app.py",
    ),
    Defect(
        "hidden pip failure",
        "install",
        "source",
        edited(DOCKERFILE, "-r /tmp/dashboard.txt \\\n", "-r /tmp/dashboard.txt || true \\\n"),
        DOCKERFILE,
    ),
    Defect(
        "marker changed",
        "marker",
        "source",
        edited(ENTRY, "AICMO_DASH_V2_2025_12_16", "AICMO_DASH_V1"),
        ENTRY,
    ),
    Defect(
        "marker computed elsewhere",
        "marker",
        "local",
        edited(ENTRY, "marker=BUILD_MARKER", 'marker="AICMO_DASH_V1"'),
        ENTRY,
    ),
    Defect(
        "tab renamed", "tabs", "source", edited(ENTRY, 'Tab("Campaigns"', 'Tab("Campaign"'), ENTRY
    ),
    Defect(
        "tab missing",
        "tabs",
        "local",
        edited(ENTRY, "draw_page(TABS,", "draw_page(TABS[:9],"),
        ENTRY,
    ),
    Defect(
        "tab that draws nothing",
        "tabs",
        "local",
        appended(TAB, "\n\ndef render() -> None:\n    pass\n"),
        ENTRY,
    ),
    Defect(
        "tab that raises",
        "tabs",
        "local",
        appended(TAB, "\n\ndef render() -> None:\n    raise ValueError('planted')\n"),
        ENTRY,
    ),
    Defect(
        "script that stops after the tabs",
        "tabs",
        "local",
        edited(SHELL, "    st.html(f'<span hidden", "    st.stop()\n    st.html(f'<span hidden"),
        ENTRY,
    ),
    Defect(
        "script that exits",
        "tabs",
        "local",
        edited(ENTRY, "    draw_page(", "    import sys\n    sys.exit()\n    draw_page("),
        ENTRY,
    ),
    Defect(
        "enum value that does not exist",
        "enums",
        "source",
        edited("aicmo/operator_services.py", '["CONTACTED"]', '["CONTACTED", "ENGAGED"]'),
        "aicmo/operator_services.py",
    ),
    Defect(
        "session outside with",
        "sessions",
        "source",
        put(
            "aicmo/loose.py",
            "from aicmo.core.db import get_session\n\ns = get_session().__enter__()\n",
        ),
        "aicmo/loose.py",
    ),
    Defect(
        "connection never given back",
        "sessions",
        "local",
        appended(
            TAB,
            "\n\nLEFT = []\n\n\ndef render() -> None:\n"
            "    import streamlit as st\n    from aicmo.core.db import get_engine\n\n"
            "    LEFT.append(get_engine().connect())\n    st.write('x')\n",
        ),
        ENTRY,
    ),
    Defect(
        "import that prints",
        "imports",
        "local",
        appended("aicmo/strategy_engine.py", "\nprint('hello')\n"),
        "aicmo/strategy_engine",
    ),
    Defect(
        "import that opens a database",
        "imports",
        "local",
        put("aicmo/creative_engine.py", "import sqlite3\nsqlite3.connect(':memory:')\n"),
        "aicmo/creative_engine",
    ),
    Defect(
        "optional import made mandatory",
        "imports",
        "local",
        appended(ENTRY, "\nimport aicmo.campaign_ops\n"),
        "streamlit_pages/aicmo_operator",
    ),
    Defect(
        "slow start",
        "startup",
        "local",
        edited(ENTRY, "    draw_page(", "    import time\n    time.sleep(6)\n    draw_page("),
        ENTRY,
    ),
    Defect(
        "page that raises",
        "startup",
        "local",
        appended(ENTRY, "\nraise RuntimeError('planted')\n"),
        ENTRY,
    ),
    Defect(
        "banner below the tabs",
        "mock",
        "local",
        lambda p: (
            p.edit(SHELL, '    with boundary("Banner"):\n        _banner()\n', ""),
            p.edit(SHELL, "    st.caption(f", "    _banner()\n    st.caption(f"),
        ),
        ENTRY,
        "nothing above the tabs",
    ),
    Defect(
        "metric without its badge",
        "mock",
        "local",
        edited(TAB, "    _totals(current)\n", "    _totals(current)\n    st.metric('Own', 1)\n"),
        ENTRY,
        "Own: 1",
    ),
    Defect(
        "banner without mock mode",
        "mock",
        "local",
        edited(SHELL, "    if mock_mode():\n        # Without", "    if True:\n        # Without"),
        ENTRY,
        "the page outside tabs",
    ),
    Defect(
        "mode not in Diagnostics",
        "mock",
        "local",
        edited(FACTS, "        _mock_mode(),\n", ""),
        ENTRY,
        "no such line",
    ),
    Defect(
        "environment dumped into a chart's data",
        "diagnostics",
        "local",
        edited(TAB, "    _totals(current)\n", f"    _totals(current)\n    {DUMP}"),
        ENTRY,
        "in no text of it",
    ),
    Defect(
        "password in the database's address",
        "diagnostics",
        "local",
        edited(
            FACTS,
            "redact(db.describe_url(db.get_engine().url))",
            "db.get_engine().url.render_as_string(hide_password=False)",
        ),
        ENTRY,
        "tab Diagnostics",
    ),
    Defect(
        "password in the log",
        "diagnostics",
        "local",
        appended(ENTRY, "\nimport os\n\nprint(os.environ.get('AICMO_DATABASE_URL'))\n"),
        ENTRY,
        "the log",
    ),
    Defect(
        "variable that is not on the list",
        "diagnostics",
        "local",
        edited(FACTS, '    "PYTHONPATH",\n', '    "PYTHONPATH",\n    "LANG",\n'),
        ENTRY,
        "shown",
    ),
    Defect(
        "panel in the sidebar gone",
        "diagnostics",
        "local",
        edited(SHELL, "        panel.draw_sidebar()\n", "        pass\n"),
        ENTRY,
        "no such line",
    ),
    Defect(
        "tab without the marker",
        "marker",
        "local",
        edited(DIAGNOSTICS, "f for f in found if not f", "f for f in found[1:] if not f"),
        ENTRY,
        "in tab Diagnostics",
    ),
    Defect(
        "boundary that takes no exit",
        "isolation",
        "local",
        edited("streamlit_pages/boundary.py", "except BaseException as", "except Exception as"),
        ENTRY,
    ),
    Defect(
        "boundary that hides the fault",
        "isolation",
        "local",
        edited("streamlit_pages/boundary.py", "    st.error(_sentence(", "    print(_sentence("),
        ENTRY,
    ),
    Defect(
        "boundary that does not log",
        "isolation",
        "local",
        edited(
            "streamlit_pages/error_log.py", "    _write(fault, error)\n    return", "    return"
        ),
        ENTRY,
    ),
    Defect(
        "module imported by the entry",
        "campaign_ops",
        "local",
        appended(ENTRY, "\nimport aicmo.campaign_ops\n"),
        ENTRY,
    ),
    Defect(
        "another text",
        "campaign_ops",
        "local",
        edited(
            "streamlit_pages/tabs/campaign_ops.py",
            '"❌ Campaign Ops module',
            '"Campaign Ops module',
        ),
        ENTRY,
    ),
]

DEPLOYED = [
    Defect("root user", "image", "image", edited(DOCKERFILE, "USER 10001:10001", "USER root"), "0"),
    Defect(
        "build that fails",
        "image",
        "image",
        edited(DOCKERFILE, "    && install --directory", "    && exit 9 && install --directory"),
        "returned a non-zero code: 9",
    ),
    Defect(
        "wrong revision label",
        "image",
        "image",
        edited(
            DOCKERFILE,
            'org.opencontainers.image.revision="${REVISION}"',
            'org.opencontainers.image.revision="0123"',
        ),
        "0123",
    ),
    Defect("no health check", "image", "image", appended(DOCKERFILE, "HEALTHCHECK NONE\n"), "NONE"),
    Defect(
        "syntax error in the image",
        "compile",
        "image",
        in_image("echo 'def broken(:' > /app/aicmo/broken.py"),
        "invalid syntax",
    ),
    Defect(
        "command overridden",
        "entry",
        "image",
        appended(DOCKERFILE, 'CMD ["streamlit", "run", "app.py"]\n'),
        "app.py",
    ),
    Defect(
        "marker changed in the image",
        "marker",
        "image",
        in_image(f"sed -i s/AICMO_DASH_V2_2025_12_16/OLD/ /app/{ENTRY}"),
        "OLD",
    ),
    Defect(
        "marker changed in the container",
        "marker",
        "container",
        in_image(f"sed -i s/AICMO_DASH_V2_2025_12_16/OLD/ /app/{ENTRY}"),
        "'OLD'",
    ),
    Defect(
        "marker changed on the page",
        "marker",
        "live",
        in_image(f"sed -i s/AICMO_DASH_V2_2025_12_16/OLD/ /app/{ENTRY}"),
        "OLD",
    ),
    Defect(
        "module missing in the image",
        "imports",
        "container",
        in_image("rm /app/aicmo/strategy_engine.py"),
        "ModuleNotFoundError: aicmo.strategy_engine",
    ),
    Defect(
        "guard replaced in the image",
        "guards",
        "container",
        in_image(
            "sh -c \"printf 'import streamlit as st\\\\nst.tabs([1, 2])\\\\n' > /app/app.py\""
        ),
        "1",
    ),
    Defect(
        "guard in the image that writes when a page asks",
        "guards",
        "container",
        in_image(
            "sed -i \"s|^raise_error|import sys; 'streamlit' in sys.modules and "
            "open('/tmp/left', 'a'); raise_error|\" /app/app.py"
        ),
        "writes /tmp/left at app.py:",
    ),
    Defect(
        "page in the folder that publishes",
        "pages",
        "live",
        put("streamlit_pages/pages/extra.py", RIVAL),
        "published, and not declared",
    ),
    Defect(
        "entrypoint that serves a copy",
        "entry",
        "container",
        appended(
            DOCKERFILE,
            'ENTRYPOINT ["sh", "-c", "cp /app/streamlit_pages/aicmo_operator.py /tmp/other.py; '
            "exec python -m streamlit run /tmp/other.py --server.address=0.0.0.0 "
            '--server.port=8501"]\n',
        ),
        "/tmp/other.py",
    ),
    Defect(
        "entrypoint that serves a copy",
        "entry",
        "live",
        appended(
            DOCKERFILE,
            'ENTRYPOINT ["sh", "-c", "cp /app/streamlit_pages/aicmo_operator.py /tmp/other.py; '
            "exec python -m streamlit run /tmp/other.py --server.address=0.0.0.0 "
            '--server.port=8501"]\n',
        ),
        "/tmp/other.py",
    ),
    Defect(
        "container that dies",
        "startup",
        "container",
        appended(DOCKERFILE, 'CMD ["python", "-c", "import sys; print(\'dying\'); sys.exit(4)"]\n'),
        "exit code 4",
    ),
    Defect(
        "tab missing on the page",
        "tabs",
        "live",
        in_image(f"sed -i '/\"Monitoring\"/d' /app/{ENTRY}"),
        "9",
    ),
    Defect(
        "script that stops after the tabs",
        "tabs",
        "live",
        edited(SHELL, "    st.html(f'<span hidden", "    st.stop()\n    st.html(f'<span hidden"),
        "AICMO operator dashboard",
    ),
    Defect(
        "tab that hangs on the page",
        "tabs",
        "live",
        appended(TAB, "\n\n\ndef render() -> None:\n    import time\n\n    time.sleep(300)\n"),
        "still running after 5 s",
    ),
    Defect(
        "page that hangs",
        "pages",
        "live",
        put("streamlit_pages/pages/extra.py", "import sys\n\nsys.exit()\n"),
        "still running after 5 s",
    ),
    Defect(
        "page of another site let in",
        "origin",
        "live",
        edited(
            ".streamlit/config.toml", "headless = true\n", "headless = true\nenableCORS = false\n"
        ),
        "accepted",
    ),
    Defect(
        "tab that raises on the page",
        "tabs",
        "live",
        in_image("sh -c \"echo 'raise ValueError(1)' >> /app/streamlit_pages/tabs/strategy.py\""),
        "Error id",
    ),
    Defect(
        "metric without its badge on the page",
        "mock",
        "live",
        edited(TAB, "    _totals(current)\n", "    _totals(current)\n    st.metric('Own', 1)\n"),
        "Own: 1",
    ),
    Defect(
        "mock mode switched on in the image",
        "mock",
        "live",
        in_image("sed -i 's/return False$/return True/' /app/aicmo/core/config.py"),
        "the page outside tabs",
    ),
    Defect(
        "environment dumped into a table",
        "diagnostics",
        "live",
        edited(TAB, "    _totals(current)\n", f"    _totals(current)\n    {DUMP}"),
        "in no text of it",
    ),
    Defect(
        "keys shown in base64",
        "diagnostics",
        "live",
        edited(
            DIAGNOSTICS,
            "    found = panel.current_facts()\n",
            "    import base64, os\n\n    found = panel.current_facts()\n"
            "    st.text(base64.b64encode(repr(os.environ).encode()).decode())\n",
        ),
        "tab Diagnostics",
    ),
    Defect(
        "service that is not there in the image",
        "diagnostics",
        "live",
        in_image("rm /app/aicmo/strategy_engine.py"),
        "unavailable",
    ),
    Defect(
        "tab without the marker on the page",
        "marker",
        "live",
        edited(DIAGNOSTICS, "f for f in found if not f", "f for f in found[1:] if not f"),
        "no 'Build marker' in tab Diagnostics",
    ),
    Defect(
        "shell that does not pass the signal on",
        "shutdown",
        "container",
        appended(
            DOCKERFILE,
            f"CMD python -m streamlit run {ENTRY} --server.address=0.0.0.0 "
            "--server.port=8501; true\n",
        ),
        "still runs after",
    ),
    Defect(
        "server that ends with an error",
        "shutdown",
        "container",
        appended(ENTRY, "\nimport atexit, os\n\natexit.register(os._exit, 9)\n"),
        "9",
    ),
    Defect(
        "traceback in each run",
        "log",
        "container",
        appended(ENTRY, LOGGED),
        "ZeroDivisionError",
    ),
    Defect(
        "environment printed",
        "log",
        "container",
        appended(ENTRY, "\nimport os\n\nprint(os.environ)\n"),
        "in the log",
    ),
    Defect(
        "traceback in the runs of visitors",
        "log",
        "live",
        appended(ENTRY, LOGGED),
        "ZeroDivisionError",
    ),
    Defect(
        "connections never given back",
        "sessions",
        "live",
        each_run("len(KEPT) < 3 and KEPT.append(db.get_engine().connect())"),
        " in use, ",
    ),
    Defect(
        "memory kept for each visitor",
        "sessions",
        "live",
        each_run("KEPT.append(b'x' * 10_000_000)"),
        "5",
    ),
    Defect(
        "more memory for each visitor than there is",
        "sessions",
        "live",
        each_run("KEPT.append(b'x' * 30_000_000)"),
        "out of memory",
    ),
    Defect(
        "exception when many are there",
        "sessions",
        "live",
        each_run(
            "from streamlit.runtime import get_instance",
            "if len(get_instance()._session_mgr.list_active_sessions()) > 10:",
            "    raise RuntimeError('too many')",
        ),
        "50 times: exception",
    ),
    Defect(
        "visitors one after the other",
        "sessions",
        "live",
        each_run(
            "import threading, time",
            "with db.__dict__.setdefault('LOCK', threading.Lock()):",
            "    time.sleep(0.25)",
        ),
        "12.",
    ),
    Defect(
        "boundary that shows no id",
        "isolation",
        "container",
        in_image("sed -i 's/Error id/Report it/' /app/streamlit_pages/boundary.py"),
        "Report it",
    ),
    Defect(
        "another text in the image",
        "campaign_ops",
        "container",
        in_image(
            "sed -i 's/module not available/is gone/' /app/streamlit_pages/tabs/campaign_ops.py"
        ),
        "is gone",
    ),
    Defect(
        "error in the console",
        "responsive",
        "live",
        rendered(
            "st.write('x'); st.html('<script>console.error(`planted`)</script>', "
            "unsafe_allow_javascript=True)"
        ),
        "console: planted",
    ),
    Defect(
        "picture that is missing",
        "responsive",
        "live",
        rendered("st.write('x'); st.html('<img alt=gone src=/media/gone.png>')"),
        "GET /media/gone.png: 404",
    ),
    Defect(
        "picture from elsewhere",
        "responsive",
        "live",
        rendered("st.write('x'); st.html('<img alt=gone src=http://elsewhere.invalid/a.png>')"),
        "elsewhere.invalid",
    ),
    Defect(
        "tab too wide for a telephone",
        "responsive",
        "live",
        rendered("st.html('<div style=width:700px>wide</div>')"),
        "wider than the window",
    ),
    Defect(
        "text too pale to read",
        "accessibility",
        "live",
        rendered("st.html('<p style=color:#ddd;background:#fff>pale</p>')"),
        "color-contrast",
    ),
    Defect(
        "label from the future",
        "identity",
        "image",
        edited(DOCKERFILE, 'image.created="${CREATED}"', 'image.created="2099-01-01T00:00:00Z"'),
        "2099",
    ),
    Defect(
        "another base than the label says",
        "identity",
        "image",
        edited(DOCKERFILE, 'base.name="${PYTHON_IMAGE}"', 'base.name="python:reviewed"'),
        "python:reviewed",
    ),
    Defect(
        "started with another variable",
        "identity",
        "container",
        edited(
            "verify/fixtures/deployed.py",
            'role="dashboard"',
            'role="dashboard", environment={"PYTHONPATH": "/data"}',
        ),
        "PYTHONPATH is changed",
    ),
    Defect(
        "root user",
        "hardening",
        "image",
        edited(DOCKERFILE, "USER 10001:10001", "USER root"),
        "root",
    ),
    Defect(
        "setuid file",
        "hardening",
        "image",
        in_image("install --mode=4755 /bin/true /usr/local/bin/raise"),
        "is setuid",
    ),
    Defect(
        "folder that everybody may write",
        "hardening",
        "image",
        in_image("install --directory --mode=0777 /srv/drop"),
        "may be written by everybody",
    ),
    Defect(
        "application that its user may change",
        "hardening",
        "image",
        in_image("chown 10001 /app/aicmo/core"),
        "/app/aicmo/core",
    ),
    Defect(
        "secret in a variable",
        "hardening",
        "image",
        appended(DOCKERFILE, "ENV DB_PASSWORD=hunter2\n"),
        "under the name of a secret",
    ),
    Defect(
        "secret in a build argument",
        "hardening",
        "image",
        in_image("true\nARG INDEX_TOKEN=hunter2\nRUN true"),
        "INDEX_TOKEN: ",
    ),
    Defect(
        "secret in a file that a later layer deletes",
        "hardening",
        "image",
        in_image("echo machine x login y password hunter2 > /root/.netrc\nRUN rm /root/.netrc"),
        "/root/.netrc: a password in .netrc, line 1",
    ),
    Defect(
        "lists of packages left",
        "hardening",
        "image",
        in_image("mkdir -p /var/lib/apt/lists && echo x > /var/lib/apt/lists/main_Packages"),
        "of apt: 1 file",
    ),
    Defect(
        "another port exposed",
        "hardening",
        "image",
        edited(DOCKERFILE, "EXPOSE 8501", "EXPOSE 8502"),
        "8502/tcp",
    ),
    Defect(
        "health check of another path",
        "hardening",
        "image",
        edited("streamlit/healthcheck.py", '8501/_stcore/health"', '8501/healthz"'),
        "GET /healthz",
    ),
    Defect(
        "health check of another port",
        "hardening",
        "image",
        edited("streamlit/healthcheck.py", '8501/_stcore/health"', '8502/_stcore/health"'),
        "nothing",
    ),
    Defect(
        "health check that is always content",
        "hardening",
        "image",
        appended(DOCKERFILE, 'HEALTHCHECK CMD ["python", "-c", ""]\n'),
        "exit code 0",
    ),
    Defect(
        "page that writes beside itself",
        "hardening",
        "container",
        lambda p: (
            in_image("chown 10001 /app/streamlit_pages")(p),
            appended(ENTRY, "\nopen(__file__ + '.seen', 'w').close()\n")(p),
        ),
        "Read-only file system",
    ),
    Defect(
        "server on another port",
        "hardening",
        "container",
        each_run("import socket", "KEPT or KEPT.append(socket.create_server(('', 9000)))"),
        "9000",
    ),
    Defect(
        "processes of root",
        "hardening",
        "container",
        edited(DOCKERFILE, "USER 10001:10001", "USER root"),
        "root, with capabilities",
    ),
    Defect(
        "one more line in the image",
        "contents",
        "image",
        in_image("sh -c \"echo '# odd' >> /app/app.py\""),
        "S.5......    /app/app.py",
    ),
    Defect(
        "file that everybody may write",
        "contents",
        "image",
        in_image("chmod 666 /app/app.py"),
        ".M.......    /app/app.py: mode 0644 -> 0666",
    ),
    Defect(
        "file that was not reviewed",
        "contents",
        "image",
        in_image("cp /app/app.py /app/more.py"),
        "extra        /app/more.py",
    ),
    Defect(
        "file left out",
        "contents",
        "image",
        in_image("rm /app/operator_v2.py"),
        "missing      /app/operator_v2.py",
    ),
    Defect(
        "dirty build with a clean label",
        "contents",
        "image",
        hidden_edit("app.py", "\n# not committed\n"),
        "S.5......    /app/app.py",
    ),
    Defect(
        "file written at the start",
        "contents",
        "container",
        injected("/app/aicmo/injected.py"),
        "extra        /app/aicmo/injected.py",
    ),
    Defect(
        "file written at the start",
        "drift",
        "container",
        injected("/app/aicmo/injected.py"),
        "extra        /app/aicmo/injected.py",
    ),
    Defect("lock with a newer version", "dependencies", "image", bumped, "8."),
    Defect(
        "dependency bumped in the image",
        "dependencies",
        "image",
        in_image(
            f"{SITE_PACKAGES}sed -i 's/^Version: .*/Version: 77.1/' click-*.dist-info/METADATA"
        ),
        "77.1",
    ),
    Defect(
        "forged bytecode",
        "dependencies",
        "image",
        in_image(f"{SITE_PACKAGES}{FORGE}"),
        "differs from its source: ",
    ),
    Defect(
        "line that runs at each start",
        "dependencies",
        "image",
        in_image(f"{SITE_PACKAGES}echo 'import click' > more.pth"),
        "more.pth is of neither",
    ),
    Defect(
        "source changed behind its RECORD",
        "dependencies",
        "image",
        in_image(f"{SITE_PACKAGES}echo 'X = 1' >> click/utils.py"),
        "S.5......",
    ),
    Defect(
        "file of nobody",
        "dependencies",
        "image",
        in_image(f"{SITE_PACKAGES}touch click/more.py"),
        "click/more.py",
    ),
    Defect(
        "random file",
        "reproducible",
        "image",
        in_image("cp /proc/sys/kernel/random/uuid /opt/stamp"),
        "..5......    /opt/stamp",
    ),
    Defect(
        "way back that ends at once",
        "rollback",
        "container",
        way_back('FROM {base}\nCMD ["sh", "-c", "echo last words; exit 4"]\n'),
        "exited with exit code 4",
    ),
    Defect(
        "way back that cannot be started",
        "rollback",
        "container",
        way_back('FROM {base}\nCMD ["/no/such/program"]\n'),
        "does not start",
    ),
    Defect(
        "way back whose page raises",
        "rollback",
        "container",
        way_back(f"FROM {{own}}\nUSER root\nRUN echo 'raise ValueError(7)' >> /app/{ENTRY}\n"),
        "redacted",
    ),
    Defect(
        "way back with a tab that raises",
        "rollback",
        "container",
        way_back(f"FROM {{own}}\nUSER root\nRUN echo 'raise ValueError(7)' >> /app/{TAB}\n"),
        "Error id",
    ),
    Defect(
        "way back that is not of its commit",
        "rollback",
        "container",
        way_back("FROM {own}\nUSER root\nRUN echo '# more' >> /app/guards/__init__.py\n"),
        "S.5......    /app/guards/__init__.py",
    ),
]


@pytest.mark.parametrize("defect", HERE, ids=str)
def test_a_planted_defect_turns_its_gate_red_here(copy, defect):
    defect.plant(copy)
    cell = copy.cell(defect.gate, defect.stage)
    assert (cell["outcome"], cell["exit"], cell["reason"]) == ("FAIL", 1, "")
    seen = [(finding["path"], str(finding["got"])) for finding in cell["findings"]]
    assert any(path == defect.sees and defect.says in got for path, got in seen), seen


@pytest.mark.docker
@pytest.mark.parametrize("defect", DEPLOYED, ids=str)
def test_a_planted_defect_turns_its_gate_red_where_it_is_deployed(copy, defect):
    defect.plant(copy)
    copy.commit()
    cell = copy.cell(defect.gate, defect.stage)
    assert (cell["outcome"], cell["exit"], cell["reason"]) == ("FAIL", 1, "")
    assert any(defect.sees in str(finding["got"]) for finding in cell["findings"]), cell["findings"]


@pytest.mark.docker
def test_a_clean_copy_is_verified(copy):
    commit = copy.commit()
    ran = copy.verify("run", "--json", "--report", "junit:build/j.xml")
    assert ran.exit == 0, [cell for cell in ran.report["cells"] if cell["outcome"] != "PASS"]
    assert ran.report["verdict"] == "verified"
    assert ran.report["subject"]["commit"] == commit
    assert ran.report["subject"]["dirty"] is False
    skipped = {cell["gate"] for cell in ran.report["cells"] if cell["outcome"] == "SKIP"}
    assert skipped == {"rollback"}  # no image was verified before this one
    assert {cell["outcome"] for cell in ran.report["cells"]} == {"PASS", "SKIP"}
    assert all(cell["observed"] for cell in ran.report["cells"] if cell["gate"] not in skipped)
    assert left_over(ran.report["image"]["id"]) == []


def test_every_cell_of_every_gate_has_been_seen_red():
    from verify import catalog

    seen = {(defect.gate, defect.stage) for defect in HERE + DEPLOYED}
    cells = {
        (gate.id, str(stage)) for gate in catalog.read(catalog.BUILT_IN) for stage in gate.stages
    }
    assert cells - seen == set()
    assert seen - cells == set()


def left_over(image: str) -> list[str]:
    """Return the containers of an image that only one test has built."""
    done = subprocess.run(
        ["docker", "ps", "-aq", "--filter", f"ancestor={image}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_missing_optional_module_is_no_defect(copy):
    shutil.rmtree(copy.root / "aicmo/campaign_ops")
    ran = copy.verify("run", "--stage", "local", "--gate", "imports", "--gate", "tabs", "--json")
    asked = {c["gate"]: c for c in ran.report["cells"] if c["reason"] != "not asked for"}
    assert {gate: cell["outcome"] for gate, cell in asked.items()} == {
        "imports": "PASS",
        "tabs": "PASS",
    }, asked
