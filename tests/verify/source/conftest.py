"""A small tree and a manifest, and a gate of the source stage asked about them."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from verify.manifest import Manifest
from verify.probes.importable import importable
from verify.probes.source import Source
from verify.tables import Dashboard, Enums, Image, Retired, Sessions, SubjectSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from verify.matrix import Matrix
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


def observed(module: ModuleType, source: Source, manifest: Manifest) -> list[Observation]:
    """Ask a gate of the source stage, whichever of the stage's fixtures it wants."""

    def matrix() -> Matrix:
        from verify.probes.launchers.survey import survey

        return survey(source, manifest.declared())

    made = {
        "source": lambda: source,
        "manifest": lambda: manifest,
        "matrix": matrix,
        "importable": lambda: importable(source.root, manifest.subject.python),
    }
    wanted = inspect.signature(module.gate_source).parameters
    return list(module.gate_source(**{name: made[name]() for name in wanted}))


@pytest.fixture(name="observed", scope="session")
def observed_fixture() -> Callable[..., list[Observation]]:
    """Return what asks one gate: `observed(module, source, manifest)`."""
    return observed


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Look]:
    """Ask one gate about one tree: `look("marker", {path: text}, table=...)`."""
    # Hundreds of small trees: asking git about each would take most of the time.
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])

    def ask(gate: str, files: Mapping[str, str | bytes], **tables: object) -> Look:
        write_tree(tmp_path, files)
        source, manifest = Source(tmp_path), make_manifest(tmp_path, **tables)
        return Look(observed(importlib.import_module(f"verify.gates.{gate}"), source, manifest))

    return ask


@pytest.fixture
def manifest_of() -> Callable[..., Manifest]:
    """Return a manifest of a tree: `manifest_of(root, table=...)`."""
    return make_manifest


@pytest.fixture
def image() -> Callable[..., Image]:
    """Return an `[image]` table."""
    return lambda **keys: Image(**{"dockerfile": "Dockerfile", "tag": "x", **keys})
