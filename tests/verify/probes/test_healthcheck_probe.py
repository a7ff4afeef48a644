"""The script that tries a health check out: what it serves, records, and makes of what it runs."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from verify.probes import healthcheck, payload, trials

SCRIPT = Path(healthcheck.__file__)
OURS = Path(__file__).parents[3] / "streamlit/healthcheck.py"

ASKING = """
import http.client, sys
try:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=SECONDS)
    connection.request("METHOD", "PATH")
    answer = connection.getresponse()
    body = answer.read()
except OSError as error:
    sys.exit(f"refused: {error}")
print(answer.status, answer.headers["Content-Type"], body.decode())
sys.exit(EXIT)
"""

BY_STATUS = "answer.status != 200"
WELL = "body.decode() != 'ok'"


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def asking(port, *, method="GET", path="/health", seconds=0.3, code=WELL):
    words = {"PORT": port, "METHOD": method, "PATH": path, "SECONDS": seconds, "EXIT": code}
    program = ASKING
    for word, value in words.items():
        program = program.replace(word, str(value))
    return [sys.executable, "-c", program]


def tried(port, command, patience=20.0, python=sys.executable):
    request = {"command": command, "port": port, "patience": patience, "trials": trials.TRIALS}
    done = subprocess.run(
        [python, "-I", "-S", *payload.packed("healthcheck.py", request)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    facts = payload.answer(done.stdout, done.stderr, who="the script")
    return {trial["name"]: trial for trial in facts["trials"]}


def test_a_good_check_succeeds_once_and_fails_four_times(port):
    seen = tried(port, asking(port))
    assert list(seen) == [name for name, *_ in trials.TRIALS]
    assert [trial["exit"] for trial in seen.values()] == [0, 1, 1, 1, 1]
    assert all(trial["ended"] for trial in seen.values())
    assert seen["ok"]["asked"] == ["GET /health"]
    assert seen[trials.REFUSED]["asked"] == []
    assert seen[trials.SILENT]["asked"] == ["GET /health"]
    assert seen["ok"]["said"] == "200 text/plain; charset=utf-8 ok"
    assert "refused" in seen[trials.REFUSED]["said"]


def test_a_check_of_the_status_alone_is_content_with_a_page(port):
    seen = tried(port, asking(port, code=BY_STATUS))
    assert [trial["exit"] for trial in seen.values()] == [0, 0, 1, 1, 1]


def test_a_check_that_is_content_with_anything_is_seen(port):
    seen = tried(port, [sys.executable, "-c", ""])
    assert {trial["exit"] for trial in seen.values()} == {0}
    assert {tuple(trial["asked"]) for trial in seen.values()} == {()}


def test_a_check_of_another_port_asks_for_nothing_here(port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        seen = tried(port, asking(other.getsockname()[1]))
    assert {trial["exit"] for trial in seen.values()} == {1}
    assert not any(trial["asked"] for trial in seen.values())


def test_a_check_that_never_ends_is_ended_with_all_it_started(port):
    program = "import subprocess, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"
    seen = tried(port, [sys.executable, "-c", program], patience=0.5)
    assert {trial["exit"] for trial in seen.values()} == {None}
    assert not any(trial["ended"] for trial in seen.values())


def test_a_check_that_cannot_be_started_is_none_that_fails(port):
    seen = tried(port, ["/nowhere/check"])
    assert {trial["exit"] for trial in seen.values()} == {None}
    assert seen["ok"]["said"] == "/nowhere/check cannot be started: No such file or directory"


def test_the_shell_form_runs_in_a_shell(port):
    words = trials.words({"Healthcheck": {"Test": ["CMD-SHELL", "exit 3 || exit 4"]}})
    assert {trial["exit"] for trial in tried(port, list(words)).values()} == {3}


def test_a_head_request_is_answered_too(port):
    seen = tried(port, asking(port, method="HEAD", code=BY_STATUS))
    assert seen["ok"]["asked"] == ["HEAD /health"]
    assert seen["ok"]["exit"] == 0


def test_without_a_check_nothing_is_tried(port):
    assert tried(port, []) == {}


def test_the_dashboards_own_check_is_red_on_all_but_a_healthy_server(port):
    program = f"import runpy, sys; sys.argv[1:] = ['http://127.0.0.1:{port}/_stcore/health']; "
    program += f"runpy.run_path({str(OURS)!r}, run_name='__main__')"
    seen = tried(port, [sys.executable, "-c", program])
    assert [trial["exit"] for trial in seen.values()] == [0, 1, 1, 1, 1]
    assert seen["ok"]["asked"] == ["GET /_stcore/health"]


def test_it_needs_nothing_newer_than_python_3_8():
    compile(SCRIPT.read_text(), "healthcheck.py", "exec", dont_inherit=True)
    import ast

    ast.parse(SCRIPT.read_text(), feature_version=(3, 8))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, ()),
        ({"Healthcheck": None}, ()),
        ({"Healthcheck": {"Test": ["NONE"]}}, ()),
        ({"Healthcheck": {"Test": ["CMD", "a", "b c"]}}, ("a", "b c")),
        ({"Healthcheck": {"Test": ["CMD-SHELL", "a b"]}}, ("/bin/sh", "-c", "a b")),
        (
            {"Shell": ["/bin/bash", "-ec"], "Healthcheck": {"Test": ["CMD-SHELL", "a"]}},
            ("/bin/bash", "-ec", "a"),
        ),
    ],
)
def test_the_words_of_a_health_check_are_those_an_engine_runs(config, words):
    assert trials.words(config) == words


def test_the_limit_is_the_images_own_or_the_engines():
    assert trials.limit({"Healthcheck": {"Timeout": 5_000_000_000}}) == 5
    assert trials.limit({"Healthcheck": {"Timeout": 0}}) == trials.USUAL
    assert trials.limit({}) == trials.USUAL


def test_its_own_start_is_not_counted_as_waiting():
    def trial(name, seconds):
        return trials.Trial(name, 1, ended=True, seconds=seconds, asked=(), said="")

    assert trials.own_wait([trial(trials.REFUSED, 3.0), trial(trials.SILENT, 7.5)]) == 4.5
    assert trials.own_wait([]) == 0.0


def test_the_trials_can_be_sent():
    assert json.loads(json.dumps(trials.TRIALS))
