"""What the tests of several probes need."""

import os
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
