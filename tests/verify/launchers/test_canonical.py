"""Which file is the entry: what the manifest says, else what most launchers start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.matrix import Declared, Launcher, Status
from verify.probes.launchers.entries.canonical import canonical
from verify.probes.launchers.world import World
from verify.probes.source import Source

if TYPE_CHECKING:
    from pathlib import Path


def rows(*starts: tuple[str, str], status: Status = Status.OK) -> list[Launcher]:
    return [
        Launcher(f"start{n}", 1, kind, "", entry, (), status, 8501, "")
        for n, (kind, entry) in enumerate(starts)
    ]


SHELL_A, SHELL_B = ("shell", "a.py"), ("shell", "b.py")
IMAGE_A, IMAGE_B = ("dockerfile", "a.py"), ("dockerfile", "b.py")


@pytest.mark.parametrize(
    ("starts", "own", "entry", "why"),
    [
        ([SHELL_A], [], "a.py", "the one launcher starts it"),
        ([SHELL_A, SHELL_A], ["b.py"], "a.py", "all 2 launchers start it"),
        ([SHELL_A, SHELL_A, SHELL_B], [], "a.py", "2 of 3 launchers start it"),
        ([SHELL_A, SHELL_B], [], "", "the launchers disagree: a.py (1), b.py (1)"),
        ([SHELL_A, SHELL_A, IMAGE_B], [], "b.py", "deployments count first"),
        ([SHELL_A, IMAGE_A, IMAGE_B], [], "a.py", "2 of 3 launchers start it"),
        ([IMAGE_A, IMAGE_B], ["a.py", "b.py"], "", "the launchers disagree"),
        ([], ["a.py"], "a.py", "the only file with a page of its own"),
        ([], ["a.py", "streamlit_app.py"], "streamlit_app.py", "Streamlit's default"),
        ([], ["a.py", "b.py"], "", "no launcher tells"),
        ([], [], "", "no launcher tells"),
        ([("shell", "guarded.py"), SHELL_A], [], "a.py", "the one launcher starts it"),
        ([("shell", "guarded.py")], ["a.py"], "a.py", "the only file with a page of its own"),
    ],
)
def test_the_entry_and_why(
    starts: list[tuple[str, str]], own: list[str], entry: str, why: str, tmp_path: Path
) -> None:
    found, reason = canonical(
        World(Source(tmp_path)), rows(*starts), own, lambda path: path != "guarded.py"
    )
    assert found == entry
    assert why in reason


def test_the_manifest_comes_before_all_launchers(tmp_path: Path) -> None:
    world = World(Source(tmp_path), Declared("c.py"))
    assert canonical(world, rows(SHELL_A, IMAGE_A), ["a.py"])[0] == "c.py"


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.OK])
def test_a_launcher_that_starts_nothing_counts_for_nothing(status: Status, tmp_path: Path) -> None:
    world = World(Source(tmp_path))
    assert canonical(world, rows(SHELL_B, status=status), ["a.py"])[0] == "a.py"


def test_two_starts_of_one_launcher_count_once(tmp_path: Path) -> None:
    twice = [Launcher("s.sh", 1, "shell", n, "a.py", (), Status.OK, 1, "") for n in ("x", "y")]
    other = rows(SHELL_B)
    assert canonical(World(Source(tmp_path)), [*twice, *other])[0] == ""
