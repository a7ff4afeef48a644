"""A small tree and a manifest, and a gate of the source stage asked about them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verify.manifest import (
    Dashboard,
    Enums,
    Image,
    Manifest,
    Retired,
    Sessions,
    SubjectSpec,
)
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from verify.model import Observation

ENTRY = "pages_of/main.py"
TEXT = "This file is deprecated. Run: streamlit run pages_of/main.py"


@dataclass
class Look:
    """What a gate saw in a tree."""

    observations: list[Observation]

    @property
    def findings(self) -> list[Observation]:
        return [o for o in self.observations if not o.ok]

    @property
    def red(self) -> bool:
        assert self.observations, "nothing was observed: the gate checked nothing"
        return bool(self.findings)

    def told(self) -> str:
        return "\n".join(f"{o.path}:{o.line} {o.subject}: {o.got}" for o in self.findings)


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def make_manifest(root: Path, **tables: object) -> Manifest:
    values: dict[str, object] = {
        "dashboard": Dashboard(
            entry=ENTRY, marker="V2", tabs=("One", "Two", "Three"), tabs_name="TABS"
        ),
        "subject": SubjectSpec(launchers=()),
        "sessions": Sessions(function="store.db:get_session"),
        "enums": Enums(packages=("store",)),
        "retired": (Retired(path="old.py", text=TEXT),),
    }
    values.update(tables)
    return Manifest(root=root, sha256="", **values)  # type: ignore[arg-type]


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Look]:
    """Ask one gate about one tree: `look("marker", {path: text}, table=...)`."""
    # Hundreds of small trees: asking git about each would take most of the time.
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])

    def ask(gate: str, files: Mapping[str, str | bytes], **tables: object) -> Look:
        write_tree(tmp_path, files)
        module = importlib.import_module(f"verify.gates.{gate}")
        source = Source(tmp_path)
        return Look(list(module.gate_source(source, make_manifest(tmp_path, **tables))))

    return ask


@pytest.fixture
def image() -> Callable[..., Image]:
    """Return an `[image]` table."""
    return lambda **keys: Image(**{"dockerfile": "Dockerfile", "tag": "x", **keys})
