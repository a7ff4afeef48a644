"""The agent on this machine, run as it is sent: `python -I -S -c`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from verify.errors import CouldNotCheck
from verify.probes import payload
from verify.probes.subject import Subject, open_subject


@pytest.fixture
def subject(tmp_path):
    root, scratch = tmp_path / "project", tmp_path / "scratch"
    root.mkdir()
    return open_subject(root, sys.executable, {}, scratch)


def imported(subject: Subject, source: str) -> dict:
    (subject.root / "module.py").write_text(source)
    (fact,) = subject.look({"modules": ["module"]}, deadline=30)["imports"]
    return fact


def test_a_quiet_module_imports_and_does_nothing_else(subject):
    fact = imported(subject, "import os, json\nX = 1\n")
    assert fact["ok"]
    assert fact["effects"] == []
    assert fact["output"] == fact["error"] == ""
    assert fact["origin"] == str(subject.root / "module.py")
    assert 0 <= fact["seconds"] < 30


@pytest.mark.parametrize(
    ("source", "effect"),
    [
        ("open('left.txt', 'w').close()", "writes"),
        ("import pathlib\npathlib.Path('left').mkdir()", "makes folder"),
        ("import os\nos.close(os.open('left', os.O_CREAT | os.O_WRONLY))", "writes"),
        ("import sqlite3\nsqlite3.connect('left.db')", "opens database left.db"),
        ("import threading\nthreading.Thread(target=int).start()", "starts thread"),
        ("import subprocess\nsubprocess.run(['true'])", "starts process"),
        ("import os\nos.system('true')", "starts process"),
        (
            "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))",
            "listens on ('127.0.0.1', 0)",
        ),
        ("import socket\ns = socket.socket()\ns.connect_ex(('127.0.0.1', 9))", "connects to"),
        ("import tempfile\ntempfile.TemporaryFile()", "writes"),
        (
            (
                "import socket\ntry:\n    socket.create_connection(('a.invalid', 1))\n"
                "except OSError:\n    pass"
            ),
            "looks up a.invalid",
        ),
        (
            "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
            "sends to ('127.0.0.1', 9)",
        ),
        (
            (
                "import multiprocessing as m\n"
                "if m.current_process().name == 'MainProcess':\n"
                "    m.get_context('spawn').Process(target=int).start()"
            ),
            "starts process",
        ),
    ],
)
def test_what_an_import_does_to_the_world_is_seen_with_its_line(subject, source, effect):
    fact = imported(subject, source)
    assert any(effect in found and " at module.py:" in found for found in fact["effects"]), fact


def test_an_effect_in_a_thread_or_at_exit_is_seen(subject):
    fact = imported(subject, "import atexit\natexit.register(lambda: open('late.txt', 'w'))\n")
    assert any("late.txt" in effect for effect in fact["effects"])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1/0", "ZeroDivisionError"),
        ("import nothing_like_it", "No module named 'nothing_like_it'"),
        ("def f(:", "SyntaxError"),
        ("import sys; sys.exit('leaving')", "leaving"),
    ],
)
def test_a_module_that_fails_says_why(subject, source, said):
    fact = imported(subject, source)
    assert not fact["ok"]
    assert said in fact["error"]


@pytest.mark.parametrize("source", ["import sys; sys.exit(0)", "import os; os._exit(0)"])
def test_a_module_that_ends_the_process_with_0_has_not_imported(subject, source):
    assert not imported(subject, source)["ok"]


def test_what_a_module_prints_is_kept(subject):
    fact = imported(subject, "print('hello'); import sys; print('oops', file=sys.stderr)")
    assert (fact["output"], fact["error"]) == ("hello\n", "oops\n")


def test_an_endless_import_is_ended_at_the_deadline_with_all_it_started(subject, until):
    (subject.root / "module.py").write_text(
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        "open('pid', 'w').write(str(p.pid))\nwhile True: pass\n"
    )
    (fact,) = subject.look({"modules": ["module"]}, deadline=2)["imports"]
    assert fact["exit"] is None
    assert not fact["ok"]
    until(lambda: not alive(int((subject.root / "pid").read_text())))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_module_is_imported_where_another_cannot_be_found(subject):
    (subject.root / "extra.py").write_text("")
    (subject.root / "needs.py").write_text("import extra")
    (subject.root / "copes.py").write_text(
        "try:\n import extra\nexcept ImportError:\n extra = None\n"
    )
    asked = {"without": [["extra", "needs"], ["extra", "copes"]]}
    needs, copes = subject.look(asked, deadline=30)["without"]
    assert (needs["ok"], copes["ok"]) == (False, True)


def test_a_constant_is_read_after_import(subject):
    (subject.root / "module.py").write_text("M = 'a' + 'b'\n")
    facts = subject.look({"constants": [["module", "M"], ["module", "N"]]}, deadline=30)
    assert facts["imports"][0]["constants"] == {"M": "'ab'", "N": "None"}


def test_each_way_of_starting_a_file_is_told_apart(subject):
    (subject.root / "old.py").write_text(
        "if __name__ == '__main__':\n raise RuntimeError('gone')\nopen('left.db', 'w')\n"
    )
    facts = {
        fact["way"]: fact
        for fact in subject.look({"guards": [["old.py", "old"]]}, deadline=30)["guards"]
    }
    assert list(facts) == ["python FILE", "python -m", "import"]
    assert [facts[way]["exit"] for way in facts] == [1, 1, 0]
    assert "gone" in facts["python FILE"]["output"]
    assert any("left.db" in effect for effect in facts["import"]["effects"])


def test_a_process_is_told_once(subject):
    fact = imported(subject, "import subprocess\nsubprocess.run(['true'])\n")
    assert fact["effects"] == ["starts process true at module.py:2"]


def test_scripts_without_an_ending_are_compiled_too_and_comments_are_decoded(subject):
    for name, raw in {
        "nightly": b"#!/usr/bin/env python3\ndef broken(:\n",
        "notes": b"def broken(:\n",
        "shell": b"#!/bin/sh\n# not python\n",
        "window.pyw": b"x = (\n",
        "latin.py": b"x = 1\n# caf\xe9\n",
        "told.py": b"# coding: latin-1\n# caf\xe9\n",
        "good.py": "# café\n".encode(),
    }.items():
        (subject.root / name).write_bytes(raw)
    os.mkfifo(subject.root / "python")
    facts = subject.look({"compile": ["."]}, deadline=30)["compile"]
    found = {Path(fact["path"]).name: (fact["ok"], fact["line"]) for fact in facts}
    assert found == {
        "nightly": (False, 2),
        "window.pyw": (False, 1),
        "latin.py": (False, 2),
        "told.py": (True, None),
        "good.py": (True, None),
    }


def test_files_are_compiled_in_memory_with_line_and_column(subject):
    (subject.root / "bad.py").write_text("x = 1\ny = (\n")
    (subject.root / "nul.py").write_bytes(b"x = 1\0\n")
    (subject.root / "good.py").write_text("x = 1\n")
    facts = {
        Path(f["path"]).name: f for f in subject.look({"compile": ["."]}, deadline=30)["compile"]
    }
    assert facts["good.py"]["ok"]
    assert (facts["bad.py"]["line"], facts["bad.py"]["column"]) == (2, 5)
    assert not facts["nul.py"]["ok"]
    assert not list(subject.root.rglob("*.pyc"))


def test_the_agent_finds_itself_among_the_processes(subject):
    facts = subject.look({"processes": True}, deadline=30)
    assert any(process["uid"] == os.getuid() for process in facts["processes"])


def test_nothing_is_left_in_the_temporary_folder(tmp_path, subject):
    (tmp_path / "tmp").mkdir()
    subject.env["TMPDIR"] = str(tmp_path / "tmp")
    (subject.root / "module.py").write_text("")
    subject.look({"modules": ["module"]}, deadline=30)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_callers_environment_does_not_reach_the_subject(subject, monkeypatch, tmp_path):
    monkeypatch.setenv("AICMO_DATABASE_URL", "postgresql://user:secret@production/db")
    again = open_subject(subject.root, sys.executable, {"GIVEN": "{scratch}/x"}, tmp_path / "s")
    assert "AICMO_DATABASE_URL" not in again.env
    assert again.env["GIVEN"] == f"{tmp_path}/s/x"


def test_an_interpreter_that_is_not_python_could_not_check(tmp_path):
    subject = Subject(tmp_path, "/bin/false", {})
    with pytest.raises(CouldNotCheck, match="gave no answer"):
        subject.look({}, deadline=10)


def test_a_terminated_agent_takes_its_children_along(subject, until):
    (subject.root / "module.py").write_text(
        "import os\nopen('pid', 'w').write(str(os.getpid()))\nwhile True: pass\n"
    )
    request = {"root": str(subject.root), "deadline": 60, "modules": ["module"]}
    agent = subprocess.Popen(
        [sys.executable, *payload.packed("agent.py", request)],
        env=subject.env,
        start_new_session=True,
    )
    pid = int(until(lambda: (subject.root / "pid").exists() and (subject.root / "pid").read_text()))
    agent.send_signal(signal.SIGTERM)
    agent.wait(20)
    until(lambda: not alive(pid))


def test_an_agent_that_nobody_waits_for_any_more_ends_with_its_children(subject, until):
    (subject.root / "module.py").write_text(
        "import os\nopen('pid', 'w').write(str(os.getpid()))\nwhile True: pass\n"
    )
    request = {"root": str(subject.root), "deadline": 60, "lifeline": True, "modules": ["module"]}
    with subprocess.Popen(
        [sys.executable, *payload.packed("agent.py", request)],
        env=subject.env,
        stdin=subprocess.PIPE,
    ) as agent:
        pid = int(
            until(lambda: (subject.root / "pid").exists() and (subject.root / "pid").read_text())
        )
        agent.stdin.close()
        assert agent.wait(20) == 143
    until(lambda: not alive(pid))


def test_a_folder_that_is_not_there_matters_only_to_what_is_named_from_it(subject):
    assert subject.look({"root": "/not/there", "limits": True}, deadline=30)["limits"]
    with pytest.raises(CouldNotCheck, match="/not/there"):
        subject.look({"root": "/not/there", "compile": ["."]}, deadline=30)


@pytest.mark.parametrize("script", ["agent.py", "farm.py", "witness.py"])
def test_what_is_sent_speaks_the_oldest_python_it_promises(script):
    import ast

    source = (payload.HERE / script).read_text()
    ast.parse(source, feature_version=(3, 8))
    assert "verify" not in {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }


def test_a_packed_script_fits_into_one_argument():
    assert all(len(part) < 131072 for part in payload.packed("agent.py", {"a": ["x" * 50] * 100}))
    # A shell in between gets all parts in one argument, and the paths that are asked for with them.
    assert sum(map(len, payload.packed("agent.py", {"modules": ["module"]}))) < 64 * 1024


def test_a_copy_that_stands_before_the_folder_on_the_search_path_is_told(subject, tmp_path):
    for folder in (tmp_path / "copy", subject.root, subject.root / "inner"):
        folder.mkdir(exist_ok=True)
        (folder / "module.py").write_text("")
    looks = {
        f"{tmp_path}/copy:{subject.root}": str(tmp_path / "copy/module.py"),
        f"{tmp_path}/copy": str(tmp_path / "copy/module.py"),
        f"{subject.root}:{tmp_path}/copy": None,
        f"{subject.root}/inner": None,  # a part of the same tree
        "": None,
    }
    for path, copy in looks.items():
        request = {"modules": ["module"], "env": {"PYTHONPATH": path}}
        (fact,) = subject.look(request, deadline=30)["imports"]
        assert (fact["copy"], fact["origin"]) == (copy, str(subject.root / "module.py")), path
