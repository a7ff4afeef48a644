"""What holds for all tests: how they hear an interrupt, and what needs a container engine."""

import os
import signal
import uuid

import pytest

from verify.errors import VerifyError
from verify.probes import engine


def pytest_configure():
    """Hear Ctrl-C even as a shell's background job, which ignores it and hands that on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Skip what needs an engine where none answers; in CI it must run, so there it fails."""
    wanting = [item for item in items if item.get_closest_marker("docker")]
    if not wanting or os.environ.get("CI"):
        return
    try:
        engine.connect(uuid.uuid4().hex).close()
    except VerifyError as error:
        for item in wanting:
            item.add_marker(pytest.mark.skip(reason=error.diagnosis))
