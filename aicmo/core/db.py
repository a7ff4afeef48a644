"""The engine, and the one way to use it: `with get_session() as session:`.

Importing this opens nothing. The first session of a process brings the schema up to date.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from aicmo.core import schema
from aicmo.core.config import Settings, load_settings
from aicmo.core.errors import ConfigError, DatabaseUnavailableError, OperatorError

CONNECT_SECONDS = 3
"""How long a PostgreSQL server may take to answer: longer than any healthy one, shorter than an
operator's patience."""

BUSY_SECONDS = 10
"""How long to wait for another writer of the same SQLite file, or for a free connection."""


@dataclass(frozen=True)
class Ping:
    """How the database answered.

    Attributes:
        dialect: "sqlite", "postgresql", or "unknown" if the settings name none.
        seconds: time from asking to the answer.
        problem: why it cannot be used, in plain words; empty if it can.
    """

    dialect: str
    seconds: float
    problem: str = ""


@dataclass(frozen=True)
class Connections:
    """How many connections of the pool are in use, and how many are open in all."""

    in_use: int
    open: int


@dataclass
class _Database:
    """One engine and whether its schema is known to be current."""

    engine: Engine
    mock: bool
    lock: threading.Lock = field(default_factory=threading.Lock)
    ready: bool = False
    file: tuple[int, int] | None = None
    failure: tuple[float, str] = (0.0, "")

    def prepare(self) -> None:
        """Bring the schema up to date, unless this process has done so for this very file."""
        if self.ready and self.file == _file_identity(self.engine.url):
            return
        asked = time.monotonic()
        with self.lock:
            if self.ready and self.file == _file_identity(self.engine.url):
                return
            failed, message = self.failure
            if failed >= asked:
                # Somebody tried while this thread waited; fifty sessions need not each time out.
                raise DatabaseUnavailableError(message)
            # Pooled connections may still hold a file that was replaced or mended.
            self.engine.dispose()
            try:
                self._prepare()
            except OperatorError as error:
                self.failure = (time.monotonic(), error.operator_message)
                raise
            except (SQLAlchemyError, OSError) as error:
                message = explain(self.engine.url, error)
                self.failure = (time.monotonic(), message)
                raise DatabaseUnavailableError(message) from error
            self.file = _file_identity(self.engine.url)
            self.ready = True

    def _prepare(self) -> None:
        if self.mock:
            from aicmo import mock_data

            mock_data.fill(self.engine)
            return
        if self.engine.dialect.name == "sqlite" and self.engine.url.database:
            Path(self.engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        schema.bring_up_to_date(self.engine)


_databases: dict[tuple[str, bool], _Database] = {}
_databases_lock = threading.Lock()


def get_engine() -> Engine:
    """Return this process's engine for the database the environment names.

    Raises:
        ConfigError: a setting cannot be used.
    """
    return _database().engine


@contextmanager
def get_session() -> Iterator[Session]:
    """Give a session that commits on success, rolls back on any error, and always closes.

    Raises:
        ConfigError: a setting cannot be used.
        DatabaseUnavailableError: the database cannot be reached, read or written.
    """
    database = _database()
    database.prepare()
    session = Session(database.engine, expire_on_commit=False)
    try:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()
    except (SQLAlchemyError, OSError) as error:
        if not _is_outage(error):
            raise
        # Looked at anew next time; but what is in memory cannot be gone, only busy.
        database.ready = database.mock
        raise DatabaseUnavailableError(explain(database.engine.url, error)) from error


def ping() -> Ping:
    """Ask the database for an answer, and say how that went; never raises."""
    started = time.perf_counter()
    dialect, problem = "unknown", ""
    try:
        dialect = get_engine().dialect.name
        with get_session() as session:
            session.connection().exec_driver_sql("SELECT 1")
    except OperatorError as error:
        problem = error.operator_message
    except Exception as error:  # noqa: BLE001 - Diagnostics must show it, whatever it is
        problem = f"{type(error).__name__} while asking the database"
    return Ping(dialect, time.perf_counter() - started, problem)


def connections() -> Connections | None:
    """Count the pool's connections, opening none; None if it is of a kind that does not count.

    Raises:
        ConfigError: a setting cannot be used.
    """
    pool = get_engine().pool
    if not isinstance(pool, QueuePool):
        return None
    in_use = pool.checkedout()
    return Connections(in_use, in_use + pool.checkedin())


def dispose() -> None:
    """Close every pooled connection and forget the engines; the next session starts afresh."""
    with _databases_lock:
        databases = list(_databases.values())
        _databases.clear()
    for database in databases:
        database.engine.dispose()


def describe_url(url: str | URL) -> str:
    """Return where a database is, without its credentials or options."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        return "set, but not a database URL"
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite: {parsed.database or 'memory'}"
    port = f":{parsed.port}" if parsed.port else ""
    host = parsed.host or "local socket"
    return f"{parsed.get_backend_name()}: {parsed.database or ''} on {host}{port}"


def explain(url: URL, error: BaseException) -> str:
    """Say in plain words why a database cannot be used, and what to do about it."""
    reason = str(getattr(error, "orig", None) or error).strip()
    first_line = reason.splitlines()[0] if reason else type(error).__name__
    where = describe_url(url)
    if url.get_backend_name() != "sqlite":
        return (
            f"The database ({where}) cannot be used: {first_line}. "
            "Check that the server runs and that AICMO_DATABASE_URL is right."
        )
    cures = {
        "not a database": "The file is damaged or is something else: restore a backup, or move it "
        "away to start with an empty database.",
        "malformed": "The file is damaged: restore a backup, or move it away to start with an "
        "empty database.",
        "unable to open": "Check that its folder exists and may be written by this user.",
        "readonly": "Check that the file and its folder may be written by this user.",
        "locked": "Another process keeps it locked: wait for it to finish, or end it.",
        "full": "The disk is full: make room.",
    }
    cure = next((cure for sign, cure in cures.items() if sign in reason), "")
    return f"The database ({where}) cannot be used: {first_line}. {cure}".rstrip()


def _is_outage(error: BaseException) -> bool:
    """Tell a database that is gone or broken from a statement it rightly refused."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError | OSError):
        return True
    # The base class itself is what drivers raise for a damaged file.
    return type(error) is DatabaseError


def _database() -> _Database:
    settings = load_settings()
    key = (settings.database_url, settings.mock_mode)
    found = _databases.get(key)
    if found is None:
        with _databases_lock:
            found = _databases.get(key)
            if found is None:
                found = _databases[key] = _open(settings)
    return found


def _open(settings: Settings) -> _Database:
    if settings.mock_mode:
        # One connection is one in-memory database; the pool hands it to one session at a time.
        return _Database(
            create_engine(
                "sqlite://",
                poolclass=QueuePool,
                pool_size=1,
                max_overflow=0,
                pool_timeout=BUSY_SECONDS,
                connect_args={"check_same_thread": False},
                hide_parameters=True,
            ),
            mock=True,
        )
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            "AICMO_DATABASE_URL is not a database URL. Write it as "
            "postgresql://USER:PASSWORD@HOST:5432/NAME or sqlite:////absolute/path.db."
        ) from None
    sqlite = url.get_backend_name() == "sqlite"
    connect_args: dict[str, object] = (
        {"timeout": BUSY_SECONDS, "check_same_thread": False}
        if sqlite
        else {"connect_timeout": CONNECT_SECONDS}
    )
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=5,
        max_overflow=15,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=not sqlite,
        connect_args=connect_args,
        # An error's text goes to the log, and rows hold people's names and addresses.
        hide_parameters=True,
    )
    if sqlite:
        event.listen(engine, "connect", _enforce_foreign_keys)
    return _Database(engine, mock=False)


def _enforce_foreign_keys(connection: object, _record: object) -> None:
    """Switch on what SQLite leaves off for each new connection."""
    connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]


def _file_identity(url: URL) -> tuple[int, int] | None:
    """Return what tells a replaced database file from the one that was opened."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    try:
        found = Path(url.database).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
