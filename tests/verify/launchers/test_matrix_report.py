"""The run matrix on a terminal and as JSON, and what the command line makes of it."""

import json
import re

import pytest

from verify.matrix import NO_STREAMLIT, Disagreement, EntryPoint, Launcher, Matrix, State, Status
from verify.model import Verdict
from verify.report.matrix import as_json, as_text

NASTY = "a\x1b[31mred\x07 \x00 \u202e end"


def launcher(status: Status = Status.OK, entry: str | None = "app.py", **more: object) -> Launcher:
    values: dict[str, object] = {
        "path": "deploy/a-folder-with-a-long-name/another-one/docker-compose.production.yml",
        "line": 12,
        "kind": "github-workflow",
        "raw": "streamlit run " + "very-long-word-" * 20 + NASTY,
        "entry": entry,
        "candidates": (),
        "status": status,
        "port": 8501,
        "why": "taking the root for the build context; " * 4 + NASTY,
    }
    return Launcher(**{**values, **more})  # type: ignore[arg-type]


FULL = Matrix(
    (
        launcher(),
        launcher(Status.MISSING, None, port=None),
        launcher(Status.DYNAMIC, None, candidates=("a.py", "b.py")),
    ),
    (
        EntryPoint("app.py", State.CANONICAL, "verify.toml names it"),
        EntryPoint("old.py", State.GUARDED, "raises RuntimeError"),
        EntryPoint("b.py", State.UNGUARDED, NASTY),
    ),
    (Disagreement("README.md", 3, "streamlit run b.py", "starts b.py, all else app.py"),),
)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = as_text(FULL, width=width)
    words = [word for line in text.splitlines() for word in [line] if " " in line.strip()]
    assert max(map(len, words)) <= width, text


@pytest.mark.parametrize("colour", [False, True])
def test_text_from_the_outside_cannot_steer_the_terminal(colour: object) -> None:
    text = as_text(FULL, colour=bool(colour))
    bare = re.sub(r"\x1b\[[\d;]*m", "", text) if colour else text
    assert not set(bare) & {"\x1b", "\x07", "\x00", "\u202e"}


def test_it_says_what_each_file_is_and_counts_them() -> None:
    text = as_text(FULL, width=80)
    assert "app.py  canonical" in text
    assert "3 launchers (1 ok, 1 missing, 1 dynamic)" in " ".join(text.split())
    assert "1 disagreement" in text


def test_an_empty_repository_is_told_so() -> None:
    text = as_text(Matrix((), (), ()))
    assert text.startswith("nothing here starts Streamlit")


def test_json_has_the_documented_keys_and_no_others() -> None:
    data = json.loads(as_json(FULL))
    assert list(data) == ["launchers", "entry_points", "disagreements"]
    assert set(data["launchers"][0]) == {
        *("path", "line", "kind", "raw", "entry", "candidates", "status", "port", "why")
    }
    assert set(data["entry_points"][0]) == {"path", "state", "why"}


POINTS = FULL.entry_points[:2]
JUDGED = {
    "canonical": ((launcher(),), POINTS, Verdict.VERIFIED),
    "guarded": ((launcher(entry="old.py"),), POINTS, Verdict.VERIFIED),
    "rival started": ((launcher(entry="b.py"),), POINTS, Verdict.FAILED),
    "rival there": ((launcher(),), FULL.entry_points, Verdict.FAILED),
    "missing": ((launcher(Status.MISSING, None),), POINTS, Verdict.FAILED),
    "broken": ((launcher(Status.BROKEN),), POINTS, Verdict.FAILED),
    "not in image": ((launcher(Status.NOT_IN_IMAGE, None),), POINTS, Verdict.FAILED),
    "another program": (
        (launcher(), launcher(Status.NOT_STREAMLIT, None, why=f"{NO_STREAMLIT}: nginx")),
        POINTS,
        Verdict.VERIFIED,
    ),
    "page without Streamlit": ((launcher(Status.NOT_STREAMLIT),), POINTS, Verdict.FAILED),
    "unknown": ((launcher(), launcher(Status.UNKNOWN, None)), POINTS, Verdict.INCONCLUSIVE),
    "unknown and missing": (
        (launcher(Status.MISSING, None), launcher(Status.UNKNOWN, None)),
        POINTS,
        Verdict.FAILED,
    ),
    "chosen among fine ones": (
        (launcher(Status.DYNAMIC, None, candidates=("app.py", "old.py")),),
        POINTS,
        Verdict.VERIFIED,
    ),
    "chosen among others": (
        (launcher(Status.DYNAMIC, None, candidates=("app.py", "b.py")),),
        POINTS,
        Verdict.FAILED,
    ),
    "nothing at all": ((), (), Verdict.INCONCLUSIVE),
}


@pytest.mark.parametrize("name", JUDGED)
def test_verdict(name: str) -> None:
    launchers, points, verdict = JUDGED[name]
    assert Matrix(launchers, points, ()).verdict is verdict
