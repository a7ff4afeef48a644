"""Twenty runs of a clean tree while all cores are busy: each verified, each stage timed."""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.measure import ROOT, Row

RUNS = 20

CELL = re.compile(r"^ *([\d.]+) s \[ *\d+/\d+\] \w+ +(\w+) ", re.MULTILINE)
"""A line of `verify.report.lines`: seconds since the start, outcome, stage, gate."""

# So that lines of progress come although the report is JSON.
RUN = """
import sys
from verify.cli import main, run
from verify.report.lines import LineProgress
run.listener = lambda quiet: LineProgress()
sys.argv[1:] = ["run", "--json"]
main()
"""


@contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def steady() -> list[Row]:
    """Run the whole matrix again and again beside busy cores."""
    took: dict[str, list[float]] = defaultdict(list)
    red: list[str] = []
    with busy():
        for number in range(1, RUNS + 1):
            report, lines = _run()
            took["whole"].append(report["seconds"])
            for stage, seconds in _stages(lines):
                took[stage].append(seconds)
            if report["verdict"] != "verified":
                red.append(f"run {number}: {_why(report)}")
            print(f"run {number:>2}: {report['verdict']}, {report['seconds']:.1f} s", flush=True)
    named = "; ".join(red) or f"of {RUNS} runs of a clean tree beside busy cores"
    rows = [Row("steady", len(red), 0.0, "", f"not verified: {named}")]
    for stage, times in took.items():
        how = f"s: median; {min(times):.1f} to {max(times):.1f}"
        rows.append(Row(stage, statistics.median(times), None, "s", how))
    return rows


def _run() -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        env={**os.environ, "CI": "true"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.startswith("{"):
        raise SystemExit(f"there is no report:\n{done.stderr[-2000:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report, done.stderr


def _stages(lines: str) -> Iterator[tuple[str, float]]:
    """Yield each stage with its time: from the last cell before it to its own last cell."""
    last: dict[str, float] = {}
    for seconds, stage in CELL.findall(lines):
        last[stage] = float(seconds)
    before = 0.0
    for stage, end in last.items():
        yield stage, end - before
        before = end


def _why(report: dict[str, Any]) -> str:
    cells = [cell for cell in report["cells"] if cell["outcome"] in {"FAIL", "ERROR"}]
    return ", ".join(
        f"{cell['gate']} {cell['stage']} {cell['outcome']}: "
        f"{cell['reason'] or cell['findings'][0]['got']}"
        for cell in cells
    )
