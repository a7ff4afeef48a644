"""How long the catalogue takes where nothing is built: `verify prove`, stages source and local."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.measure import ROOT, Row


def catalogue() -> list[Row]:
    """Plant every defect that must be seen at the source or locally."""
    command = [sys.executable, "-m", "verify.cli", "prove", "--json"]
    done = subprocess.run(
        [*command, "--stage", "source", "--stage", "local"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.startswith("{"):
        raise SystemExit(f"there is no proof:\n{done.stderr[-2000:]}")
    proof = json.loads(done.stdout)
    lost = [one["defect"] for one in proof["attempts"] if one["fate"] != "killed"]
    count = len(proof["attempts"])
    return [
        Row("prove", proof["seconds"], 60.0, "s", f"{count} defects, {proof['jobs']} at once"),
        Row("alive", len(lost), 0.0, "", ", ".join(lost) or "of them not killed"),
    ]
