"""How a server is started, watched and ended."""

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from verify.errors import CouldNotCheck, SubjectBroken
from verify.probes import children, wire
from verify.probes import server as probe
from verify.probes.ports import reserved

PATIENCE = 60  # seconds: never reached unless something hangs
APP = "import streamlit as st\nst.write('hello')\n"

# Put in the working directory, it stands in for Streamlit under `python -m streamlit`.
STAND_IN = """
    import http.server, os, signal, subprocess, sys
    port = int(next(a for a in sys.argv if a.startswith("--server.port=")).split("=")[1])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", {kind!r})
            self.end_headers()
            self.wfile.write(b"ok")

    {more}
    http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def start(folder, entry="page.py", **settings):
    return probe.serve(
        sys.executable,
        entry,
        **{"cwd": folder, "env": {"HOME": str(folder)}, "deadline": PATIENCE, **settings},
    )


def stand_in(folder, kind="text/plain", more=""):
    (folder / "streamlit.py").write_text(dedent(STAND_IN).format(kind=kind, more=more))


def is_gone(pid):
    """Say whether the process ended; one that its parent has not yet buried counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until_gone(pid):
    until = time.monotonic() + PATIENCE
    while not is_gone(pid):
        assert time.monotonic() < until, f"process {pid} is still there"


@pytest.fixture
def app(tmp_path):
    (tmp_path / "page.py").write_text(APP)
    return tmp_path


def test_server_is_healthy_then_ended_and_reaped(app):
    before = time.monotonic()
    with start(app) as server:
        assert server.exit_code is None
        assert before <= server.started <= time.monotonic()
        assert [e.text for e in wire.read(server.url, deadline=PATIENCE).main] == ["hello"]
        assert "127.0.0.1" in server.log()
    assert server.exit_code is not None
    with pytest.raises(ChildProcessError):  # no zombie is left to wait for
        os.waitpid(server.pid, os.WNOHANG)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_server_is_ended_when_the_body_raises(tmp_path, error):
    stand_in(tmp_path)
    with pytest.raises(error), start(tmp_path) as server:
        raise error
    assert server.exit_code == -signal.SIGTERM
    assert is_gone(server.pid)


def test_missing_entry_is_the_subjects_fault_with_exit_code_and_log(tmp_path):
    with pytest.raises(SubjectBroken) as caught, start(tmp_path, "absent.py"):
        pytest.fail("it must not get here")
    assert caught.value.got == "exit code 2"
    assert caught.value.path == "absent.py"
    assert caught.value.subject == "streamlit run absent.py"
    assert "absent.py" in caught.value.log


def test_broken_start_shows_the_end_of_the_log(tmp_path):
    code = "for n in range(100): print('line', n)\nraise SystemExit(7)\n"
    (tmp_path / "streamlit.py").write_text(code)
    with pytest.raises(SubjectBroken, match="exit code 7") as caught, start(tmp_path):
        pytest.fail("it must not get here")
    lines = caught.value.log.splitlines()
    assert lines[-1] == "line 99"
    assert len(lines) == 40


def test_server_that_stays_silent_is_given_up_at_the_deadline(tmp_path):
    (tmp_path / "streamlit.py").write_text("print('busy', flush=True)\nwhile True: pass\n")
    with pytest.raises(SubjectBroken) as caught, start(tmp_path, deadline=1):
        pytest.fail("it must not get here")
    assert caught.value.got == "no answer within 1 s"
    assert caught.value.log == "busy"


def test_page_in_place_of_the_health_answer_is_not_healthy(tmp_path):
    stand_in(tmp_path, kind="text/html")
    with pytest.raises(SubjectBroken) as caught, start(tmp_path, deadline=2):
        pytest.fail("it must not get here")
    assert caught.value.got == "status 200 of type text/html within 2 s"


@contextlib.contextmanager
def taken(count):
    """Stand in for `reserved`: each port is lost, to a server that answers nothing."""
    with contextlib.ExitStack() as held:
        others = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        yield [other.getsockname()[1] for other in others]


def test_port_is_held_until_the_server_has_it():
    with reserved(2) as ports, socket.socket() as other:
        for port in ports:
            with pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", port))


def test_old_streamlit_whose_server_calls_every_answer_a_page_is_healthy(tmp_path):
    stand_in(tmp_path, kind="text/html", more="Handler.server_version = 'TornadoServer/6.4'")
    with start(tmp_path) as server:
        assert server.exit_code is None


def test_another_port_is_tried_when_the_first_is_lost(app, monkeypatch):
    given = []
    tries = iter([taken, reserved])

    @contextlib.contextmanager
    def reserve(count):
        with next(tries)(count) as ports:
            given.extend(ports)
            yield ports

    monkeypatch.setattr(probe, "reserved", reserve)
    with start(app) as server:
        assert server.port == given[1] != given[0]


def test_ports_that_are_always_lost_are_no_fault_of_the_subject(app, monkeypatch):
    monkeypatch.setattr(probe, "reserved", taken)
    monkeypatch.setattr(probe, "_PORT_TRIES", 2)
    with pytest.raises(CouldNotCheck, match="2 free ports in a row"), start(app):
        pytest.fail("it must not get here")


def test_server_that_ignores_sigterm_is_killed_with_all_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "GRACE", 0.2)
    more = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
        "; child = subprocess.Popen([sys.executable, '-c', 'while True: pass'])"
        "; print(child.pid, flush=True)"
    )
    stand_in(tmp_path, more=more)
    with start(tmp_path) as server:
        child = int(server.log().split()[0])
        assert not is_gone(child)
    assert server.exit_code == -signal.SIGKILL
    wait_until_gone(child)


def test_child_that_outlives_its_leader_is_killed(tmp_path):
    more = (
        "child = subprocess.Popen([sys.executable, '-c', 'import signal;"
        " signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)\\nwhile True: pass'],"
        " stdout=subprocess.PIPE); child.stdout.read(1); print(child.pid, flush=True)"
    )
    stand_in(tmp_path, more=more)
    with start(tmp_path) as server:
        child = int(server.log().split()[0])
    assert server.exit_code == -signal.SIGTERM
    wait_until_gone(child)


def test_interpreter_that_is_missing_could_not_be_checked(app):
    missing = probe.serve("/absent/python", "page.py", cwd=app, env={}, deadline=PATIENCE)
    with pytest.raises(CouldNotCheck, match="/absent/python cannot be started"), missing:
        pytest.fail("it must not get here")


def test_flood_of_output_does_not_block_the_server(tmp_path):
    (tmp_path / "page.py").write_text(APP + "print('x' * 1_000_000)\nst.write('after')\n")
    with start(tmp_path) as server:
        page = wire.read(server.url, deadline=PATIENCE)
        assert [e.text for e in page.main] == ["hello", "after"]
        assert len(server.log()) > 1_000_000


@pytest.mark.parametrize(("via", "sees_root"), [("module", True), ("script", False)])
def test_import_path_is_that_of_the_way_it_was_started(tmp_path, via, sees_root):
    (tmp_path / "pages_folder").mkdir()
    code = "import sys\nimport streamlit as st\nst.json(sys.path)\n"
    (tmp_path / "pages_folder" / "page.py").write_text(code)
    with start(tmp_path, "pages_folder/page.py", via=via) as server:
        (shown,) = wire.read(server.url, deadline=PATIENCE).main
    assert (f'"{tmp_path}"' in shown.text) is sees_root
    assert f'"{tmp_path / "pages_folder"}"' in shown.text


def test_environment_is_the_one_given_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setenv("LEAKED_FROM_OUTSIDE", "1")
    code = "import os\nimport streamlit as st\nst.write(sorted(os.environ))\n"
    (tmp_path / "page.py").write_text(code)
    with start(tmp_path, env={"HOME": str(tmp_path), "GIVEN": "1"}) as server:
        (shown,) = wire.read(server.url, deadline=PATIENCE).main
    assert "GIVEN" in shown.text
    assert "LEAKED_FROM_OUTSIDE" not in shown.text
