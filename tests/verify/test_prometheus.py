"""The metrics of a look, read back by a strict reader of Prometheus' text format."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from verify.deployment import Facts, Look, SeenException, SeenTab, Sessions
from verify.errors import UsageError
from verify.model import Cell, Observation, Outcome, Stage
from verify.report import prometheus

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def parsed(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Read metrics; fail on whatever a collector would refuse."""
    assert text.endswith("\n")
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    helped, typed, current = set(), set(), ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            current = line.split(" ")[2]
            assert current not in helped, "a second HELP"
            helped.add(current)
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert (name, kind) == (current, "gauge")
            typed.add(name)
        else:
            row = re.fullmatch(r"([a-z_:][a-z0-9_:]*)\{(.*)\} (-?[0-9.]+)", line)
            assert row, line
            name, inner, value = row.groups()
            assert name == current, "samples of one metric stand together"
            assert name in typed
            pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)', inner)
            assert ",".join(f'{key}="{raw}"' for key, raw in pairs) == inner
            labels = frozenset(
                (key, re.sub(r'\\[\\"n]', lambda m: ESCAPES[m[0]], raw)) for key, raw in pairs
            )
            assert (name, labels) not in samples, "a sample that stands twice"
            samples[name, labels] = float(value)
    return samples


def values(text: str, name: str) -> dict[tuple[str, ...], float]:
    """Return a metric's values by its labels, the URL left out."""
    return {
        tuple(text for key, text in sorted(labels) if key != "url"): value
        for (full, labels), value in parsed(text).items()
        if full == f"verify_live_{name}"
    }


def look(**changes) -> Look:
    facts = Facts(
        main_script="/app/page.py",
        streamlit="1.67.0",
        python="3.11.2",
        marker="M1",
        state="success",
        complete=True,
        runs=2,
        bytes=1000,
        connect_seconds=0.001,
        first_message_seconds=0.002,
        complete_seconds=0.0125,
        main=1,
        sidebar=1,
        tabs=(
            SeenTab("One", "success", 3, 0, 0.0125),
            SeenTab('T"w\\o\n', "still running after 5 s", 0, 0, 5.0),
            SeenTab("Three", "not opened", 0, 0, 0.0),
        ),
        pages=(),
        exceptions=(SeenException("main > One", "kaputt"),),
    )
    wrong = Observation("tab Two: its run", "success", "still running after 5 s")
    cell = Cell("sound", Stage.LIVE, Outcome.FAIL, (wrong,))
    plain = Look("http://h/x", "2026-01-02T03:04:04+00:00", 0.5, (cell,), facts, marker_ok=True)
    return replace(plain, **changes)


def test_each_promised_metric_is_there():
    text = prometheus.render(look(), NOW)
    assert values(text, "verdict") == {("verified",): 0, ("failed",): 1, ("inconclusive",): 0}
    assert values(text, "up") == {(): 1}
    assert values(text, "complete_seconds") == {(): 0.0125}
    assert values(text, "exceptions") == {(): 1}
    assert values(text, "findings") == {(): 1}
    assert values(text, "marker_ok") == {(): 1}
    assert values(text, "seconds") == {(): 0.5}
    assert values(text, "last_check_timestamp_seconds") == {(): NOW.timestamp()}
    assert values(text, "info") == {("/app/page.py", "M1", "3.11.2", "1.67.0"): 1}


def test_each_tab_has_its_own_sample():
    text = prometheus.render(look(), NOW)
    assert values(text, "tab_ok") == {("One",): 1, ('T"w\\o\n',): 0, ("Three",): 0}
    assert values(text, "tab_seconds") == {("One",): 0.0125, ('T"w\\o\n',): 5}


def test_a_label_that_stands_twice_is_one_sample():
    seen = look()
    twice = replace(seen.facts, tabs=(seen.facts.tabs[0], seen.facts.tabs[0]))
    assert values(prometheus.render(replace(seen, facts=twice), NOW), "tab_ok") == {("One",): 1}


def test_a_look_without_a_page_says_only_what_it_knows():
    refused = Cell("answers", Stage.LIVE, Outcome.ERROR, reason="nothing listens")
    text = prometheus.render(look(facts=None, cells=(refused,), marker_ok=None), NOW)
    assert values(text, "up") == {(): 0}
    assert values(text, "verdict") == {("verified",): 0, ("failed",): 0, ("inconclusive",): 1}
    assert {name for name, _ in parsed(text)} == {
        f"verify_live_{name}"
        for name in ("verdict", "up", "findings", "seconds", "last_check_timestamp_seconds")
    }


def test_a_burst_shows_its_time():
    sessions = Sessions(3, (0.1, 0.2, 0.3), (), 0.4, 0.2, 0.3, 0.3)
    text = prometheus.render(look(sessions=sessions), NOW)
    assert values(text, "sessions_p95_seconds") == {(): 0.3}


def test_the_file_is_replaced_whole_and_all_may_read_it(tmp_path):
    path = tmp_path / "collector" / "verify.prom"
    prometheus.write(look(), path)
    first = path.stat().st_ino
    prometheus.write(look(), path)
    assert path.stat().st_ino != first
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in path.parent.iterdir()] == ["verify.prom"]
    assert parsed(path.read_text("utf-8"))


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="the metrics cannot be written"):
        prometheus.write(look(), tmp_path / "file" / "verify.prom")
