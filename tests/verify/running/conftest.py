"""A small project whose image is built once, and containers of it that are gone after each test."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from tests.verify.conftest import Project

BASE = "aicmo-python-base:bookworm"

MANIFEST = """
[dashboard]
entry = "app/main.py"
marker = "M1"
tabs = ["One"]
[imports]
required = ["main"]
[image]
dockerfile = "Dockerfile"
tag = "{tag}"
app_dir = "/app"
python = "/opt/venv/bin/python"
[contents]
config = ["settings.toml"]
generated = ["made.txt"]
data = ["/data", "/tmp"]
"""

DOCKERFILE = f"""
FROM {BASE} AS packages
COPY install.py /install.py
RUN python3 -m venv --without-pip /opt/venv && python3 /install.py
FROM {BASE}
COPY --from=packages /opt/venv /opt/venv
COPY app /app
COPY health.py /opt/health.py
RUN chmod -R u=rwX,go=rX /app /opt/health.py && echo made > /app/made.txt
WORKDIR /app
USER 10001:10001
HEALTHCHECK --interval=1h CMD ["/bin/true"]
ENV PYTHONDONTWRITEBYTECODE=1
CMD ["/opt/venv/bin/python", "-m", "http.server", "8501"]
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${{REVISION}}"
"""


def _sha256(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


CODE = b"VALUE = 1\n"
METADATA = b"Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n"
RECORD = (
    f"thing/__init__.py,sha256={_sha256(CODE)},{len(CODE)}\n"
    f"thing-1.0.dist-info/METADATA,sha256={_sha256(METADATA)},{len(METADATA)}\n"
    "thing-1.0.dist-info/RECORD,,\n"
).encode()

INSTALL = f"""
import pathlib
(site,) = pathlib.Path("/opt/venv/lib").glob("python3*/site-packages")
files = {{
    "thing/__init__.py": {CODE!r},
    "thing-1.0.dist-info/METADATA": {METADATA!r},
    "thing-1.0.dist-info/RECORD": {RECORD!r},
}}
for name, content in files.items():
    (site / name).parent.mkdir(exist_ok=True)
    (site / name).write_bytes(content)
"""


def docker(*words: str, check: bool = True) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stderr
    return done.stdout.strip()


def running(root: Any, *words: str, env: dict[str, str] | None = None) -> SimpleNamespace:
    """Run `verify running`; return its exit code, output and, with --json, what it found."""
    done = subprocess.run(
        [sys.executable, "-m", "verify.cli", "running", *words],
        cwd=root,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found: dict[str, Any] = {}
    if "--json" in words and done.stdout.startswith("{"):
        found = json.loads(done.stdout)
    return SimpleNamespace(exit=done.returncode, out=done.stdout, err=done.stderr, found=found)


class Served:
    """The project, its image, and containers of it."""

    def __init__(self, project: Project, tag: str) -> None:
        self.project, self.tag = project, tag
        self.root = project.root
        self.commit = project.commit()
        docker("build", "-q", "-t", tag, "--build-arg", f"REVISION={self.commit}", str(self.root))
        self.started: list[str] = []

    def start(self, *options: str, image: str = "", command: tuple[str, ...] = ()) -> str:
        """Start a container; return its name."""
        name = f"verify-test-{uuid.uuid4().hex[:10]}"
        self.started.append(name)
        docker(
            "run", "-d", "--name", name, "--network", "none", *options, image or self.tag, *command
        )
        return name

    def inside(self, name: str, line: str) -> None:
        """Run a line of shell as root in a container."""
        docker("exec", "-u", "0", name, "/bin/sh", "-ec", line)

    def running(self, *words: str, **more: Any) -> SimpleNamespace:
        return running(self.root, *words, **more)

    def found(self, name: str, *words: str) -> SimpleNamespace:
        return self.running(name, "--json", *words)

    def clean(self) -> None:
        for name in self.started:
            docker("rm", "-f", "-v", name, check=False)
        self.started.clear()


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    tag = f"verify-test-{uuid.uuid4().hex[:10]}:app"
    project = Project(tmp_path_factory.mktemp("served"))
    project.write("verify.toml", MANIFEST.format(tag=tag))
    project.write("Dockerfile", DOCKERFILE)
    project.write("install.py", INSTALL)
    project.write("health.py", "print('well')\n")
    project.write("app/main.py", "BUILD_MARKER = 'M1'\n")
    project.write("app/settings.toml", "colour = 'red'\n")
    project.write("app/deep/er/part.py", "PART = 1\n")
    project.write("app/run.sh", "#!/bin/sh\n")
    (project.root / "app/run.sh").chmod(0o755)
    served = Served(project, tag)
    yield served
    docker("rmi", "-f", tag, check=False)


@pytest.fixture
def served(built):
    """The project, its image, and containers of it that are gone after the test."""
    yield built
    built.clean()
