"""A clean copy of this project: verified, whatever optional module is missing.

What is planted in it, and must be seen, is in test_defects.py.
"""

import shutil
import subprocess

import pytest


@pytest.mark.docker
def test_a_clean_copy_is_verified(copy):
    commit = copy.commit()
    ran = copy.verify("run", "--json", "--report", "junit:build/j.xml")
    assert ran.exit == 0, [cell for cell in ran.report["cells"] if cell["outcome"] != "PASS"]
    assert ran.report["verdict"] == "verified"
    assert ran.report["subject"]["commit"] == commit
    assert ran.report["subject"]["dirty"] is False
    skipped = {cell["gate"] for cell in ran.report["cells"] if cell["outcome"] == "SKIP"}
    assert skipped == {"rollback"}  # no image was verified before this one
    assert {cell["outcome"] for cell in ran.report["cells"]} == {"PASS", "SKIP"}
    assert all(cell["observed"] for cell in ran.report["cells"] if cell["gate"] not in skipped)
    assert left_over(ran.report["image"]["id"]) == []


def left_over(image: str) -> list[str]:
    """Return the containers of an image that only one test has built."""
    done = subprocess.run(
        ["docker", "ps", "-aq", "--filter", f"ancestor={image}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_missing_optional_module_is_no_defect(copy):
    shutil.rmtree(copy.root / "aicmo/campaign_ops")
    ran = copy.verify("run", "--stage", "local", "--gate", "imports", "--gate", "tabs", "--json")
    asked = {c["gate"]: c for c in ran.report["cells"] if c["reason"] != "not asked for"}
    assert {gate: cell["outcome"] for gate, cell in asked.items()} == {
        "imports": "PASS",
        "tabs": "PASS",
    }, asked
