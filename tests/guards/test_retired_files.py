"""The seven retired entry points, started in every way but `streamlit run`.

That one is in tests/streamlit_pages, next to the client that can see a page.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPRECATED = "This file is deprecated. Run: streamlit run streamlit_pages/aicmo_operator.py"
UNUSED = "This dashboard is no longer used. Use aicmo_operator.py"
RETIRED = [
    ("app.py", "RuntimeError", DEPRECATED),
    ("launch_operator.py", "SystemExit", DEPRECATED),
    ("streamlit_app.py", "SystemExit", DEPRECATED),
    ("operator_v2.py", "RuntimeError", DEPRECATED),
    ("streamlit_pages/aicmo_ops_shell.py", "RuntimeError", UNUSED),
    ("streamlit_pages/cam_engine_ui.py", "RuntimeError", UNUSED),
    ("streamlit_pages/operator_qc.py", "RuntimeError", UNUSED),
]

every_retired_file = pytest.mark.parametrize(("file", "error", "text"), RETIRED)


def run(*arguments, cwd=ROOT, **env):
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **env},
        check=False,
    )


def assert_refused(found, error, text):
    assert found.returncode != 0
    assert found.stdout == ""
    shown = text if error == "SystemExit" else f"{error}: {text}"
    assert found.stderr.splitlines()[-1] == shown


def module_of(file):
    return file.removesuffix(".py").replace("/", ".")


@every_retired_file
def test_started_by_its_path_it_says_why_and_ends_non_zero(file, error, text):
    assert_refused(run(file), error, text)


@every_retired_file
def test_started_by_its_path_from_elsewhere_it_says_the_same(file, error, text, tmp_path):
    assert_refused(run(str(ROOT / file), cwd=tmp_path), error, text)


@every_retired_file
def test_started_as_a_module_it_says_why_and_ends_non_zero(file, error, text):
    assert_refused(run("-m", module_of(file)), error, text)


@every_retired_file
def test_started_by_a_python_without_the_project_it_says_the_same(file, error, text):
    # -S leaves out site-packages, and with it everything that was installed.
    assert_refused(run("-S", file), error, text)


@every_retired_file
def test_importing_it_raises_before_anything_else_happens(file, error, text, tmp_path):
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "try:\n"
        f"    import {module_of(file)}\n"
        f"except {error} as raised:\n"
        f"    assert str(raised) == {text!r}, raised\n"
        "    heavy = {'streamlit', 'sqlalchemy', 'aicmo'} & set(sys.modules)\n"
        "    assert not heavy, heavy\n"
        "    print('refused')\n"
    )
    found = run("-c", code, cwd=tmp_path, AICMO_DATA_DIR=str(tmp_path / "data"))
    assert (found.stdout, found.stderr) == ("refused\n", "")
    assert list(tmp_path.iterdir()) == []


def test_importing_one_while_streamlit_is_loaded_but_serves_no_page_raises_as_plainly(tmp_path):
    code = "import streamlit\nimport app\n"
    assert_refused(run("-c", code), "RuntimeError", DEPRECATED)


def test_the_guards_need_nothing_but_the_standard_library(tmp_path):
    shutil.copytree(ROOT / "guards", tmp_path / "guards")
    code = "import sys, guards\nprint(sorted(m for m in sys.modules if 'streamlit' in m))"
    found = run("-S", "-c", code, cwd=tmp_path)
    assert (found.stdout, found.stderr) == ("[]\n", "")
