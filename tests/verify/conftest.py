"""Projects to hold `verify` against: tiny ones, and throw-away copies of this one."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from verify.probes.engine import Engine, connect

ROOT = Path(__file__).parents[2]
GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@example.invalid"]


@dataclass(frozen=True)
class Project:
    """A throw-away project, and how to hold `verify` against it."""

    root: Path

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace one text in a file; it must be there exactly once."""
        text = (self.root / path).read_text("utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        (self.root / path).write_text(text.replace(old, new), "utf-8")

    def write(self, path: str, text: str | bytes) -> None:
        """Write a file, folders included."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))

    def commit(self) -> str:
        """Commit all there is; return the commit."""
        if not (self.root / ".git").exists():
            subprocess.run([*GIT, "init", "-q"], cwd=self.root, check=True)
        subprocess.run([*GIT, "add", "-A"], cwd=self.root, check=True)
        subprocess.run([*GIT, "commit", "-qm", "all"], cwd=self.root, check=True)
        done = subprocess.run(
            [*GIT, "rev-parse", "HEAD"], cwd=self.root, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def verify(self, *arguments: str, env: dict[str, str] | None = None) -> SimpleNamespace:
        """Run the command line; return its exit code, output and, with --json, its report."""
        done = subprocess.run(
            [sys.executable, "-m", "verify.cli", *arguments],
            cwd=self.root,
            env={**os.environ, "CI": "true", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        report: dict[str, Any] | None = None
        if "--json" in arguments and done.stdout.startswith("{"):
            report = json.loads(done.stdout)
        return SimpleNamespace(
            exit=done.returncode, out=done.stdout, err=done.stderr, report=report
        )

    def cell(self, gate: str, stage: str) -> dict[str, Any]:
        """Run one gate at one stage; return its cell."""
        ran = self.verify("run", "--gate", gate, "--stage", stage, "--json")
        assert ran.report, ran.err
        (cell,) = [c for c in ran.report["cells"] if (c["gate"], c["stage"]) == (gate, stage)]
        return {**cell, "exit": ran.exit, "verdict": ran.report["verdict"]}


TINY = """
[dashboard]
entry = "page.py"
marker = "M1"
tabs = ["One", "Two"]
tabs_name = "TABS"
[gates]
extra = ["own"]
"""


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The container engine; what is made through it is gone after the test."""
    connected = connect(uuid.uuid4().hex[:12])
    yield connected
    connected.close()


@pytest.fixture
def tiny(tmp_path: Path) -> Project:
    """A project of one page, with a folder for gates of its own."""
    project = Project(tmp_path / "tiny")
    project.write("verify.toml", TINY)
    project.write(
        "page.py",
        'import streamlit as st\nBUILD_MARKER = "M1"\nTABS = ("One", "Two")\nst.tabs(TABS)\n',
    )
    (project.root / "own").mkdir()
    return project


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Project]:
    """A copy of this project with an interpreter of its own, and an image tag of its own.

    Its `.venv` finds what is installed in the real one, and the code in the copy: an editable
    install of the real tree would be verified otherwise.
    """
    project = _copy(tmp_path / "copy")
    yield project
    _remove_images(f"{_tag(project)}")


def _copy(root: Path) -> Project:
    files = (
        subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        .stdout.decode()
        .split("\0")
    )
    for name in files:
        if name and (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    project = Project(root)
    project.edit(
        "verify.toml",
        'tag = "aicmo:dashboard"',
        f'tag = "verify-test-{uuid.uuid4().hex[:10]}:dashboard"',
    )
    _interpreter(root)
    return project


def _interpreter(root: Path) -> None:
    real = ROOT / ".venv"
    packages = next(real.glob("lib/python3*/site-packages"))
    own = root / ".venv" / packages.relative_to(real)
    own.mkdir(parents=True)
    (own / "copy.pth").write_text(f"{root}\n{packages}\n")
    (root / ".venv/bin").mkdir()
    python = root / ".venv/bin/python"
    python.symlink_to((real / "bin/python").resolve())
    shutil.copy2(real / "pyvenv.cfg", root / ".venv/pyvenv.cfg")
    script = root / ".venv/bin/streamlit"
    script.write_text(
        f"#!{python}\nimport sys\nfrom streamlit.web.cli import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    _finished(root)


def _finished(root: Path) -> None:
    """Say that the copy's environments are as their locks ask, so that `make run` keeps them."""
    tools = root / ".venv-verify/bin"
    tools.mkdir(parents=True)
    (tools / "python").symlink_to(sys.executable)
    spec = importlib.util.spec_from_file_location("copied", root / "scripts/environments.py")
    assert spec is not None
    assert spec.loader is not None
    scripts = importlib.util.module_from_spec(spec)
    sys.modules["copied"] = scripts  # where dataclasses look for it
    spec.loader.exec_module(scripts)
    for environment in scripts.ENVIRONMENTS:
        for step in environment.wanted():
            environment.stamp(step)


def _tag(project: Project) -> str:
    text = (project.root / "verify.toml").read_text("utf-8")
    return text.partition('tag = "')[2].partition('"')[0]


def _remove_images(tag: str) -> None:
    if not tag or shutil.which("docker") is None:
        return
    for name in (tag, f"{tag}-verified", f"{tag}-previous"):
        subprocess.run(["docker", "rmi", "-f", name], capture_output=True, check=False)


@pytest.fixture(scope="session")
def verified() -> SimpleNamespace:
    """Verify any folder: `verified.report(root, *options)`; `interpreter` has Streamlit."""

    def report(root: Path, *options: str) -> dict[str, Any]:
        report = Project(root).verify("run", *options, "--json").report
        assert report is not None
        return report

    return SimpleNamespace(report=report, interpreter=ROOT / ".venv/bin/python")


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait for a condition: `until(lambda: ..., seconds=20)` returns its first true value."""
    import time

    def wait(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
        ends = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < ends, "the condition did not come true in time"
            time.sleep(0.02)
        return value

    return wait


@pytest.fixture
def changed(until: Callable[..., Any]) -> Callable[[str, str], AbstractContextManager[None]]:
    """Do something to a container: `with changed("pause", name): ...`; then it goes on.

    The engine cannot always freeze a container on a busy machine ("unable to freeze", while
    processes come and go in it), and then lets it run on: it is asked again until it can.
    """

    def asked(command: str, name: str) -> subprocess.CompletedProcess[str]:
        words = ["docker", *command.split(), name]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    def done(command: str, name: str) -> bool:
        ended = asked(command, name)
        assert ended.returncode == 0 or "unable to freeze" in ended.stderr, ended.stderr
        return ended.returncode == 0

    @contextmanager
    def changing(command: str, name: str) -> Iterator[None]:
        until(lambda: done(command, name), seconds=60)
        try:
            yield
        finally:
            if command == "pause":
                asked("unpause", name)

    return changing
