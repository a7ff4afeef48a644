"""Looks at a pod and at a container of podman, through clients whose command lines are recorded.

What they would start there starts here.
"""

import json
import os
import shutil
import socket
import sys

import pytest

from verify.errors import CouldNotCheck, Unavailable
from verify.probes import inside
from verify.probes.engine import DEFAULT_SOCKET
from verify.probes.inside import held
from verify.probes.inside.hosts import parse

RECORDED = """#!{python}
import json, os, sys
args = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(args) + "\\n")
for given, out, err, code in {answers!r}:
    if args[: len(given)] == given:
        sys.stdout.write(out)
        sys.stderr.write(err)
        sys.exit(code)
start = {start!r}
if args[: len(start)] == start:
    os.execvp(args[len(start)], args[len(start):])
sys.stderr.write("unexpected: " + repr(args))
sys.exit(99)
"""


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """Put a client on the PATH: `recorded("kubectl", start, answers)` returns its calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log = tmp_path / "calls"
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def client(name: str, start: list[str], answers: tuple = ()):
        text = RECORDED.format(python=sys.executable, log=str(log), start=start, answers=answers)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
        return lambda: [json.loads(line) for line in log.read_text().splitlines()]

    return client


POD = ["-n", "prod", "-c", "app", "exec", "-i", "web-0", "--"]
POD_REFERENCE = "kubectl://web-0?namespace=prod&container=app"


def test_a_pod_is_looked_at_through_kubectl(app, recorded):
    calls = recorded("kubectl", POD)
    subject = held.attach(parse(POD_REFERENCE), pytest.fail)
    with held.held(subject) as watch:
        facts = inside.look(subject.host, sys.executable, app.asked(), deadline=60, watch=watch)
    assert facts["imports"][0]["constants"] == {"X": "1"}
    before, look, after = calls()
    assert before == after
    assert before[len(POD) :][:2] == ["/bin/sh", "-c"]
    assert before[-1].startswith("cat /proc/sys/kernel/random/boot_id /proc/1/stat")
    assert look[: len(POD) + 2] == [*POD, "/bin/sh", "-c"]
    assert len(look) == len(POD) + 3


def test_a_pod_without_a_shell_is_looked_at_by_its_python_all_the_same(app, recorded):
    refused = 'exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown'
    absent = 'exec: "python": executable file not found in $PATH: unknown'
    rows = (([*POD, "/bin/sh"], "", refused, 126), ([*POD, "python"], "", absent, 127))
    calls = recorded("kubectl", POD, rows)
    facts = inside.look(POD_REFERENCE, "python", app.asked(), deadline=60, others=(sys.executable,))
    assert facts["imports"][0]["constants"] == {"X": "1"}
    assert [call[len(POD)] for call in calls()] == ["/bin/sh", "python", sys.executable]


def test_a_cluster_can_be_named_by_files_and_contexts_with_odd_names(tmp_path, recorded):
    config = tmp_path / "my config"
    config.touch()
    start = [f"--kubeconfig={config}", "--context=of mine", "exec", "-i", "web-0", "--"]
    recorded("kubectl", start)
    reference = f"kubectl://web-0?context=of%20mine&kubeconfig={config}"
    assert inside.look(reference, sys.executable, {}, deadline=60)["uid"] == os.getuid()


KUBECTL_SAYS = {
    'Error from server (NotFound): pods "web-0" not found': "the cluster has no pod web-0",
    'Error from server (NotFound): namespaces "prod" not found': "has no namespace of that name",
    'Error from server (Forbidden): pods "web-0" is forbidden: User "ada" cannot create resource '
    '"pods/exec"': "forbids to look inside pod web-0 in namespace prod",
    "error: You must be logged in to the server (Unauthorized)": "does not know who asks",
    "Error from server (BadRequest): container app is not valid for pod web-0": (
        "has no container of that name"
    ),
    "error: cannot exec into a container in a completed pod; current phase is Succeeded": (
        "pod web-0 in namespace prod is not running"
    ),
    'error: unable to upgrade connection: container not found ("app")': "runs no such container",
    "The connection to the server localhost:8080 was refused - did you specify the right host or "
    "port?": "does not answer",
    "Unable to connect to the server: dial tcp: lookup k8s.invalid: no such host": (
        "does not answer"
    ),
    'error: context "x" does not exist': "kubectl is not set up",
    "OCI runtime exec failed: exec failed: unable to start container process: exec: "
    '"python3": executable file not found in $PATH: unknown': "has none of the interpreters",
    "error: something new": "ended with exit code 1: error: something new",
}


@pytest.mark.parametrize("said", KUBECTL_SAYS)
def test_each_refusal_of_a_cluster_has_words_of_its_own(said, recorded):
    recorded("kubectl", ["nothing"], ((POD, "", f"{said}\n", 1),))
    with pytest.raises((CouldNotCheck, Unavailable)) as caught:
        inside.look(POD_REFERENCE, "python3", {}, deadline=60)
    assert KUBECTL_SAYS[said] in caught.value.diagnosis
    assert said in caught.value.diagnosis


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_the_real_kubectl_takes_this_command_line(tmp_path):
    config = tmp_path / "config"
    with socket.socket() as closed:  # bound, and never listening
        closed.bind(("127.0.0.1", 0))
        cluster = {"server": f"http://127.0.0.1:{closed.getsockname()[1]}"}
        text = {
            "clusters": [{"name": "c", "cluster": cluster}],
            "contexts": [{"name": "my own", "context": {"cluster": "c"}}],
        }
        config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **text}))
        reference = f"{POD_REFERENCE}&kubeconfig={config}&context=my%20own"
        with pytest.raises(CouldNotCheck, match=r"does not answer: .*was refused"):
            inside.look(reference, "python3", {}, deadline=60)


INSPECTED = {
    "Id": "f" * 64,
    "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z"},
    "RestartCount": 0,
}
INSPECT = ["container", "inspect", "web"]


def told(**changed: object) -> str:
    return json.dumps([{**INSPECTED, **changed}])


def test_a_container_of_podman_is_looked_at_and_held_by_its_engine(app, recorded):
    start = ["exec", "-i", "-u", "1000", "web"]
    calls = recorded("podman", start, ((INSPECT, told(), "", 0),))
    subject = held.attach(parse("podman://1000@web"), pytest.fail)
    with held.held(subject) as watch:
        facts = inside.look(subject.host, sys.executable, app.asked(), deadline=60, watch=watch)
    assert facts["imports"][0]["constants"] == {"X": "1"}
    assert subject.known[:2] == ("f" * 64, "running")
    before, look, after = calls()
    assert before == after == INSPECT
    assert look[: len(start)] == start


CHANGES = {
    "restarted": {"RestartCount": 1},
    "started anew": {"State": {"Status": "running", "StartedAt": "2026-01-01T00:00:09Z"}},
    "another": {"Id": "e" * 64},
    "ended": {"State": {"Status": "exited", "StartedAt": "2026-01-01T00:00:00Z"}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_container_of_podman_that_changes_spoils_what_was_seen(change, recorded):
    recorded("podman", ["nothing"], ((INSPECT, told(), "", 0),))
    subject = held.attach(parse("podman://web"), pytest.fail)
    said = r"changed while|is not running but exited"
    with pytest.raises(CouldNotCheck, match=said), held.held(subject):
        recorded("podman", ["nothing"], ((INSPECT, told(**CHANGES[change]), "", 0),))


PODMAN_SAYS = {
    'Error: no container with name or ID "web" found: no such container': "there is no podman",
    "Error: can only create exec sessions on running containers: container state improper": (
        "podman container web is not running"
    ),
    "Error: crun: executable file `/bin/sh` not found in $PATH: No such file or directory: OCI "
    "runtime attempted to invoke a command that was not found": "has no /bin/sh",
    "Error: unable to connect to Podman socket: Get http://d/v4: dial unix": "the engine went away",
}


@pytest.mark.parametrize("said", PODMAN_SAYS)
def test_each_refusal_of_podman_has_words_of_its_own(said, recorded):
    recorded("podman", ["nothing"], ((["exec"], "", f"{said}\n", 125),))
    with pytest.raises((CouldNotCheck, Unavailable)) as caught:
        inside.look("podman://web", "python3", {}, deadline=60)
    assert PODMAN_SAYS[said] in caught.value.diagnosis


DOCKER_SAYS = {
    "Got permission denied while trying to connect to the Docker daemon socket at unix:///x": (
        "the engine does not let this user in"
    ),
    "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?": (
        "the engine went away"
    ),
    "error during connect: Get http://x/v1.41/containers/web/json: EOF": "the engine went away",
    "unexpected EOF": "the engine went away",
    "Error response from daemon: container 3f is marked for removal and cannot be started": (
        "ended with exit code 1"
    ),
}


@pytest.mark.parametrize("said", DOCKER_SAYS)
def test_each_refusal_of_docker_has_words_of_its_own(said, recorded):
    recorded("docker", ["nothing"], ((["exec"], "", f"{said}\n", 1),))
    with pytest.raises(CouldNotCheck) as caught:
        inside.look("web", "python3", {}, deadline=60)
    assert DOCKER_SAYS[said] in caught.value.diagnosis


def test_docker_and_its_sdk_are_sent_to_the_same_engine(tmp_path, monkeypatch):
    """A context of Docker's command line would lead it elsewhere."""
    client = tmp_path / "docker"
    client.write_text('#!/bin/sh\necho "at $DOCKER_HOST" >&2\nexit 9\n')
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    with pytest.raises(CouldNotCheck, match=f"exit code 9: at {DEFAULT_SOCKET}"):
        inside.look("web", "python3", {}, deadline=60)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(CouldNotCheck, match=r"exit code 9: at tcp://127\.0\.0\.1:1"):
        inside.look("web", "python3", {}, deadline=60)
