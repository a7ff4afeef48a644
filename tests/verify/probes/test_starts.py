"""Launchers are started for real, found wherever they listen, and gone afterwards."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from verify.probes import listeners
from verify.probes.starts import Launch, Start, in_tree, launch_of, start_each
from verify.probes.subject import Subject

BIN = Path(__file__).parents[3] / ".venv" / "bin"
PAGE = "import streamlit as st\nst.write('x')\n"


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start shell scripts in a folder with two pages, each given by its text."""
    (tmp_path / "page.py").write_text(PAGE)
    (tmp_path / "rival.py").write_text(PAGE)
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    marks: list[str] = []
    monkeypatch.setattr("verify.probes.starts.end", lambda mark: marks.append(mark) or END(mark))

    def run(*scripts: str, deadline: float = 30.0) -> list[Start]:
        launches = [Launch(("sh", "-c", text), "go.sh", text) for text in scripts]
        came = start_each(launches, root=tmp_path, env=env, deadline=deadline)
        assert len(marks) >= len(scripts)
        assert [listeners.marked(mark) for mark in marks] == [[] for _ in marks]
        return came

    return run


END = listeners.end


def free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield one.getsockname()[1]


def test_each_launcher_tells_what_it_runs_in_order(start):
    came = start("exec streamlit run page.py", "streamlit run rival.py", "cd /; exit 0")
    assert [one.got for one in came] == ["page.py", "rival.py", "ends with exit code 0"]
    assert [one.hindered for one in came] == ["", "", ""]


def test_a_launcher_with_a_port_of_its_own_is_found_there(start):
    port = free()
    (one,) = start(f"streamlit run page.py --server.port={port}")
    assert one.got == "page.py"
    assert one.message.startswith(f"it listens on 127.0.0.1:{port}, although PORT is ")


def test_what_a_launcher_detaches_is_found_and_gone_afterwards(start):
    (one,) = start("setsid nohup streamlit run rival.py >/dev/null 2>&1 & exit 0")
    assert one.got == "rival.py"


def test_a_launcher_that_ends_shows_the_end_of_its_log(start):
    (one,) = start("echo no such luck >&2; exit 7")
    assert one.got == "ends with exit code 7"
    assert one.message.endswith("no such luck")


def test_a_launcher_that_serves_nothing_is_given_up(start):
    (one,) = start("echo waiting; exec sleep 60", deadline=0.5)
    assert one.got == "serves no page within 0.5 s"
    assert one.message.endswith("waiting")


def test_a_port_that_somebody_else_has_hinders_and_is_no_finding(start, taken):
    (one,) = start(f"streamlit run page.py --server.port={taken}")
    assert one.hindered == f"the port it insists on, {taken}, is taken"


def test_two_launchers_that_insist_on_one_port_take_turns(start):
    port = free()
    came = start(*[f"exec streamlit run page.py --server.port={port}"] * 2)
    assert [(one.got, one.hindered) for one in came] == [("page.py", "")] * 2


def test_a_program_that_is_not_there_hinders(tmp_path):
    launches = [Launch(("no-such-make", "run"), "verify.toml", "no-such-make run")]
    (one,) = start_each(launches, root=tmp_path, env={"PATH": "/bin"}, deadline=5.0)
    assert one.hindered == "no-such-make cannot be started: No such file or directory"


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        ("go.sh", 0o755, ("./go.sh",)),
        ("go.sh", 0o644, ("sh", "go.sh")),
        ("go.bash", 0o644, ("bash", "go.bash")),
        ("go.py", 0o644, (sys.executable, "go.py")),
        ("go", 0o644, ("sh", "go")),
        ("go.bat", 0o644, None),
        ("go.ps1", 0o644, None),
    ],
)
def test_a_script_is_started_as_its_kind_is(name, mode, words, tmp_path):
    (tmp_path / name).write_text("")
    (tmp_path / name).chmod(mode)
    launch = launch_of(name, Subject(tmp_path, sys.executable, {}))
    assert (launch and launch.words) == words


def test_a_script_is_named_as_the_tree_names_it(tmp_path):
    assert in_tree(f"{tmp_path}/a/../page.py", tmp_path) == "page.py"
    assert in_tree("page.py", tmp_path) == "page.py"
    assert in_tree("/elsewhere/page.py", tmp_path) == "/elsewhere/page.py"


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("0100007F:1F90", "http://127.0.0.1:8080"),
        ("00000000:1F90", "http://127.0.0.1:8080"),
        ("0200000A:0050", "http://10.0.0.2:80"),
        ("00000000000000000000000000000000:1F90", "http://127.0.0.1:8080"),
        ("00000000000000000000000001000000:1F90", "http://[::1]:8080"),
        ("0000000000000000FFFF00000100007F:1F90", "http://127.0.0.1:8080"),
    ],
)
def test_an_address_of_proc_is_read(written, url):
    assert listeners._listener(written).url == url
