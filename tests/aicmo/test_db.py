import shutil
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from aicmo import operator_services as services
from aicmo.core import db
from aicmo.core.config import ConfigError
from aicmo.core.errors import DatabaseUnavailableError
from aicmo.dashboard_models import ActivityEntry


def _add(action="test"):
    return ActivityEntry(actor="tester", action=action, summary="something")


def _add_and_raise(error):
    with db.get_session() as session:
        session.add(_add())
        session.flush()
        raise error


def _count():
    with db.get_session() as session:
        return session.scalar(select(func.count()).select_from(ActivityEntry))


def test_the_first_session_creates_the_folder_the_file_and_the_tables(data_dir):
    assert not data_dir.exists()
    assert _count() == 0
    assert (data_dir / "aicmo.db").exists()


def test_a_session_commits_when_its_block_ends():
    with db.get_session() as session:
        session.add(_add())
    assert _count() == 1


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_session_rolls_back_on_any_error_and_lets_it_through(error):
    with pytest.raises(error):
        _add_and_raise(error())
    assert _count() == 0


def test_every_connection_goes_back_to_the_pool():
    with db.get_session() as session:
        session.add(_add())
        session.flush()
        assert db.get_engine().pool.checkedout() == 1
    with pytest.raises(ValueError, match="boom"):
        _add_and_raise(ValueError("boom"))
    assert db.get_engine().pool.checkedout() == 0


def test_the_connections_in_use_and_open_are_counted():
    assert db.connections() == db.Connections(0, 0)
    with db.get_session() as first, db.get_session() as second:
        first.connection()
        second.connection()
        assert db.connections() == db.Connections(2, 2)
    assert db.connections() == db.Connections(0, 2)


def test_sqlite_enforces_foreign_keys():
    with pytest.raises(IntegrityError), db.get_session() as session:
        session.add(ActivityEntry(actor="a", action="b", summary="c", campaign_id=99))


def test_many_threads_write_at_once_and_nothing_is_lost():
    def write(number):
        with db.get_session() as session:
            session.add(_add(str(number)))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(80)))
    assert _count() == 80
    assert db.get_engine().pool.checkedout() == 0


def test_many_threads_may_be_the_first():
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda _: _count(), range(16))) == [0] * 16


def test_ping_says_which_dialect_and_how_fast():
    answer = db.ping()
    assert (answer.dialect, answer.problem) == ("sqlite", "")
    assert 0 < answer.seconds < 60


def _expect_outage(*words):
    with pytest.raises(DatabaseUnavailableError) as outage:
        services.overview()
    for word in words:
        assert word in outage.value.operator_message
    assert db.ping().problem == outage.value.operator_message
    assert db.get_engine().pool.checkedout() == 0


def test_a_file_that_is_no_database_is_said_so(data_dir):
    data_dir.mkdir()
    (data_dir / "aicmo.db").write_bytes(b"this is not a database" * 100)
    _expect_outage("not a database", "restore a backup")


def test_a_database_damaged_inside_is_said_so(data_dir):
    _count()
    db.dispose()
    path = data_dir / "aicmo.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(DatabaseUnavailableError):
        services.overview()


def test_a_folder_where_the_file_should_be_is_said_so(data_dir):
    (data_dir / "aicmo.db").mkdir(parents=True)
    _expect_outage("unable to open")


def test_a_data_folder_that_cannot_be_made_is_said_so(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AICMO_DATA_DIR", str(tmp_path / "file" / "below"))
    _expect_outage("cannot be used")


def test_a_locked_database_is_said_so(data_dir, monkeypatch):
    monkeypatch.setattr(db, "BUSY_SECONDS", 0.05)
    _count()
    holder = sqlite3.connect(data_dir / "aicmo.db")
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(DatabaseUnavailableError, match="locked"):
            _add_and_raise(AssertionError("it was not locked"))
    finally:
        holder.close()
    assert _count() == 0


def test_a_database_that_is_mended_works_again_without_a_restart(data_dir):
    data_dir.mkdir()
    path = data_dir / "aicmo.db"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(DatabaseUnavailableError):
        _count()
    path.unlink()
    assert _count() == 0


def test_a_file_replaced_under_a_running_process_is_noticed(data_dir, tmp_path):
    with db.get_session() as session:
        session.add(_add())
    replacement = tmp_path / "empty.db"
    sqlite3.connect(replacement).close()
    replacement.touch()
    replacement.replace(data_dir / "aicmo.db")
    for leftover in data_dir.glob("aicmo.db-*"):
        leftover.unlink()
    assert _count() == 0


def test_a_deleted_data_folder_is_made_anew(data_dir):
    _count()
    shutil.rmtree(data_dir)
    assert _count() == 0


def test_an_unreachable_postgresql_is_said_so_without_the_password(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    monkeypatch.setenv("AICMO_DATABASE_URL", f"postgresql://u:hunter22@127.0.0.1:{port}/shop")
    _expect_outage("postgresql", f"shop on 127.0.0.1:{port}", "Check that the server runs")
    assert "hunter22" not in db.ping().problem


def test_a_wrong_setting_is_raised_and_pinged_in_the_same_words(monkeypatch):
    monkeypatch.setenv("AICMO_DATABASE_URL", "postgresql://u:hunter22@h:port/d")
    with pytest.raises(ConfigError) as refused:
        services.overview()
    assert db.ping().problem == refused.value.operator_message
    assert "hunter22" not in refused.value.operator_message


def test_a_statement_the_database_refuses_is_no_outage():
    with pytest.raises(IntegrityError), db.get_session() as session:
        session.add(ActivityEntry(actor="a", action="b"))
    assert _count() == 0


def test_a_url_is_described_without_credentials_or_options():
    described = db.describe_url("postgresql://u:hunter22@h:5433/shop?password=x&sslmode=require")
    assert described == "postgresql: shop on h:5433"
    assert db.describe_url("u:hunter22@h") == "set, but not a database URL"
    assert db.describe_url("sqlite:////srv/a.db") == "sqlite: /srv/a.db"


def test_postgresql_commits_rolls_back_and_answers(postgres_url, monkeypatch):
    monkeypatch.setenv("AICMO_DATABASE_URL", postgres_url)
    with db.get_session() as session:
        session.add(_add())
    with pytest.raises(ValueError, match="boom"):
        _add_and_raise(ValueError("boom"))
    assert _count() == 1
    assert db.ping().dialect == "postgresql"
    assert db.get_engine().pool.checkedout() == 0


def test_postgresql_that_dropped_its_connections_is_asked_again(postgres_url, monkeypatch):
    monkeypatch.setenv("AICMO_DATABASE_URL", postgres_url)
    assert _count() == 0
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert _count() == 0


def test_a_running_statement_is_not_hidden_by_its_parameters():
    with pytest.raises(IntegrityError) as refused, db.get_session() as session:
        session.execute(
            text("INSERT INTO activity_log (actor) VALUES (:actor)"), {"actor": "a secret"}
        )
    assert "a secret" not in str(refused.value)
