"""How what a gate does becomes a cell, a verdict and an exit code: with gates of a tiny project."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HEAD = '"""A promise.\n\nWhy: because.\nFix: so.\n"""\n'
HEAD += "from verify.model import Observation\nfrom verify import errors\n"


def gate(tiny, body: str, name: str = "mine") -> None:
    tiny.write(f"own/{name}.py", HEAD + textwrap.dedent(body))


@pytest.mark.parametrize(
    ("body", "outcome", "exit_code", "reason"),
    [
        ("def gate_source():\n    yield Observation('x', 1, 1)", "PASS", 0, ""),
        ("def gate_source():\n    yield Observation('x', 1, 2)", "FAIL", 1, ""),
        (
            "def gate_source():\n    for got in (1, 2):\n        yield Observation('x', 1, got)",
            "FAIL",
            1,
            "",
        ),
        ("def gate_source():\n    yield from ()", "ERROR", 3, "nothing was checked"),
        ("def gate_source():\n    return None", "ERROR", 3, "nothing was checked"),
        (
            "def gate_source():\n    raise ZeroDivisionError('oops')\n    yield",
            "ERROR",
            3,
            "ZeroDivisionError: oops",
        ),
        (
            "def gate_source():\n    yield Observation('x', 1, 1)\n    raise ValueError",
            "ERROR",
            3,
            "ValueError",
        ),
        ("def gate_source():\n    yield 'PASS'", "ERROR", 3, "yields Observation, not str"),
        (
            "def gate_source(no_such_thing):\n    yield",
            "ERROR",
            3,
            "fixture that does not exist: no_such_thing",
        ),
        (
            "def gate_source():\n    raise errors.CouldNotCheck('timed out')\n    yield",
            "ERROR",
            3,
            "timed out",
        ),
        (
            "def gate_source():\n    raise errors.Unavailable('no engine')\n    yield",
            "SKIP",
            3,
            "no engine",
        ),
        (
            "def gate_source():\n    import sys\n    sys.exit(0)\n    yield",
            "ERROR",
            3,
            "SystemExit",
        ),
        (
            "import pytest\ndef gate_source():\n    pytest.skip('later')\n    yield",
            "ERROR",
            3,
            "later",
        ),
        ("import no_such_module\ndef gate_source():\n    yield", "ERROR", 3, "cannot be imported"),
        ("def gate_source(:\n", "ERROR", 3, "cannot be read"),
        ("def gate_sources():\n    yield", "ERROR", 3, "gate_sources names no stage"),
        ("def check():\n    yield", "ERROR", 3, "has no function gate_STAGE"),
    ],
)
def test_what_a_gate_does_becomes_its_outcome(tiny, body, outcome, exit_code, reason):
    gate(tiny, body)
    cell = tiny.cell("mine", "source")
    assert (cell["outcome"], cell["exit"]) == (outcome, exit_code)
    assert reason in cell["reason"]


def test_a_gate_that_does_not_apply_is_skipped_and_not_required(tiny):
    gate(tiny, "def gate_source():\n    raise errors.NotDeclared('no [x]')\n    yield")
    gate(tiny, "def gate_source():\n    yield Observation('x', 1, 1)", "other")
    ran = tiny.verify("run", "--gate", "mine", "--gate", "other", "--json")
    assert ran.exit == 0
    assert {
        c["gate"]: c["outcome"] for c in ran.report["cells"] if c["gate"] in {"mine", "other"}
    } == {
        "mine": "SKIP",
        "other": "PASS",
    }


def test_a_gate_that_fails_to_import_does_not_hide_the_others(tiny):
    gate(tiny, "import no_such_module\ndef gate_source():\n    yield", "broken")
    gate(tiny, "def gate_source():\n    yield Observation('x', 1, 1)", "sound")
    ran = tiny.verify("run", "--gate", "broken", "--gate", "sound", "--stage", "source", "--json")
    assert {
        c["gate"]: c["outcome"] for c in ran.report["cells"] if c["reason"] != "not asked for"
    } == {
        "broken": "ERROR",
        "sound": "PASS",
    }


def test_two_gates_of_one_name_are_refused(tiny):
    gate(tiny, "def gate_source():\n    yield", "marker")
    ran = tiny.verify("run")
    assert ran.exit == 2
    assert "gate 'marker' stands in" in ran.err


def test_a_gate_that_does_not_exist_is_wrong_usage(tiny):
    ran = tiny.verify("run", "--gate", "markr")
    assert ran.exit == 2
    assert "there is no gate 'markr'" in ran.err


def test_a_stage_where_the_gate_does_not_look_is_wrong_usage(tiny):
    gate(tiny, "def gate_source():\n    yield Observation('x', 1, 1)")
    ran = tiny.verify("run", "--gate", "mine", "--stage", "live")
    assert ran.exit == 2


def test_the_users_own_pytest_settings_change_nothing(tiny, tmp_path):
    gate(tiny, "def gate_source():\n    yield Observation('x', 1, 2)")
    tiny.write("pytest.ini", "[pytest]\naddopts = --co\npython_functions = nothing_*\n")
    tiny.write("conftest.py", "raise RuntimeError('must not be loaded')\n")
    tiny.write(
        "own/conftest.py",
        "import pytest\n@pytest.fixture(autouse=True)\ndef x(): pytest.skip('x')\n",
    )
    settings = {"PYTEST_ADDOPTS": "--collect-only -k nothing", "PYTEST_PLUGINS": "no_such_plugin"}
    ran = tiny.verify("run", "--gate", "mine", "--stage", "source", "--json", env=settings)
    assert ran.exit == 1, ran.err


def test_nothing_is_written_into_the_project(tiny):
    gate(tiny, "def gate_source():\n    yield Observation('x', 1, 1)")
    before = sorted(p for p in tiny.root.rglob("*") if "__pycache__" not in p.parts)
    tiny.verify("run", "--stage", "source")
    assert sorted(p for p in tiny.root.rglob("*") if "__pycache__" not in p.parts) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_with_130_and_leaves_no_scratch_folder(
    tiny, tmp_path, until, number
):
    gate(
        tiny,
        """
        def gate_source(run):
            (run.manifest.root / "begun").write_text(str(run.scratch))
            import threading
            threading.Event().wait(60)
            yield
    """,
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "verify.cli", "run", "--gate", "mine"],
        cwd=tiny.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    begun = tiny.root / "begun"
    until(begun.exists)
    scratch = Path(until(begun.read_text))
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 130, err
    assert "interrupted" in err
    assert not scratch.exists()


def test_an_interrupt_inside_of_an_exec_ends_with_130_too(tiny):
    gate(
        tiny,
        """
        def gate_source():
            exec("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
            yield
        """,
    )
    assert tiny.verify("run", "--gate", "mine").exit == 130


def test_reports_are_written_beside_what_is_printed(tiny):
    gate(tiny, "def gate_source():\n    yield Observation('x', 1, 2, path='a.py', line=3)")
    ran = tiny.verify(
        "run", "--gate", "mine", "--report", "json:out/r.json", "--report", "junit:out/j.xml"
    )
    assert ran.exit == 1
    assert (tiny.root / "out/r.json").exists()
    assert "a.py:3" in ran.out
    assert sorted(path.name for path in (tiny.root / "out").iterdir()) == ["j.xml", "r.json"]


@pytest.mark.parametrize("target", ["html2:x", "json", "json:", "junit:own"])
def test_a_wrong_report_is_refused_before_the_run(tiny, target):
    ran = tiny.verify("run", "--report", target)
    assert ran.exit == 2
    assert "--report" in ran.err


def test_a_report_that_cannot_be_written_says_so(tiny):
    gate(tiny, "def gate_source():\n    yield Observation('x', 1, 1)")
    ran = tiny.verify("run", "--gate", "mine", "--report", "json:page.py/x.json")
    assert ran.exit == 2
    assert "the json report cannot be written" in ran.err


def test_the_smallest_project_of_the_manual_is_verified(tiny):
    manual = Path(__file__).parents[2].joinpath("docs/manifest.md").read_text("utf-8")
    tiny.write("verify.toml", manual.rpartition("```toml\n")[2].partition("```")[0])
    tiny.write(
        "page.py",
        'import streamlit as st\n\nBUILD_MARKER = "2026-01"\n'
        'st.sidebar.markdown(f"**Build marker:** {BUILD_MARKER}")\n'
        'for tab in st.tabs(["Orders", "Stock"]):\n    tab.write("none")\n',
    )
    ran = tiny.verify("run", "--json")
    assert ran.exit == 0, ran.out
    skipped = {c["reason"] for c in ran.report["cells"] if c["outcome"] == "SKIP"}
    assert all("declares no" in reason or "has no" in reason for reason in skipped)
    passed = {c["gate"] for c in ran.report["cells"] if c["outcome"] == "PASS"}
    assert passed == {"compile", "entry", "marker", "pages", "shadowing", "startup", "tabs"}


def test_list_shows_what_every_gate_proves_and_how_to_fix_it(tiny):
    gate(tiny, "def gate_source():\n    yield Observation('x', 1, 1)")
    ran = tiny.verify("list")
    assert ran.exit == 0
    assert "mine  (source)\n  A promise.\n  why: because.\n  fix: so." in ran.out
    import json

    rows = json.loads(tiny.verify("list", "--json").out)["gates"]
    assert all(row["title"] and row["why"] and row["fix"] and row["stages"] for row in rows)
