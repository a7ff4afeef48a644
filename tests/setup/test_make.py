"""make: a thin front for the sessions, that hides no exit code."""

import re
import subprocess

import pytest

ENTRY = "streamlit_pages/aicmo_operator.py"


def make(root, *arguments):
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_is_the_default_and_lists_every_target(root):
    shown = make(root).stdout
    assert re.findall(r"^  make (\w+) +\S", shown, re.MULTILINE) == [
        *("help", "setup", "verify", "prove", "test", "run", "lint", "image", "clean")
    ]


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (("verify", "ARGS=--stage source"), ".venv-verify/bin/nox -s verify -- --stage source"),
        (("prove", "ARGS=--gate tabs"), ".venv-verify/bin/nox -s prove -- --gate tabs"),
        (("test", "ARGS=-k x"), ".venv-verify/bin/nox -s tests -- -k x"),
        (
            ("run", "PORT=8600"),
            f"exec .venv/bin/python -m streamlit run {ENTRY} --server.port=8600",
        ),
    ],
    ids=["verify", "prove", "test", "run"],
)
def test_arguments_are_passed_on(root, arguments, command):
    lines = make(root, "--dry-run", *arguments).stdout.splitlines()
    assert lines[-1].strip() == command
    assert any("scripts/setup.sh" in line for line in lines), "it needs an earlier step"


def test_every_session_of_a_target_exists_and_tells_what_it_does(root):
    shown = subprocess.check_output(
        [root / ".venv-verify" / "bin" / "nox", "--list"], cwd=root, text=True
    )
    told = dict(re.findall(r"^[*-] (\w+) -> (.+)$", shown, re.MULTILINE))
    used = re.findall(r"\$\(NOX\) -s ([a-z ]+)", (root / "Makefile").read_text())
    assert {name for names in used for name in names.split()} <= told.keys()


def test_the_exit_code_of_verify_is_told(root):
    result = make(root, "verify", "ARGS=--no-such-option", "PROVISION=0")
    assert result.returncode == 2
    assert re.search(r"verify\] Error 2$", result.stderr, re.MULTILINE), result.stderr


def test_what_is_there_already_is_not_made_again(root):
    subprocess.check_call([root / "scripts" / "setup.sh"])
    second = subprocess.check_output([root / "scripts" / "setup.sh"], stderr=subprocess.STDOUT)
    assert second == b""
