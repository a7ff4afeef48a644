"""The guard of a retired file is found however the file is written, and can be broken."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from verify.errors import NotDeclared
from verify.planting import refusing, retired
from verify.planting.defect import CannotPlant
from verify.planting.tree import Tree

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Retired. Run page.py"
HELPER = '''
"""Refuses."""

def refuse(text):
    """Refuse, always."""
    if text:
        raise RuntimeError(text)
'''
CALL = f'from refusing import refuse\n\nrefuse("{TEXT}")\n'


@pytest.fixture
def plant(tmp_path: Path):
    def made(files: dict[str, str], **ways: str) -> Tree:
        (tmp_path / "page.py").write_text("import streamlit as st\nst.title('x')\n")
        table = '[dashboard]\nentry = "page.py"\nmarker = "M"\ntabs = ["One"]\n'
        for name, text in ({"refusing.py": HELPER} | files).items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
            if name != "refusing.py":
                way = ways.get(name.removesuffix(".py"), "raise")
                table += f'[[retired]]\npath = "{name}"\nway = "{way}"\ntext = "{TEXT}"\n'
        (tmp_path / "verify.toml").write_text(table)
        return Tree(tmp_path)

    return made


HEADS = {
    "nothing": "",
    "a docstring": '"""Retired."""\n\n',
    "imports": "from __future__ import annotations\nimport sys\n",
    "a constant": f'TEXT = "{TEXT}"\n',
    "an import that may fail": "try:\n    import refusing\nexcept ImportError:\n    raise\n",
    "a function": "def old():\n    print(1)\n\n",
    "an annotated constant": "N: int = 3\n",
}


@pytest.mark.parametrize("head", HEADS)
def test_the_guard_begins_at_the_first_statement_that_does_something(head, plant):
    (file,) = retired.files(
        plant({"old.py": f'{HEADS[head]}raise RuntimeError("{TEXT}")\nx = 1\n'})
    )
    assert file.head == HEADS[head]
    assert isinstance(file.statement, ast.Raise)
    assert file.guard.endswith("x = 1\n")


def test_an_assignment_that_calls_something_is_no_constant(plant):
    (file,) = retired.files(plant({"old.py": "x = open('x')\nraise RuntimeError\n"}))
    assert isinstance(file.statement, ast.Assign)


def test_a_file_without_a_guard_cannot_be_broken(plant):
    with pytest.raises(CannotPlant, match=r"old\.py"):
        retired.files(plant({"old.py": '"""Retired."""\n'}))


def test_where_nothing_is_retired_there_is_nothing_to_break(plant):
    with pytest.raises(NotDeclared):
        retired.files(plant({}))


def test_files_are_found_by_their_way(plant):
    tree = plant({"a.py": CALL, "b.py": CALL}, b="exit")
    assert retired.of_way(tree, "exit").path == "b.py"
    assert retired.near(tree, "stop", "exit").path == "b.py"
    assert retired.near(tree, "stop").path == "a.py"
    with pytest.raises(NotDeclared):
        retired.of_way(tree, "stop")


def test_a_file_in_a_folder_is_found(plant):
    tree = plant({"a.py": CALL, "sub/b.py": CALL})
    assert retired.nested(tree).folder == "sub/"


def test_a_guard_can_be_replaced_preceded_and_wrapped(plant):
    tree = plant({"a.py": f'"""Old."""\n{CALL}'})
    (file,) = retired.files(tree)
    retired.instead(tree, file, "    print(1)\n    print(2)\n")
    assert tree.text("a.py") == '"""Old."""\nfrom refusing import refuse\n\nprint(1)\nprint(2)\n'
    retired.first(tree, file, "print(1)")
    assert tree.text("a.py").endswith(f'\n\nprint(1)\nrefuse("{TEXT}")\n')
    retired.within(tree, file, "try:", "finally:\n    pass")
    assert tree.text("a.py").endswith(f'try:\n    refuse("{TEXT}")\nfinally:\n    pass\n')


@pytest.mark.parametrize("docstring", ["", '"""Old."""\n\n', "# first\n'Old.'\n"])
def test_a_head_is_told_without_its_docstring(docstring, plant):
    (file,) = retired.files(plant({"a.py": f"{docstring}{CALL}"}))
    kept = "# first\n" if "#" in docstring else ""
    assert retired.without_docstring(file) == f"{kept}from refusing import refuse\n\n"


def test_a_text_is_replaced_wherever_it_is_written(plant):
    tree = plant({"a.py": f"import sys\nif sys:\n    raise RuntimeError('{TEXT}')\n{CALL}"})
    (file,) = retired.files(tree)
    retired.say(tree, file, "'no' + 'ne'")
    assert TEXT not in tree.text("a.py")
    assert tree.text("a.py").count("'no' + 'ne'") == 2


def test_a_text_in_pieces_cannot_be_replaced(plant):
    tree = plant({"a.py": "raise RuntimeError('Retired. ' + 'Run page.py')\n"})
    with pytest.raises(CannotPlant, match="one piece"):
        retired.say(tree, retired.files(tree)[0], "''")


def test_what_is_planted_is_python(plant):
    tree = plant({"a.py": CALL})
    with pytest.raises(CannotPlant, match=r"a\.py:\d+: is no Python"):
        retired.first(tree, retired.files(tree)[0], "if:")


def test_the_function_that_refuses_is_followed_and_changed(plant):
    tree = plant(
        {"a.py": CALL, "b.py": "import refusing as r\nr.refuse('x')\n", "c.py": "raise X\n"}
    )
    helper = refusing.helper(tree, retired.files(tree)[0])
    assert (helper.path, helper.node.name, helper.text) == ("refusing.py", "refuse", "text")
    assert [file.path for file in refusing.sharing(tree, helper)] == ["a.py", "b.py"]
    refusing.first(tree, helper, "print(1)\nprint(2)")
    assert '"""\n    print(1)\n    print(2)\n    if text:\n' in tree.text("refusing.py")
    tree.write("refusing.py", HELPER)
    refusing.instead(tree, helper, "pass")
    assert tree.text("refusing.py").endswith('always."""\n    pass\n')
    tree.write("refusing.py", HELPER)
    refusing.within(tree, helper, "try:", "except BaseException:\n    return")
    assert "    try:\n        if text:\n            raise" in tree.text("refusing.py")
    assert tree.text("refusing.py").endswith("    except BaseException:\n        return\n")


@pytest.mark.parametrize("guard", ["raise RuntimeError(1)\n", "print(1)\n"])
def test_a_file_that_refuses_on_its_own_shares_nothing(guard, plant):
    tree = plant({"a.py": guard})
    with pytest.raises(NotDeclared):
        refusing.helper(tree, retired.files(tree)[0])
