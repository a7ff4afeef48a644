"""The gates of the source stage are green on this very tree, and see something in it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from verify import catalog, manifest
from verify.model import Stage
from verify.probes.source import Source

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(ROOT)


GATES = [gate.id for gate in catalog.read(catalog.BUILT_IN) if Stage.SOURCE in gate.stages]


@pytest.mark.parametrize("gate", GATES)
def test_gate_is_green(gate: str, source: Source, observed: Callable) -> None:
    seen = observed(importlib.import_module(f"verify.gates.{gate}"), source, manifest.load(ROOT))
    assert seen
    assert [(o.path, o.line, o.subject, o.got) for o in seen if not o.ok] == []
