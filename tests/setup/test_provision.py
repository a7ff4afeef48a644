"""Provisioning on machines that this one is not, made of stand-ins on the PATH."""

import os
import subprocess
import time
from pathlib import Path

import pytest

TOOLS = [
    *("sh", "sed", "dirname", "id", "mkdir", "flock", "timeout", "cat", "grep", "date", "sleep"),
    *("tail", "rm", "setsid", "mktemp", "sort"),
]
SILENT = ""


@pytest.fixture
def machine(toolbox, root, tmp_path):
    """A machine with the usual tools and nothing else; apt leaves a trace when it is called."""

    class Machine:
        tools = toolbox
        trace = tmp_path / "apt-was-called"

        def has_apt(self):
            toolbox.put("apt-get", f'echo "$@" >>{self.trace}; exit 1')

        def has_user(self, number):
            (toolbox.path / "id").unlink()
            toolbox.put("id", f"case $1 in -u) echo {number} ;; *) echo somebody ;; esac")

        def provision(self, **environment):
            # An address of its own: whether an engine answers on this machine is of no account.
            nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}
            return toolbox.run(root / "scripts" / "provision.sh", **{**nowhere, **environment})

    toolbox.link(*TOOLS)
    return Machine()


def test_silent_when_engine_and_base_image_are_there(machine):
    machine.has_apt()
    machine.tools.put("docker", "exit 0")
    result = machine.provision()
    assert (result.returncode, result.stdout) == (0, SILENT)
    assert not machine.trace.exists()


DEFAULT = {"DOCKER_HOST": ""}  # an empty one counts as none: the default socket


@pytest.mark.parametrize(
    ("user", "has_apt", "environment", "says"),
    [
        (
            0,
            True,
            {"PROVISION": "0"},
            "PROVISION=0 forbids to install it. By hand, as root: apt-get",
        ),
        (1000, True, {}, "Install it with: sudo sh -c 'apt-get update && apt-get install"),
        (0, False, {}, "Install it with this system's package manager"),
    ],
    ids=["forbidden", "not root", "no apt"],
)
def test_without_an_engine_the_command_is_told_and_nothing_is_installed(
    machine, user, has_apt, environment, says
):
    machine.has_user(user)
    if has_apt:
        machine.has_apt()
    result = machine.provision(**DEFAULT, **environment)
    assert result.returncode == 0
    assert says in result.stdout
    assert "docker.io" in result.stdout
    assert "going on without a container engine" in result.stdout
    assert not machine.trace.exists()


def test_an_engine_that_was_named_is_not_replaced_by_another(machine):
    machine.has_apt()
    machine.tools.put("docker", "exit 1")
    result = machine.provision(DOCKER_HOST="tcp://127.0.0.1:1")
    assert result.returncode == 0
    assert "no container engine answers at DOCKER_HOST=tcp://127.0.0.1:1" in result.stdout
    assert not machine.trace.exists()


def test_a_failed_installation_shows_its_end_and_goes_on(machine):
    machine.has_user(0)
    machine.tools.put("apt-get", "echo no such package; exit 1")
    result = machine.provision(**DEFAULT)
    assert result.returncode == 0
    assert "no such package" in result.stdout
    assert "apt could not install docker.io" in result.stdout


def test_a_base_image_that_is_not_here_is_pulled(machine, tmp_path):
    pulled = tmp_path / "pulled"
    machine.tools.put(
        "docker",
        f'case "$1" in pull) echo "$@" >{pulled} ;; image) [ -e {pulled} ] ;; *) exit 0 ;; esac',
    )
    result = machine.provision()
    assert result.returncode == 0
    assert result.stdout.splitlines() == ["set-up: pulling python:3.12-slim-bookworm"]
    assert pulled.read_text() == "pull --quiet python:3.12-slim-bookworm\n"


@pytest.mark.parametrize(
    ("user", "environment", "says"),
    [
        (
            1000,
            {},
            "cannot make one instead: that takes root and apt. Run: sudo scripts/provision.sh",
        ),
        (0, {"PROVISION": "0"}, "PROVISION=0 forbids to get one. By hand: docker pull python:3.12"),
    ],
    ids=["not root", "forbidden"],
)
def test_without_a_base_image_the_way_to_one_is_told(machine, user, environment, says):
    machine.has_user(user)
    machine.has_apt()
    machine.tools.put("docker", 'case "$1" in version) ;; *) echo unreachable >&2; exit 1 ;; esac')
    result = machine.provision(**environment)
    assert result.returncode == 0
    assert says in result.stdout
    assert "going on without a base image" in result.stdout
    assert not machine.trace.exists()


class Daemon:
    """A stand-in for dockerd, and for the docker command that asks it."""

    def __init__(self, machine, folder):
        self.machine = machine
        self.up = folder / "up"
        self.run = folder / "run"
        self.log = folder / "aicmo-dockerd.log"
        (self.run / "docker" / "containerd").mkdir(parents=True)
        machine.has_user(0)
        machine.tools.put("docker", f"[ -e {self.up} ]")

    def provision(self):
        places = {"AICMO_RUN_DIR": str(self.run), "AICMO_LOG_DIR": str(self.log.parent)}
        return self.machine.provision(**DEFAULT, **places)


@pytest.fixture
def daemon(machine, tmp_path):
    if Path("/run/systemd/system").exists():
        pytest.skip("on this machine systemd starts the engine")
    daemon = Daemon(machine, tmp_path)
    yield daemon
    if daemon.up.exists():
        os.kill(int(daemon.up.read_text()), 9)


def test_a_daemon_starts_although_a_killed_one_left_its_pid_files(daemon):
    daemon.machine.tools.put("dockerd", f"echo $$ >{daemon.up}; exec sleep 60")
    mine = str(os.getpid())  # in use by now, but not by a daemon
    stale = [daemon.run / "docker.pid", daemon.run / "docker" / "containerd" / "containerd.pid"]
    for file in stale:
        file.write_text(mine)
    result = daemon.provision()
    assert result.stdout.splitlines() == [f"set-up: starting dockerd, log in {daemon.log}"]
    assert not any(file.exists() for file in stale)


@pytest.mark.parametrize("life", ["exit", "sleep 0.5"], ids=["zombie", "about to end"])
def test_a_daemon_that_ends_is_not_waited_for(daemon, tmp_path, life):
    program = tmp_path / "dockerd"  # its file's name is the process's name
    program.write_text(f"#!/bin/sh\n{life}\n")
    program.chmod(0o755)
    with subprocess.Popen([program]) as ending:  # not waited for until the end: a zombie
        (daemon.run / "docker.pid").write_text(str(ending.pid))
        daemon.machine.tools.put("dockerd", f"echo $$ >{daemon.up}; exec sleep 60")
        result = daemon.provision()
    assert result.stdout.splitlines() == [f"set-up: starting dockerd, log in {daemon.log}"]


def test_a_started_daemon_does_not_keep_the_next_one_waiting(daemon):
    daemon.machine.tools.put("dockerd", f"echo $$ >{daemon.up}; exec sleep 60")
    daemon.provision()
    files = Path(f"/proc/{int(daemon.up.read_text())}/fd").iterdir()
    assert not [file for file in files if file.readlink().suffix == ".lock"]


def test_a_daemon_that_dies_is_told_at_once_with_the_end_of_its_log(daemon):
    daemon.machine.tools.put("dockerd", "echo no such storage driver >&2; exit 1")
    start = time.monotonic()
    result = daemon.provision()
    assert time.monotonic() - start < 20, "it waited for the deadline although the daemon was dead"
    assert result.returncode == 0
    assert "no such storage driver" in result.stdout
    assert "docker did not start" in result.stdout


def test_the_fallback_is_the_one_the_manifest_names(root):
    said = subprocess.check_output([root / "scripts" / "base-image.sh", "--fallback"], text=True)
    assert f'fallback_base = "{said.strip()}"' in (root / "verify.toml").read_text()
