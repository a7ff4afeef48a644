"""Measures what docs/speed.md promises: `nox -s bench`, or `python -m benchmarks [NAME ...]`.

Every figure but two is a ratio: ours and the yardstick run in turn, A B A B, and the median of the
pairs counts, so a noisy machine slows both. Exit code 1 when a limit is passed.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.accuracy import accuracy
from benchmarks.inside import look_inside
from benchmarks.matrix import matrix
from benchmarks.measure import ROOT, Row, pairs, seconds
from benchmarks.probes import probes
from benchmarks.prove import catalogue
from benchmarks.signals import signals
from benchmarks.steady import steady
from verify.probes import wire
from verify.probes.server import serve
from verify.probes.source import Source

PYTHON = sys.executable
ENTRY = "streamlit_pages/aicmo_operator.py"
SUBJECT = ROOT / ".venv/bin/python"

BARE_PAGE = """import streamlit as st

st.set_page_config(page_title="Ten tabs", layout="wide")
for number, tab in enumerate(st.tabs([f"Tab {number}" for number in range(1, 11)]), start=1):
    tab.write(f"This is tab {number}.")
"""
"""The least a ten-tab page costs. A text, because a file of the tree that draws a page is an entry
point nobody reviewed."""

BARE_CLICK = "import click\n@click.group()\ndef main(): pass\nmain(['--help'])"


def help_page() -> Row:
    """`verify --help` beside a bare click program."""
    ratio, ours, bare = pairs(
        lambda: seconds([PYTHON, "-m", "verify.cli", "--help"]),
        lambda: seconds([PYTHON, "-c", BARE_CLICK]),
        11,
    )
    return Row("help", ratio, 2.0, "x", f"{ours * 1e3:.0f} ms, bare click {bare * 1e3:.0f} ms")


def source_stage() -> Row:
    """`verify run --stage source` beside `compileall` on the same files."""
    files = [str(ROOT / path) for path in Source(ROOT).python_files]
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "files")
        listed.write_text("\n".join(files))
        compileall: list[str | Path] = [PYTHON, "-m", "compileall", "-q", "-f", "-i", listed]
        ratio, ours, bare = pairs(
            lambda: seconds([PYTHON, "-m", "verify.cli", "run", "--stage", "source"]),
            lambda: seconds(compileall, {"PYTHONPYCACHEPREFIX": folder}),
            7,
        )
    how = f"{ours:.2f} s, compileall {bare:.2f} s, {len(files)} files"
    return Row("source", ratio, 3.0, "x", how)


def first_page() -> Row:
    """The dashboard's first complete page beside a bare ten-tab page's, both on a warm server."""
    with tempfile.TemporaryDirectory() as data:
        env = {**os.environ, "AICMO_DATA_DIR": data}
        apps = (ENTRY, _bare_page(data))
        with (
            serve(str(SUBJECT), apps[0], cwd=ROOT, env=env, deadline=60) as ours,
            serve(str(SUBJECT), apps[1], cwd=ROOT, env=env, deadline=60) as bare,
        ):
            ratio, a, b = pairs(lambda: _page(ours.url), lambda: _page(bare.url), 21)
    how = f"{a * 1e3:.0f} ms, bare {b * 1e3:.0f} ms, warm server, new session"
    return Row("page", ratio, 1.5, "x", how)


def _bare_page(folder: str) -> str:
    page = Path(folder, "bare_ten_tabs.py")
    page.write_text(BARE_PAGE, "utf-8")
    return str(page)


def _page(url: str) -> float:
    page = wire.read(url, deadline=60)
    if not page.complete or page.exceptions:
        raise SystemExit(f"{url}: {page.how} {page.exceptions}")
    return page.complete_seconds


def cold_page() -> Row:
    """The same from the start of the process: what an operator waits for after a deployment."""
    ratio, a, b = pairs(
        lambda: _cold(lambda _folder: ENTRY),
        lambda: _cold(_bare_page),
        7,
    )
    return Row("cold", ratio, None, "x", f"{a:.2f} s, bare {b:.2f} s, process start to first page")


def _cold(entry: Callable[[str], str]) -> float:
    with tempfile.TemporaryDirectory() as data:
        env = {**os.environ, "AICMO_DATA_DIR": data}
        with serve(str(SUBJECT), entry(data), cwd=ROOT, env=env, deadline=60) as server:
            _page(server.url)
            return time.monotonic() - server.started


def whole() -> Row:
    """A warm `make verify`: image layers cached, environments made."""
    seconds(["make", "verify"])
    took = statistics.median(seconds(["make", "verify"]) for _ in range(3))
    return Row("verify", took, 35.0, "s", "median of 3, warm")


def memory() -> Row:
    """The largest size of the toolkit's own process during a full run."""
    script = (
        "import resource, sys\n"
        "from verify.cli import main\n"
        "try:\n main(['run', '--json'])\n"
        "finally:\n print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [PYTHON, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    kib = int(done.stderr.strip().splitlines()[-1])
    return Row("memory", kib / 1024, 200.0, "MB", "ru_maxrss of `verify run`")


MEASURES: dict[str, Callable[[], Row | list[Row]]] = {
    "help": help_page,
    "source": source_stage,
    "page": first_page,
    "cold": cold_page,
    "memory": memory,
    "verify": whole,
    "accuracy": accuracy,
    "inside": look_inside,
    "matrix": matrix,
    "probes": probes,
    "prove": catalogue,
    "signals": signals,
    "steady": steady,
}

LONG = {"steady"}
"""What takes many minutes and is measured only when it is asked for by name."""


def main() -> int:
    """Measure what is asked for, or all; print a line each."""
    wanted = sys.argv[1:] or [name for name in MEASURES if name not in LONG]
    rows = []
    for name in wanted:
        measured = MEASURES[name]()
        found = measured if isinstance(measured, list) else [measured]
        rows += found
        for row in found:
            sign = "ok  " if row.within else "OVER"
            limit = "for information" if row.limit is None else f"limit {row.limit:g}"
            figure = f"{row.figure:7.2f} {row.unit:<2}"
            print(f"{sign} {row.name:<8} {figure} ({limit})  {row.how}", flush=True)
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
