"""Ctrl-C and SIGTERM at the moments that matter: exit code 130, and nothing left behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.docker


def containers() -> set[str]:
    done = subprocess.run(
        ["docker", "ps", "-aq", "--no-trunc"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def labels(ids: set[str]) -> list[str]:
    """Return what these containers are, those already gone left out."""
    template = "{{.Id}} {{json .Config.Labels}} {{.Path}} {{.Args}}"
    done = [
        subprocess.run(
            ["docker", "inspect", "--format", template, one],
            capture_output=True,
            text=True,
            check=False,
        )
        for one in ids
    ]
    return [ran.stdout for ran in done if ran.returncode == 0]


def processes_of(root: Path) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            where, args = str((folder / "cwd").readlink()), (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if where.startswith(str(root)):
            found.append(args.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


MOMENTS = {
    "following every launcher": ("source", "entry"),
    "importing each module": ("local", "imports"),
    "running the dashboard in-process": ("local", "sessions"),
    "serving each retired file": ("local", "guards"),
    "planting a fault in each tab": ("local", "isolation"),
    "serving the dashboard with secrets": ("local", "mock"),
    "building": ("image", "image"),
    "looking at the image at rest": ("image", "compile"),
    "reading every file of the image": ("image", "contents"),
    "reading the layers of the image": ("image", "identity"),
    "starting the container": ("container", "startup"),
    "looking around inside the container": ("container", "imports"),
    "starting the image with each retired file": ("container", "guards"),
    "planting a fault in each tab, in a container": ("container", "isolation"),
    "reading and stopping a container": ("container", "shutdown"),
    "reading the page": ("live", "tabs"),
    "opening 50 sessions": ("live", "sessions"),
    "clicking through every tab": ("live", "accessibility"),
}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupted_run_leaves_nothing_behind(copy, until, tmp_path, moment, number):
    stage, gate = MOMENTS[moment]
    copy.commit()
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    log = tmp_path / "log"
    with log.open("w") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "verify.cli", "run", "--stage", stage, "--gate", gate],
            cwd=copy.root,
            env={**os.environ, "CI": "true", "TMPDIR": str(temporary)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        until(lambda: moment in log.read_text() or child.poll() is not None, seconds=120)
        child.send_signal(number)
        assert child.wait(60) == 130, log.read_text()
    mark = re.escape(f'"pid": {child.pid}')
    until(
        lambda: not [one for one in labels(containers()) if re.search(mark, one.replace("\\", ""))]
    )
    until(lambda: not processes_of(copy.root))
    assert list(temporary.iterdir()) == [], list(temporary.rglob("*"))
