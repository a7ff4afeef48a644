"""The agent in real containers: what it may not read, what it must not write, what limits it."""

import gc
import subprocess

import pytest

from verify.inventory import Kind
from verify.probes import inside
from verify.probes.inside.decode import decode

pytestmark = [
    pytest.mark.docker,
    # The SDK leaves the socket of a stream that ended with an error to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

BASES = ("python:3.12-slim-bookworm", "aicmo-python-base:bookworm")

EVERYTHING = {
    "files": {"roots": ["/etc", "{prefix}/bin", "/x"]},
    "processes": True,
    "listeners": True,
    "mounts": True,
    "limits": True,
    "environment": ["SHOWN"],
    "distributions": True,
    "interpreter": True,
}

PREPARED = """
mkdir -p /x/closed /x/seen && echo secret > /x/closed/file && echo secret > /x/own
mkfifo /x/pipe && ln /x/own /x/seen/own && : > '/x/seen/new
line' && printf x > /x/seen/"$(printf '\\377')"
chmod 0700 /x/closed && chmod 0600 /x/own && chmod 0711 /x/seen && chmod 0755 /x
echo ready > /ready
exec sleep 1000
"""


@pytest.fixture(autouse=True)
def _collected():
    """Let what the SDK left fall due here, where it is expected, and not in another test."""
    yield
    gc.collect()


@pytest.fixture
def start(engine):
    """Start a container of the base that is here; it is removed when the engine is closed."""
    base = next((name for name in BASES if engine.here(name)), None)
    if base is None:
        pytest.skip("no base image is here: run scripts/get-base-image.sh")

    def started(*command, memory="256m", environment=None, **restrictions):
        return engine.start(
            base,
            ports=(),
            memory=memory,
            command=list(command),
            environment=environment,
            restrictions=restrictions,
        )

    return started


def looked(container, *, user="", **request):
    where = f"docker://{user}@{container.id}" if user else f"docker://{container.id}"
    return decode(inside.look(where, "python3", request, deadline=60), "the container")


def changes(container) -> str:
    done = subprocess.run(["docker", "diff", container.id], check=True, capture_output=True)
    return done.stdout.decode()


def test_a_look_leaves_nothing_in_the_container(start, until):
    container = start("sleep", "1000")
    assert changes(container) == ""
    seen = looked(container, **EVERYTHING)
    assert "/etc/passwd" in seen.files.files
    assert changes(container) == ""
    until(
        lambda: [p.args for p in looked(container, processes=True).processes] == [("sleep", "1000")]
    )


def test_it_works_on_a_read_only_root_and_without_any_right(start):
    container = start(
        "sleep",
        "1000",
        memory="200m",
        environment={"SHOWN": "yes", "SOME_TOKEN": "secret"},
        read_only=True,
        pids_limit=77,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        user="1234:1234",
        network_mode="none",
    )
    seen = looked(container, **EVERYTHING)
    assert seen.unknown == {}
    assert (seen.limits.memory, seen.limits.processes) == (200 << 20, 77)
    (process,) = seen.processes
    assert (process.pid, process.uid, process.capabilities) == (1, 1234, 0)
    assert process.no_new_privileges is True
    assert {mount.path: mount.read_only for mount in seen.mounts}["/"] is True
    assert seen.listeners == ()
    assert (seen.environment["SHOWN"], seen.environment["SOME_TOKEN"]) == ("yes", None)
    assert "pip" in {one.name for one in seen.distributions}
    assert seen.interpreter.prefix in seen.files.roots[1]


def test_what_cannot_be_read_is_told_with_the_reason_and_nothing_else_is_lost(start, until):
    container = start("sh", "-c", PREPARED, user="0")
    asked = {"files": {"roots": ["/x", "/ready"]}}
    until(lambda: "/ready" in looked(container, **asked).files.files)
    seen = looked(container, user="1234", **asked).files
    assert seen.unread == {
        "/x/closed": "permission denied",
        "/x/own": "permission denied",
        "/x/seen": "permission denied",
    }
    own = seen.files["/x/own"]
    assert (own.size, own.mode, own.digest, own.fault) == (7, 0o600, None, "permission denied")
    assert own.capabilities == ""
    assert seen.files["/x/pipe"].kind is Kind.OTHER
    assert "/x/closed/file" not in seen.files
    everything = looked(container, **asked).files
    assert everything.unread == {}
    assert everything.files["/x/own"].digest == everything.files["/x/seen/own"].digest
    assert {"/x/seen/new\nline", "/x/seen/\udcff"} <= set(everything.files)


def test_capabilities_of_a_file_are_told(start, until):
    # cap_net_raw, permitted and effective, of version 2 (capabilities(7)).
    line = (
        "import os, time; open('/tool', 'w').close(); os.setxattr('/tool', 'security.capability', "
        "bytes.fromhex('0100000200200000000000000000000000000000')); open('/ready', 'w'); "
        "time.sleep(1000)"
    )
    container = start("python3", "-c", line, user="0", cap_add=["SETFCAP"])
    asked = {"files": {"roots": ["/tool", "/etc/passwd", "/ready"]}}
    until(lambda: "/ready" in looked(container, **asked).files.files)
    files = looked(container, user="1234", **asked).files.files
    assert files["/tool"].capabilities == "0100000200200000000000000000000000000000"
    assert files["/etc/passwd"].capabilities == ""


def test_a_whole_container_is_walked_but_not_what_only_looks_like_files(start):
    container = start("sleep", "1000")
    seen = looked(container, files={"roots": ["/"]})
    assert len(seen.files.files) > 5000
    assert seen.files.unread == {}
    assert not any(path.startswith(("/proc/", "/sys/", "/dev/")) for path in seen.files.files)
    assert seen.answer["memory_kb"] < 64 * 1024


def test_a_listener_in_a_container_is_told(start, until):
    line = (
        "import socket, time; s = socket.socket(); s.bind(('0.0.0.0', 8501)); s.listen(); "
        "time.sleep(1000)"
    )
    container = start("python3", "-c", line)
    (found,) = until(lambda: looked(container, listeners=True).listeners)
    assert (found.address, found.port) == ("0.0.0.0", 8501)
