"""The dashboard's own image: what runs of it is the reviewed tree, until one byte is another."""

import re
import uuid

import pytest

from tests.verify.running.conftest import docker, running

pytestmark = pytest.mark.docker


@pytest.fixture
def started(copy):
    """A copy of the dashboard, committed and built, and a container of it that runs."""
    copy.commit()
    built = copy.cell("image", "image")
    assert built["outcome"] == "PASS", built
    tag = re.search(
        r'^tag = "([^"]+)"', (copy.root / "verify.toml").read_text("utf-8"), re.MULTILINE
    )[1]
    name = f"verify-test-{uuid.uuid4().hex[:10]}"
    docker("run", "-d", "--name", name, tag)
    yield copy, name
    docker("rm", "-f", "-v", name)


def test_one_byte_of_the_running_dashboard_is_found(started, until):
    project, name = started
    until(lambda: "8501" in docker("logs", name), 60)
    ran = running(project.root, name, "--json")
    assert (ran.exit, ran.found["verdict"], ran.found["differences"]) == (0, "same", []), ran.out
    assert ran.found["same"]["reviewed"] > 50
    assert ran.found["same"]["environment"] > 5000
    one_byte = "printf X | dd of=/app/aicmo/core/db.py bs=1 seek=3 conv=notrunc"
    docker("exec", "-u", "0", name, "/bin/sh", "-ec", one_byte)
    ran = running(project.root, name)
    assert ran.exit == 1, ran.out
    assert "  ..5......  changed at run    /app/aicmo/core/db.py" in ran.out.splitlines()
    assert ran.out.count("changed at run") == 1
    assert ran.out.splitlines()[-1].startswith("differs: 1 changed, in ")
