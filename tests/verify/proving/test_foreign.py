"""The catalogue works on any project that has a verify.toml."""

from verify.model import Stage
from verify.proof import Fate
from verify.proving.prove import Options, prove


def test_nothing_survives_in_a_project_of_other_people(foreign):
    proof = prove(Options(foreign, stages=(Stage.SOURCE, Stage.LOCAL)))
    red = [cell for cell in proof.clean if cell.outcome not in {"PASS", "SKIP"}]
    assert red == []
    alive = [one for one in proof.attempts if one.fate not in {Fate.KILLED, Fate.NOT_HERE}]
    assert [(one.defect, one.fate, one.said) for one in alive] == []
    assert proof.count(Fate.KILLED) > len(proof.attempts) // 4
