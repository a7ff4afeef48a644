"""What the tests of several probes need."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from verify.probes import payload
from verify.probes.inside.decode import decode


@pytest.fixture
def looked():
    """Run the agent here as it is sent: `looked(files={...}, processes=True)` is an Inside."""

    def look(*, python=sys.executable, deadline=120.0, env=None, **request):
        command = [
            str(python),
            "-I",
            "-S",
            *payload.packed("agent.py", {"deadline": deadline, **request}),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, env=env, timeout=300, check=False
        )
        return decode(payload.answer(done.stdout, done.stderr, who="the agent"), "this machine")

    return look


SLOW = """
import os, pathlib, time
pathlib.Path("began").write_text(str(os.getppid()))
time.sleep(300)
"""


@dataclass(frozen=True)
class Application:
    """A folder with a module that imports at once, and one that never does."""

    root: Path

    def asked(self, module: str = "mod") -> dict:
        """Return a request that has one of them imported."""
        return {"root": str(self.root), "modules": [module], "constants": [[module, "X"]]}

    @property
    def agent(self) -> int:
        """The agent that imports the one that never does; 0 as long as there is none."""
        try:
            return int((self.root / "began").read_text() or 0)
        except FileNotFoundError:
            return 0

    @property
    def left(self) -> bool:
        """Whether that agent is no more."""
        try:
            os.kill(self.agent, 0)
        except ProcessLookupError:
            return True
        return False


@pytest.fixture
def app(tmp_path):
    """An application on this machine."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "mod.py").write_text("X = 1")
    (folder / "slow.py").write_text(SLOW)
    return Application(folder)


@pytest.fixture
def background():
    """Run something beside the test: `background(f).result(60)`."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


OLDER = ("1.40.2", "1.52.2")
"""Streamlits: the oldest that is supported, and a late one of those that were served by Tornado."""

INSTALL = 600  # seconds; 10 are usual, a slow index takes minutes
BUILD = Path(__file__).parents[3] / "build"


@contextlib.contextmanager
def alone(name):
    """Let one process at a time in; others wait."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def older_streamlit():
    """Return the interpreter of an environment with this Streamlit: `older_streamlit("1.40.2")`.

    Each version gets an environment of its own in `build/`, made once on each machine.
    """

    def environment(version):
        folder = BUILD / f"streamlit-{version}"
        python, made = folder / "bin/python", folder / "made"
        with alone(folder.name):
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=INSTALL)
                pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
                done = subprocess.run(
                    [*pip, f"streamlit=={version}"],
                    capture_output=True,
                    text=True,
                    timeout=INSTALL,
                    check=False,
                )
                if done.returncode:
                    shutil.rmtree(folder, ignore_errors=True)
                    said = done.stderr.strip().splitlines()[-1:]
                    pytest.skip(f"Streamlit {version} cannot be installed here: {''.join(said)}")
                made.touch()
        return str(python)

    return environment
