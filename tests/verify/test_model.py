import itertools

import pytest

from verify.model import (
    AtLeast,
    AtMost,
    Cell,
    Contains,
    ManifestRef,
    NoneOf,
    Observation,
    OneOf,
    Outcome,
    Report,
    Stage,
    StartsWith,
    Subject,
    Verdict,
)

PASS, FAIL, ERROR, SKIP = Outcome


def report(*cells: Cell) -> Report:
    return Report(Subject("/p"), ManifestRef("verify.toml", "0"), cells)


def cell(outcome: Outcome, *, required: bool = True) -> Cell:
    return Cell("marker", Stage.SOURCE, outcome, required=required)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([PASS], Verdict.VERIFIED),
        ([PASS, PASS], Verdict.VERIFIED),
        ([], Verdict.INCONCLUSIVE),
        ([FAIL], Verdict.FAILED),
        ([PASS, FAIL], Verdict.FAILED),
        ([ERROR, FAIL], Verdict.FAILED),
        ([SKIP, FAIL], Verdict.FAILED),
        ([PASS, ERROR], Verdict.INCONCLUSIVE),
        ([PASS, SKIP], Verdict.INCONCLUSIVE),
        ([SKIP], Verdict.INCONCLUSIVE),
    ],
)
def test_the_verdict_follows_from_the_outcomes_in_any_order(outcomes, verdict):
    for order in itertools.permutations(outcomes):
        assert report(*map(cell, order)).verdict is verdict


def test_a_skip_that_nobody_asked_for_does_not_spoil_the_verdict():
    assert report(cell(PASS), cell(SKIP, required=False)).verdict is Verdict.VERIFIED


def test_only_unasked_skips_are_not_a_verification():
    assert report(cell(SKIP, required=False)).verdict is Verdict.INCONCLUSIVE


def test_an_error_counts_even_where_the_cell_was_not_required():
    assert report(cell(PASS), cell(ERROR, required=False)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("expected", "got", "ok"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("1", 1, False),
        (AtMost(5, "s"), 5, True),
        (AtMost(5, "s"), 5.1, False),
        (AtMost(5, "s"), float("nan"), False),
        (AtMost(5, "s"), "4", False),
        (AtMost(5, "s"), None, False),
        (AtLeast(1), 1, True),
        (AtLeast(1), 0, False),
        (AtLeast(1), None, False),
        (Contains("x"), "axb", True),
        (Contains("x"), "ab", False),
        (Contains("x"), None, False),
        (StartsWith("/app/"), "/app/a.py", True),
        (StartsWith("/app/"), "/other/a.py", False),
        (StartsWith("/app/"), None, False),
        (OneOf(("a", "b")), "b", True),
        (OneOf(("a", "b")), "c", False),
        (NoneOf((0, None)), 1, True),
        (NoneOf((0, None)), 0, False),
        (NoneOf((0, None)), None, False),
    ],
)
def test_an_observation_is_ok_when_got_is_as_expected(expected, got, ok):
    assert Observation("thing", expected, got).ok is ok


def test_an_expectation_reads_like_words():
    assert str(AtMost(5, "s")) == "at most 5 s"
    assert str(NoneOf(("", 0))) == "anything but nothing, 0"
