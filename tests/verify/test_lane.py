"""The second lane: what runs beside the gates, and what happens to it when the run ends early."""

import os
import subprocess
import sys
import threading

import pytest

from verify.errors import CouldNotCheck
from verify.fixtures.lane import Lane
from verify.probes.children import running


@pytest.fixture
def lane():
    made = Lane()
    yield made
    made.close()


def test_a_look_is_taken_beside_whoever_asks_for_it_later(lane):
    took = []
    lane.add("one", lambda: took.append(threading.current_thread()) or "seen")
    assert lane.result("one", str) == "seen"
    assert took[0] is not None


def test_a_look_whose_turn_has_not_come_is_taken_by_whoever_asks(lane):
    go = threading.Event()
    lane.add("long", lambda: go.wait(60))
    took = []
    lane.add("next", lambda: took.append(threading.current_thread()))
    lane.result("next", lambda: took.append(threading.current_thread()))
    go.set()
    assert took == [threading.current_thread()]


def test_a_look_that_mostly_waits_holds_up_no_other(lane):
    go, took = threading.Event(), []
    lane.add("waits", lambda: go.wait(60) and "waited", idle=True)
    lane.add("works", lambda: took.append(threading.current_thread()) or go.set())
    assert lane.result("waits", str) == "waited"
    assert took != [threading.current_thread()]


def test_a_look_that_was_asked_for_before_it_was_added_is_taken_once(lane):
    took = []
    lane.result("early", lambda: took.append("asked"))
    lane.add("early", lambda: took.append("added"))
    lane.close()
    assert took == ["asked"]


def test_what_a_look_raises_reaches_whoever_asks(lane):
    def look():
        raise CouldNotCheck("it went away")

    lane.add("gone", look)
    with pytest.raises(CouldNotCheck, match="it went away"):
        lane.result("gone", look)


def test_a_look_under_way_is_broken_off_and_its_process_is_gone(until, tmp_path):
    began, pids = threading.Event(), []

    def look():
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = [sys.executable, "-c", "import signal; signal.pause()"]
        with running(command, cwd=tmp_path, env={}, **pipes) as process:
            pids.append(process.pid)
            began.set()
            process.wait()

    lane, never = Lane(), []
    lane.add("endless", look)
    lane.add("never", lambda: never.append(1))
    assert began.wait(60)
    lane.close()
    assert never == []
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)
