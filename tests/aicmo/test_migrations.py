import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import aicmo
from aicmo.core import db, schema
from aicmo.core.errors import DatabaseUnavailableError
from aicmo.dashboard_models import Base

MIGRATIONS = Path(aicmo.__file__).parent / "migrations"


def _use():
    with db.get_session() as session:
        session.execute(text("SELECT 1"))


def test_the_head_in_the_code_is_alembic_s_own():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def _assert_up_to_date():
    _use()
    with db.get_engine().connect() as connection:
        assert schema.revision(connection) == schema.HEAD
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        checks = {
            check["name"]
            for table in Base.metadata.tables
            for check in inspect(connection).get_check_constraints(table)
        }
    assert "ck_leads_leadstatus" in checks


def test_sqlite_comes_up_from_nothing_to_what_the_models_say():
    _assert_up_to_date()


def test_postgresql_comes_up_from_nothing_to_what_the_models_say(postgres_url, monkeypatch):
    monkeypatch.setenv("AICMO_DATABASE_URL", postgres_url)
    _assert_up_to_date()


def _first_uses_at_once(processes=4):
    code = (
        "from aicmo.core.db import get_session\n"
        "from sqlalchemy import text\n"
        "import sys\n"
        "sys.stdin.readline()\n"
        "with get_session() as session:\n"
        "    session.execute(text('SELECT count(*) FROM campaigns'))\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")


def test_several_processes_may_be_the_first_to_use_one_sqlite_file():
    _first_uses_at_once()
    _assert_up_to_date()


def test_several_processes_may_be_the_first_to_use_one_postgresql(postgres_url, monkeypatch):
    monkeypatch.setenv("AICMO_DATABASE_URL", postgres_url)
    _first_uses_at_once()
    _assert_up_to_date()


def test_a_database_that_is_up_to_date_never_loads_alembic():
    _use()
    db.dispose()
    code = (
        "import sys\n"
        "from aicmo import operator_services\n"
        "operator_services.overview()\n"
        "print('alembic' in sys.modules)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"


def test_a_database_of_a_newer_dashboard_is_refused_and_left_alone():
    _use()
    with db.get_engine().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    db.dispose()
    with pytest.raises(DatabaseUnavailableError, match=r"schema 9999.*newer"):
        _use()
    with db.get_engine().connect() as connection:
        assert schema.revision(connection) == "9999"
