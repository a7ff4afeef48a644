"""Half of a survey in a process of its own says what a whole one says, and is never left behind."""

from pathlib import Path

import pytest

from verify.errors import CouldNotCheck
from verify.manifest import load
from verify.probes.launchers.beside import Beside
from verify.probes.launchers.survey import survey
from verify.probes.source import Source

PAGE = "import streamlit as st\n\nst.title('x')\n"
MANIFEST = '[dashboard]\nentry = "app.py"\nmarker = "1"\ntabs = ["A"]\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "verify.toml": MANIFEST,
        "app.py": PAGE,
        "rival.py": PAGE,
        "Procfile": "web: streamlit run app.py\n",
        "README.md": "    streamlit run gone.py\n",
        # A package of the project's own that is called like this one.
        "verify/__init__.py": "raise RuntimeError('not this one')\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_it_says_what_a_survey_says(root: Path) -> None:
    declared = load(root).declared()
    found = Beside(root).matrix(Source(root), declared)
    assert found == survey(Source(root), declared)
    assert [row.entry for row in found.launchers] == ["app.py"]
    assert {point.path for point in found.entry_points} == {"app.py", "rival.py"}


def test_one_that_fails_is_no_verdict(root: Path) -> None:
    declared = load(root).declared()
    (root / "verify.toml").write_text("[dashboard]\n")
    with pytest.raises(CouldNotCheck, match="the launchers could not be followed"):
        Beside(root).matrix(Source(root), declared)


def test_one_that_is_closed_is_gone(root: Path) -> None:
    beside = Beside(root)
    beside.close()
    assert beside._process.poll() is not None
