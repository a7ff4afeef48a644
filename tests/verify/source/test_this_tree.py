"""The gates of the source stage are green on this very tree, and see something in it."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from verify import manifest
from verify.probes.source import Source

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(ROOT)


@pytest.mark.parametrize(
    "gate", ["compile", "entry", "guards", "marker", "tabs", "sessions", "enums", "install"]
)
def test_gate_is_green(gate: str, source: Source) -> None:
    module = importlib.import_module(f"verify.gates.{gate}")
    seen = list(module.gate_source(source, manifest.load(ROOT)))
    assert seen
    assert [(o.path, o.line, o.subject, o.got) for o in seen if not o.ok] == []
