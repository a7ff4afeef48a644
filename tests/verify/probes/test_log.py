"""Faults in a log: each told once, with its beginning and its end; nothing else is one."""

import subprocess
import sys

import pytest

from verify.probes.log import faults

QUIET = """
  You can now view your Streamlit app in your browser.

  URL: http://localhost:8501

2026-11-23 00:01:02.123 Please replace `use_container_width` with `width`.
2026-11-23 00:01:02.123 WARNING aicmo: no error so far, 0 errors
2026-11-23 00:01:02.123 INFO error-free
  Stopping...
"""

CHAINED = """
import logging
logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
def inner():
    raise ValueError("first")
def outer():
    try:
        inner()
    except ValueError as error:
        raise KeyError("second") from error
try:
    outer()
except KeyError:
    logging.exception("could not draw")
print("goes on", flush=True)
"""


def said_by(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], stderr=subprocess.STDOUT, stdout=subprocess.PIPE, check=False
    )
    return done.stdout.decode()


def test_a_log_of_a_sound_server_has_no_fault():
    assert faults(QUIET) == ()
    assert faults("") == ()


def test_a_traceback_is_one_fault_with_what_was_raised():
    (fault,) = faults(QUIET + said_by("def f():\n    1/0\nf()\n") + QUIET)
    assert fault.startswith("Traceback")
    assert fault.endswith("ZeroDivisionError: division by zero")


def test_a_chain_of_exceptions_is_one_fault_with_the_line_that_announced_it():
    log = said_by(CHAINED)
    (fault,) = faults(log)
    assert "ERROR root: could not draw" in fault
    assert fault.endswith("KeyError: 'second'")
    assert "goes on" not in fault
    assert "…" in fault


def test_two_tracebacks_with_a_line_between_them_are_two():
    one = said_by("1/0")
    assert len(faults(f"{one}between\n{one}")) == 2


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23 00:01:02,123 ERROR aicmo.dashboard: E-1 in Strategy again (2 times)",
        "CRITICAL:root:out of space",
        "[2026-11-23 00:01:02 +0000] [7] [ERROR] Exception in worker",
        "ERROR:    [Errno 98] address already in use",
    ],
)
def test_a_line_of_a_grave_level_is_a_fault(line):
    assert faults(f"{QUIET}{line}\n{QUIET}") == (line,)


def test_a_traceback_cut_off_at_the_end_is_a_fault():
    assert faults("Traceback (most recent call last):\n  File x") != ()
    assert faults("Traceback (most recent call last):") != ()


@pytest.mark.parametrize(
    "line",
    [
        '{"time": "2026-11-23T00:01:02Z", "level": "error", "message": "no answer"}',
        '{"message": "no answer", "severity": "CRITICAL"}',
        '{"log.level":"Fatal","message":"no answer"}',
        'ts=2026-11-23T00:01:02Z level=error msg="no answer"',
        'level="error" msg="no answer"',
        'msg="no answer" at= level=error',
    ],
)
def test_a_line_with_its_level_in_a_field_is_a_fault(line):
    assert faults(QUIET + line + "\n" + QUIET) == (line,)


@pytest.mark.parametrize(
    "line",
    [
        '{"level": "info", "message": "no error"}',
        '{"message": "the \\"level\\" was error"}',
        "level=info msg=error",
        "set log level=error to see less",
        "level=error-free",
    ],
)
def test_a_line_that_only_speaks_of_errors_is_none(line):
    assert faults(line) == ()


def test_an_exception_that_nobody_can_catch_is_a_fault_even_without_a_traceback():
    code = "import atexit; atexit.register(int, 'x'); print('goes on', flush=True)"
    (fault,) = faults(QUIET + said_by(code))
    assert fault.startswith("Exception ignored in")
    assert "ValueError: invalid literal" in fault


def test_an_exception_that_nobody_can_catch_is_one_fault_with_its_traceback():
    code = "import atexit; atexit.register(lambda: int('x'))"
    (fault,) = faults(said_by(code))
    assert fault.startswith("Exception ignored in")
    assert fault.endswith("ValueError: invalid literal for int() with base 10: 'x'")
