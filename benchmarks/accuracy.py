"""Counts how often the run matrix is right, over the fixture repositories of the tests."""

from __future__ import annotations

import tempfile
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row
from tests.verify.launchers.repository import Repository, Verdict, judge, repositories

WIDTH = 80
SHY = "said unknown although it can be told"


def accuracy() -> list[Row]:
    """Print the table and every wrong answer; wrong answers are held against none."""
    verdicts = list(_verdicts())
    for line in table(verdicts):
        print(line)
    wrong = [(name, verdict) for _, name, verdict in verdicts if not verdict.right]
    for name, verdict in wrong:
        print(f"\n{name}: {verdict.about}")
        for word, text in (("expected", verdict.expected), ("got", verdict.got)):
            print(
                textwrap.fill(
                    text, WIDTH, initial_indent=f"  {word:<9}", subsequent_indent=" " * 11
                )
            )
    fixtures = len({name for _, name, _ in verdicts})
    how = f"{len(verdicts) - len(wrong)} of {len(verdicts)} answers right, {fixtures} repositories"
    return [Row("accuracy", len(wrong), 0, "", how)]


def _verdicts() -> Iterator[tuple[str, str, Verdict]]:
    """Yield each answer with the row of the table it counts in and its repository."""
    for repository in repositories():
        with tempfile.TemporaryDirectory() as folder:
            found = _judged(repository, Path(folder))
        for verdict in found:
            family = repository.family if verdict.about == "launcher" else f"{verdict.about}s"
            yield family, repository.name, verdict


def _judged(repository: Repository, folder: Path) -> list[Verdict]:
    try:
        return judge(repository, repository.survey(folder))
    except Exception as error:  # noqa: BLE001 - a crash is a wrong answer, never the end of the count
        return [
            Verdict(
                "launcher",
                right=False,
                expected="a matrix",
                got=f"{type(error).__name__}: {error}",
            )
        ]


def table(verdicts: list[tuple[str, str, Verdict]]) -> Iterator[str]:
    """Yield the table's lines: families of launchers, their total, and what else is told."""
    counts: dict[str, Counter[str]] = {}
    for family, _, verdict in verdicts:
        keys = [family, *(["all launchers"] if verdict.about == "launcher" else [])]
        for key in keys:
            counts.setdefault(key, Counter()).update(["rows", _outcome(verdict)])
    yield f"{'family':<16}{'launchers':>10}{'right':>7}{'wrong':>7}  {SHY}"
    families = sorted({family for family, _, v in verdicts if v.about == "launcher"})
    others = ["entry points", "disagreements"]
    for key in [*families, "all launchers", *others]:
        row = counts.get(key, Counter())
        numbers = (
            f"{row['rows']:>10}{row['right']:>7}{row['wrong']:>7}{row['unknown']:>{len(SHY) + 2}}"
        )
        yield f"{key:<16}{numbers}"


def _outcome(verdict: Verdict) -> str:
    if verdict.right:
        return "right"
    return "unknown" if verdict.shy else "wrong"
