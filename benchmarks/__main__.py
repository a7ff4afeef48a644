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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from verify.probes import wire
from verify.probes.server import serve
from verify.probes.source import Source

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
SUBJECT = ROOT / ".venv/bin/python"

BARE_CLICK = "import click\n@click.group()\ndef main(): pass\nmain(['--help'])"


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
        compileall = [PYTHON, "-m", "compileall", "-q", "-f", "-i", listed]
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
        apps = ("streamlit_pages/aicmo_operator.py", "benchmarks/bare_ten_tabs.py")
        with (
            serve(str(SUBJECT), apps[0], cwd=ROOT, env=env, deadline=60) as ours,
            serve(str(SUBJECT), apps[1], cwd=ROOT, env=env, deadline=60) as bare,
        ):
            ratio, a, b = pairs(lambda: _page(ours.url), lambda: _page(bare.url), 21)
    how = f"{a * 1e3:.0f} ms, bare {b * 1e3:.0f} ms, warm server, new session"
    return Row("page", ratio, 1.5, "x", how)


def _page(url: str) -> float:
    page = wire.read(url, deadline=60)
    if not page.complete or page.exceptions:
        raise SystemExit(f"{url}: {page.how} {page.exceptions}")
    return page.complete_seconds


def cold_page() -> Row:
    """The same from the start of the process: what an operator waits for after a deployment."""
    ratio, a, b = pairs(
        lambda: _cold("streamlit_pages/aicmo_operator.py"),
        lambda: _cold("benchmarks/bare_ten_tabs.py"),
        7,
    )
    return Row("cold", ratio, None, "x", f"{a:.2f} s, bare {b:.2f} s, process start to first page")


def _cold(entry: str) -> float:
    with tempfile.TemporaryDirectory() as data:
        env = {**os.environ, "AICMO_DATA_DIR": data}
        with serve(str(SUBJECT), entry, cwd=ROOT, env=env, deadline=60) as server:
            _page(server.url)
            return time.monotonic() - server.started


def whole() -> Row:
    """A warm `make verify`: image layers cached, environments made."""
    seconds(["make", "verify"])
    took = statistics.median(seconds(["make", "verify"]) for _ in range(3))
    return Row("verify", took, 25.0, "s", "median of 3, warm")


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


MEASURES = {
    "help": help_page,
    "source": source_stage,
    "page": first_page,
    "cold": cold_page,
    "memory": memory,
    "verify": whole,
}


def main() -> int:
    """Measure what is asked for, or all; print a line each."""
    wanted = sys.argv[1:] or list(MEASURES)
    rows = []
    for name in wanted:
        row = MEASURES[name]()
        rows.append(row)
        sign = "ok  " if row.within else "OVER"
        limit = "for information" if row.limit is None else f"limit {row.limit:g}"
        print(
            f"{sign} {row.name:<7} {row.figure:7.2f} {row.unit:<2} ({limit})  {row.how}", flush=True
        )
    return 0 if all(row.within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
