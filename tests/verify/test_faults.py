"""What breaks in the middle of a run: each fault has its outcome, and none of them is a pass."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.docker


def container_of(pid: int) -> str:
    """Return the container that a running `verify` looks at, from the label it carries."""
    listed = subprocess.run(
        [
            *("docker", "ps", "--filter", "label=verify.run", "--filter", "name=-dashboard$"),
            *("--format", "{{.ID}} {{.Labels}}"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line for line in listed.splitlines() if f'"pid": {pid}' in line.replace('""', '"')]
    return rows[0].split()[0] if rows else ""


@pytest.mark.parametrize("command", ["kill", "pause", "restart --time 0", "rm --force"])
def test_a_container_that_changes_under_the_look_is_an_error(
    copy, until, tmp_path, command, changed
):
    copy.commit()
    log, out = tmp_path / "log", tmp_path / "out"
    with log.open("w") as err, out.open("w") as stdout:
        child = subprocess.Popen(
            [sys.executable, "-c", WITH_LINES, "run", "--stage", "container", "--stage", "live"],
            cwd=copy.root,
            env={**os.environ, "CI": "true"},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=err,
        )
        until(lambda: "looking around inside" in log.read_text() or child.poll(), seconds=120)
        name = until(lambda: container_of(child.pid))
        # Until the look is at work: a pause in the middle of the start of an exec is a dead end of
        # the engine itself, in which the container cannot even be removed.
        until(lambda: "zlib" in inside(name))
        with changed(command, name):
            assert child.wait(300) == 3, out.read_text()
    report = json.loads(out.read_text())
    cells = {(c["gate"], c["stage"]): c["outcome"] for c in report["cells"] if not unasked(c)}
    assert cells.pop(("startup", "container")) == "PASS"  # it was seen before the fault
    assert cells.pop(("rollback", "container")) == "SKIP"  # no image was verified here before
    assert set(cells.values()) == {"ERROR"}, cells
    assert report["verdict"] == "inconclusive"


def inside(name: str) -> str:
    """Return the command lines of the processes in a container."""
    command = ["docker", "top", name, "-eo", "pid,args"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


# `--json` alone is silent where no terminal is; the test needs the steps and the report.
WITH_LINES = """
import sys
from verify.cli import main, run
from verify.report.lines import LineProgress
run.listener = lambda quiet: LineProgress()
sys.argv.append("--json")
main()
"""


def unasked(cell) -> bool:
    return cell["outcome"] == "SKIP" and cell["reason"] == "not asked for"


def test_one_cell_carries_a_broken_build_and_the_others_point_to_it(copy):
    copy.edit("streamlit/Dockerfile", "\nUSER 10001:10001\n", "\nRUN exit 7\nUSER 10001:10001\n")
    copy.commit()
    stages = [word for stage in ("image", "container", "live") for word in ("--stage", stage)]
    ran = copy.verify("run", *stages, "--json")
    cells = {(c["gate"], c["stage"]): c for c in ran.report["cells"] if not unasked(c)}
    failed = cells.pop(("image", "image"))
    assert failed["outcome"] == "FAIL"
    assert "returned a non-zero code: 7" in failed["findings"][0]["got"]
    assert {cell["outcome"] for cell in cells.values()} == {"SKIP"}
    assert all("see image, image" in cell["reason"] for cell in cells.values())
    assert ran.exit == 1


def test_a_broken_build_is_a_failure_whichever_gate_was_asked_for(copy):
    copy.edit("streamlit/Dockerfile", "\nUSER 10001:10001\n", "\nRUN exit 7\nUSER 10001:10001\n")
    copy.commit()
    cell = copy.cell("marker", "live")
    assert (cell["outcome"], cell["exit"]) == ("FAIL", 1)


def test_two_runs_at_once_do_not_disturb_each_other(copy):
    copy.commit()
    command = [sys.executable, "-m", "verify.cli", "run", "--stage", "container", "--json"]
    runs = [
        subprocess.Popen(
            command,
            cwd=copy.root,
            env={**os.environ, "CI": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [run.communicate(timeout=300) for run in runs]
    spoiled = [c for out, _ in ended for c in json.loads(out)["cells"] if c["outcome"] != "PASS"]
    spoiled = [cell for cell in spoiled if not unasked(cell)]
    told = [(c["gate"], c["stage"], c["reason"], c["findings"][:3]) for c in spoiled]
    assert [run.returncode for run in runs] == [0, 0], told


def test_without_an_engine_nothing_ends_green(copy):
    env = {"DOCKER_HOST": "unix:///nowhere.sock"}
    ran = copy.verify("run", "--stage", "source", "--stage", "image", "--json", env=env)
    assert ran.exit == 3
    assert ran.report["verdict"] == "inconclusive"
    outcomes = {c["stage"]: c["outcome"] for c in ran.report["cells"] if not unasked(c)}
    assert outcomes == {"source": "PASS", "image": "SKIP"}
    reasons = {c["reason"] for c in ran.report["cells"] if c["stage"] == "image"}
    assert any("no container engine answers" in reason for reason in reasons)
