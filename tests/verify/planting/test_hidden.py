"""A tree can be dirty where git says that it is clean."""

import pytest

from verify.errors import NotDeclared
from verify.planting import copying, hidden
from verify.planting.tree import Tree
from verify.probes import git

TOML = """
[dashboard]
entry = "pages_of/page.py"
marker = "M"
tabs = ["One"]
[image]
dockerfile = "Dockerfile"
tag = "t:x"
"""


@pytest.fixture
def tree(tmp_path):
    def made(dockerfile="FROM x\nCOPY pages_of /app/pages_of\n"):
        (tmp_path / "pages_of").mkdir()
        texts = {"pages_of/page.py": "x = 1\n", "Dockerfile": dockerfile, "verify.toml": TOML}
        for name, text in texts.items():
            (tmp_path / name).write_text(text)
        return Tree(tmp_path)

    return made


@pytest.mark.parametrize("option", ["--assume-unchanged", "--skip-worktree"])
def test_a_hidden_change_is_in_no_commit_and_the_tree_counts_as_clean(tree, option):
    planted = tree()
    hidden.hidden(planted, "pages_of/page.py", option)
    planted.append("pages_of/page.py", "y = 1\n")
    copying.commit(planted.root)
    assert git.dirt(planted.root) == ()
    assert git.run(planted.root, "show", "HEAD:pages_of/page.py") == b"x = 1\n"
    assert planted.text("pages_of/page.py") == "x = 1\ny = 1\n"


def test_an_ignored_file_is_in_no_commit_and_the_build_copies_it(tree):
    planted = tree()
    assert hidden.ignored(planted, "local.py", "y = 1") == "/app/pages_of/local.py"
    copying.commit(planted.root)
    assert git.dirt(planted.root) == ()
    assert set(git.entries(planted.root, "HEAD")) == {
        *(".gitignore", "Dockerfile", "pages_of/page.py", "verify.toml")
    }


def test_where_no_folder_is_copied_whole_there_is_nothing_to_ignore(tree):
    planted = tree("FROM x\nCOPY pages_of/page.py /app/pages_of/\n")
    with pytest.raises(NotDeclared, match="no folder whole"):
        hidden.ignored(planted, "local.py", "y = 1")
    assert not planted.has("pages_of/local.py")
