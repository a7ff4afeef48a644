"""Times as a histogram, on terminals of several kinds."""

import pytest

from verify.report.histogram import ROWS, render

SPREAD = [0.21, 0.215, 0.22, 0.23, 0.24, 0.24, 0.25, 0.31]


def counted(text):
    return sum(int(line.split()[-1]) for line in text.splitlines() if not line.endswith("s"))


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(
    "seconds",
    [SPREAD, [0.2], [0.0], [1.0, 2.0, 300.0], [0.2] * 500, [n / 97 for n in range(500)]],
    ids=["spread", "one", "nothing", "far apart", "the same", "many"],
)
def test_every_time_is_in_it_and_no_line_is_too_long(seconds, width, encoding):
    text = render(seconds, width=width, encoding=encoding)
    text.encode(encoding)
    lines = text.splitlines()
    assert 1 <= len(lines) <= ROWS
    assert max(map(len, lines)) <= width
    assert counted(text) == len(seconds)


def test_steps_are_those_people_count_in():
    assert render(SPREAD, encoding="ascii").splitlines() == [
        "0.21 - 0.22 s  ######## 2",
        "0.22 - 0.23 s  #### 1",
        "0.23 - 0.24 s  #### 1",
        "0.24 - 0.25 s  ######## 2",
        "0.25 - 0.26 s  #### 1",
        "0.26 - 0.27 s",
        "0.27 - 0.28 s",
        "0.28 - 0.29 s",
        "0.29 - 0.30 s",
        "0.30 - 0.31 s",
        "0.31 - 0.32 s  #### 1",
    ]


def test_one_among_many_is_still_visible():
    text = render([0.1] * 499 + [9.0])
    assert text.splitlines()[-1].endswith("▏ 1")
    assert render([0.1] * 499 + [9.0], encoding="ascii").splitlines()[-1].endswith("# 1")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no such thing"])
def test_a_terminal_without_blocks_gets_other_signs(encoding):
    assert "#" in render(SPREAD, encoding=encoding)
    assert "█" in render(SPREAD, encoding="utf-8")


def test_no_times_are_no_histogram():
    assert render([]) == ""
