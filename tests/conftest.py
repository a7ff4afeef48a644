"""What holds for all tests: how they hear an interrupt, and what needs an engine or a browser."""

import os
import signal
import uuid

import pytest

from verify.errors import VerifyError
from verify.probes import browser, engine


def pytest_configure():
    """Hear Ctrl-C even as a shell's background job, which ignores it and hands that on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Skip what needs what is not here: an engine, a browser; in CI it must run, so it fails."""
    for mark, look in (("docker", _engine), ("browser", browser.find)):
        wanting = [item for item in items if item.get_closest_marker(mark)]
        if not wanting or os.environ.get("CI"):
            continue
        try:
            look()
        except VerifyError as error:
            for item in wanting:
                item.add_marker(pytest.mark.skip(reason=error.diagnosis))


def _engine():
    engine.connect(uuid.uuid4().hex).close()
