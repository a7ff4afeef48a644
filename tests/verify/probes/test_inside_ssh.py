"""Looks by ssh, at this machine through an sshd of its own."""

import contextlib
import fcntl
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from verify.errors import CouldNotCheck, Unavailable
from verify.probes import inside
from verify.probes.inside import held
from verify.probes.inside.hosts import parse


def sshd() -> str:
    return shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") or ""


needs_sshd = pytest.mark.skipif(
    not (sshd() and shutil.which("ssh")) and not os.environ.get("CI"),
    reason="sshd or ssh is not installed (Debian: openssh-server, openssh-client)",
)


class Machine:
    """This machine, served by an sshd of its own on a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("host", "user", "stranger"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],
                check=True,
            )
        shutil.copy(folder / "user.pub", folder / "authorized")
        (folder / "sshd_config").write_text(
            f"HostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\nPidFile none\n"
            "UsePAM no\nStrictModes no\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
        )
        self.process, self.port = self._serve()
        key = " ".join((folder / "host.pub").read_text().split()[:2])
        (folder / "known").write_text(f"[127.0.0.1]:{self.port} {key}\n")
        self.config(folder / "known")

    def _serve(self) -> tuple[subprocess.Popen, int]:
        for _ in range(20):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            options = ["-o", f"ListenAddress=127.0.0.1:{port}", "-f", f"{self.folder}/sshd_config"]
            log = self.folder / "log"
            with log.open("wb") as stderr:
                process = subprocess.Popen([sshd(), "-D", "-e", *options], stderr=stderr)
            # Its own word, because another server may have taken the port meanwhile.
            while process.poll() is None:
                if f"Server listening on 127.0.0.1 port {port}" in log.read_text():
                    return process, port
        raise AssertionError((self.folder / "log").read_text())

    def config(self, known: Path, key: str = "user") -> None:
        """Write the client's configuration."""
        (self.folder / "ssh_config").write_text(
            f"Host *\n  UserKnownHostsFile {known}\n  GlobalKnownHostsFile /dev/null\n"
            f"  IdentityFile {self.folder}/{key}\n  IdentitiesOnly yes\n  IdentityAgent none\n"
        )

    def reference(self, name: str = "127.0.0.1", port: int = 0) -> str:
        where = f"{getpass.getuser()}@{name}:{port or self.port}"
        return f"ssh://{where}?ssh_config={self.folder}/ssh_config"

    def sessions(self) -> list[int]:
        """Return the processes that serve connections."""
        found, parents = [], [self.process.pid]
        while parents:
            pid = parents.pop(0)
            below = told(Path(f"/proc/{pid}/task/{pid}/children")).split()
            parents += [int(child) for child in below]
            found += [int(pid) for pid in below if told(Path(f"/proc/{pid}/comm"))[:4] == "sshd"]
        return found

    def cut(self) -> None:
        """End every connection."""
        for pid in self.sessions():
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        self.cut()
        self.process.kill()
        self.process.wait()


def told(path: Path) -> str:
    """Return what the kernel tells of a process; nothing once that is gone."""
    try:
        return path.read_text()
    except OSError:
        return ""


LOCKED_INTO = Path("/run/sshd")
"""An sshd that is root's insists on this folder; the system's own makes it where there is one."""

OURS = LOCKED_INTO / "made-by-a-test"


@contextlib.contextmanager
def locked_into(lock_file: Path):
    """Have the folder there; the last of the tests that run at once removes it, if one made it."""
    if os.getuid() != 0:
        yield
        return
    with lock_file.open("w") as lock:
        while True:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not LOCKED_INTO.exists():
                LOCKED_INTO.mkdir(0o755)
                OURS.touch()
            # One lock is given up before the other is had: another test may be between them.
            fcntl.flock(lock, fcntl.LOCK_SH)
            if LOCKED_INTO.exists():
                break
        try:
            yield
        finally:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if OURS.exists():
                    OURS.unlink()
                    LOCKED_INTO.rmdir()


@pytest.fixture
def machine(tmp_path, tmp_path_factory):
    folder = tmp_path / "ssh"
    folder.mkdir(0o700)
    with locked_into(tmp_path_factory.getbasetemp().parent / "sshd.lock"):
        served = Machine(folder)
        try:
            yield served
        finally:
            served.close()


@needs_sshd
def test_a_machine_is_looked_at_by_ssh_and_held(app, machine):
    subject = held.attach(parse(machine.reference()), pytest.fail)
    with held.held(subject) as watch:
        facts = inside.look(subject.host, sys.executable, app.asked(), deadline=60, watch=watch)
    assert facts["imports"][0]["constants"] == {"X": "1"}


@needs_sshd
def test_an_identity_file_can_be_named_in_the_reference(app, machine):
    machine.config(machine.folder / "known", key="stranger")
    named = f"{machine.reference()}&ssh_identity_file={machine.folder}/user"
    assert inside.look(named, sys.executable, {}, deadline=60)["uid"] == os.getuid()


@needs_sshd
def test_what_stands_there_under_a_name_with_odd_signs_is_looked_at(machine, tmp_path):
    odd = tmp_path / "a 'b' \"c\" $d `e` !f %s"
    odd.mkdir()
    (odd / "mod.py").write_text("X = 'ä'")
    asked = {"root": str(odd), "modules": ["mod"], "constants": [["mod", "X"]]}
    facts = inside.look(machine.reference(), sys.executable, asked, deadline=60)
    assert facts["imports"][0]["constants"] == {"X": "'ä'"}


@needs_sshd
def test_a_machine_whose_key_is_not_known_is_not_looked_at(machine, tmp_path):
    machine.config(tmp_path / "nothing")
    with pytest.raises(CouldNotCheck, match="is not known by its key") as caught:
        inside.look(machine.reference(), sys.executable, {}, deadline=60)
    assert "accept it by hand" in caught.value.remedy


@needs_sshd
def test_a_machine_that_does_not_let_us_in_is_told_and_nobody_is_asked_a_password(machine):
    machine.config(machine.folder / "known", key="stranger")
    with pytest.raises(CouldNotCheck, match=r"does not let us in.*Permission denied") as caught:
        inside.look(machine.reference(), sys.executable, {}, deadline=60)
    assert "ssh_identity_file" in caught.value.remedy


@needs_sshd
def test_a_machine_that_takes_no_connection_is_unreachable(machine):
    reference = machine.reference()
    machine.close()
    with pytest.raises(CouldNotCheck, match="takes no connection by ssh"):
        inside.look(reference, sys.executable, {}, deadline=60)


@needs_sshd
def test_a_machine_that_nobody_knows_is_unreachable(machine):
    with pytest.raises(CouldNotCheck, match="is a name that nobody knows"):
        inside.look(machine.reference("nonesuch.invalid"), sys.executable, {}, deadline=60)


@needs_sshd
def test_an_interpreter_that_is_not_there_is_not_taken_for_an_ssh_that_failed(machine):
    with pytest.raises(Unavailable, match="has none of the interpreters"):
        inside.look(machine.reference(), "nonesuch", {}, deadline=60)


@needs_sshd
def test_a_connection_that_breaks_leaves_no_facts_and_nothing_there(
    app, machine, until, background
):
    reference = machine.reference()
    looked = background(
        lambda: inside.look(reference, sys.executable, app.asked("slow"), deadline=120)
    )
    until(lambda: app.agent)
    machine.cut()
    with pytest.raises(CouldNotCheck, match=r"the connection to machine 127.0.0.1 .* broke"):
        looked.result(60)
    until(lambda: app.left)


@needs_sshd
def test_a_look_by_ssh_that_is_too_late_leaves_nothing_there(app, machine, until, monkeypatch):
    monkeypatch.setattr(sys.modules["verify.probes.inside.look"], "GRACE", -115.0)
    with pytest.raises(CouldNotCheck, match="did not come back within 5 s"):
        inside.look(machine.reference(), sys.executable, app.asked("slow"), deadline=120)
    until(lambda: app.left)
    until(lambda: not machine.sessions())
