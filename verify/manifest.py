"""Reads `verify.toml` into frozen values; every problem in the file is reported at once."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from verify.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FILE_NAME = "verify.toml"

LONGEST_WAIT = 86_400.0
"""Seconds that any time limit may have: a day; anything longer is a slip."""

HIGHEST_PORT = 65_535

WAYS = ("raise", "exit", "stop")
"""How a retired entry point may refuse."""


def _key(kind: str, **settings: Any) -> Any:
    """Declare one key of a table; `kind` says how its value is checked."""
    default = settings.pop("default", MISSING)
    metadata = {"kind": kind, **settings}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`[dashboard]`: the one entry and what its page shows."""

    entry: str = _key("file")
    marker: str = _key("text")
    tabs: tuple[str, ...] = _key("labels")
    marker_name: str = _key("text", default="BUILD_MARKER")
    marker_label: str = _key("text", default="Build marker")
    tabs_name: str = _key("text", default="")
    fault_text: str = _key("text", default="")


@dataclass(frozen=True, slots=True)
class SubjectSpec:
    """`[subject]`: how the project is executed on this machine."""

    python: str = _key("text", default="")
    packages: tuple[str, ...] = _key("folders", default=())
    launchers: tuple[str, ...] = _key("files", default=())
    env: tuple[tuple[str, str], ...] = _key("env", default=())


@dataclass(frozen=True, slots=True)
class Imports:
    """`[imports]`: modules that must import, and those that may be missing."""

    required: tuple[str, ...] = _key("names", default=())
    optional: tuple[str, ...] = _key("names", default=())


@dataclass(frozen=True, slots=True)
class Startup:
    """`[startup]`: the time from the start of the process to the first complete page."""

    budget_seconds: float = _key("seconds", default=5.0)


@dataclass(frozen=True, slots=True)
class Sessions:
    """`[sessions]`: where database sessions come from, as `module:function`."""

    function: str = _key("target")
    engine: str = _key("target", default="")


@dataclass(frozen=True, slots=True)
class Enums:
    """`[enums]`: the packages whose models and filters are held against their enums."""

    packages: tuple[str, ...] = _key("folders")


@dataclass(frozen=True, slots=True)
class Image:
    """`[image]`: how the image is built and started."""

    dockerfile: str = _key("file")
    tag: str = _key("text")
    context: str = _key("folder", default=".")
    app_dir: str = _key("text", default="/app")
    python: str = _key("text", default="python")
    port: int = _key("port", default=8501)
    memory: str = _key("text", default="1g")
    base_arg: str = _key("text", default="")
    fallback_base: str = _key("text", default="")
    ready_seconds: float = _key("seconds", default=60.0)


@dataclass(frozen=True, slots=True)
class Retired:
    """One `[[retired]]` entry point: it refuses in this way with this text."""

    path: str = _key("file")
    text: str = _key("text")
    way: str = _key("choice", default="raise", choices=WAYS)


@dataclass(frozen=True, slots=True)
class Gates:
    """`[gates]`: folders with gates of the project's own."""

    extra: tuple[str, ...] = _key("folders", default=())


@dataclass(frozen=True, slots=True)
class Manifest:
    """The reviewed manifest; a table that is absent is None, and its gates do not apply.

    Args:
        root: the project's root, the folder of the file.
        sha256: digest of the file's bytes.
    """

    root: Path
    sha256: str
    dashboard: Dashboard
    subject: SubjectSpec = field(default_factory=SubjectSpec)
    startup: Startup = field(default_factory=Startup)
    gates: Gates = field(default_factory=Gates)
    imports: Imports | None = None
    sessions: Sessions | None = None
    enums: Enums | None = None
    image: Image | None = None
    retired: tuple[Retired, ...] = ()


_TABLES: Mapping[str, type] = MappingProxyType(
    {
        "dashboard": Dashboard,
        "subject": SubjectSpec,
        "imports": Imports,
        "startup": Startup,
        "sessions": Sessions,
        "enums": Enums,
        "image": Image,
        "gates": Gates,
    }
)


def find_root(start: Path) -> Path:
    """Return the nearest folder from `start` upward that has a `verify.toml`.

    Raises:
        ManifestError: there is none up to the file system's root.
    """
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return folder
    raise ManifestError(
        FILE_NAME,
        (f"not found in {start} nor in any folder above it",),
        "Go to the project, or name it with --root DIR.",
    )


def load(root: Path) -> Manifest:
    """Read `root`/verify.toml.

    Raises:
        ManifestError: with every problem of the file, each named by its key.
    """
    root = root.resolve()
    path = root / FILE_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise ManifestError(str(path), (problem,), "Name the project with --root DIR.") from error
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = f"line {line}: byte 0x{raw[error.start]:02x} is not UTF-8"
        raise ManifestError(str(path), (problem,), "Save the file as UTF-8.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestError(str(path), (f"is not TOML: {error}",)) from error
    problems: list[str] = []
    values = _manifest_values(data, root, problems)
    if problems:
        raise ManifestError(
            str(path), tuple(problems), "Mend these keys; docs/manifest.md has all."
        )
    return Manifest(root=root, sha256=hashlib.sha256(raw).hexdigest(), **values)


def _manifest_values(data: dict[str, Any], root: Path, problems: list[str]) -> dict[str, Any]:
    known = (*_TABLES, "retired")
    problems += [_unknown(key, known) for key in data if key not in known]
    if "dashboard" not in data:
        problems.append("[dashboard]: this table is missing; it names the entry, marker and tabs")
    values: dict[str, Any] = {}
    for name, kind in _TABLES.items():
        if name not in data:
            continue
        if not isinstance(data[name], dict):
            problems.append(f"{name}: must be a table, [{name}], not {_named(data[name])}")
            continue
        values[name] = _table(kind, data[name], name, root, problems)
    rows = data.get("retired", [])
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        values["retired"] = tuple(
            _table(Retired, row, f"retired[{n}]", root, problems) for n, row in enumerate(rows)
        )
        paths = [row.get("path") for row in rows]
        entry = getattr(values.get("dashboard"), "entry", None)
        problems += [f"retired[{n}].path: {p!r} stands twice" for n, p in _repeated(paths)]
        problems += [
            f"retired[{n}].path: {p!r} is the canonical entry"
            for n, p in enumerate(paths)
            if p and p == entry
        ]
    else:
        problems.append(f"retired: must be tables, [[retired]], not {_named(rows)}")
    return values


def _table(kind: type, data: dict[str, Any], where: str, root: Path, problems: list[str]) -> Any:
    """Check one table; return None when it had problems (which are then in `problems`)."""
    keys = {key.name: key for key in fields(kind)}
    before = len(problems)
    problems += [
        _unknown(f"{where}.{key}", [f"{where}.{k}" for k in keys])
        for key in data
        if key not in keys
    ]
    values: dict[str, Any] = {}
    for name, key in keys.items():
        if name in data:
            try:
                check = _CHECKS[key.metadata["kind"]]
                values[name] = check(data[name], root, key.metadata)
            except ValueError as error:
                problems.extend(f"{where}.{name}: {problem}" for problem in error.args)
        elif key.default is MISSING:
            problems.append(f"{where}.{name}: this key is missing")
    return kind(**values) if len(problems) == before else None


def _unknown(key: str, known: Iterable[str]) -> str:
    import difflib  # only a file with a fault pays for it

    near = difflib.get_close_matches(key, list(known), n=1)
    return f"{key}: unknown key" + (f"; did you mean {near[0]}?" if near else "")


def _named(value: object) -> str:
    names = {
        str: "a text",
        bool: "a true/false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return f"{names.get(type(value), type(value).__name__)} ({str(value)[:40]!r})"


def _repeated(values: list[Any]) -> list[tuple[int, Any]]:
    return [
        (n, value) for n, value in enumerate(values) if value is not None and value in values[:n]
    ]


# Each check takes (value, root, settings) and returns the value to keep; it raises
# ValueError(problem, ...), whatever kind of fault it is, because all are told in one list.


def _text(value: Any, _root: Path, _settings: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be a text, not {_named(value)}")  # noqa: TRY004
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _choice(value: Any, _root: Path, settings: Mapping[str, Any]) -> str:
    if value not in settings["choices"]:
        raise ValueError(f"must be one of {', '.join(settings['choices'])}, not {_named(value)}")
    return str(value)


def _inside(value: Any, root: Path, settings: Mapping[str, Any]) -> Path:
    path = root / _text(value, root, settings)
    if not path.resolve().is_relative_to(root):
        raise ValueError(f"{value!r} is outside the project")
    return path


def _file(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    if not _inside(value, root, settings).is_file():
        raise ValueError(f"there is no file {value!r}")
    return str(value)


def _folder(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    if not _inside(value, root, settings).is_dir():
        raise ValueError(f"there is no folder {value!r}")
    return str(value)


def _list_of(check: Callable[..., str]) -> Callable[..., tuple[str, ...]]:
    def checked(value: Any, root: Path, settings: Mapping[str, Any]) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise ValueError(f"must be a list of texts, not {_named(value)}")  # noqa: TRY004
        kept, faults = [], []
        for n, item in enumerate(value):
            try:
                kept.append(check(item, root, settings))
            except ValueError as error:
                faults += [f"item {n + 1}: {problem}" for problem in error.args]
        faults += [f"item {n + 1}: {item!r} stands twice" for n, item in _repeated(value)]
        if faults:
            raise ValueError(*faults)
        return tuple(kept)

    return checked


def _labels(value: Any, root: Path, settings: Mapping[str, Any]) -> tuple[str, ...]:
    labels = _list_of(_text)(value, root, settings)
    if not labels:
        raise ValueError("must name at least one tab")
    return labels


def _dotted(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    name = _text(value, root, settings)
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{name!r} is not a module's name")
    return name


def _target(value: Any, root: Path, settings: Mapping[str, Any]) -> str:
    module, colon, function = _text(value, root, settings).partition(":")
    if (
        not colon
        or not function.isidentifier()
        or not all(p.isidentifier() for p in module.split("."))
    ):
        raise ValueError(f"{value!r} is not of the form package.module:function")
    return str(value)


def _seconds(value: Any, _root: Path, _settings: Mapping[str, Any]) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"must be a number of seconds, not {_named(value)}")  # noqa: TRY004
    if not 0 < value < LONGEST_WAIT:  # not-a-number fails too
        raise ValueError(f"must be above 0 and below 86400 seconds, not {value}")
    return float(value)


def _port(value: Any, _root: Path, _settings: Mapping[str, Any]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= HIGHEST_PORT:
        raise ValueError(f"must be a port from 1 to 65535, not {_named(value)}")
    return value


def _env(value: Any, _root: Path, _settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ValueError(f"must be a table of texts, not {_named(value)}")
    return tuple(value.items())


_CHECKS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "text": _text,
        "choice": _choice,
        "file": _file,
        "files": _list_of(_file),
        "folder": _folder,
        "folders": _list_of(_folder),
        "labels": _labels,
        "names": _list_of(_dotted),
        "target": _target,
        "seconds": _seconds,
        "port": _port,
        "env": _env,
    }
)
