"""`verify running` on this machine, on one by ssh, in a pod and in a container of podman."""

import getpass
import json
import os
import subprocess
import sys

import pytest

from tests.verify.conftest import Project
from tests.verify.probes.test_inside_ssh import Machine, needs_sshd
from tests.verify.running.conftest import running

MANIFEST = """
[dashboard]
entry = "main.py"
marker = "M1"
tabs = ["One"]
"""


@pytest.fixture(scope="session")
def python(tmp_path_factory) -> str:
    """An interpreter in an environment of its own, in which nothing is installed."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return str(folder / "bin/python")


@pytest.fixture
def app(tmp_path):
    """A tree under git, and a folder in which the same files stand."""
    tree = Project(tmp_path / "tree")
    tree.write("verify.toml", MANIFEST)
    tree.write("main.py", "BUILD_MARKER = 'M1'\n")
    tree.write("deep/part.py", "PART = 1\n")
    tree.commit()
    place = Project(tmp_path / "place")
    for name in ("verify.toml", "main.py", "deep/part.py"):
        place.write(name, (tree.root / name).read_bytes())
    return tree, place


def compared(ran) -> dict[str, str]:
    return {one["path"]: one["letters"] or one["change"] for one in ran.found["differences"]}


def checked(app, python: str, ref: str, env: dict[str, str] | None = None) -> dict:
    """Look at the same files, then at one that changed; return what was found first."""
    tree, place = app
    words = (ref, "--app-dir", str(place.root), "--python", python, "--json")
    same = running(tree.root, *words, env=env)
    assert (same.exit, same.found.get("verdict")) == (0, "same"), same.out + same.err
    place.write("main.py", "BUILD_MARKER = 'M2'\n")
    (place.root / "deep/part.py").unlink()
    place.write("extra.py", "EXTRA = 1\n")
    changed = running(tree.root, *words, env=env)
    found = {
        f"{place.root}/deep/part.py": "missing",
        f"{place.root}/extra.py": "extra",
        f"{place.root}/main.py": "..5......",
    }
    assert (changed.exit, compared(changed)) == (1, found), changed.out + changed.err
    return same.found


def test_this_machine_is_compared(app, python):
    found = checked(app, python, "local://")
    assert found["image"] is None
    assert {one["when"] for one in found["differences"]} <= {""}


def test_of_a_machine_only_the_interpreter_that_is_named_is_looked_at(app):
    tree, place = app
    ran = running(tree.root, "local://", "--app-dir", str(place.root), "--json")
    assert ran.exit == 0, ran.out
    assert "--python" in ran.found["unknown"]["packages"]


def test_without_a_folder_nothing_of_a_machine_is_compared(app):
    ran = running(app[0].root, "local://")
    assert ran.exit == 2
    assert "--app-dir" in ran.err


def test_a_folder_that_is_not_there_has_no_file_of_the_tree(app):
    ran = running(app[0].root, "local://", "--app-dir", "/nonesuch", "--json")
    assert ran.exit in {1, 3}
    assert ran.found["same"]["reviewed"] == 0


def test_without_a_manifest_no_import_can_be_tried(app):
    (app[0].root / "verify.toml").unlink()
    ran = running(app[0].root, "local://", "--app-dir", str(app[1].root), "--try")
    assert ran.exit == 2
    assert "--try needs a verify.toml" in ran.err


def test_two_hundred_differences_are_all_told(app):
    tree, place = app
    for number in range(200):
        place.write(f"extra{number}", "x")
    ran = running(tree.root, "local://", "--app-dir", str(place.root), "--json")
    assert (ran.exit, len(ran.found["differences"])) == (1, 200)


@pytest.fixture
def machine(tmp_path):
    from pathlib import Path

    folder = tmp_path / "ssh"
    folder.mkdir(0o700)
    locked, made = Path("/run/sshd"), False
    if os.getuid() == 0 and not locked.exists():
        locked.mkdir()
        made = True
    served = Machine(folder)
    yield served
    served.close()
    if made:
        locked.rmdir()


@needs_sshd
def test_a_machine_is_compared_by_ssh(app, machine, python):
    found = checked(app, python, machine.reference())
    assert found["kind"] == "ssh"
    assert found["host"].startswith(f"ssh://{getpass.getuser()}@127.0.0.1:")


@needs_sshd
def test_a_machine_that_takes_no_connection_is_no_difference(app, machine):
    reference = machine.reference()
    machine.close()
    ran = running(app[0].root, reference, "--app-dir", "/app", "--json")
    assert (ran.exit, ran.found["verdict"]) == (3, "unknown")
    assert "takes no connection by ssh" in ran.found["fault"]


CLIENT = """#!{python}
import json, os, sys
args = sys.argv[1:]
if "--" in args and "exec" in args:
    os.execv("/bin/sh", args[args.index("--") + 1:])
if args[:1] == ["exec"]:
    os.execv("/bin/sh", args[args.index("/bin/sh"):])
for given, answer, code in json.loads({answers!r}):
    if args == given:
        print(answer if isinstance(answer, str) else json.dumps(answer))
        sys.exit(code)
print("unexpected:", args)
sys.exit(99)
"""

POD = {
    "metadata": {"name": "web-0"},
    "spec": {"containers": [{"name": "side"}, {"name": "app"}]},
    "status": {
        "containerStatuses": [
            {"name": "side", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
            {
                "name": "app",
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                "restartCount": 2,
                "image": "registry.invalid/dashboard:1",
                "imageID": f"registry.invalid/dashboard@sha256:{'a' * 64}",
                "containerID": f"containerd://{'c' * 64}",
            },
        ]
    },
}
GET = ["--namespace", "prod", "get"]

INSPECTED = {
    "Id": "f" * 64,
    "Name": "web",
    "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z"},
    "RestartCount": 0,
    "Image": "e" * 64,
    "ImageName": "localhost/dashboard:1",
    "Config": {"WorkingDir": "/app"},
    "Mounts": [{"Type": "volume", "Destination": "/data"}],
}
IMAGE = {
    "Id": "e" * 64,
    "Digest": f"sha256:{'d' * 64}",
    "Labels": {"org.opencontainers.image.revision": "1234"},
    "Os": "linux",
    "Architecture": "amd64",
}


@pytest.fixture
def client(tmp_path):
    """Put a client on the PATH whose answers are recorded; what it would start starts here."""

    def put(name: str, answers: list) -> dict[str, str]:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        text = CLIENT.format(python=sys.executable, answers=json.dumps(answers))
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
        return {"PATH": f"{folder}:{os.environ['PATH']}"}

    return put


def test_a_pod_is_compared_through_kubectl(app, client, python):
    env = client("kubectl", [[[*GET, "pod", "web-0", "--output", "json"], POD, 0]])
    found = checked(app, python, "kubectl://web-0?namespace=prod&container=app", env)
    assert found["identity"]["name"] == "web-0/app"
    assert found["identity"]["restarts"] == 2
    assert found["image"]["manifest_digest"] == f"sha256:{'a' * 64}"
    assert found["image"]["config_digest"] is None


@pytest.mark.parametrize(
    ("name", "said"),
    {
        "web-0?namespace=prod": "does not run but is waiting (CrashLoopBackOff)",
        "web-0?namespace=prod&container=apps": "Did you mean app?",
        "web-1?namespace=prod": "Did you mean web-0?",
    }.items(),
)
def test_a_pod_that_does_not_run_or_is_not_there_is_no_difference(name, said, app, client):
    gone = 'Error from server (NotFound): pods "web-1" not found'
    answers = [
        [[*GET, "pod", "web-0", "--output", "json"], POD, 0],
        [[*GET, "pod", "web-1", "--output", "json"], gone, 1],
        [[*GET, "pods", "--output", "json"], {"items": [POD]}, 0],
    ]
    env = client("kubectl", answers)
    ran = running(app[0].root, f"kubectl://{name}", "--app-dir", "/app", env=env)
    assert ran.exit == 3, ran.out + ran.err
    assert said in " ".join(ran.out.split())


def podman(place: str, **changed: object) -> list:
    told = {**INSPECTED, **changed}
    return [
        [["container", "inspect", "web"], [told], 0],
        [["container", "inspect", "f" * 64], [told], 0],
        [["image", "inspect", "e" * 64], [IMAGE], 0],
        [
            ["container", "diff", "--format", "json", "f" * 64],
            {"changed": [f"{place}/main.py"], "added": [f"{place}/extra.py"]},
            0,
        ],
    ]


def test_a_container_of_podman_is_compared(app, client):
    tree, place = app
    place.write("main.py", "BUILD_MARKER = 'M2'\n")
    place.write("extra.py", "EXTRA = 1\n")
    env = client("podman", podman(str(place.root)))
    words = ("podman://web", "--app-dir", str(place.root), "--json")
    ran = running(tree.root, *words, "--python", "python3", env=env)
    found = {one["path"]: one["when"] for one in ran.found["differences"]}
    assert found[f"{place.root}/main.py"] == "changed at run", ran.out
    assert found[f"{place.root}/extra.py"] == "changed at run"
    assert ran.exit == 1
    assert ran.found["image"]["manifest_digest"] == IMAGE["Digest"]
    assert ran.found["image"]["labels"] == {"revision": "1234"}


def test_a_container_of_podman_that_does_not_run_is_no_difference(app, client):
    ended = {"Status": "exited", "StartedAt": "2026-01-01T00:00:00Z", "ExitCode": 3}
    env = client("podman", podman("/app", State=ended))
    ran = running(app[0].root, "podman://web", "--app-dir", "/app", env=env)
    assert ran.exit == 3
    assert "does not run but is exited (exit code 3)" in ran.out


def test_a_container_of_podman_that_is_not_there_is_told_with_names_that_are_near(app, client):
    gone = 'Error: no such container "wep"'
    answers = [
        [["container", "inspect", "wep"], gone, 125],
        [["ps", "--all", "--format", "json"], [{"Names": ["web"]}], 0],
    ]
    ran = running(app[0].root, "podman://wep", env=client("podman", answers))
    assert ran.exit == 3, ran.out + ran.err
    assert "Did you mean web?" in ran.out


def test_a_client_that_is_missing_is_told_with_what_adds_it(app, tmp_path):
    where = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
    (tmp_path / "few").mkdir()
    (tmp_path / "few/git").symlink_to(where.stdout.strip())
    env = {"PATH": str(tmp_path / "few")}
    ran = running(app[0].root, "podman://web", "--app-dir", "/app", env=env)
    assert ran.exit == 3
    assert "the `podman` command is missing" in ran.out
