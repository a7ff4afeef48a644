"""Accidents: each needs its outcome, told for the right reason, with nothing left behind.

Every accident of the catalogue is tried in test_defects.py; here is what they are judged by.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid

import pytest

from verify.errors import CouldNotCheck, NotDeclared, Unavailable
from verify.manifest import load
from verify.model import Outcome, Stage
from verify.planting import toml
from verify.planting.defect import CannotPlant, accident
from verify.planting.tree import Tree
from verify.planting.world import Ending, Over
from verify.probes import engine as engines
from verify.probes import folders, processes, room
from verify.probes.docker_errors import engine_errors
from verify.probes.ownership import whoami
from verify.proof import End, Fate
from verify.proving import attempt as attempts
from verify.proving import leftovers
from verify.proving.between import Between


@pytest.fixture
def tried(tiny, tmp_path, monkeypatch):
    """Let an accident happen in a copy of a tiny project: `tried(happen)` returns the attempt."""
    tiny.write("own/_none.py", "")  # an empty folder is not copied
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(leftovers, "PATIENCE", 0.2)

    def attempt(happen, stage=Stage.SOURCE, outcome=Outcome.ERROR):
        (defect,) = accident("tabs", stage, outcome)(happen)
        return attempts.attempt(defect, attempts.Place(tiny.root, tmp_path / "attempt"))

    return attempt


@pytest.mark.parametrize(
    ("ending", "fate", "said"),
    [
        (Ending(Outcome.ERROR, "the engine is gone"), Fate.KILLED, "the engine is gone"),
        (
            Ending(Outcome.ERROR, "something else", fits=False),
            Fate.SURVIVED,
            "for another reason: something else",
        ),
        (Ending(Outcome.PASS, ""), Fate.SURVIVED, "seen by no one"),
        (Ending(Outcome.FAIL, "it accuses the project"), Fate.SURVIVED, "it accuses the project"),
        (Ending(None, "exit code 1, no report"), Fate.SURVIVED, "exit code 1, no report"),
        (Ending(Outcome.SKIP, "there is no browser"), Fate.UNDECIDED, "there is no browser"),
    ],
)
def test_only_the_outcome_it_needs_for_the_right_reason_kills_it(tried, ending, fate, said):
    attempt = tried(lambda _: ending)
    assert (attempt.fate, attempt.said) == (fate, said)


def test_what_a_project_does_not_have_is_not_here(tried):
    def none(_):
        raise NotDeclared("verify.toml declares no [image]")

    assert tried(none).fate is Fate.NOT_HERE


def test_what_cannot_happen_is_undecided(tried):
    def unable(_):
        raise Unavailable("no container engine answers")

    assert tried(unable).fate is Fate.UNDECIDED


def test_a_file_that_is_left_is_told(tried):
    def happen(world):
        (world.place.temporary / "forgotten").write_text("")
        return Ending(Outcome.ERROR, "")

    attempt = tried(happen)
    assert (attempt.fate, attempt.said) == (Fate.SURVIVED, "left behind: forgotten")


@pytest.mark.parametrize("known_by", ["its folder", "its environment", "its command line"])
def test_a_process_that_is_left_is_told_and_ended(tried, until, known_by):
    started = []

    def happen(world):
        there = str(world.tree.root)
        env = {**os.environ, **({"HOME": there} if known_by == "its environment" else {})}
        env.pop("TMPDIR")
        words = [sys.executable, "-c", "import time; time.sleep(600)"]
        words += [there] if known_by == "its command line" else []
        cwd = there if known_by == "its folder" else "/"
        started.append(subprocess.Popen(words, cwd=cwd, env=env, start_new_session=True))
        return Ending(Outcome.ERROR, "")

    attempt = tried(happen)
    assert attempt.fate is Fate.SURVIVED
    assert f"left behind: process {started[0].pid}: " in attempt.said
    assert until(started[0].poll) == -signal.SIGKILL


@pytest.mark.docker
def test_a_container_that_is_left_is_told_and_removed(tried, engine, monkeypatch):
    base = engine.api.images()[0]["Id"]
    made = []

    def happen(_):
        mine = engines.connect(uuid.uuid4().hex[:12])
        made.append(mine.api.create_container(base, ["/nothing"], labels=mine.label)["Id"])
        mine._client.close()
        return Ending(Outcome.ERROR, "")

    monkeypatch.setattr("verify.proving.images.forget", lambda _: None)
    attempt = tried(happen)
    assert attempt.said.startswith("left behind: container ")
    assert not engine.api.containers(all=True, filters={"id": made[0]})


def test_the_real_command_line_is_heard_and_its_cell_returned(tried):
    def happen(world):
        with world.run() as run:
            run.heard("PASS  source    tabs")
            return run.ending()

    assert tried(happen, outcome=Outcome.PASS).fate is Fate.KILLED


def test_an_interrupt_needs_its_exit_code(tried):
    def happen(world):
        with world.run("--stage", "source") as run:
            run.heard(" s ")
            run.signal(signal.SIGKILL)
            ending = run.interrupted("SIGKILL")
        world.sweep()
        return ending

    attempt = tried(happen, outcome=End.INTERRUPTED)
    assert attempt.fate is Fate.SURVIVED
    assert "SIGKILL: exit code -9" in attempt.said


def test_a_run_that_is_over_cannot_be_interrupted(tried):
    def happen(world):
        with world.run() as run, pytest.raises(Over):
            run.after(60)
        return Ending(Outcome.ERROR, "")

    assert tried(happen).fate is Fate.KILLED


def test_a_gate_file_that_ends_the_process_keeps_no_other_from_running(tiny):
    tiny.write("own/leaves.py", '"""Leaves."""\nimport sys\ndef gate_source(): ...\nsys.exit(0)\n')
    ran = tiny.verify("run", "--gate", "leaves", "--gate", "tabs", "--stage", "source", "--json")
    outcomes = {c["gate"]: c["outcome"] for c in ran.report["cells"] if c["stage"] == "source"}
    assert (outcomes["leaves"], outcomes["tabs"], ran.exit) == ("ERROR", "PASS", 3)


@pytest.fixture
def speaker(tmp_path, monkeypatch):
    """An engine of sorts, which says the same to everyone who asks."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "real"))
    listening.listen()

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                asker, _ = listening.accept()
                with asker:
                    asker.recv(10)
                    asker.sendall(b"Step 1/3")
                    asker.recv(10)
                    asker.sendall(b"Step 2/3")
                    asker.recv(10)

    thread = threading.Thread(target=answer)
    thread.start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/real")
    yield
    listening.shutdown(socket.SHUT_RDWR)
    thread.join()
    listening.close()


def asking(line: Between) -> socket.socket:
    asker = socket.socket(socket.AF_UNIX)
    asker.settimeout(10)
    try:
        asker.connect(line.path.removeprefix("unix://"))
    except OSError:
        asker.close()
        raise
    return asker


@pytest.mark.usefixtures("speaker")
def test_a_line_is_cut_before_what_it_waits_for_and_nobody_comes_through_any_more(tmp_path):
    with Between(tmp_path, until=b"Step 2/") as line, asking(line) as asker:
        asker.sendall(b"go on")
        assert asker.recv(100) == b"Step 1/3"
        asker.sendall(b"go on")
        assert asker.recv(100) == b""
        with pytest.raises(ConnectionRefusedError):
            asking(line)
    assert not (tmp_path / "engine").exists()


def test_nobody_can_stand_before_an_engine_on_the_network(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(NotDeclared, match="tcp://"):
        Between(tmp_path)


REST = '[dashboard]\nentry = "page.py"\nmarker = "M"\ntabs = [\n    "A",\n    "B",\n]\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", {"extra": ["x"]}),
        ("[gates]\n", {"extra": ["x"]}),
        ('[gates] # own\nextra = [\n  "a",\n]\n[live]\nsessions = 3\n', {"extra": ["x"]}),
    ],
)
def test_a_key_of_the_manifest_is_replaced_or_made(tmp_path, before, after):
    import tomllib

    path = tmp_path / "verify.toml"
    path.write_text(REST + before)
    expected = tomllib.loads(REST + before) | {"gates": after}
    toml.give(Tree(tmp_path), "gates", "extra", '["x"]')
    assert tomllib.loads(path.read_text()) == expected


def test_a_table_that_is_written_in_one_line_is_not_touched(tmp_path):
    (tmp_path / "verify.toml").write_text(f"gates = {{ extra = [] }}\n{REST}")
    with pytest.raises(CannotPlant, match="not written as a table"):
        toml.give(Tree(tmp_path), "gates", "extra", "[]")


def test_the_manifest_still_loads_with_one_more_folder_of_gates(tiny):
    (tiny.root / "more").mkdir()
    toml.give(Tree(tiny.root), "gates", "extra", '["own", "more"]')
    assert load(tiny.root).gates.extra == ("own", "more")


def test_folders_of_the_dead_are_swept_with_what_runs_in_them_and_no_others(
    tmp_path, monkeypatch, until
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    owners = {
        "verify-dead": {**whoami(), "born": "1"},
        "verify-alive": whoami(),
        "verify-elsewhere": {**whoami(), "host": "another", "born": "1"},
        "other-dead": {**whoami(), "born": "1"},
    }
    for name, owner in owners.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / folders.OWNER).write_text(json.dumps(owner))
    (tmp_path / "verify-nobodys").mkdir()
    env = {**os.environ, "HOME": str(tmp_path / "verify-dead" / "home")}
    server = subprocess.Popen(["sleep", "600"], env=env, start_new_session=True)
    until(lambda: processes.at_work_in(tmp_path / "verify-dead"))
    assert folders.sweep() == 1
    assert server.wait(10) == -signal.SIGKILL
    left = {one.name for one in tmp_path.iterdir()}
    assert left == {"verify-alive", "verify-elsewhere", "other-dead", "verify-nobodys"}


def test_a_full_disk_is_told_as_such(tmp_path, monkeypatch):
    room.make_sure_of_room(tmp_path)
    monkeypatch.setattr(room, "LEAST", 1 << 60)
    with pytest.raises(CouldNotCheck, match="is full"):
        room.make_sure_of_room(tmp_path)


def test_one_container_that_cannot_be_removed_keeps_no_other():
    class Raw:
        def __init__(self, *, stuck: bool) -> None:
            self.stuck, self.gone = stuck, False

        def remove(self, **_) -> None:
            if self.stuck:
                raise OSError("stuck")
            self.gone = True

    class Client:
        def version(self):
            return {"Version": "1"}

        def close(self):
            self.closed = True

    client, stuck, other = Client(), Raw(stuck=True), Raw(stuck=False)
    engine = engines.Engine(client, "run")
    engine._made += [stuck, other]
    with pytest.raises(CouldNotCheck, match="cannot be removed"):
        engine.close()
    assert other.gone
    assert client.closed


def test_a_stream_of_the_engine_that_breaks_off_is_the_engines_fault():
    from urllib3.exceptions import ProtocolError

    broke = "the image build broke off"
    with pytest.raises(CouldNotCheck, match=broke), engine_errors(broke):
        raise ProtocolError("Connection broken: IncompleteRead(0 bytes read)")
