"""Bring a database to the schema this code was written for.

A database already there costs one small query; Alembic is imported only when there is work.
"""

import contextlib
import threading
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import OperationalError

from aicmo.core.errors import DatabaseUnavailableError

HEAD = "0001"
"""The newest revision in `aicmo/migrations/versions`; a test compares it with Alembic's own."""

# Any number will do as long as every dashboard uses the same: "AICMO" in ASCII.
_ADVISORY_LOCK = 0x4149434D4F

# Alembic keeps its current context in module globals.
_alembic_lock = threading.Lock()


def bring_up_to_date(engine: Engine) -> None:
    """Create or upgrade the schema behind `engine`, once, however many processes ask at a time.

    Raises:
        DatabaseUnavailableError: the database was written by a newer dashboard.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached, read or written.
    """
    with engine.connect() as connection:
        if revision(connection) == HEAD:
            return
    with _alembic_lock, engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # The driver begins a transaction only before it writes rows: without this, two
            # processes would both find an empty file and both create its tables.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if revision(connection) != HEAD:
            _upgrade(connection)
        connection.commit()
        if sqlite:
            # Lets readers go on while somebody writes. It fails while another process has the file
            # open, which then does the same, and the database is right in either mode.
            with contextlib.suppress(OperationalError):
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def revision(connection: Connection) -> str | None:
    """Return the schema revision of a database, or None if it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    folder = Path(__file__).resolve().parents[1] / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    before = revision(connection)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise DatabaseUnavailableError(
            f"The database has schema {before}, which this dashboard (schema {HEAD}) does not "
            "know. It was probably written by a newer one: start that version, or restore the "
            "backup made before it."
        ) from error
