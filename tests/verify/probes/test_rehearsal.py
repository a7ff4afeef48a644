"""An in-process run tells which tab never comes back, and does not wait for it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from verify.probes.subject import open_subject

PYTHON = Path(__file__).parents[3] / ".venv/bin/python"
PATIENCE = 120.0

APP = """
    import streamlit as st

    one, two, three = st.tabs(["One", "Two", "Three"], on_change="rerun", key="open")
    if one.open:
        one.write("in one")
    if two.open:
        with two:
{two}
    if three.open:
        three.write("in three")
"""


@pytest.fixture
def rehearsed(tmp_path):
    """Run an app whose second tab does this: `rehearsed(statements, first=...)`."""

    def run(two, first=PATIENCE, each=1.0):
        code = APP.format(two=indent(dedent(two), " " * 12))
        (tmp_path / "page.py").write_text(dedent(code), "utf-8")
        scratch = tmp_path.parent / f"{tmp_path.name}-scratch"
        subject = open_subject(tmp_path, str(PYTHON), {}, scratch)
        return subject.rehearse("page.py", first=first, each=each, deadline=PATIENCE)

    return run


def test_a_sound_page_is_opened_tab_by_tab(rehearsed):
    seen = rehearsed('st.write("in two")', each=PATIENCE)
    assert seen["stuck"] is None
    assert [(tab["label"], tab["texts"]) for tab in seen["tabs"]] == [
        ("One", ["in one"]),
        ("Two", ["in two"]),
        ("Three", ["in three"]),
    ]


@pytest.mark.parametrize(
    "never",
    ["while True: pass", "import threading; threading.Event().wait()"],
    ids=["endless loop", "wait"],
)
def test_a_tab_that_never_comes_back_is_named_with_its_line(rehearsed, never):
    stuck = rehearsed(never)["stuck"]
    assert stuck["label"] == "Two"
    assert stuck["how"] == "still running after 1 s"
    assert (stuck["path"], stuck["line"]) == ("page.py", 9)


def test_a_tab_that_runs_again_and_again_is_named(rehearsed):
    seen = rehearsed("st.rerun()")
    assert seen["stuck"]["label"] == "Two"
    assert [tab["label"] for tab in seen["tabs"]] == ["One"]


def test_a_first_run_that_never_ends_is_told(tmp_path):
    (tmp_path / "page.py").write_text("while True:\n    pass\n", "utf-8")
    subject = open_subject(tmp_path, str(PYTHON), {}, tmp_path.parent / f"{tmp_path.name}-scratch")
    seen = subject.rehearse("page.py", first=1.0, each=1.0, deadline=PATIENCE)
    assert seen["stuck"]["label"] is None
    assert seen["complete"] is False
