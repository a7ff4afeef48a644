"""Looks at this machine: what is held, what ends too late, and what is no answer."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from verify.errors import CouldNotCheck, Unavailable
from verify.probes import inside
from verify.probes.inside import client, held
from verify.probes.inside.hosts import parse


def test_this_machine_is_looked_at_without_any_client(app, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    facts = inside.look("local://", sys.executable, app.asked(), deadline=60)
    assert facts["imports"][0]["constants"] == {"X": "1"}


def test_this_machine_is_held_by_its_boot_and_its_first_process():
    subject = held.attach(parse("local://"), pytest.fail)
    with held.held(subject):
        boot, started, name = subject.known
    assert boot == "boot " + Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert started.rpartition(" ")[2] in Path("/proc/1/stat").read_text().split()
    assert name == f"name {socket.gethostname()}"


def test_another_run_is_another_subject_whatever_was_seen():
    subject = held.attach(parse("local://"), pytest.fail)
    subject.known = ("boot other", "process 1 since tick 1", "name x")
    with pytest.raises(CouldNotCheck, match="this machine changed while it was looked at"):
        subject.same()
    entered = False
    with pytest.raises(CouldNotCheck, match="was boot other"), held.held(subject):
        entered = True
    assert not entered


def test_what_went_wrong_is_told_only_where_the_subject_stayed_the_same():
    subject = held.attach(parse("local://"), pytest.fail)
    with pytest.raises(Unavailable, match="as it is"), held.held(subject):
        raise Unavailable("as it is")


def test_what_went_wrong_in_one_that_changed_is_not_told():
    subject = held.attach(parse("local://"), pytest.fail)

    def look() -> None:
        with held.held(subject):
            subject.known = ("boot other", "process 1 since tick 1", "name x")
            raise Unavailable("because it changed")

    with pytest.raises(CouldNotCheck, match="changed while it was looked at"):
        look()


def test_a_look_that_is_too_late_is_ended_with_all_it_started(app, until, monkeypatch):
    monkeypatch.setattr(sys.modules["verify.probes.inside.look"], "GRACE", -115.0)
    with pytest.raises(CouldNotCheck, match="the look inside this machine did not come back"):
        inside.look("local://", sys.executable, app.asked("slow"), deadline=120)
    until(lambda: app.left)


def test_what_a_child_leaves_behind_does_not_hold_the_answer_back(tmp_path):
    """A program that goes on in a session of its own keeps our end of its output open."""
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\nsetsid sleep 300 &\necho $! > {tmp_path}/left\nexec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    try:
        facts = inside.look("local://", str(python), {}, deadline=60)
        assert facts["uid"] == os.getuid()
    finally:
        os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)


SUDO = """#!/bin/sh
echo "$@" > {log}
[ "$1" = -u ] && shift 2
exec "$@"
"""


@pytest.mark.parametrize(
    ("reference", "as_whom"),
    [("local://?sudo=true", ""), ("local://?sudo=true&sudo_user=web", "-u web ")],
)
def test_this_machine_is_looked_at_through_sudo_where_that_is_asked_for(
    reference, as_whom, app, tmp_path, monkeypatch
):
    (tmp_path / "sudo").write_text(SUDO.format(log=tmp_path / "log"))
    (tmp_path / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    facts = inside.look(reference, sys.executable, app.asked(), deadline=60)
    assert facts["imports"][0]["ok"]
    assert (tmp_path / "log").read_text().startswith(f"{as_whom}/bin/sh -c for python in")


@pytest.mark.parametrize(
    "sudo", ["echo 'sudo: a password is required' >&2; exit 1", "exec /no/such/sudo"]
)
def test_a_machine_without_sudo_for_us_is_not_looked_at(sudo, tmp_path, monkeypatch):
    (tmp_path / "sudo").write_text(f"#!/bin/sh\n{sudo}\n")
    (tmp_path / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CouldNotCheck, match="this machine has no sudo, or none for us"):
        inside.look("local://?sudo=true", sys.executable, {}, deadline=60)


def test_an_interpreter_that_says_nothing_is_no_answer(tmp_path):
    with pytest.raises(CouldNotCheck, match="gave no answer: it said nothing"):
        inside.look("local://", "true", {}, deadline=60)


def test_an_interpreter_that_fails_is_told_with_its_last_words(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho broken for good >&2\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(CouldNotCheck, match="ended with exit code 3: broken for good"):
        inside.look("local://", str(python), {}, deadline=60)


def test_an_answer_counts_only_when_whoever_gave_it_ended_well(tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n{sys.executable} "$@"\nkill -9 $$\n')
    python.chmod(0o755)
    with pytest.raises(CouldNotCheck, match="was killed before it was done"):
        inside.look("local://", str(python), {}, deadline=60)


def test_a_file_that_is_no_program_is_no_interpreter(tmp_path):
    python = tmp_path / "python"
    python.write_text("nothing")
    with pytest.raises(CouldNotCheck):
        inside.look("local://", str(python), {}, deadline=60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_whoever_looked_can_be_ended_and_nothing_is_left(app, until, number):
    script = textwrap.dedent(f"""
        from verify.probes import inside
        inside.look("local://", {sys.executable!r}, {app.asked("slow")!r}, deadline=120)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script], stderr=subprocess.DEVNULL, start_new_session=True
    ) as child:
        until(lambda: app.agent)
        child.send_signal(number)
        child.wait(60)
    until(lambda: app.left)


def test_the_last_words_of_a_client_are_heard_whenever_it_says_them(monkeypatch):
    monkeypatch.setattr(client, "TICK", 0.0005)  # as often as it can be, nothing is there to read
    for _ in range(50):
        ran = client.run(["/bin/sh", "-c", "sleep 0.01; echo out"], who="it", seconds=60)
        assert ran.out == b"out\n"


def test_a_client_that_cannot_be_started_is_no_answer(tmp_path):
    with pytest.raises(CouldNotCheck, match=r"it cannot be started: .*No such file"):
        client.run([str(tmp_path / "none")], who="it", seconds=60)


def test_what_is_watched_can_end_the_wait(tmp_path):
    def watch() -> None:
        raise CouldNotCheck("nothing to wait for")

    with pytest.raises(CouldNotCheck, match="nothing to wait for"):
        client.run(
            ["/bin/sh", "-c", f"echo $$ > {tmp_path}/pid; sleep 300"],
            who="it",
            seconds=60,
            watch=watch,
        )
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
