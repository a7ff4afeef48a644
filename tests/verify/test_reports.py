"""Every format from one report, with text from the outside that means harm."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from verify.model import (
    AtMost,
    Cell,
    ImageRef,
    ManifestRef,
    Observation,
    Outcome,
    Report,
    Stage,
    Subject,
)
from verify.report import render
from verify.report.clean import clean

NASTY = "a\x1b[31mred\x07 <b>&\"' ]]> \u202e \x00 \ud800 [bold]markup[/bold] é"


@pytest.fixture
def report() -> Report:
    fail = Observation(
        "thing " + NASTY, AtMost(5, "s"), 6.123456, path="a.py", line=3, message=NASTY
    )
    good = Observation("other", "x", "x")
    cells = (
        Cell(
            "marker",
            Stage.SOURCE,
            Outcome.PASS,
            (good,),
            0.5,
            title="It is marked.",
            why="w",
            fix="f",
        ),
        Cell(
            "marker",
            Stage.LOCAL,
            Outcome.FAIL,
            (good, fail),
            1.5,
            title="It is marked.",
            why="why",
            fix="do so",
        ),
        Cell("tabs", Stage.IMAGE, Outcome.ERROR, (), reason="engine died " + NASTY, title="T"),
        Cell("tabs", Stage.LIVE, Outcome.SKIP, (), reason="no engine", title="T"),
        Cell(
            "tabs",
            Stage.SOURCE,
            Outcome.SKIP,
            (),
            reason="not asked for",
            required=False,
            title="T",
        ),
    )
    image = ImageRef("sha256:" + "a" * 64, "x:y", config_digest="sha256:" + "a" * 64, base="base:1")
    return Report(
        Subject("/p", "c" * 40, "t" * 40, dirty=True),
        ManifestRef("verify.toml", "0" * 64),
        cells,
        image=image,
        started="2026-01-02T03:04:05+00:00",
        seconds=2.5,
        notes=("a note",),
    )


@pytest.mark.parametrize("form", ["text", "json", "junit"])
def test_no_control_character_from_outside_gets_through(report, form):
    shown = render(report, form)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown)
    shown.encode("utf-8")


def test_clean_writes_control_characters_out():
    assert clean("a\x1b[0m\tb\n") == "a\\x1b[0m\tb\n"


def test_json_has_the_documented_keys(report):
    document = json.loads(render(report, "json"))
    assert list(document) == [
        "schema",
        "verdict",
        "subject",
        "manifest",
        "image",
        "cells",
        "started",
        "seconds",
        "notes",
    ]
    assert document["schema"] == "verify.report/v1"
    assert document["verdict"] == "failed"
    assert set(document["subject"]) == {"root", "commit", "tree", "dirty"}
    assert set(document["manifest"]) == {"path", "sha256"}
    assert {"id", "config_digest", "manifest_digest", "tag"} <= set(document["image"])
    cell = document["cells"][1]
    assert set(cell) == {"gate", "stage", "outcome", "observed", "seconds", "reason", "findings"}
    assert (cell["observed"], len(cell["findings"])) == (2, 1)
    finding = cell["findings"][0]
    assert set(finding) == {"subject", "path", "line", "expected", "got", "message"}
    assert (finding["expected"], finding["got"], finding["line"]) == ("at most 5 s", 6.123456, 3)


def test_junit_keeps_fail_error_and_skip_apart_and_leaves_out_what_nobody_asked_for(report):
    root = ET.fromstring(render(report, "junit"))
    suites = {suite.get("name"): suite for suite in root}
    assert {
        name: (s.get("tests"), s.get("failures"), s.get("errors"), s.get("skipped"))
        for name, s in suites.items()
    } == {
        "verify source": ("1", "0", "0", "0"),
        "verify local": ("1", "1", "0", "0"),
        "verify image": ("1", "0", "1", "0"),
        "verify live": ("1", "0", "0", "1"),
    }
    keys = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(keys)) == len(keys)
    # Jenkins' schema knows no other attribute on a case.
    assert all(set(case.attrib) == {"classname", "name", "time"} for case in root.iter("testcase"))
    failure = root.find(".//failure")
    assert "where: a.py:3" in failure.text
    assert "How to fix: do so" in failure.text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_keeps_to_the_width_and_shows_the_matrix_first(report, width):
    lines = render(report, "text", width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert "gate" in lines[1]
    shown = "\n".join(lines)
    assert shown.index("gate") < shown.index("FAIL") < shown.index("SKIP") < shown.index("failed:")
    assert "a.py:3" in shown
    assert "[bold]markup[/bold]" in shown.replace("\n", " ")


def test_text_has_colours_only_where_they_are_taken(report):
    assert "\x1b[" not in render(report, "text", colour=False)
    assert "\x1b[" in render(report, "text", colour=True)


def test_all_formats_agree(report):
    document = json.loads(render(report, "json"))
    junit = ET.fromstring(render(report, "junit"))
    text = render(report, "text")
    failed = sum(c["outcome"] == "FAIL" for c in document["cells"])
    assert failed == len(junit.findall(".//failure")) == text.count("✘ FAIL")
    assert text.splitlines()[-2].startswith(document["verdict"])


def test_a_file_is_written_whole_or_not_at_all(report, tmp_path):
    from verify.errors import UsageError
    from verify.report import write

    write(report, "json", tmp_path / "deep/r.json")
    assert json.loads(Path(tmp_path / "deep/r.json").read_text())["verdict"] == "failed"
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        write(report, "json", tmp_path / "file/r.json")
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["r.json"]
