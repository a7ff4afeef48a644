"""The table of a proof, its JSON, and what is shown while it runs."""

import json
import re

import pytest
from rich.cells import cell_len

from verify.model import ManifestRef, Outcome, Stage, Subject
from verify.progress import Planned
from verify.proof import Attempt, Clean, End, Fate, Known, Proof, Standing
from verify.report import listing, proof_json
from verify.report.proof import as_text
from verify.report.proving import Forecast, Tally, about
from verify.report.proving_lines import LineProving
from verify.report.proving_live import LiveProving
from verify.report.screen import Screen


def attempt(defect, gate="tabs", stage=Stage.SOURCE, fate=Fate.KILLED, **more):
    return Attempt(defect, f"What {defect} does.", gate, stage, fate, **more)


GREEN = Clean("tabs", Stage.SOURCE, Outcome.PASS)


def proof(*attempts, clean=(GREEN,), **more):
    return Proof(
        Subject("/project", "cc49eb15363f" + "0" * 28, "t" * 40, dirty=True),
        ManifestRef("verify.toml", "a" * 64),
        attempts,
        clean,
        jobs=2,
        started="2026-11-23T09:44:21+00:00",
        seconds=58.34,
        **more,
    )


NASTY = "⚠️ MOCK \x1b[2J\u202e DATA \n\n  MODE " + "and so on " * 20

ALL = proof(
    attempt("first", seconds=0.52),
    attempt("first-in-the-page", stage=Stage.LIVE, seconds=15.2),
    attempt("second", stage=Stage.LOCAL, seconds=4.04),
    attempt(
        "a-name-that-is-longer-than-any-that-a-person-would-want-to-type-on-a-command-line",
        "accessibility",
        Stage.CONTAINER,
        seconds=123.4,
    ),
    attempt(
        "seen-by-no-one",
        fate=Fate.SURVIVED,
        outcome=Outcome.PASS,
        said="seen by no one",
        sign="'Two', in page.py",
        changed=("page.py", "more.py"),
    ),
    attempt(
        "for-another-reason", fate=Fate.SURVIVED, outcome=Outcome.FAIL, said=f"for another: {NASTY}"
    ),
    attempt("does-not-fit", fate=Fate.UNPLANTED, said=NASTY),
    attempt("engine-died", stage=Stage.IMAGE, fate=Fate.UNDECIDED, said="the engine died"),
    attempt("no-banner", "mock", fate=Fate.NOT_HERE, said="verify.toml declares no [mock]"),
    attempt("no-badge", "mock", fate=Fate.NOT_HERE, said="verify.toml declares no [mock]"),
    clean=(
        Clean("tabs", Stage.SOURCE, Outcome.PASS),
        Clean("tabs", Stage.LOCAL, Outcome.FAIL, NASTY),
        Clean("", Stage.IMAGE, Outcome.ERROR, "the clean copy did not end within 900 s"),
    ),
    notes=("something that a reader needs besides",),
)


def test_the_table_at_eighty_columns():
    assert as_text(ALL, width=80) == (
        """\
✘ survived seen-by-no-one  tabs, source, 0.0 s
  planted    What seen-by-no-one does.
  expected   FAIL of tabs, source, telling 'Two', in page.py
  the cell   PASS: seen by no one
  changed    page.py, more.py
  again      verify prove --defect seen-by-no-one

✘ survived for-another-reason  tabs, source, 0.0 s
  planted    What for-another-reason does.
  expected   FAIL of tabs, source
  the cell   FAIL: for another: ⚠️ MOCK \\x1b[2J\\x202e DATA MODE and so on and so
             on and so on and so on and so on and so on and so on and so on and
             so on and so on and so on and so on and so on and so on and so on
             and so on and so on and so on and so on and so on
  again      verify prove --defect for-another-reason

✘ not planted does-not-fit  tabs, source, 0.0 s
  planted    What does-not-fit does.
  why        ⚠️ MOCK \\x1b[2J\\x202e DATA MODE and so on and so on and so on and
             so on and so on and so on and so on and so on and so on and so on
             and so on and so on and so on and so on and so on and so on and so
             on and so on and so on and so on
  again      verify prove --defect does-not-fit

! undecided engine-died  tabs, image, 0.0 s
  planted    What engine-died does.
  expected   FAIL of tabs, image
  why        the engine died
  again      verify prove --defect engine-died

   defect, time in s                       source  local  image  container  live
 accessibility
   a-name-that-is-longer-than-any-that-a…                        ✔ 123
 tabs
   first                                   ✔ 0.5                            ✔ 15
   second                                          ✔ 4.0
   seen-by-no-one                          ✘ 0.0
   for-another-reason                      ✘ 0.0
   does-not-fit                            ✘ 0.0
   engine-died                                            ! 0.0

- 2 not here: verify.toml declares no [mock]
    no-banner, no-badge

✘ clean copy: 2 of 3 cells not green, at cc49eb15363f with uncommitted changes
    FAIL tabs, local: ⚠️ MOCK \\x1b[2J\\x202e DATA MODE and so on and so on and s…
    ERROR image: did not end within 900 s
note: something that a reader needs besides
failed: 4 of 8 defects killed, 2 survived, 1 not planted, 1 undecided, 2 not
    here, 58.3 s, 2 jobs
"""
    )


def test_where_there_is_room_gate_and_defect_stand_in_one_line():
    shown = as_text(
        proof(attempt("one", seconds=1.0), attempt("two", "entry", Stage.LIVE, seconds=9.97))
    )
    assert shown == (
        """\
 gate   defect, time in s  source  live
 entry  two                        ✔ 10
 tabs   one                ✔ 1.0

✔ clean copy: its one cell is green, at cc49eb15363f with uncommitted changes
proved: 2 of 2 defects killed, 58.3 s, 2 jobs
"""
    )


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_colours_change_no_letter(width):
    plain, coloured = as_text(ALL, width=width), as_text(ALL, width=width, colour=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    assert max(map(cell_len, plain.splitlines())) <= width
    assert "\x1b" not in plain
    assert "\u202e" not in coloured


def test_one_in_the_tree_and_one_in_the_image_alone_are_two_rows_where_they_must_be():
    rows = as_text(
        proof(
            attempt("lost-in-the-image", stage=Stage.IMAGE),
            attempt("twice", stage=Stage.IMAGE),
            attempt("twice-in-the-image", stage=Stage.IMAGE),
            attempt("shared"),
            attempt("shared-in-the-page", "entry", stage=Stage.LIVE),
        )
    )
    for name in ("lost-in-the-image", "twice", "twice-in-the-image", "shared-in-the-page"):
        assert f" {name} " in rows


def test_a_skip_on_the_clean_copy_is_counted_and_is_not_green():
    cells = (
        Clean("tabs", Stage.SOURCE, Outcome.PASS),
        Clean("tabs", Stage.LOCAL, Outcome.PASS),
        Clean("mock", Stage.LOCAL, Outcome.SKIP, "declares no [mock]"),
    )
    shown = as_text(proof(attempt("one"), clean=cells))
    assert "clean copy: all 2 cells are green, 1 not here, at cc49" in shown


def test_json_says_all_of_it_in_plain_values():
    row = attempt("gone", fate=Fate.KILLED, wanted=End.INTERRUPTED, outcome=End.INTERRUPTED)
    said = json.loads(proof_json.render(proof(row, notes=("so",))))
    assert list(said) == [
        *("schema", "verdict", "subject", "manifest", "attempts", "clean"),
        *("counts", "jobs", "started", "seconds", "notes"),
    ]
    assert said["verdict"] == "verified"
    assert said["attempts"] == [
        {
            "defect": "gone",
            "sentence": "What gone does.",
            "gate": "tabs",
            "stage": "source",
            "fate": "killed",
            "wanted": "INTERRUPTED",
            "sign": "",
            "outcome": "INTERRUPTED",
            "said": "",
            "changed": [],
            "seconds": 0.0,
        }
    ]
    assert said["clean"][0]["outcome"] == "PASS"
    assert said["counts"]["killed"] == 1
    assert json.loads(proof_json.render(ALL))["attempts"][5]["said"] == f"for another: {NASTY}"


# What is shown while it runs


def tasks(*kinds):
    return [Planned(f"{kind}{n}", kind, {"quick": 1.0, "slow": 4.0}[kind]) for n, kind in kinds]


def test_the_time_left_follows_what_tasks_of_each_kind_took():
    planned = tasks((1, "slow"), (2, "slow"), (1, "quick"), (2, "quick"))
    forecast = Forecast(planned, jobs=1)
    assert forecast.left(0.0) is None
    forecast.start("slow1", 0.0)
    assert forecast.left(1.0) is None
    forecast.done("slow1", 8.0)
    # A slow one took 8 s: so will the next; this machine is half as fast, so a quick one takes 2.
    forecast.start("slow2", 8.0)
    assert forecast.left(8.0) == pytest.approx(12.0)
    assert forecast.left(13.0) == pytest.approx(7.0)
    # It is overdue: nobody knows for how long.
    assert forecast.left(28.0) == pytest.approx(2.0 + 4.0)
    forecast.done("slow2", 28.0)
    forecast.start("quick1", 28.0)
    forecast.done("quick1", 31.0)
    assert forecast.left(31.0) == pytest.approx(3.0)
    forecast.start("quick2", 31.0)
    forecast.done("quick2", 32.0)
    assert forecast.left(32.0) == 0.0


def test_the_time_left_is_shared_by_those_who_work_and_the_longest_counts():
    planned = tasks((1, "quick"), (1, "slow"), *((n, "quick") for n in range(2, 8)))
    forecast = Forecast(planned, jobs=2)
    forecast.start("quick1", 0.0)
    forecast.start("slow1", 0.0)
    forecast.done("quick1", 1.0)
    # One has 3 s left of the slow one, the other 6 quick ones of 1 s each: together 9, in 2 lanes.
    assert forecast.left(1.0) == pytest.approx(5.0)
    assert forecast.running == ("slow1",)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "about 1 s left"),
        (7.4, "about 7 s left"),
        (12.0, "about 10 s left"),
        (43.0, "about 45 s left"),
        (89.0, "about 90 s left"),
        (100.0, "about 2 min left"),
        (600.0, "about 10 min left"),
    ],
)
def test_the_time_left_is_told_no_more_exactly_than_it_can_be_known(seconds, said):
    assert about(seconds) == said


def watched(watcher, *results, rest=1):
    names = [one.defect for one in results] + [f"later-{n}" for n in range(rest)]
    clean = Planned("the clean copy, source", "clean", 1.0, counts=False)
    watcher.begin([clean, *(Planned(name, "source", 1.0) for name in names)], 2)
    watcher.start(clean.name)
    for one in results:
        watcher.start(one.defect)
        watcher.done(one.defect, one)
    return watcher


@pytest.mark.parametrize("width", [20, 40, 60, 79])
def test_the_line_on_a_terminal_is_never_wider_than_it(width):
    class Quiet(LiveProving):
        def _write(self, text):
            pass

    fates = [Fate.KILLED] * 35 + [Fate.SURVIVED] * 2 + [Fate.UNDECIDED]
    watcher = watched(
        Quiet(), *(attempt(f"n{n}", fate=fate) for n, fate in enumerate(fates)), rest=104
    )
    watcher.start("later-0")
    whole = watcher.line(Screen(200, colour=False))
    assert whole == (
        "prove  38/142 · 35 killed · 2 survived · 1 undecided · about 1 s left · later-0"
    )
    line = watcher.line(Screen(width, colour=False))
    assert line == (whole if width >= len(whole) else f"{whole[: width - 1].rstrip()}…")
    coloured = watcher.line(Screen(width, colour=True))
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == line
    watcher.end()


def test_a_log_has_a_line_for_every_ten_and_one_for_each_that_went_wrong(capsys):
    results = [attempt(f"n{n}") for n in range(21)]
    results[3] = attempt("three", fate=Fate.SURVIVED, said=NASTY)
    results[4] = attempt("four", fate=Fate.NOT_HERE, said="no [mock]")
    watcher = watched(LineProving(), *results, rest=0)
    watcher.done("the clean copy, source", (Clean("tabs", Stage.SOURCE, Outcome.FAIL, "red"),))
    said = [re.sub(r"^ *[\d.]+ s  ", "", line) for line in capsys.readouterr().err.splitlines()]
    assert said[0] == "21 defects, 2 at once"
    assert said[1].startswith("✘ survived: three (tabs, source): ⚠️ MOCK \\x1b[2J\\x202e DATA MODE")
    assert len(said[1]) == 200
    assert said[2] == "[10/21] 8 killed, 1 survived, 1 not here, about 1 s left"
    assert said[3].startswith("[20/21] 18 killed")
    assert said[4] == "[21/21] 19 killed, 1 survived, 1 not here"
    assert said[5:] == ["✘ clean copy: FAIL tabs, source: red"]


def test_a_silent_tally_counts_what_it_heard():
    watcher = watched(Tally(), attempt("one"), attempt("two", fate=Fate.UNPLANTED))
    assert (watcher.tried, watcher.total) == (2, 3)
    assert [text for _, text in watcher.counts()] == ["1 killed", "1 not planted"]
    assert watcher.newest == "the clean copy, source"


# What is remembered


def test_a_gate_s_defects_are_listed_by_stage_and_standing():
    from verify import catalog

    (gate,) = [one for one in catalog.read(catalog.BUILT_IN) if one.id == "marker"]
    day, before = "2026-11-23T09:00:00+00:00", "2026-11-20T09:00:00+00:00"

    def known(name, standing=Standing.UNTRIED, when="", stage=Stage.SOURCE, **more):
        return Known(name, "So.", more.pop("gate", "marker"), stage, standing, when, **more)

    shown = listing.as_text(
        [gate],
        [
            known("one", Standing.SEEN, day),
            known("new"),
            known("two", Standing.SEEN, day),
            known("older", Standing.CHANGED, before),
            known("red", Standing.SURVIVED, day, Stage.LIVE),
            known("absent", Standing.NOT_HERE, day, Stage.LIVE),
            known("elsewhere", gate="tabs"),
            known("engine-gone", Standing.SEEN, day, gate="tabs", accident=True),
        ],
        width=80,
    )
    assert shown.partition("  seen red by:\n")[2] == (
        """\
    source     ✔ 2026-11-23: one, two
               ~ seen 2026-11-20, changed since: older
               - not tried: new
    live       ✘ survived 2026-11-23: red
               - not here 2026-11-23: absent

verify  (its own world)
  Whatever goes wrong around a run, it ends as it must, and leaves nothing behind.
  seen to cope with:
    source     ✔ 2026-11-23: engine-gone
"""
    )


def test_a_list_without_any_record_has_the_names_alone():
    from verify import catalog

    gates = catalog.read(catalog.BUILT_IN)
    known = [Known(f"a-defect-{n}", "So.", "marker", Stage.SOURCE) for n in range(9)]
    shown = listing.as_text(gates, known, width=60)
    assert (
        "  seen red by:\n"
        "    source     a-defect-0, a-defect-1, a-defect-2,\n"
        "               a-defect-3, a-defect-4, a-defect-5,\n"
    ) in shown
    assert "not tried" not in shown


@pytest.mark.parametrize(
    ("cell", "remembered"),
    [
        (Clean("tabs", Stage.SOURCE, Outcome.PASS), True),
        (Clean("tabs", Stage.LOCAL, Outcome.FAIL), True),
        (Clean("tabs", Stage.SOURCE, Outcome.FAIL), False),
        (Clean("tabs", Stage.SOURCE, Outcome.ERROR), False),
        (Clean("", Stage.SOURCE, Outcome.ERROR), False),
    ],
)
def test_only_what_a_green_gate_has_killed_is_remembered(tmp_path, monkeypatch, cell, remembered):
    from pathlib import Path

    from verify.proving import record

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    written = record.Files({"tabs": "1"}, {"one": "2"})
    record.keep(proof(attempt("one"), clean=(cell,)), written, written)
    assert [row.defect for row in record.load(Path("/project"))] == ["one"] * remembered
    assert (record.sha256(Path("/project")) is not None) == remembered


def test_what_changed_while_it_was_proven_is_not_remembered(tmp_path, monkeypatch):
    from pathlib import Path

    from verify.proving import record

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = record.Files({"tabs": "1"}, {"one": "2"})
    record.keep(proof(attempt("one")), before, record.Files({"tabs": "other"}, {"one": "2"}))
    assert record.load(Path("/project")) == ()
