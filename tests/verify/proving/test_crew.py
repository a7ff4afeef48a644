"""Tasks in processes of their own: each has a result, and none leaves anything behind."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from verify.probes import folders, processes
from verify.proving import crew

ROOT = Path(__file__).parents[3]


def returns(folder: Path) -> str:
    (folder / "made").write_text("something")
    return f"done in {folder}"


def raises(_: Path) -> str:
    raise ValueError("planted")


def dies(folder: Path) -> str:
    """Leave a process in a session of its own, as servers are, and be killed."""
    subprocess.Popen(["sleep", "600"], cwd=folder, start_new_session=True)
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def hangs(_: Path) -> str:
    while True:
        time.sleep(0.1)


def hangs_deaf(_: Path) -> str:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return hangs(_)


def ours(temporary: Path) -> list[Path]:
    """Return our folders; those of Python's own `multiprocessing` last as long as this process."""
    return [one for one in temporary.iterdir() if not one.name.startswith("pymp-")]


def done(*tasks, seconds: float = 60.0, jobs: int = 2) -> dict[str, str]:
    made = [crew.Task(do.__name__, do, "lost: {}".format, seconds) for do in tasks]
    return {task.name: result for task, result in crew.work(made, jobs)}


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch) -> Path:
    """The folder for temporary files, in which nothing may be left."""
    made = tmp_path / "tmp"
    made.mkdir()
    monkeypatch.setenv("TMPDIR", str(made))
    monkeypatch.setattr("tempfile.tempdir", None)
    return made


def test_each_task_has_its_result_and_its_folder_is_gone(temporary):
    found = done(returns, raises, dies)
    assert found["returns"].startswith(f"done in {temporary}")
    assert found["raises"].startswith("lost: died, exit code 1:")
    assert found["raises"].endswith("ValueError: planted")
    assert found["dies"].startswith("lost: died, exit code -9")
    assert ours(temporary) == []
    assert [one for one in processes.at_work_in(temporary) if "sleep" in one.command] == []


@pytest.mark.parametrize("do", [hangs, hangs_deaf])
def test_a_task_past_its_deadline_is_lost_and_ended(do, temporary, monkeypatch):
    monkeypatch.setattr(crew, "GRACE", 1.0)
    assert done(do, seconds=2.0) == {do.__name__: "lost: did not end within 2 s"}
    assert ours(temporary) == []


def test_whoever_stops_listening_ends_what_still_runs(temporary):
    tasks = [crew.Task(do.__name__, do, str, 60.0) for do in (returns, hangs)]
    for task, _ in crew.work(tasks, 2):
        assert task.name == "returns"
        break
    assert ours(temporary) == []


def proving(temporary: Path) -> subprocess.Popen[bytes]:
    """Start `verify prove` of this project."""
    return subprocess.Popen(
        [sys.executable, "-m", "verify.cli", "prove", "--stage", "source", "--json"],
        cwd=ROOT,
        env={**os.environ, "CI": "true", "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def at_work(temporary: Path) -> bool:
    """Say whether an attempt has begun to run in its copy."""
    return any(temporary.glob("verify-prove-*/tmp/verify-*"))


@pytest.mark.parametrize("whom", ["the prover", "its group, as a terminal does"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_proof_leaves_nothing_behind(temporary, until, number, whom):
    with proving(temporary) as child:
        until(partial(at_work, temporary), seconds=60)
        os.kill(child.pid, number) if whom == "the prover" else os.killpg(child.pid, number)
        assert child.stderr is not None
        said = child.stderr.read().decode()
        assert child.wait(60) == 130, said
    assert "interrupted" in said
    until(lambda: not processes.at_work_in(temporary))
    assert ours(temporary) == []


def test_attempts_do_not_outlive_a_killed_proof_and_the_next_run_sweeps_its_folders(
    temporary, until
):
    with proving(temporary) as child:
        until(partial(at_work, temporary), seconds=60)
        child.kill()
    until(lambda: not processes.at_work_in(temporary), seconds=60)
    folders.sweep()
    until(lambda: ours(temporary) == [])
