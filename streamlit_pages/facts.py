"""The facts Diagnostics shows: which build runs where, on what, and whether its parts work."""

import importlib
import os
import platform
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit_pages import error_log
from streamlit_pages.error_log import redact

SERVICES = (
    "streamlit_pages.aicmo_operator",
    "aicmo.operator_services",
    "aicmo.core.db",
    "aicmo.dashboard_models",
    "aicmo.autonomy_engine",
    "aicmo.acquisition_engine",
    "aicmo.strategy_engine",
    "aicmo.creative_engine",
    "aicmo.campaign_ops",
)
"""The modules the dashboard is made of; the last is optional."""

ENVIRONMENT = (
    "AICMO_DATABASE_URL",
    "AICMO_DATA_DIR",
    "AICMO_MOCK_MODE",
    "PYTHONPATH",
)
"""The only variables ever shown; a database URL is shown without its credentials."""

RETRY_SECONDS = 5.0
"""How long a failure is believed before it is checked again, so that a page that shows one does
not wait for it on each click."""


@dataclass(frozen=True)
class Fact:
    """One line of Diagnostics.

    Attributes:
        ok: False if the fact is a fault, None if it is neither good nor bad.
    """

    label: str
    value: str
    ok: bool | None = None


_checked: dict[str, tuple[float, Fact]] = {}
_lock = threading.Lock()


def gather(marker: str, entry: str) -> list[Fact]:
    """Return every fact about this process; cheap enough for each run, and never raises.

    Args:
        marker: the running build's marker.
        entry: path of the file that Streamlit runs.
    """
    return [
        Fact("Build marker", marker),
        Fact("Entry file", str(Path(entry).absolute())),
        Fact("Working directory", _working_directory()),
        _mock_mode(),
        database(),
        connections(),
        *(service(name) for name in SERVICES),
        Fact("Versions", f"Python {platform.python_version()}, Streamlit {st.__version__}"),
        *(_variable(name) for name in ENVIRONMENT),
    ]


def service(name: str) -> Fact:
    """Say whether a module can be used."""
    return _believed(f"Service {name}", lambda label: _import(label, name))


def database() -> Fact:
    """Say whether the database answers, which kind it is, and how fast it was."""
    return _believed("Database", _ping)


def connections() -> Fact:
    """Say how many connections are in use: none between two runs, or one was not given back."""
    label = "Database connections"
    try:
        from aicmo.core import db

        found = db.connections()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - said under "Database" already
        return Fact(label, f"unknown: {redact(str(error)) or type(error).__name__}")
    if found is None:
        return Fact(label, "unknown: the pool does not count them")
    return Fact(label, f"{found.in_use} in use, {found.open} open")


def forget() -> None:
    """Check everything again at the next run."""
    with _lock:
        _checked.clear()


def _believed(label: str, check: Callable[[str], Fact]) -> Fact:
    """Return a recent failure as it is, and check everything else."""
    with _lock:
        when, known = _checked.get(label, (0.0, None))
    if known is not None and time.monotonic() - when < RETRY_SECONDS:
        return known
    fact = check(label)
    with _lock:
        if fact.ok:
            _checked.pop(label, None)
        else:
            _checked[label] = (time.monotonic(), fact)
    return fact


def _import(label: str, name: str) -> Fact:
    try:
        importlib.import_module(name)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a module may fail in any way
        fault = error_log.record(label, error)
        return Fact(label, f"unavailable: {fault.kind}: {fault.message} ({fault.id})", ok=False)
    return Fact(label, "available", ok=True)


def _ping(label: str) -> Fact:
    try:
        from aicmo.core import db
    except (Exception, SystemExit) as error:  # noqa: BLE001
        fault = error_log.record(label, error)
        return Fact(label, f"unavailable: {fault.kind}: {fault.message} ({fault.id})", ok=False)
    answer = db.ping()
    if answer.problem:
        return Fact(label, f"unreachable, {answer.dialect}: {redact(answer.problem)}", ok=False)
    return Fact(label, f"reachable, {answer.dialect}, {answer.seconds * 1000:.1f} ms", ok=True)


def _mock_mode() -> Fact:
    label = "Mock mode"
    try:
        from aicmo.core.config import mock_mode

        return Fact(label, "on" if mock_mode() else "off")
    except (Exception, SystemExit) as error:  # noqa: BLE001
        return Fact(label, f"unknown: {redact(str(error))}", ok=False)


def _variable(name: str) -> Fact:
    label = f"Env {name}"
    value = os.environ.get(name)
    if name == "AICMO_DATABASE_URL":
        return Fact(label, f"{'not set' if value is None else 'set'}: {_location()}")
    return Fact(label, "not set" if value is None else redact(value))


def _location() -> str:
    """Return where the database is, and nothing else of its URL."""
    try:
        from aicmo.core import db

        return redact(db.describe_url(db.get_engine().url))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - said under "Database" already
        return f"unusable ({type(error).__name__})"


def _working_directory() -> str:
    try:
        return str(Path.cwd())
    except OSError as error:
        return f"gone: {error.strerror}"
