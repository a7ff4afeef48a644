"""What the tests of set-up share: the checkout, a deadline, a free port, a container engine."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def until():
    """Poll until a condition holds, and fail after a deadline."""

    def poll(condition, what, seconds=30):
        end = time.monotonic() + seconds
        while not (result := condition()):
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            time.sleep(0.05)
        return result

    return poll


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="session")
def base_image():
    """The image to build from, if an engine answers that has it."""
    found = subprocess.run(
        [ROOT / "scripts" / "base-image.sh", "--local"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        pytest.skip("no container engine answers, or no base image is here (scripts/provision.sh)")
    return found.stdout.strip()


@pytest.fixture
def toolbox(tmp_path):
    """A folder to stand for PATH: real tools by name, stand-ins by their script."""

    class Toolbox:
        path = tmp_path / "bin"

        def link(self, *names):
            for name in names:
                (self.path / name).symlink_to(_which(name))

        def put(self, name, script):
            file = self.path / name
            file.write_text(f"#!/bin/sh\n{script}\n")
            file.chmod(0o755)

        def run(self, *command, **environment):
            return subprocess.run(
                command,
                env={"PATH": str(self.path), "HOME": str(tmp_path), **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
                check=False,
            )

    Toolbox.path.mkdir()
    return Toolbox()


def _which(name):
    for folder in os.environ["PATH"].split(":"):
        if os.access(Path(folder) / name, os.X_OK):
            return Path(folder) / name
    raise FileNotFoundError(name)
