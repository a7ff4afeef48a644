"""Only one literal, bound once, is a build marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
ENTRY = "pages_of/main.py"

GREEN = {
    "plain": 'BUILD_MARKER = "V2"',
    "with a docstring": '"""Doc."""\nimport os\nBUILD_MARKER = "V2"\nprint(BUILD_MARKER)',
    "annotated": 'from typing import Final\nBUILD_MARKER: Final = "V2"',
    "announced, then bound": 'BUILD_MARKER: str\nBUILD_MARKER = "V2"',
    "texts side by side are one literal": 'BUILD_MARKER = "V" "2"',
    "used in a function": 'BUILD_MARKER = "V2"\ndef main():\n    return BUILD_MARKER',
    "another name is free": 'BUILD_MARKER = "V2"\nMARKER = "V1"',
    "star import of a module without it": 'from helper import *\nBUILD_MARKER = "V2"',
    "star import before it": 'from installed import *\nBUILD_MARKER = "V2"',
    "namespace of something else": 'BUILD_MARKER = "V2"\nglobals()["OTHER"] = 1',
}

RED = {
    "missing": "x = 1",
    "another value": 'BUILD_MARKER = "V1"',
    "only in a comment": '# BUILD_MARKER = "V2"',
    "only in a docstring": '"""BUILD_MARKER = "V2" """',
    "only in a text": "x = 'BUILD_MARKER = \"V2\"'",
    "computed by +": 'BUILD_MARKER = "V" + "2"',
    "computed by f-string": 'v = 2\nBUILD_MARKER = f"V{v}"',
    "f-string without a value": 'BUILD_MARKER = f"V2"',
    "computed by call": 'BUILD_MARKER = str("V2")',
    "from the environment": 'import os\nBUILD_MARKER = os.environ.get("M", "V2")',
    "another name's value": 'm = "V2"\nBUILD_MARKER = m',
    "bytes": 'BUILD_MARKER = b"V2"',
    "number": "BUILD_MARKER = 2",
    "white space": 'BUILD_MARKER = "V2 "',
    "twice": 'BUILD_MARKER = "V2"\nBUILD_MARKER = "V2"',
    "overwritten": 'BUILD_MARKER = "V2"\nBUILD_MARKER = "V1"',
    "under if": 'if True:\n    BUILD_MARKER = "V2"',
    "under if False": 'if False:\n    BUILD_MARKER = "V2"',
    "under if and else": 'if x:\n    BUILD_MARKER = "V2"\nelse:\n    BUILD_MARKER = "V1"',
    "in try": 'try:\n    BUILD_MARKER = "V2"\nfinally:\n    pass',
    "in a loop": 'for _ in (1,):\n    BUILD_MARKER = "V2"',
    "in with": 'with x:\n    BUILD_MARKER = "V2"',
    "main guard": 'if __name__ == "__main__":\n    BUILD_MARKER = "V2"',
    "in a function": 'def f():\n    BUILD_MARKER = "V2"',
    "in a class": 'class C:\n    BUILD_MARKER = "V2"',
    "global in a function": 'BUILD_MARKER = "V2"\ndef f():\n    global BUILD_MARKER\n'
    '    BUILD_MARKER = "V1"',
    "global only": 'def f():\n    global BUILD_MARKER\n    BUILD_MARKER = "V2"\nf()',
    "shadowed in a function": 'BUILD_MARKER = "V2"\ndef main():\n    BUILD_MARKER = "V1"\n'
    "    print(BUILD_MARKER)",
    "shadowed by a parameter": 'BUILD_MARKER = "V2"\ndef main(BUILD_MARKER="V1"): pass',
    "augmented": 'BUILD_MARKER = "V2"\nBUILD_MARKER += "x"',
    "deleted": 'BUILD_MARKER = "V2"\ndel BUILD_MARKER',
    "walrus": 'BUILD_MARKER = "V2"\nprint(BUILD_MARKER := "V1")',
    "walrus in a comprehension": 'BUILD_MARKER = "V2"\n[BUILD_MARKER := "V1" for _ in "a"]',
    "walrus only": '(BUILD_MARKER := "V2")',
    "import": 'BUILD_MARKER = "V2"\nfrom helper import BUILD_MARKER',
    "import as": 'BUILD_MARKER = "V2"\nimport helper as BUILD_MARKER',
    "star import of a module with it": 'BUILD_MARKER = "V2"\nfrom shadow import *',
    "star import of an unknown module": 'BUILD_MARKER = "V2"\nfrom installed import *',
    "loop target": 'BUILD_MARKER = "V2"\nfor BUILD_MARKER in ("V1",): pass',
    "with target": 'BUILD_MARKER = "V2"\nwith x as BUILD_MARKER: pass',
    "except target": 'BUILD_MARKER = "V2"\ntry: x\nexcept E as BUILD_MARKER: pass',
    "unpacked": 'BUILD_MARKER, x = "V2", 1',
    "starred": '*BUILD_MARKER, x = "V2", 1',
    "function": 'BUILD_MARKER = "V2"\ndef BUILD_MARKER(): pass',
    "class": 'BUILD_MARKER = "V2"\nclass BUILD_MARKER: pass',
    "match": 'BUILD_MARKER = "V2"\nmatch x:\n    case BUILD_MARKER: pass',
    "globals()": 'BUILD_MARKER = "V2"\nglobals()["BUILD_MARKER"] = "V1"',
    "globals() with a computed key": 'BUILD_MARKER = "V2"\nglobals()[key] = "V1"',
    "globals().update": 'BUILD_MARKER = "V2"\nglobals().update(BUILD_MARKER="V1")',
    "globals().update of a dict": 'BUILD_MARKER = "V2"\nglobals().update({"BUILD_MARKER": 1})',
    "vars()": 'BUILD_MARKER = "V2"\nvars()["BUILD_MARKER"] = "V1"',
    "module's __dict__": 'BUILD_MARKER = "V2"\nimport sys\n'
    'sys.modules[__name__].__dict__["BUILD_MARKER"] = "V1"',
    "setattr": 'BUILD_MARKER = "V2"\nimport sys\n'
    'setattr(sys.modules[__name__], "BUILD_MARKER", "V1")',
    "attribute of the module": 'BUILD_MARKER = "V2"\nimport sys\n'
    'sys.modules[__name__].BUILD_MARKER = "V1"',
    "exec": 'BUILD_MARKER = "V2"\nexec("BUILD_MARKER = 1")',
    "exec of anything": 'BUILD_MARKER = "V2"\nexec(code)',
    "after the end": 'raise SystemExit\nBUILD_MARKER = "V2"',
    "after sys.exit": 'import sys\nsys.exit()\nBUILD_MARKER = "V2"',
    "does not parse": 'BUILD_MARKER = "V2"\nx = (',
    "the look-alike letters are the same name": 'BUILD_MARKER = "V2"\nＢUILD_MARKER = "V1"',
}

HELPERS = {"helper.py": "x = 1\n", "shadow.py": 'BUILD_MARKER = "V1"\n'}


@pytest.mark.parametrize("case", GREEN)
def test_one_literal_is_right(case: str, look: Callable) -> None:
    seen = look("marker", {ENTRY: GREEN[case], "helper.py": "x = 1\n"})
    assert not seen.red, seen.told()


@pytest.mark.parametrize("case", RED)
def test_anything_else_is_a_finding(case: str, look: Callable) -> None:
    seen = look(
        "marker",
        {ENTRY: RED[case], "helper.py": "x = 1\n"}
        | {name: text for name, text in HELPERS.items() if name.removesuffix(".py") in RED[case]},
    )
    assert seen.red
    assert all(o.path in {ENTRY, "shadow.py"} for o in seen.findings)


ELSEWHERE_GREEN = {
    "the entry's own": "from pages_of.main import BUILD_MARKER\n",
    "the same value": 'BUILD_MARKER = "V2"\n',
    "read only": "import pages_of.main as m\nprint(m.BUILD_MARKER)\n",
    "in a text": 'x = "BUILD_MARKER = 1"\n',
}

ELSEWHERE_RED = {
    "another value": 'BUILD_MARKER = "V1"\n',
    "in a class": 'class C:\n    BUILD_MARKER = "V1"\n',
    "in a function": 'def f():\n    BUILD_MARKER = "V1"\n',
    "computed": 'BUILD_MARKER = "V" + x\n',
    "another name of the entry": "from pages_of.main import OTHER as BUILD_MARKER\n",
    "from a file with another value": "from shadow import BUILD_MARKER\n",
    "set on the module": 'import pages_of.main as m\nm.BUILD_MARKER = "V1"\n',
    "setattr on the module": 'import pages_of.main as m\nsetattr(m, "BUILD_MARKER", "V1")\n',
}


@pytest.mark.parametrize("case", ELSEWHERE_GREEN)
def test_other_files_may_use_it(case: str, look: Callable) -> None:
    files = {ENTRY: 'BUILD_MARKER = "V2"\n', "other.py": ELSEWHERE_GREEN[case]}
    seen = look("marker", files)
    assert not seen.red, seen.told()


@pytest.mark.parametrize("case", ELSEWHERE_RED)
def test_other_files_may_not_shadow_it(case: str, look: Callable) -> None:
    files = {ENTRY: 'BUILD_MARKER = "V2"\nOTHER = "V1"\n', "other.py": ELSEWHERE_RED[case]}
    if "shadow" in ELSEWHERE_RED[case]:
        files["shadow.py"] = 'BUILD_MARKER = "V1"\n'
    seen = look("marker", files)
    assert "other.py" in {o.path for o in seen.findings}


def test_tests_may_plant_their_own(look: Callable) -> None:
    files = {ENTRY: 'BUILD_MARKER = "V2"\n', "tests/test_x.py": 'BUILD_MARKER = "V1"\n'}
    assert not look("marker", files).red


def test_the_finding_shows_value_and_line(look: Callable) -> None:
    (found,) = look("marker", {ENTRY: '\nBUILD_MARKER = "V1"\n'}).findings
    assert (found.expected, found.got, found.path, found.line) == ("V2", "V1", ENTRY, 2)
