"""The tables of `verify.toml`; each field's `kind` names the check in `verify.values`."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field
from typing import Any

WAYS = ("raise", "exit", "stop")
"""How a retired entry point may refuse."""


def key(kind: str, **settings: Any) -> Any:
    """Declare one key of a table; `kind` says how its value is checked."""
    default = settings.pop("default", MISSING)
    metadata = {"kind": kind, **settings}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`[dashboard]`: the one entry and what its page shows."""

    entry: str = key("file")
    marker: str = key("text")
    tabs: tuple[str, ...] = key("labels")
    marker_name: str = key("text", default="BUILD_MARKER")
    marker_label: str = key("text", default="Build marker")
    tabs_name: str = key("text", default="")
    fault_text: str = key("text", default="")
    pages: tuple[str, ...] = key("files", default=())
    others: tuple[str, ...] = key("files", default=())
    sentinel: str = key("text", default="")


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """`[diagnostics]`: what the page tells of itself, as lines `Label: value`."""

    tab: str = key("text")
    path: str = key("text", default="")
    folder: str = key("text", default="")
    database: str = key("text", default="")
    pool: str = key("text", default="")
    service: str = key("pattern", default="")
    variable: str = key("pattern", default="")
    variables: tuple[str, ...] = key("texts", default=())
    credentials: tuple[tuple[str, str], ...] = key("credentials", default=())


@dataclass(frozen=True, slots=True)
class Mock:
    """`[mock]`: how demonstration data is switched on, and how the page says so."""

    variable: str = key("text")
    banner: str = key("text")
    badge: str = key("text")
    label: str = key("text", default="")
    on: str = key("text", default="1")


@dataclass(frozen=True, slots=True)
class CampaignOps:
    """`[campaign_ops]`: the optional module, the tab that needs it, and what it says without."""

    module: str = key("name")
    tab: str = key("text")
    text: str = key("text")


@dataclass(frozen=True, slots=True)
class Live:
    """`[live]`: what a running deployment must stand."""

    tab_seconds: float = key("seconds", default=5.0)
    stop_seconds: float = key("seconds", default=5.0)
    sessions: int = key("count", default=50, most=500)
    p95_seconds: float = key("seconds", default=10.0)
    growth_mb: float = key("number", default=200.0)
    widths: tuple[int, ...] = key("counts", default=(390, 1280))


@dataclass(frozen=True, slots=True)
class SubjectSpec:
    """`[subject]`: how the project is executed on this machine."""

    python: str = key("text", default="")
    launchers: tuple[str, ...] = key("files", default=())
    commands: tuple[tuple[str, ...], ...] = key("commands", default=())
    tools: tuple[str, ...] = key("files", default=())
    env: tuple[tuple[str, str], ...] = key("env", default=())


@dataclass(frozen=True, slots=True)
class Imports:
    """`[imports]`: modules that must import, and those that may be missing."""

    required: tuple[str, ...] = key("names", default=())
    optional: tuple[str, ...] = key("names", default=())


@dataclass(frozen=True, slots=True)
class Startup:
    """`[startup]`: the time from the start of the process to the first complete page."""

    budget_seconds: float = key("seconds", default=5.0)


@dataclass(frozen=True, slots=True)
class Sessions:
    """`[sessions]`: where database sessions come from, as `module:function`."""

    function: str = key("target")
    engine: str = key("target", default="")


@dataclass(frozen=True, slots=True)
class Enums:
    """`[enums]`: the packages whose models and filters are held against their enums."""

    packages: tuple[str, ...] = key("folders")


@dataclass(frozen=True, slots=True)
class Image:
    """`[image]`: how the image is built and started."""

    dockerfile: str = key("file")
    tag: str = key("text")
    context: str = key("folder", default=".")
    app_dir: str = key("text", default="/app")
    python: str = key("text", default="python")
    port: int = key("port", default=8501)
    memory: str = key("text", default="1g")
    base_arg: str = key("text", default="")
    fallback_base: str = key("text", default="")
    ready_seconds: float = key("seconds", default=60.0)
    lock: str = key("file", default="")
    installed: str = key("text", default="")


@dataclass(frozen=True, slots=True)
class Contents:
    """`[contents]`: what may differ from the reviewed tree inside the image, and where data stands.

    Patterns are paths inside, absolute or relative to `[image].app_dir`; `*` matches any text.
    """

    generated: tuple[str, ...] = key("texts", default=())
    config: tuple[str, ...] = key("texts", default=())
    ghost: tuple[str, ...] = key("texts", default=())
    data: tuple[str, ...] = key("texts", default=())


@dataclass(frozen=True, slots=True)
class Hardening:
    """`[hardening]`: what the image must work under, and what it may have."""

    processes: int = key("count", default=256, most=100000)
    writable: tuple[str, ...] = key("texts", default=("/tmp",))  # noqa: S108 - a path in the image
    health_path: str = key("text", default="/_stcore/health")
    setuid: tuple[str, ...] = key("texts", default=())


@dataclass(frozen=True, slots=True)
class Retired:
    """One `[[retired]]` entry point: it refuses in this way with this text."""

    path: str = key("file")
    text: str = key("text")
    way: str = key("choice", default="raise", choices=WAYS)


@dataclass(frozen=True, slots=True)
class Gates:
    """`[gates]`: folders with gates of the project's own."""

    extra: tuple[str, ...] = key("folders", default=())


@dataclass(frozen=True, slots=True)
class Prove:
    """`[prove]`: what a throw-away copy of the project needs before it can be executed."""

    prepare: tuple[tuple[str, ...], ...] = key("commands", default=())
