"""Decoys hold the right words, and mean nothing."""

import pytest

from verify.planting import decoys
from verify.planting.defect import CannotPlant
from verify.planting.tree import Tree
from verify.probes.dockerfile.parse import stages

TOML = """
[dashboard]
entry = "page.py"
marker = "M"
tabs = ["One"]
[image]
dockerfile = "Dockerfile"
tag = "t:x"
"""


@pytest.fixture
def tree(tmp_path):
    def made(dockerfile):
        texts = {"page.py": "", "verify.toml": TOML, "Dockerfile": dockerfile}
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
        return Tree(tmp_path)

    return made


def test_an_instruction_over_several_lines_becomes_a_comment_with_all_of_them(tree):
    planted = tree("FROM x\nUSER 1\nLABEL a=1 \\\n    b=2\nLABEL c=3\nCMD x\n")
    assert decoys.commented(planted, "LABEL") == "LABEL c=3"
    text = planted.text("Dockerfile")
    assert text == "FROM x\nUSER 1\n# LABEL a=1 \\\n#     b=2\n# LABEL c=3\nCMD x\n"
    assert [one.name for one in stages(text)[-1].instructions] == ["USER", "CMD"]
    with pytest.raises(CannotPlant, match="has no LABEL"):
        decoys.commented(planted, "LABEL")


def test_an_unused_stage_changes_the_number_of_no_other_that_can_be_named(tree):
    planted = tree("FROM x AS one\nFROM y\nCOPY --from=0 /a /a\nCMD x\n")
    before = stages(planted.text("Dockerfile"))
    decoys.unused_stage(planted, "USER 7:7")
    after = stages(planted.text("Dockerfile"))
    assert after[0] == before[0]
    assert [one.name for one in after] == ["one", "unused", ""]
    assert [one.value for one in after[-1].instructions] == ["/a /a", "x"]


def test_the_last_stage_is_given_a_name_where_it_has_none(tree):
    planted = tree("FROM x\nCMD x\n")
    assert decoys.name_of_last_stage(planted) == "whole"
    assert stages(planted.text("Dockerfile"))[-1].name == "whole"
    assert decoys.name_of_last_stage(tree("FROM x AS own\n")) == "own"
    with pytest.raises(CannotPlant, match="no FROM"):
        decoys.name_of_last_stage(tree("# nothing\n"))
