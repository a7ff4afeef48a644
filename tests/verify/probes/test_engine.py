"""A real engine: builds, containers that die, get stuck or change, and what is left behind."""

import gc
import json
import os
import subprocess
import sys
import textwrap
import uuid

import pytest

from verify.errors import CouldNotCheck, SubjectBroken, Unavailable
from verify.probes import engine as engines
from verify.probes import inside, ownership, payload, ready
from verify.tables import Image

pytestmark = [
    pytest.mark.docker,
    # The SDK leaves the socket of a stream that ended with an error to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

HEALTHY = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Type", "text/plain"); self.end_headers()
        self.wfile.write(b"ok")
http.server.HTTPServer(("0.0.0.0", 8501), Handler).serve_forever()
"""


@pytest.fixture(autouse=True)
def _collected():
    """Let what the SDK left fall due here, where it is expected, and not in another test."""
    yield
    gc.collect()


@pytest.fixture
def spec(tmp_path):
    """An image of this machine's base, tagged for this test alone."""
    tag = f"verify-test-{uuid.uuid4().hex[:10]}:x"
    (tmp_path / "Dockerfile").write_text(
        'ARG PYTHON_IMAGE=python:3.12-slim-bookworm\nFROM ${PYTHON_IMAGE}\nCMD ["true"]\n'
    )
    yield Image(
        dockerfile="Dockerfile",
        tag=tag,
        base_arg="PYTHON_IMAGE",
        fallback_base="aicmo-python-base:bookworm",
        memory="256m",
        python="python3",
    )
    for name in (tag, f"{tag}-verified", f"{tag}-previous"):
        subprocess.run(["docker", "rmi", "-f", name], capture_output=True, check=False)


def build(engine, spec, tmp_path, *lines: str, args=None, step=lambda _: None):
    text = (
        "ARG PYTHON_IMAGE=python:3.12-slim-bookworm\nFROM ${PYTHON_IMAGE}\n"
        + "\n".join(lines)
        + "\n"
    )
    (tmp_path / "Dockerfile").write_text(text)
    return engine.build(tmp_path, spec, args=args or {}, step=step)


def start(engine, built, spec, *command: str):
    return engine.start(built.ref.id, ports=(8501,), memory=spec.memory, command=list(command))


def labelled() -> set[str]:
    out = subprocess.run(
        ["docker", "ps", "-aq", "--no-trunc", "--filter", f"label={ownership.LABEL}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(out.split())


def test_a_build_tells_its_steps_its_digest_and_its_base(engine, spec, tmp_path):
    steps: list[str] = []
    built = build(engine, spec, tmp_path, "ENV A=b", 'CMD ["true"]', step=steps.append)
    assert steps[-1].endswith('CMD ["true"]')
    assert built.ref.id.startswith("sha256:")
    assert built.ref.config_digest or built.ref.manifest_digest
    assert built.ref.base in {"python:3.12-slim-bookworm", "aicmo-python-base:bookworm"}
    assert built.config["Cmd"] == ["true"]


def test_only_declared_build_arguments_are_handed_over(engine, spec, tmp_path):
    lines = ("ARG REVISION=unknown", 'LABEL revision="${REVISION}"')
    built = build(engine, spec, tmp_path, *lines, args={"REVISION": "abc", "OTHER": "x"})
    assert built.config["Labels"]["revision"] == "abc"


def test_a_build_that_fails_carries_its_step_and_the_end_of_its_log(engine, spec, tmp_path):
    with pytest.raises(SubjectBroken) as caught:
        build(engine, spec, tmp_path, "RUN echo before && echo the-reason >&2 && exit 7")
    assert "at step 3/3: RUN echo before" in caught.value.got
    assert "returned a non-zero code: 7" in caught.value.got
    assert "the-reason" in caught.value.log
    assert caught.value.path == "Dockerfile"


def test_a_build_tells_no_secret_of_its_dockerfile(engine, spec, tmp_path):
    steps: list[str] = []
    secret = "c0rrect-h0rse-battery"
    (tmp_path / "Dockerfile").write_text(f"FROM scratch\nENV DB_PASSWORD={secret}\nRUN /none\n")
    with pytest.raises(SubjectBroken) as caught:
        engine.build(tmp_path, spec, args={}, step=steps.append)
    assert len(steps) == 3
    assert secret not in "".join((*steps, caught.value.got, caught.value.log))


def test_a_dockerfile_that_does_not_parse_is_a_failed_build(engine, spec, tmp_path):
    with pytest.raises(SubjectBroken, match="fails"):
        build(engine, spec, tmp_path, "NONSENSE here")


def test_a_started_container_is_published_on_loopback_only(engine, spec, tmp_path):
    built = build(engine, spec, tmp_path)
    container = start(engine, built, spec, "python3", "-c", HEALTHY)
    bound = container.raw.attrs["NetworkSettings"]["Ports"]["8501/tcp"]
    assert {row["HostIp"] for row in bound} == {"127.0.0.1"}
    assert container.raw.attrs["HostConfig"]["Memory"] == 256 * 2**20


def test_closing_removes_all_containers_running_or_not(engine, spec, tmp_path):
    built = build(engine, spec, tmp_path)
    made = {
        start(engine, built, spec, "python3", "-c", HEALTHY).id,
        start(engine, built, spec, "true").id,
    }
    assert made <= labelled()
    engine.close()
    assert not made & labelled()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("sh", "-c", "echo last words >&2; exit 9"), "exited with exit code 9"),
        (("python3", "-c", "x = [bytearray(10**7) for _ in range(200)]"), "out of memory"),
    ],
)
def test_a_container_that_dies_is_told_with_exit_code_reason_and_log(
    engine, spec, tmp_path, command, said
):
    built = build(engine, spec, tmp_path)
    container = start(engine, built, spec, *command)
    with pytest.raises(SubjectBroken) as caught:
        ready.first_page(
            container.url(8501) if container.ports[8501] else "http://127.0.0.1:1",
            what="the container",
            ended=container.ended,
            log=container.log,
            deadline=30,
        )
    assert said in caught.value.got
    assert ("last words" in caught.value.log) is (command[0] == "sh")


def test_a_container_that_never_gets_ready_is_given_up_at_the_deadline(engine, spec, tmp_path):
    built = build(engine, spec, tmp_path)
    container = start(engine, built, spec, "sh", "-c", "echo waiting for nothing; sleep 300")
    with pytest.raises(SubjectBroken, match="no answer until then") as caught:
        ready.first_page(
            container.url(8501),
            what="the container",
            ended=container.ended,
            log=container.log,
            deadline=2,
        )
    assert "waiting for nothing" in caught.value.log


SERVES_ONCE = """
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if "health" not in self.path:
            print("last words", flush=True)
            {how}
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"ok")
http.server.ThreadingHTTPServer(("", 8501), Answer).serve_forever()
"""


@pytest.mark.parametrize("how", ["os._exit(7)", "os.abort()"])
def test_a_server_that_ends_when_its_first_visitor_comes_is_broken(engine, spec, tmp_path, how):
    built = build(engine, spec, tmp_path)
    container = start(engine, built, spec, "python3", "-c", SERVES_ONCE.format(how=how))
    with pytest.raises(SubjectBroken) as caught:
        ready.first_page(
            container.url(8501),
            what="the container",
            ended=container.ended,
            log=container.log,
            deadline=30,
        )
    assert "exited with exit code" in caught.value.got
    assert "last words" in caught.value.log


def test_a_server_that_is_killed_under_its_first_visitor_is_not_to_blame(monkeypatch):
    def cut(*_, **__):
        raise CouldNotCheck("dropped the connection")

    monkeypatch.setattr(ready, "health", lambda _: "ok")
    monkeypatch.setattr(ready.wire, "read", cut)
    ways = {"exited with exit code 137": CouldNotCheck, "": CouldNotCheck}
    ways |= {"exited with exit code 137 (out of memory)": SubjectBroken}
    for how, error in ways.items():
        with pytest.raises(error):
            ready.first_page("http://x", what="it", ended=lambda h=how: h, log=str, deadline=5)


@pytest.mark.parametrize(("lines", "code"), [((), 5), (("STOPSIGNAL SIGUSR1",), 6)])
def test_a_container_is_stopped_by_the_signal_that_its_image_asks_for(
    engine, spec, tmp_path, until, lines, code
):
    built = build(engine, spec, tmp_path, *lines)
    traps = "trap 'exit 5' TERM; trap 'exit 6' USR1; echo ready; while :; do sleep 0.1; done"
    container = start(engine, built, spec, "sh", "-c", traps)
    until(lambda: "ready" in container.log())
    assert container.terminate(20) == code


def test_a_command_that_is_not_in_the_image_does_not_start(engine, spec, tmp_path):
    built = build(engine, spec, tmp_path)
    with pytest.raises(SubjectBroken, match="does not start"):
        start(engine, built, spec, "/no/such/program")


@pytest.mark.parametrize("change", ["restart -t 0", "pause", "kill", "rm -f"])
def test_a_container_that_changes_spoils_what_was_seen(engine, spec, tmp_path, change, changed):
    built = build(engine, spec, tmp_path)
    container = start(engine, built, spec, "python3", "-c", HEALTHY)
    container.hold()
    container.same()
    with changed(change, container.id), pytest.raises(CouldNotCheck):
        container.same()


def test_a_container_that_already_ended_cannot_be_held(engine, spec, tmp_path, until):
    built = build(engine, spec, tmp_path)
    container = start(engine, built, spec, "true")
    until(container.ended)
    with pytest.raises(CouldNotCheck, match="not running but exited"):
        container.hold()


def test_one_exec_brings_back_what_the_agent_saw(engine, spec, tmp_path):
    built = build(
        engine, spec, tmp_path, "RUN mkdir /app && printf 'X = 1\\n' > /app/mod.py", "USER 1234"
    )
    container = start(engine, built, spec, "python3", "-c", HEALTHY)
    request = {"root": "/app", "processes": True, "modules": ["mod"], "constants": [["mod", "X"]]}
    facts = inside.look(f"docker://{container.id}", "python3", request, deadline=30)
    assert facts["uid"] == 1234
    assert facts["imports"][0]["constants"] == {"X": "1"}
    assert facts["processes"][0]["pid"] == 1
    assert facts["processes"][0]["args"][:2] == ["python3", "-c"]


STATES = {
    "removed": "there is no container",
    "stopped": "is not running",
    "without that Python": "has none of the interpreters",
}


@pytest.mark.parametrize("state", STATES)
def test_a_look_into_nothing_is_never_an_answer(engine, spec, tmp_path, state):
    built = build(engine, spec, tmp_path)
    container = start(engine, built, spec, "python3", "-c", HEALTHY)
    if state == "removed":
        engine.remove(container)
    elif state == "stopped":
        container.raw.kill()
    python = "no-such-python" if state == "without that Python" else "python3"
    with pytest.raises((CouldNotCheck, Unavailable), match=STATES[state]):
        inside.look(f"docker://{container.id}", python, {}, deadline=20)


def test_the_image_at_rest_answers_without_its_entry_being_started(engine, spec, tmp_path):
    built = build(engine, spec, tmp_path, 'ENTRYPOINT ["sh", "-c", "echo the entry ran"]')
    command = [
        "python3",
        "-I",
        "-S",
        *payload.packed("agent.py", {"deadline": 20, "read": ["/etc/hostname", "/none"]}),
    ]
    out, err = engine.run_once(built.ref.id, command, memory="256m", deadline=30)
    facts = payload.answer(out, err, who="the agent")
    assert facts["read"]["/none"] is None
    assert "the entry ran" not in out + err
    assert {c.name for c in engine._made if c.status != "created"} == set()


def test_the_next_run_sweeps_what_a_killed_run_left_and_nothing_of_a_living_one(
    engine, spec, tmp_path
):
    built = build(engine, spec, tmp_path)
    mine = start(engine, built, spec, "python3", "-c", HEALTHY)
    script = textwrap.dedent(f"""
        from verify.probes import engine
        import os, signal
        e = engine.connect("killed")
        c = e.start({built.ref.id!r}, ports=(8501,), memory="256m", command=["sleep", "300"])
        print(c.id, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    killed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    left = killed.stdout.strip()
    assert left in labelled()
    assert engine.sweep() >= 1
    assert left not in labelled()
    assert mine.id in labelled()


def test_a_label_of_another_machine_is_nobodys_orphan():
    label = {"run": "x", "host": "elsewhere", "pid": 1, "born": "1"}
    assert not ownership.orphaned(json.dumps(label))
    assert not ownership.orphaned("not json")
    own = {**ownership.whoami(), "run": "x"}
    assert not ownership.orphaned(json.dumps(own))
    assert ownership.orphaned(json.dumps({**own, "born": "1"}))


def test_no_engine_is_unavailable_with_a_cure(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(Unavailable) as caught:
        engines.connect("x")
    assert "no container engine answers at unix://" in caught.value.diagnosis
    assert "provision" in caught.value.remedy
    assert os.environ["DOCKER_HOST"] in caught.value.diagnosis
