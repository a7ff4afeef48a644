"""A real database for each test, and the few things every test creates in it."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest

from aicmo import campaign_ops
from aicmo import operator_services as services
from aicmo.campaign_ops import Plan
from aicmo.core import db
from aicmo.creative_engine import Draft
from aicmo.dashboard_models import Channel, utc_now

GOOD_DRAFT = Draft(
    "Plan your week", "Every shift in one place.", "Book a tour", "https://example.com/"
)


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    """Give the test a data folder of its own, which does not exist yet."""
    for name in ("AICMO_DATABASE_URL", "AICMO_MOCK_MODE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "data"
    monkeypatch.setenv("AICMO_DATA_DIR", str(folder))
    yield folder
    db.dispose()


@pytest.fixture
def draft():
    return GOOD_DRAFT


@pytest.fixture
def new_campaign():
    """Return a function that creates a draft campaign and returns its id."""

    def create(name="Autumn tour", channel=Channel.EMAIL, budget=100_000, days=10, start=0):
        today = utc_now().date()
        first = today + timedelta(days=start)
        plan = Plan(name, channel, 20, budget, first, first + timedelta(days=days - 1))
        return campaign_ops.create(plan, "tester")

    return create


@pytest.fixture
def new_creative():
    """Return a function that writes a creative, approves it if asked, and returns its id."""

    def create(campaign_id, *, approved=False, draft=GOOD_DRAFT):
        creative_id = services.add_creative(campaign_id, draft, "tester")
        if approved:
            services.approve_creative(creative_id, "tester")
        return creative_id

    return create


@pytest.fixture
def running_campaign(new_campaign, new_creative):
    """Return a function that creates and launches a campaign and returns its id."""

    def create(name="Autumn tour", **plan):
        campaign_id = new_campaign(name, **plan)
        new_creative(campaign_id, approved=True)
        campaign_ops.launch(campaign_id, "tester")
        return campaign_id

    return create


def _postgres_binaries() -> Path | None:
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return installed[-1].parent if installed else None


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """Run a PostgreSQL server for this session and give its URL, without a database's name."""
    binaries = _postgres_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's server is not installed")
    # A socket's path holds at most 107 bytes, and pytest's folders are long and private to root.
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/pg.XXXXXX"], text=True).strip())
    user = {}
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        shutil.chown(folder, "nobody")
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (folder / "log").open("w")
    subprocess.run(
        [binaries / "initdb", "-D", folder / "data", "-U", "tester", "-A", "trust", "--no-sync"],
        check=True,
        stdout=log,
        stderr=log,
        cwd="/",
        **user,
    )
    server = subprocess.Popen(
        [
            *(binaries / "postgres", "-D", folder / "data", "-k", folder, "-p", str(port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
        ],
        stdout=log,
        stderr=log,
        cwd="/",
        **user,
    )
    try:
        _wait_for(port, server)
        yield f"postgresql://tester:s3cret-word@127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(30)
        log.close()
        shutil.rmtree(folder)


def _wait_for(port: int, server: subprocess.Popen) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, "PostgreSQL ended"
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host="127.0.0.1", port=port, user="tester", dbname="postgres").close()
            return
        assert time.monotonic() < deadline, "PostgreSQL does not answer"
        time.sleep(0.05)


@pytest.fixture
def postgres_url(postgres_server, request):
    """Give the URL of a new, empty database."""
    import psycopg

    name = f"t{abs(hash(request.node.nodeid))}"
    admin = postgres_server + "postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres_server + name
    db.dispose()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}"')
