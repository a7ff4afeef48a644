"""`verify running` where something is wrong: it is told as what it is, and nothing is left."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.verify.running.conftest import docker

pytestmark = pytest.mark.docker


def look(served, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "verify.cli", "running", *words],
        cwd=served.root,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def looking(name: str) -> bool:
    """Say whether a look is under way inside."""
    return "<verify>" in docker("top", name, "-eo", "pid,args", check=False)


def state(name: str) -> str:
    return docker("inspect", "-f", "{{.State.Status}}", name, check=False)


def could_not_look(ran, *said: str) -> None:
    assert (ran.exit, ran.found["verdict"]) == (3, "unknown"), ran.out + ran.err
    assert ran.found["differences"] == []
    for text in said:
        assert text in ran.found["fault"] + ran.found.get("remedy", ""), ran.found["fault"]


@pytest.fixture
def large(tmp_path):
    """What a container is started with so that a look in it does not end before its deadline."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    path.chmod(0o644)
    return ("-v", f"{path}:/app/settings.toml:ro")  # its content may differ


@pytest.fixture
def slow(served, large):
    """A container in which a look does not end before its deadline."""
    return served.start(*large)


def test_a_container_that_is_not_there_is_told_with_names_that_are_near(served):
    name = served.start()
    ran = served.running(f"{name}x")
    assert ran.exit == 3
    assert f"could not look: there is no container {name}x" in ran.out
    assert f"Did you mean {name}" in ran.out


def test_a_container_that_was_never_started_is_told(served):
    name = served.start()
    docker("rm", "-f", name)
    docker("create", "--name", name, served.tag)
    could_not_look(served.found(name), "does not run but is created")


def test_a_container_that_ended_is_told_with_its_exit_code(served):
    name = served.start()
    docker("kill", name)
    could_not_look(served.found(name), "does not run but is exited (Exited (137)")


def test_a_container_that_is_paused_is_told_at_once(served, changed):
    name = served.start()
    with changed("pause", name):
        could_not_look(served.found(name), "does not run but is paused")


def test_a_container_that_restarts_again_and_again_is_told(served, until):
    name = served.start("--restart", "always", command=("/bin/false",))
    until(lambda: state(name) == "restarting")
    ran = served.found(name)
    assert ran.exit == 3
    assert ran.found["verdict"] == "unknown"


def test_one_that_is_paused_during_the_look_is_told_and_does_not_hang(served, slow, until, changed):
    with look(served, slow, "--json") as ran:
        until(lambda: looking(slow))
        with changed("pause", slow):
            out, _ = ran.communicate(timeout=120)
    assert ran.returncode == 3
    assert '"verdict": "unknown"' in out


EATS = """
import pathlib, time
while not pathlib.Path("/data/go").exists():
    time.sleep(0.05)
held = []
while True:
    held.append(b"x" * (4 << 20))
"""


def test_one_that_runs_out_of_memory_during_the_look_is_told(served, until, tmp_path, large):
    tmp_path.chmod(0o755)
    limits = ("-m", "64m", "--memory-swap", "64m", "-v", f"{tmp_path}:/data")
    name = served.start(*limits, *large, command=("/opt/venv/bin/python", "-c", EATS))
    with look(served, name, "--json") as ran:
        until(lambda: looking(name))
        (tmp_path / "go").touch()
        out, _ = ran.communicate(timeout=120)
    assert ran.returncode == 3, out
    assert '"verdict": "unknown"' in out
    assert '"differences": []' in out


@pytest.mark.parametrize("end", [("kill",), ("rm", "-f"), ("restart", "-t", "0")])
def test_one_that_ends_during_the_look_is_told_and_nothing_that_was_seen_counts(
    end, served, slow, until
):
    with look(served, slow, "--json") as ran:
        until(lambda: looking(slow))
        docker(*end, slow)
        out, _ = ran.communicate(timeout=120)
    assert ran.returncode == 3, out
    assert '"verdict": "unknown"' in out
    assert '"differences": []' in out


@pytest.mark.parametrize("moment", range(6))
def test_one_that_is_killed_at_any_moment_is_never_the_same_for_what_was_not_seen(
    moment, served, slow
):
    with look(served, slow, "--json") as ran:
        with contextlib.suppress(subprocess.TimeoutExpired):
            ran.wait(0.25 * moment)
        docker("kill", slow)
        out, err = ran.communicate(timeout=120)
    assert ran.returncode == 3, out + err
    assert '"verdict": "unknown"' in out


class Proxy:
    """Stands before the engine's socket, and can be cut."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect("/var/run/docker.sock")
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    @staticmethod
    def _pump(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := one.recv(1 << 16):
                other.sendall(chunk)
            other.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Go away as an engine does that crashed."""
        self.path.unlink()
        for one in (self._server, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def test_an_engine_that_goes_away_during_the_look_is_no_difference(served, slow, until, tmp_path):
    proxy = Proxy(tmp_path / "engine.sock")
    with look(served, slow, "--json", env={"DOCKER_HOST": f"unix://{proxy.path}"}) as ran:
        until(lambda: looking(slow))
        proxy.cut()
        out, err = ran.communicate(timeout=120)
    assert ran.returncode == 3, out + err
    assert '"verdict": "unknown"' in out
    assert '"differences": []' in out
    until(lambda: not looking(slow), 60)


def test_no_engine_is_no_difference(served, tmp_path):
    ran = served.running("web", "--json", env={"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    could_not_look(ran, "no container engine answers")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_and_all_it_started(number, served, slow, until):
    with look(served, slow) as ran:
        until(lambda: looking(slow))
        ran.send_signal(number)
        out, err = ran.communicate(timeout=60)
    assert ran.returncode == 130, out + err
    until(lambda: not looking(slow), 60)


def test_a_look_that_is_not_done_in_time_is_no_verdict(served, slow):
    ran = served.running(slow, "--json", "--deadline", "1")
    assert (ran.exit, ran.found["verdict"]) == (3, "unknown"), ran.out
    assert "deadline" in ran.found["unknown"]["files"]


def test_a_file_that_changes_all_the_time_is_never_the_same(served, until):
    name = served.start()
    line = "while :; do echo a > /app/main.py; echo bb >> /app/main.py; done"
    docker("exec", "-d", "-u", "0", name, "/bin/sh", "-c", line)
    until(lambda: "/app/main.py" in docker("diff", name))
    ran = served.found(name)
    assert ran.exit in {1, 3}
    assert "/app/main.py" in {one["path"] for one in ran.found["differences"]}


def test_a_large_file_is_read_within_the_deadline_and_told(served):
    name = served.start()
    served.inside(name, "truncate -s 2G /app/large")
    ran = served.found(name)
    (one,) = ran.found["differences"]
    assert (ran.exit, one["path"], one["change"]) == (1, "/app/large", "extra")
    assert one["got"]["size"] == 2 << 30


def test_odd_names_are_told_and_written_out(served):
    name = served.start()
    served.inside(
        name,
        'printf x > "$(printf "/app/new\\nline")"; printf x > "$(printf "/app/b\\377d")";'
        ' printf x > "$(printf "/app/\\033[31mred")"; printf x > /app/日本',
    )
    ran = served.found(name)
    paths = {one["path"] for one in ran.found["differences"]}
    assert paths == {"/app/new\nline", "/app/b\udcffd", "/app/\x1b[31mred", "/app/日本"}
    assert {one["when"] for one in ran.found["differences"]} == {"changed at run"}
    shown = served.running(name).out
    for text in ("/app/new\\nline", "/app/b\\xffd", "/app/\\x1b[31mred", "/app/日本"):
        assert f"  extra      changed at run    {text}" in shown.splitlines()
    assert "\x1b" not in shown
    assert ran.exit == 1


def test_links_in_circles_are_links(served):
    name = served.start()
    served.inside(name, "ln -s b /app/a; ln -s a /app/b; ln -s /app /app/deep/up; ln -s . /app/dot")
    ran = served.found(name)
    kinds = {one["path"]: one["got"]["kind"] for one in ran.found["differences"]}
    assert kinds == dict.fromkeys(("/app/a", "/app/b", "/app/deep/up", "/app/dot"), "link")


@pytest.fixture
def derived(served):
    """Start a container of an image that is built on the project's: `derived(lines)`."""
    tag = f"{served.tag}-derived"

    def start(lines: str, *options: str) -> str:
        subprocess.run(
            ["docker", "build", "-q", "-t", tag, "-"],
            input=f"FROM {served.tag}\nUSER 0\n{lines}\nUSER 10001:10001\n",
            text=True,
            check=True,
            capture_output=True,
        )
        return served.start(*options, image=tag)

    yield start
    served.clean()
    docker("rmi", "-f", tag, check=False)


def test_what_cannot_be_read_is_neither_the_same_nor_another(served, derived):
    name = derived("RUN chmod 700 /app/deep")
    ran = served.found(name)
    assert (ran.exit, ran.found["verdict"]) == (3, "unknown"), ran.out
    (one,) = ran.found["differences"]
    assert (one["path"], one["change"]) == ("/app/deep/er/part.py", "unread")
    shown = served.running(name).out
    assert "?????????" in shown
    assert f"docker://0@{name}" in shown
    assert shown.splitlines()[-1].startswith("could not look: 1 unread")
    assert served.found(f"docker://0@{name}").exit == 0


def test_a_folder_that_cannot_be_read_may_hide_what_should_not_stand_there(served, derived):
    ran = served.found(derived("RUN mkdir -m 700 /app/hidden && echo x > /app/hidden/evil.py"))
    (one,) = ran.found["differences"]
    assert (one["path"], one["change"]) == ("/app/hidden", "extra"), one
    assert ran.exit == 1


def test_what_is_mounted_over_the_tree_is_not_had_from_the_engine(served, derived, tmp_path):
    (tmp_path / "main.py").write_text("other")
    (tmp_path / "main.py").chmod(0o644)
    python = "/opt/venv /usr/bin/python3* /usr/local/bin/python*"
    mount = ("-v", f"{tmp_path}/main.py:/app/main.py:ro")
    name = derived(f'RUN rm -rf {python}\nCMD ["/bin/sleep", "100000"]', *mount)
    ran = served.found(name)
    (one,) = ran.found["differences"]
    assert (one["path"], one["change"]) == ("/app/main.py", "unread"), ran.out
    assert ran.found["same"]["reviewed"] == 4
    assert ran.exit == 3


def test_what_cannot_be_read_hides_no_difference(served, derived):
    name = derived("RUN chmod 700 /app/deep")
    served.inside(name, "echo x >> /app/main.py")
    assert served.found(name).exit == 1


def test_times_long_ago_and_to_come_are_no_difference(served, derived):
    name = derived("RUN touch -d 1901-01-01 /app/main.py && touch -d 2200-01-01 /app/run.sh")
    ran = served.found(name)
    assert (ran.exit, ran.found["differences"]) == (0, []), ran.out


def test_what_the_engine_says_was_touched_is_no_other_file_but_told(served):
    name = served.start()
    served.inside(name, "chown 10001 /app/main.py")
    ran = served.found(name)
    (drift,) = [cell for cell in ran.found["cells"] if cell["gate"] == "drift"]
    assert [one["subject"] for one in drift["findings"]] == ["/app/main.py"]
    assert (ran.exit, ran.found["differences"]) == (1, [])


def test_without_python_the_files_are_had_from_the_engine(served, derived):
    python = "/opt/venv /usr/bin/python3* /usr/local/bin/python*"
    name = derived(f'RUN rm -rf {python}\nCMD ["/bin/sleep", "100000"]')
    ran = served.found(name)
    assert ran.found["same"]["reviewed"] == 5
    assert ran.found["differences"] == []
    assert (ran.exit, ran.found["verdict"]) == (3, "unknown"), ran.out
    assert "environment" in ran.found["unknown"]
    served.inside(name, "echo x >> /app/main.py")
    ran = served.found(name)
    assert (ran.exit, len(ran.found["differences"])) == (1, 1)


WRONG = {
    "a tree that is none": (["--against", "nonesuch"], "no folder, no revision"),
    "a file": (["--against", "verify.toml"], "is a file"),
    "a folder that is no project": (["--root", "app"], "verify.toml"),
    "no folder at all": (["--root", "nonesuch"], "does not exist"),
    "a deadline of nothing": (["--deadline", "0"], "deadline"),
    "a folder inside that is not absolute": (["--app-dir", "app"], "--app-dir"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_is_wrong_usage(case, served):
    words, said = WRONG[case]
    ran = served.running(served.start(), *words)
    assert ran.exit == 2, ran.out + ran.err
    assert said in ran.err


@pytest.mark.parametrize("ref", ["", "http://localhost", "name:tag", "docker://", "rsh://host"])
def test_a_wrong_reference_is_wrong_usage(ref, served):
    ran = served.running(ref)
    assert ran.exit == 2
    assert ran.err.startswith("verify: ")
    assert "  -> " in ran.err


def test_an_image_that_is_also_a_revision_is_not_chosen_by_chance(served):
    both = served.tag.partition(":")[0]
    subprocess.run(["git", "branch", "-f", both], cwd=served.root, check=True)
    docker("tag", served.tag, f"{both}:latest")
    try:
        ran = served.running(served.start(), "--against", both)
        assert ran.exit == 2
        assert "is a revision of" in ran.err
    finally:
        docker("rmi", f"{both}:latest")
