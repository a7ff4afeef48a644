"""A figure and its limit, and two things timed in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Row:
    """One figure and the limit it is held against."""

    name: str
    figure: float
    limit: float | None
    unit: str
    how: str

    @property
    def within(self) -> bool:
        """Whether the limit is kept."""
        return self.limit is None or self.figure <= self.limit


def seconds(command: Sequence[str | Path], env: dict[str, str] | None = None) -> float:
    """Return the wall-clock time of a command that must succeed."""
    began = time.perf_counter()
    done = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, "CI": "true", **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return took


def pairs(
    ours: Callable[[], float], other: Callable[[], float], times: int
) -> tuple[float, float, float]:
    """Run both in turn; return the median ratio and both medians. The first pair warms up."""
    ours(), other()
    rows = [(ours(), other()) for _ in range(times)]
    return (
        statistics.median(a / b for a, b in rows),
        statistics.median(a for a, _ in rows),
        statistics.median(b for _, b in rows),
    )
