"""A kept matrix is believed only while nothing that it was drawn from differs."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from verify.errors import ManifestError
from verify.matrix import Matrix
from verify.probes.launchers import cache, survey
from verify.probes.launchers.look import look

PAGE = "import streamlit as st\n\nst.title('x')\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small repository, with a cache of its own beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "run.sh").write_text("streamlit run a.py\n")
    (folder / "a.py").write_text(PAGE)
    (folder / "b.py").write_text(PAGE)
    (folder / "start").write_text("#!/bin/sh\nstreamlit run b.py\n")
    return folder


@pytest.fixture
def surveys(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count how often a tree is really surveyed."""
    counted: list[int] = []
    real = survey.survey

    def counting(*arguments: object) -> Matrix:
        counted.append(1)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(survey, "survey", counting)
    return counted


def silent(_what: str) -> None:
    pass


def entries(matrix: Matrix) -> list[str | None]:
    return [row.entry for row in matrix.launchers]


def test_an_unchanged_tree_is_surveyed_once(root: Path, surveys: list[int]) -> None:
    first, second = look(root, silent), look(root, silent)
    assert first == second
    assert len(surveys) == 1
    assert entries(first) == ["a.py", "b.py"]


def _same_size_and_time(root: Path) -> None:
    path = root / "run.sh"
    before = path.stat()
    path.write_text("streamlit run b.py\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _manifest(root: Path) -> None:
    text = '[dashboard]\nentry = "a.py"\nmarker = "1"\ntabs = ["A"]\n'
    (root / "verify.toml").write_text(text)


CHANGES: dict[str, Callable[[Path], object]] = {
    "other bytes, same size and time": _same_size_and_time,
    "file added": lambda root: (root / "c.sh").write_text("streamlit run a.py"),
    "file removed": lambda root: (root / "b.py").unlink(),
    "file renamed": lambda root: (root / "b.py").rename(root / "c.py"),
    "first line of a script without ending": lambda root: (root / "start").write_text("no shebang"),
    "manifest added": _manifest,
    "file without launchers grew one": lambda root: (root / "b.py").write_text(
        PAGE + "import subprocess\nsubprocess.run(['streamlit', 'run', 'a.py'])\n"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_tree_is_surveyed_again(change: str, root: Path, surveys: list[int]) -> None:
    look(root, silent)
    CHANGES[change](root)
    assert look(root, silent) == look(root, silent, cached=False)
    assert len(surveys) == 3


DAMAGE: dict[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "empty": lambda path: path.write_text(""),
    "cut off": lambda path: path.write_text(path.read_text()[:-40]),
    "another shape": lambda path: path.write_text("[1]"),
    "another matrix shape": lambda path: path.write_text(
        json.dumps({**json.loads(path.read_text()), "matrix": {"launchers": [{}]}})
    ),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_costs_time_and_nothing_else(
    damage: str, root: Path, surveys: list[int]
) -> None:
    first = look(root, silent)
    (entry,) = cache.folder().iterdir()
    DAMAGE[damage](entry)
    assert look(root, silent) == first
    assert len(surveys) == 2


def test_a_cache_that_cannot_be_written_is_no_fault(
    root: Path, surveys: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.parent / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(root.parent / "file"))
    assert entries(look(root, silent)) == entries(look(root, silent)) == ["a.py", "b.py"]
    assert len(surveys) == 2


def test_nothing_is_written_into_the_tree(root: Path) -> None:
    before = sorted(root.rglob("*"))
    look(root, silent)
    assert sorted(root.rglob("*")) == before


def test_without_a_cache_none_is_made(root: Path) -> None:
    look(root, silent, cached=False)
    assert not cache.folder().exists()


def test_a_faulty_manifest_is_told(root: Path) -> None:
    (root / "verify.toml").write_text("[dashboard]\n")
    with pytest.raises(ManifestError):
        look(root, silent)
