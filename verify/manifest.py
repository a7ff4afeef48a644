"""Reads `verify.toml` into frozen values; every problem in the file is reported at once."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from verify.errors import ManifestError
from verify.matrix import Declared
from verify.tables import (
    CampaignOps,
    Contents,
    Dashboard,
    Diagnostics,
    Enums,
    Gates,
    Hardening,
    Image,
    Imports,
    Live,
    Mock,
    Prove,
    Retired,
    Sessions,
    Startup,
    SubjectSpec,
)
from verify.values import CHECKS, named, repeated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE_NAME = "verify.toml"


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
    live: Live = field(default_factory=Live)
    contents: Contents = field(default_factory=Contents)
    hardening: Hardening = field(default_factory=Hardening)
    prove: Prove = field(default_factory=Prove)
    diagnostics: Diagnostics | None = None
    mock: Mock | None = None
    campaign_ops: CampaignOps | None = None
    imports: Imports | None = None
    sessions: Sessions | None = None
    enums: Enums | None = None
    image: Image | None = None
    retired: tuple[Retired, ...] = ()

    def declared(self) -> Declared:
        """Return what the run matrix needs to know of it."""
        image = self.image
        return Declared(
            entry=self.dashboard.entry,
            retired=tuple(retired.path for retired in self.retired),
            pages=self.dashboard.pages,
            others=self.dashboard.others,
            contexts=((image.dockerfile, image.context),) if image else (),
            tools=self.subject.tools,
        )


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
        "live": Live,
        "contents": Contents,
        "hardening": Hardening,
        "prove": Prove,
        "diagnostics": Diagnostics,
        "mock": Mock,
        "campaign_ops": CampaignOps,
    }
)


def find_root(start: Path) -> Path:
    """Return the nearest folder from `start` upward that has a `verify.toml`.

    Raises:
        ManifestError: there is none up to the file system's root.
    """
    folder = nearest_root(start)
    if (folder / FILE_NAME).is_file():
        return folder
    raise ManifestError(
        FILE_NAME,
        (f"not found in {start} nor in any folder above it",),
        "Go to the project, or name it with --root DIR.",
    )


def nearest_root(start: Path) -> Path:
    """Return the nearest folder from `start` upward that has a `verify.toml`, else `start`."""
    return next((one for one in (start, *start.parents) if (one / FILE_NAME).is_file()), start)


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
            problems.append(f"{name}: must be a table, [{name}], not {named(data[name])}")
            continue
        values[name] = _table(kind, data[name], name, root, problems)
    rows = data.get("retired", [])
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        values["retired"] = tuple(
            _table(Retired, row, f"retired[{n}]", root, problems) for n, row in enumerate(rows)
        )
        paths = [row.get("path") for row in rows]
        problems += [f"retired[{n}].path: {p!r} stands twice" for n, p in repeated(paths)]
        problems += _contradictions(values.get("dashboard"), paths)
        problems += _unknown_tabs(values)
    else:
        problems.append(f"retired: must be tables, [[retired]], not {named(rows)}")
    return values


def _contradictions(dashboard: Dashboard | None, retired: list[Any]) -> list[str]:
    """Tell of files that are declared to be two things at once."""
    if dashboard is None:
        return []
    roles = {dashboard.entry: "the canonical entry"}
    found = [
        f"retired[{n}].path: {path!r} is the canonical entry"
        for n, path in enumerate(retired)
        if path == dashboard.entry
    ]
    roles |= {path: "retired" for path in retired if isinstance(path, str) and path not in roles}
    for key, role in (("pages", "a page"), ("others", "")):
        for n, path in enumerate(getattr(dashboard, key)):
            if path in roles:
                found.append(f"dashboard.{key}: item {n + 1}: {path!r} is {roles[path]}")
            elif role:
                roles[path] = role
    return found


def _unknown_tabs(values: dict[str, Any]) -> list[str]:
    """Tell of tables that speak of a tab which the dashboard does not have."""
    dashboard: Dashboard | None = values.get("dashboard")
    if dashboard is None:
        return []
    return [
        f"{name}.tab: {table.tab!r} is not among dashboard.tabs"
        for name in ("diagnostics", "campaign_ops")
        if (table := values.get(name)) is not None and table.tab not in dashboard.tabs
    ]


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
                check = CHECKS[key.metadata["kind"]]
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
