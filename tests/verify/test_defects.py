"""Each known defect, planted in a copy of this project, is killed by the gate that must see it.

Where nothing is built all of them are tried; where an image is, some of each cell, and all by
`make prove`. The clean copy is green in every cell, so what turns a cell red is the defect.
"""

import json
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from verify import catalog
from verify.planting import catalogue
from verify.proof import Fate
from verify.proving.attempt import DEPLOYED
from verify.proving.crew import work
from verify.proving.tasks import jobs_of

ROOT = Path(__file__).parents[2]
DEFECTS = catalogue.read()
OF_EACH_CELL = 2


def cell(defect):
    return defect.gate, defect.stage


def some():
    there = sorted((d for d in DEFECTS if d.stage in DEPLOYED and d.happen is None), key=cell)
    for _, defects in groupby(there, cell):
        yield from list(defects)[:OF_EACH_CELL]


def test_every_defect_of_the_source_and_of_what_is_executed_here_is_killed(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "verify.cli", "prove", "--json"),
            # One at a time: other tests run beside, and some defects are about seconds.
            *("--stage", "source", "--stage", "local", "--jobs", "1"),
        ],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    proof = json.loads(done.stdout)
    alive = [one for one in proof["attempts"] if one["fate"] != "killed"]
    assert [(one["defect"], one["fate"], one["said"]) for one in alive] == []
    assert (done.returncode, proof["verdict"]) == (0, "verified"), proof["clean"]
    assert {one["stage"] for one in proof["attempts"]} == {"source", "local"}


@pytest.mark.docker
@pytest.mark.parametrize("defect", list(some()), ids=lambda defect: defect.name)
def test_a_defect_is_killed_where_it_is_deployed(defect):
    (job,) = jobs_of(ROOT, [defect])
    ((_, (attempt,)),) = work([job.task], jobs=1)
    assert attempt.fate is Fate.KILLED, attempt


def test_every_cell_of_every_gate_is_seen_red_by_some_defect():
    seen = {cell(defect) for defect in DEFECTS if defect.happen is None}
    cells = {(gate.id, stage) for gate in catalog.read(catalog.BUILT_IN) for stage in gate.stages}
    assert cells - seen == set()
    assert seen - cells == set()


def test_there_are_as_many_defects_as_were_promised():
    assert len(DEFECTS) >= 80
