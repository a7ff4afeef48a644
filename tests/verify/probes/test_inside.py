"""Looks into real containers: each state a container can be in, big answers, and what is left."""

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from verify.errors import CouldNotCheck, Unavailable
from verify.probes import engine as engines
from verify.probes import inside
from verify.probes.inside import client, held, hosts

pytestmark = [
    pytest.mark.docker,
    # The SDK leaves the socket of a request that broke off to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

BASES = ("python:3.12-slim-bookworm", "aicmo-python-base:bookworm")

SLOW = "import pathlib, time; pathlib.Path('/tmp/app/began').touch(); time.sleep(300)"
"""A module whose import lasts longer than any look may."""

WAITING = f"""
import pathlib, signal
app = pathlib.Path("/tmp/app")
app.mkdir()
(app / "slow.py").write_text({SLOW!r})
(app / "mod.py").write_text("X = 1")
(app / "big").write_text("x" * 1000000)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
(app / "ready").touch()
signal.pause()
"""

HOG = WAITING.replace(
    "signal.pause()",
    """
import time
while not (app / "began").exists():
    time.sleep(0.01)
kept = []
while True:
    kept.append(bytearray(1 << 22))
""",
)
"""Eats all memory as soon as somebody looks."""


@pytest.fixture(autouse=True)
def _collected():
    """Let what the SDK left fall due here, where it is expected, and not in another test."""
    yield
    gc.collect()


def docker(*words: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=check)
    return done.stdout.strip()


def state(name: str) -> dict:
    return json.loads(docker("inspect", "--format", "{{json .State}}", name))


@pytest.fixture(scope="module")
def base():
    for name in BASES:
        done = subprocess.run(
            ["docker", "image", "inspect", name], capture_output=True, check=False
        )
        if done.returncode == 0:
            return name
    pytest.skip("no base image is here: run scripts/get-base-image.sh")


@pytest.fixture
def start(base, until):
    """Start containers that are removed with the test: `start("python3", "-c", ...)`."""
    names = []

    def started(*command: str, options: tuple[str, ...] = (), image: str = "", script: str = ""):
        name = f"verify-test-{uuid.uuid4().hex[:10]}"
        names.append(name)
        words = command or ("python3", "-c", script or WAITING)
        docker("run", "--detach", "--name", name, *options, image or base, *words)
        if not command:
            ready = ("exec", name, "test", "-e", "/tmp/app/ready")
            until(lambda: subprocess.run(["docker", *ready], check=False).returncode == 0)
        return name

    yield started
    for name in names:
        docker("rm", "--force", "--volumes", name, check=False)


@pytest.fixture
def attach():
    """Attach to a container that the test itself did not start through the engine."""
    made = []

    def attached(name: str) -> held.Attached:
        made.append(engines.connect("test"))
        return held.attach(hosts.parse(name), lambda: made[-1])

    yield attached
    for engine in made:
        engine.close()


def agents(name: str) -> list[str]:
    """Return the agents that run in a container."""
    rows = docker("top", name, "-eo", "pid,args", check=False).splitlines()[1:]
    return [row for row in rows if "-I -S" in row or "Blocker" in row]


def began(name: str) -> bool:
    words = ["docker", "exec", name, "test", "-e", "/tmp/app/began"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


SLOWLY = {"root": "/tmp/app", "modules": ["slow"]}


def test_a_look_brings_facts_of_a_container_that_stays_the_same(attach, start):
    name = start()
    subject = attach(name)
    with held.held(subject) as watch:
        facts = inside.look(
            subject.host,
            "python3",
            {"root": "/tmp/app", "modules": ["mod"]},
            deadline=60,
            watch=watch,
        )
    assert facts["imports"][0]["ok"]
    assert subject.container.image_id.startswith("sha256:")
    assert agents(name) == []


def test_another_interpreter_looks_where_the_first_is_not_there_and_it_is_said_which(start):
    name = start()
    facts = inside.look(name, "/opt/none/python", {}, deadline=60, others=("nonesuch", "python3"))
    assert facts["executable"].endswith("/python3")


def test_no_interpreter_is_unavailable_with_the_names_that_were_tried(start):
    name = start()
    with pytest.raises(Unavailable) as caught:
        inside.look(name, "nonesuch", {}, deadline=60, others=("/opt/none/python",))
    assert "has none of the interpreters" in caught.value.diagnosis
    assert "nonesuch /opt/none/python" in caught.value.diagnosis
    assert "[image].python" in caught.value.remedy


def test_the_user_who_looks_can_be_chosen(start):
    name = start(options=("--user", "1234"))
    assert inside.look(name, "python3", {}, deadline=60)["uid"] == 1234
    assert inside.look(f"docker://0:0@{name}", "python3", {}, deadline=60)["uid"] == 0
    with pytest.raises(CouldNotCheck, match="does not know the user 'nonesuch'"):
        inside.look(f"docker://nonesuch@{name}", "python3", {}, deadline=60)


def test_an_answer_of_25_mb_comes_back_whole(start):
    name = start()
    paths = [f"/tmp/app{'/.' * n}/big" for n in range(25)]
    facts = inside.look(name, "python3", {"read": paths}, deadline=60)
    assert [len(text) for text in facts["read"].values()] == [1000000] * 25


def test_an_answer_without_end_is_cut_off_and_none(start, monkeypatch):
    name = start()
    monkeypatch.setattr(client, "LARGEST", 1 << 19)
    with pytest.raises(CouldNotCheck, match="gave more than"):
        inside.look(name, "python3", {"read": ["/tmp/app/big"]}, deadline=60)


def test_a_container_that_is_not_there_is_said_to_be_not_there():
    with pytest.raises(CouldNotCheck, match="there is no container verify-test-none") as caught:
        inside.look("verify-test-none", "python3", {}, deadline=60)
    assert "docker ps --all" in caught.value.remedy


def test_a_stopped_container_is_said_to_be_stopped(start):
    name = start()
    docker("kill", name)
    with pytest.raises(CouldNotCheck, match=f"container {name} is not running") as caught:
        inside.look(name, "python3", {}, deadline=60)
    assert f"docker logs {name}" in caught.value.remedy


def test_a_container_that_was_never_started_is_not_running(base):
    name = f"verify-test-{uuid.uuid4().hex[:10]}"
    docker("create", "--name", name, base, "true")
    try:
        with pytest.raises(CouldNotCheck, match="is not running"):
            inside.look(name, "python3", {}, deadline=60)
    finally:
        docker("rm", name)


def test_a_paused_container_is_said_to_be_paused(start, changed):
    name = start()
    match = f"container {name} is paused"
    with changed("pause", name), pytest.raises(CouldNotCheck, match=match) as caught:
        inside.look(name, "python3", {}, deadline=60)
    assert f"docker unpause {name}" in caught.value.remedy


def test_a_container_that_restarts_again_and_again_never_gives_facts(attach, start, until):
    name = start("false", options=("--restart", "always"))
    said = []

    def looked() -> bool:
        subject = attach(name)
        with pytest.raises(CouldNotCheck) as caught, held.held(subject):
            inside.look(name, "python3", {}, deadline=60)
        said.append(caught.value.diagnosis)
        with pytest.raises(CouldNotCheck) as caught:
            inside.look(name, "python3", SLOWLY, deadline=60)
        said.append(caught.value.diagnosis)
        return any("is restarting" in text for text in said[1::2])

    until(looked, seconds=60)


HAPPENS = {
    "is killed": "kill",
    "is stopped": "stop --time 0",
    "restarts": "restart --time 0",
    "is removed": "rm --force",
    "is paused": "pause",
}


@pytest.mark.parametrize("moment", ["the agent is seen", "the agent is at work"])
@pytest.mark.parametrize("what", HAPPENS)
def test_whatever_happens_to_the_container_meanwhile_there_are_no_facts(
    start, attach, until, what, moment, background, changed
):
    name = start()
    subject = attach(name)

    def look():
        with held.held(subject) as watch:
            return inside.look(subject.host, "python3", SLOWLY, deadline=120, watch=watch)

    looked = background(look)
    if moment == "the agent is seen":
        until(lambda: agents(name))
    else:
        until(lambda: began(name))
    with changed(HAPPENS[what], name), pytest.raises(CouldNotCheck):
        looked.result(60)
    until(lambda: not agents(name))


def test_a_container_that_runs_out_of_memory_meanwhile_gives_no_facts(attach, start, until):
    name = start(script=HOG, options=("--memory", "64m", "--memory-swap", "64m"))
    subject = attach(name)
    with pytest.raises(CouldNotCheck), held.held(subject) as watch:
        inside.look(subject.host, "python3", SLOWLY, deadline=120, watch=watch)
    # What looks may be killed a moment before the first process is.
    assert until(lambda: state(name)["OOMKilled"])
    assert until(lambda: "out of memory" in subject.container.ended())


def test_an_agent_that_cannot_end_itself_is_left_at_the_outer_deadline_and_goes_when_it_can(
    start, until, monkeypatch, background
):
    name = start()
    monkeypatch.setattr(sys.modules["verify.probes.inside.look"], "GRACE", 2.0)
    looked = background(lambda: inside.look(name, "python3", SLOWLY, deadline=3))
    until(lambda: began(name))
    assert docker("exec", name, "python3", "-c", FREEZE, "STOP")
    with pytest.raises(CouldNotCheck, match="did not come back within 5 s, and was ended"):
        looked.result(60)
    assert agents(name)
    docker("exec", name, "python3", "-c", FREEZE, "CONT")
    until(lambda: not agents(name))


FREEZE = """
import os, pathlib, signal, sys
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    args = (folder / "cmdline").read_bytes().split(b"\\0")
    if args[1:3] == [b"-I", b"-S"]:
        os.kill(int(folder.name), getattr(signal, "SIG" + sys.argv[1]))
        print(folder.name)
"""


def test_an_agent_past_its_deadline_ends_itself_with_all_it_started(start, until):
    name = start()
    facts = inside.look(name, "python3", SLOWLY, deadline=2)
    assert facts["imports"][0]["exit"] is None
    until(lambda: not agents(name))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_looked_can_be_ended_at_any_moment_and_nothing_is_left(start, until, number):
    name = start()
    script = textwrap.dedent(f"""
        import signal
        from verify.probes import inside
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        inside.look({name!r}, "python3", {SLOWLY!r}, deadline=120)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script], stderr=subprocess.PIPE, start_new_session=True
    ) as child:
        until(lambda: began(name) or child.poll() is not None)
        assert child.poll() is None, child.stderr.read()
        assert clients(name)
        child.send_signal(number)
        child.wait(60)
    until(lambda: not clients(name))
    until(lambda: not agents(name))


def clients(name: str) -> list[str]:
    """Return the clients on this machine that are in a container."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            args = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if args[:2] == [b"docker", b"exec"] and name.encode() in args and b"-i" in args:
            found.append(folder.name)
    return found


class Between:
    """Stands between a client and the engine; acts once so many bytes of one answer have passed.

    Args:
        path: where it listens.
        passed: the bytes.
        act: what is done then; the answer does not come to its end before that is done.
        cut: whether nothing passes any more instead, of any connection.
    """

    def __init__(self, path: Path, passed: int, act: Callable[[], object], *, cut: bool) -> None:
        self.passed, self.act, self.cut = passed, act, cut
        self.patience: float | None = 0.02
        self.acted = threading.Event()
        self.open: list[socket.socket] = []
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(path))
        self.listening.listen(64)
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(engines.DEFAULT_SOCKET.removeprefix("unix://"))
            self.open += [client, engine]
            for pair, answer in (((client, engine), False), ((engine, client), True)):
                pump = threading.Thread(target=self._pass_on, args=pair, kwargs={"answer": answer})
                self.threads.append(pump)
                pump.start()

    def _pass_on(self, source: socket.socket, target: socket.socket, *, answer: bool) -> None:
        done, acting = 0, None
        try:
            while chunk := source.recv(1 << 14):
                target.sendall(chunk)
                done += len(chunk)
                if answer and done >= self.passed and not self.acted.is_set():
                    self.acted.set()
                    if self.cut:
                        self._end()
                        return
                    acting = threading.Thread(target=self.act)
                    acting.start()
                if acting is not None:
                    # A trickle: an engine that cannot write does not end a container, either.
                    acting.join(self.patience)
            if acting is not None:
                acting.join()
            target.shutdown(socket.SHUT_WR)
        except OSError:  # either side is gone
            return

    def _end(self) -> None:
        for one in (self.listening, *self.open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._end()
        for thread in self.threads:
            thread.join(60)
        for one in (self.listening, *self.open):
            one.close()


@pytest.fixture
def between(tmp_path, monkeypatch):
    """Have every client meet the engine through a socket that acts: `between(1000, act)`."""
    made = []

    def stand(passed: int, act: Callable[[], object] = lambda: None, *, cut: bool) -> Between:
        made.append(Between(tmp_path / "engine.sock", passed, act, cut=cut))
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
        return made[-1]

    yield stand
    for one in made:
        one.close()


BIG = {"read": [f"/tmp/app{'/.' * n}/big" for n in range(8)]}
STREAMED = (20_000, 1_000_000, 7_900_000)


@pytest.mark.skipif("DOCKER_HOST" in os.environ, reason="the engine is not at the default socket")
@pytest.mark.parametrize("passed", STREAMED)
def test_an_engine_that_goes_away_mid_answer_leaves_no_facts(
    start, attach, until, between, monkeypatch, passed
):
    name = start()
    stands = between(passed, cut=True)
    subject = attach(name)
    with pytest.raises(CouldNotCheck), held.held(subject) as watch:
        inside.look(subject.host, "python3", BIG, deadline=60, watch=watch)
    assert stands.acted.is_set()
    monkeypatch.delenv("DOCKER_HOST")
    until(lambda: not agents(name))


@pytest.mark.skipif("DOCKER_HOST" in os.environ, reason="the engine is not at the default socket")
@pytest.mark.parametrize("passed", STREAMED)
def test_an_engine_that_goes_away_mid_answer_is_told_by_the_look_itself(start, between, passed):
    name = start()
    between(passed, cut=True)
    with pytest.raises(CouldNotCheck):
        inside.look(name, "python3", BIG, deadline=60)


@pytest.mark.skipif("DOCKER_HOST" in os.environ, reason="the engine is not at the default socket")
@pytest.mark.parametrize("passed", STREAMED)
@pytest.mark.parametrize("what", ["is killed", "is removed", "restarts"])
def test_a_container_that_ends_while_its_answer_streams_leaves_no_facts(
    start, attach, between, passed, what
):
    name = start()
    there = {**os.environ}

    def act() -> None:
        words = ["docker", *HAPPENS[what].split(), name]
        subprocess.run(words, env=there, check=True, capture_output=True)

    stands = between(passed, act, cut=False)
    subject = attach(name)
    with pytest.raises(CouldNotCheck), held.held(subject) as watch:
        inside.look(subject.host, "python3", BIG, deadline=60, watch=watch)
    assert stands.acted.is_set()


@pytest.mark.skipif("DOCKER_HOST" in os.environ, reason="the engine is not at the default socket")
def test_an_engine_that_falls_silent_mid_answer_is_left_at_the_outer_deadline(
    start, until, between, monkeypatch
):
    name = start()
    monkeypatch.setattr(sys.modules["verify.probes.inside.look"], "GRACE", 1.0)
    goes_on = threading.Event()
    stands = between(20_000, goes_on.wait, cut=False)
    monkeypatch.setattr(stands, "patience", None)
    try:
        with pytest.raises(CouldNotCheck, match="did not come back within 6 s"):
            inside.look(name, "python3", BIG, deadline=5)
    finally:
        goes_on.set()
    monkeypatch.delenv("DOCKER_HOST")
    until(lambda: not agents(name))
