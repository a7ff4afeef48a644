"""Settings, read from the environment each time they are asked for.

`AICMO_DATABASE_URL`  SQLAlchemy URL of a PostgreSQL or SQLite database; default: SQLite in the
                      data folder.
`AICMO_DATA_DIR`      folder of the default database; default: `data/` in the project root.
`AICMO_MOCK_MODE`     1 serves generated demonstration data from memory; default 0.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aicmo.core.errors import ConfigError

__all__ = ["ConfigError", "Settings", "load_settings", "mock_mode"]

_ON = frozenset({"1", "true", "yes", "on"})
_OFF = frozenset({"", "0", "false", "no", "off"})
_POSTGRESQL = "postgresql+psycopg"
# "postgres" is what hosting providers put in DATABASE_URL; SQLAlchemy dropped it in 1.4.
_DRIVERS = {
    "postgres": _POSTGRESQL,
    "postgresql": _POSTGRESQL,
    _POSTGRESQL: _POSTGRESQL,
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
}


@dataclass(frozen=True)
class Settings:
    """What the environment asks for, checked.

    `database_url` may hold a password: show `aicmo.core.db.describe_url` of it instead.
    """

    database_url: str
    data_dir: Path
    mock_mode: bool


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        environ: where to read from; the process environment if not given.

    Raises:
        ConfigError: a variable holds a value that cannot be used; the message names the variable
            and the cure, and repeats no part of a database URL.
    """
    environ = os.environ if environ is None else environ
    data_dir = _data_dir(environ)
    return Settings(
        database_url=_database_url(environ, data_dir),
        data_dir=data_dir,
        mock_mode=mock_mode(environ),
    )


def mock_mode(environ: Mapping[str, str] | None = None) -> bool:
    """Say whether demonstration data is asked for.

    Raises:
        ConfigError: `AICMO_MOCK_MODE` is neither on nor off.
    """
    value = (os.environ if environ is None else environ).get("AICMO_MOCK_MODE", "")
    word = value.strip().lower()
    if word in _ON:
        return True
    if word in _OFF:
        return False
    raise ConfigError(
        f"AICMO_MOCK_MODE is {value[:40]!r}, which is neither on nor off. "
        "Set it to 1 for demonstration data or 0 for the real database."
    )


def _data_dir(environ: Mapping[str, str]) -> Path:
    value = environ.get("AICMO_DATA_DIR", "").strip()
    if value:
        path = Path(value).expanduser()
        if "\0" in value or (path.exists() and not path.is_dir()):
            raise ConfigError("AICMO_DATA_DIR does not name a folder. Set it to a folder's path.")
        return path.absolute()
    return _project_root() / "data"


@cache
def _project_root() -> Path:
    root = Path(__file__).resolve().parents[2]
    if root.name in {"site-packages", "dist-packages"}:
        # An installed copy has no project root, and a database does not belong among libraries.
        return Path.cwd()
    return root


def _database_url(environ: Mapping[str, str], data_dir: Path) -> str:
    value = environ.get("AICMO_DATABASE_URL", "").strip()
    if not value:
        return f"sqlite:///{data_dir / 'aicmo.db'}"
    scheme, found, rest = value.partition("://")
    if not found:
        raise ConfigError(
            "AICMO_DATABASE_URL is not a database URL. Write it as "
            "postgresql://USER:PASSWORD@HOST:5432/NAME or sqlite:////absolute/path.db, "
            "or unset it to use SQLite in the data folder."
        )
    driver = _DRIVERS.get(scheme.lower())
    if driver is None:
        raise ConfigError(
            f"AICMO_DATABASE_URL asks for {scheme[:40]!r}, which is not supported. "
            "Use a postgresql:// or sqlite:// URL."
        )
    if driver == "sqlite" and (rest in {"", "/"} or ":memory:" in rest or "mode=memory" in rest):
        raise ConfigError(
            "AICMO_DATABASE_URL names an in-memory SQLite database, which would forget everything. "
            "Give it a file, as in sqlite:////absolute/path.db."
        )
    return f"{driver}://{rest}"
