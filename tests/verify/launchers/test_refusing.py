"""A file that may refuse to run is looked at, however its refusal stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.probes.launchers.entries.refusing import ends_for_good, may_refuse
from verify.probes.source import Source

if TYPE_CHECKING:
    from pathlib import Path

RAISE = "raise RuntimeError('retired')"
LOOKED_AT = [
    RAISE,
    f"import sys\r\n{RAISE}\r\n",
    f"import sys\r{RAISE}",
    f"import sys\n\x0c{RAISE}",
    f"\ufeff{RAISE}",
    f'"""Retired."""; {RAISE}',
    f"import sys; \\\n    {RAISE}",
    f"if x:\n    {RAISE}\nelse:\n    {RAISE}",
    f"try:\n    {RAISE}\nfinally:\n    pass",
    f"with x:\n    {RAISE}",
    "import sys\nsys.exit('retired')",
    "import sys\nsys . exit('retired')",
    "import sys\n(sys.exit)('retired')",
    "import sys\nsys \\\n.exit('retired')",
    "from notes import refuse\nrefuse('retired, no longer: exit()')",
    "exits = [exit]\nexits[0]('retired')",
]
NOT_LOOKED_AT = [
    "import sys\n\ndef f():\n    raise RuntimeError('retired')\n",
    "class A:\n    def f(self):\n        raise RuntimeError('retired')\n",
    "# raise RuntimeError('retired')",
    "TEXT = 'retired'\nEXIT = exit('x') if TEXT else 1\n",
]


def written(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Return a tree with one file of this code."""
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])
    (folder / "old.py").write_bytes(code.encode())
    return Source(folder)


@pytest.mark.parametrize("code", LOOKED_AT)
def test_it_is_looked_at(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = written(code, tmp_path, monkeypatch)
    assert ends_for_good(source, "old.py")
    assert may_refuse(source, "old.py")


@pytest.mark.parametrize("code", NOT_LOOKED_AT)
def test_it_is_not_even_parsed(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = written(code, tmp_path, monkeypatch)

    def module(self: Source, path: str) -> None:
        raise AssertionError(f"{path} of {self} is parsed")

    monkeypatch.setattr(Source, "module", module)
    assert not may_refuse(source, "old.py")
