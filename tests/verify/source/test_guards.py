"""A guard holds on every path, before anything else, with the exact text; nothing less counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.errors import NotDeclared
from verify.tables import Retired

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = "This file is deprecated. Run: streamlit run pages_of/main.py"
T = repr(TEXT)

GUARDS = '''
"""Ways to refuse."""
import sys
from typing import NoReturn

def raise_error(text: str) -> NoReturn:
    """Refuse."""
    if _on_a_page():
        _draw(text)
    raise RuntimeError(text)

def exit_process(text: str) -> NoReturn:
    _end(text)

def stop_page(text: str) -> NoReturn:
    _end(text)

def _end(text):
    if _on_a_page():
        _draw(text)
        _stop()
    raise SystemExit(text)

def _on_a_page():
    runtime = sys.modules.get("streamlit.runtime")
    if runtime is None or not runtime.exists():
        return False
    from streamlit.runtime.scriptrunner import get_script_run_ctx
    return get_script_run_ctx(suppress_warning=True) is not None

def _draw(text):
    import streamlit as st
    st.error(text)

def _stop():
    import streamlit as st
    st.stop()

def believed(text) -> NoReturn:
    print(text)

def sometimes(text) -> NoReturn:
    if len(text) > 3:
        raise RuntimeError(text)

def swallows(text):
    try:
        raise RuntimeError(text)
    except RuntimeError:
        pass

def swallows_all(text):
    try:
        raise RuntimeError(text)
    except Exception as error:
        print(error)

def swallowed_by_finally(text):
    for _ in (1,):
        try:
            raise RuntimeError(text)
        finally:
            break

def returns_in_finally(text):
    try:
        raise RuntimeError(text)
    finally:
        return

def generator(text):
    raise RuntimeError(text)
    yield

async def coroutine(text):
    raise RuntimeError(text)

def other_text(text):
    raise RuntimeError("something else")

def prefixed(text):
    raise RuntimeError("Note: " + text)

def nothing(text):
    pass

def itself(text):
    itself(text)

def forever(text):
    while True:
        pass

def asserts(text):
    assert False, text

def opens(text):
    open("x", "w")
    raise RuntimeError(text)

def connects(text):
    import sqlite3
    sqlite3.connect("x.db")
    raise RuntimeError(text)

def wraps(text):
    raise_error(text)

def default(text="This file is deprecated. Run: streamlit run pages_of/main.py"):
    raise RuntimeError(text)

def in_loop(text):
    for _ in text:
        raise RuntimeError(text)

def under_suppress(text):
    import contextlib
    with contextlib.suppress(Exception):
        raise RuntimeError(text)

def value_error(text):
    raise ValueError(text)

def quiet_exit(text):
    sys.exit(text)

def exit_zero(text):
    print(text)
    sys.exit(0)

def only_stop(text):
    import streamlit as st
    st.error(text)
    st.stop()

def stop_without_text(text):
    import streamlit as st
    st.stop()
    raise SystemExit(text)

def stop_then_exit(text):
    import streamlit as st
    st.error(text)
    st.stop()
    sys.exit(text)

def stop_swallowed(text):
    import streamlit as st
    try:
        st.error(text)
        st.stop()
    except BaseException:
        return
    sys.exit(text)

@staticmethod
def decorated(text):
    raise RuntimeError(text)

class Refused(RuntimeError):
    """A RuntimeError by another name."""

def own_class(text):
    raise Refused(text)

def hides_the_text(text):
    sys.excepthook = _on_a_page
    raise RuntimeError(text)

def two_branches(text):
    if _on_a_page():
        raise RuntimeError(text)
    else:
        raise RuntimeError(text)

def one_branch_wrong(text):
    if _on_a_page():
        raise RuntimeError(text)
    else:
        raise RuntimeError("?")

def matches(text):
    match text:
        case "x":
            raise RuntimeError(text)
        case _:
            raise RuntimeError(text)

def matches_some(text):
    match text:
        case "x":
            raise RuntimeError(text)

def handles_import(text):
    try:
        import streamlit as st
        st.error(text)
    except ImportError:
        pass
    raise RuntimeError(text)

def asks(text):
    import logging
    from pathlib import Path
    logging.getLogger("old").warning(text)
    sys.stderr.flush()
    if (Path(sys.argv[0]) / "x").exists() and getattr(sys, "frozen", False):
        raise RuntimeError(text)
    raise RuntimeError(text)

def shows_it_in_another_way(text):
    import streamlit as st
    st.set_page_config(page_title="Old")
    st.warning(text)
    raise RuntimeError(text)

def draws_first(text):
    import streamlit as st
    st.tabs(["One", "Two"])
    raise RuntimeError(text)

def says_more(text):
    import streamlit as st
    st.markdown("# Operations")
    raise RuntimeError(text)

def closes_the_terminal(text):
    sys.stderr.close()
    raise RuntimeError(text)

def forgets_a_module(text):
    sys.modules.pop("streamlit.runtime", None)
    raise RuntimeError(text)

def logs_to_a_file(text):
    import logging
    logging.basicConfig(filename="old.log")
    raise RuntimeError(text)

def adds_a_log_file(text):
    import logging
    logging.getLogger().addHandler(logging.FileHandler("old.log"))
    raise RuntimeError(text)

def leaves_a_trace(text):
    from pathlib import Path
    (Path("data") / "old").touch()
    raise RuntimeError(text)

def writes_through_a_path(text):
    import pathlib
    pathlib.Path("old").write_text(text)
    raise RuntimeError(text)

def by_a_text(text):
    import os
    getattr(os, "remove")("old")
    raise RuntimeError(text)

_told = False

def once(text):
    global _told
    if _told:
        return
    _told = True
    raise RuntimeError(text)

_TOLD = []

def once_in_a_list(text):
    if _TOLD:
        return
    _TOLD.append(text)
    raise RuntimeError(text)
'''

CALL = "from guards import raise_error\nraise_error({0})\n"

RAISE_GREEN = {
    "raise": f"raise RuntimeError({T})",
    "docstring first": f'"""Old."""\nraise RuntimeError({T})',
    "future import": f"from __future__ import annotations\nraise RuntimeError({T})",
    "standard library import": f"import os, sys\nfrom pathlib import Path\nraise RuntimeError({T})",
    "constant": f"TEXT = {T}\nraise RuntimeError(TEXT)",
    "from None": f"raise RuntimeError({T}) from None",
    "texts side by side": 'raise RuntimeError("This file is deprecated. "\n'
    '"Run: streamlit run pages_of/main.py")',
    "f-string of constants": 'ENTRY = "pages_of/main.py"\n'
    'raise RuntimeError(f"This file is deprecated. Run: streamlit run {ENTRY}")',
    "joined": 'raise RuntimeError(" ".join(["This file is deprecated. Run: streamlit run",'
    ' "pages_of/main.py"]))',
    "added": 'A = "This file is deprecated. "\n'
    'raise RuntimeError(A + "Run: streamlit run pages_of/main.py")',
    "percent": 'raise RuntimeError("This file is deprecated. Run: %s" % '
    '"streamlit run pages_of/main.py")',
    "format": 'raise RuntimeError("This file is deprecated. Run: {}".format('
    '"streamlit run pages_of/main.py"))',
    "guard": CALL.format(T),
    "guard as module": f"import guards\nguards.raise_error({T})",
    "guard under another name": f"from guards import raise_error as r\nr({T})",
    "guard by keyword": f"from guards import raise_error\nraise_error(text={T})",
    "guard that calls a guard": f"from guards import wraps\nwraps({T})",
    "guard that asks": f"from guards import asks\nasks({T})",
    "guard that shows it otherwise": f"from guards import shows_it_in_another_way as g\ng({T})",
    "text out of a list": 'PARTS = ["This file is deprecated. Run: streamlit run",'
    ' "pages_of/main.py"]\nraise RuntimeError(" ".join(PARTS))',
    "guard with a default": "from guards import default\ndefault()",
    "guard with branches": f"from guards import two_branches\ntwo_branches({T})",
    "guard with match": f"from guards import matches\nmatches({T})",
    "guard that minds its imports": f"from guards import handles_import\nhandles_import({T})",
    "class of its own": f"from guards import own_class\nown_class({T})",
    "re-exported guard": f"from again import raise_error\nraise_error({T})",
    "function of the file": f"def refuse():\n    raise RuntimeError({T})\nrefuse()",
    "what comes after is not reached": CALL.format(T) + "import sqlite3\nsqlite3.connect('x')\n",
    "try around the import": f"try:\n    from guards import raise_error\n"
    f"except ModuleNotFoundError:\n    raise RuntimeError({T}) from None\nraise_error({T})",
    "if True": f"if True:\n    raise RuntimeError({T})",
    "both branches": f"import sys\nif sys.argv:\n    raise RuntimeError({T})\n"
    f"else:\n    raise RuntimeError({T})",
    "type checking block of its own": "TYPE_CHECKING = False\nif TYPE_CHECKING:\n"
    f"    import streamlit\nraise RuntimeError({T})",
    "guard by a star": f"from again import *\nraise_error({T})",
    "type checking block": f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
    f"    import streamlit\nraise RuntimeError({T})",
    "while True": f"while True:\n    raise RuntimeError({T})",
    "finally that lets it pass": f"try:\n    raise RuntimeError({T})\nfinally:\n    x = 1",
    "handler that raises it again": f"try:\n    raise RuntimeError({T})\nexcept RuntimeError:\n"
    "    raise",
    "handler for another": f"try:\n    raise RuntimeError({T})\nexcept ValueError:\n    pass",
    "exception kept in a name": f"error = RuntimeError({T})\nraise error",
}

RAISE_RED = {
    "empty file": "",
    "no guard": "import streamlit as st\nst.title('old')",
    "in a comment": f"# raise RuntimeError({T})",
    "in a docstring": f'"""raise RuntimeError({TEXT})"""',
    "text in a docstring only": f'"""{TEXT}"""\nraise RuntimeError("no")',
    "text in a comment only": f"# {TEXT}\nraise RuntimeError('no')",
    "another text": 'raise RuntimeError("This file is deprecated.")',
    "text with a blank more": f"raise RuntimeError({TEXT + ' '!r})",
    "no text": "raise RuntimeError",
    "two arguments": f"raise RuntimeError({T}, 1)",
    "text from outside": 'import os\nraise RuntimeError(os.environ["TEXT"])',
    "f-string with an unknown": 'import os\nraise RuntimeError(f"This {os.sep}")',
    "another exception": f"raise ValueError({T})",
    "a relative of RuntimeError": f"raise NotImplementedError({T})",
    "exit instead": f"import sys\nsys.exit({T})",
    "under if": f"import sys\nif sys.argv:\n    raise RuntimeError({T})",
    "under if False": f"if False:\n    raise RuntimeError({T})",
    "under if 0": f"if 0:\n    raise RuntimeError({T})",
    "under a false constant": f"ON = False\nif ON:\n    raise RuntimeError({T})",
    "under not True": f"if not True:\n    raise RuntimeError({T})",
    "under a TYPE_CHECKING of its own": "TYPE_CHECKING = True\nif TYPE_CHECKING:\n"
    f"    import streamlit as st\n    st.title('x')\nraise RuntimeError({T})",
    "name that a star does not bring": "def raise_error(text): pass\nfrom listed import *\n"
    f"raise_error({T})",
    "another error on the page first": "import streamlit as st\nst.error('down')\n"
    f"raise RuntimeError({T})",
    "main guard": f'if __name__ == "__main__":\n    raise RuntimeError({T})',
    "unless main": f'if __name__ != "__main__":\n    raise RuntimeError({T})',
    "type checking only": f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
    f"    raise RuntimeError({T})",
    "debug only": f"if __debug__:\n    raise RuntimeError({T})",
    "function never called": f"def refuse():\n    raise RuntimeError({T})",
    "class never used": f"class C:\n    def refuse(self):\n        raise RuntimeError({T})",
    "lambda never called": "from guards import raise_error\nr = lambda: raise_error('x')",
    "swallowed": f"try:\n    raise RuntimeError({T})\nexcept RuntimeError:\n    pass",
    "swallowed by Exception": f"try:\n    raise RuntimeError({T})\nexcept Exception:\n    x = 1",
    "swallowed by a bare except": f"try:\n    raise RuntimeError({T})\nexcept:\n    pass",
    "swallowed by a tuple": f"try:\n    raise RuntimeError({T})\n"
    "except (ValueError, RuntimeError):\n    pass",
    "swallowed by a group": f"try:\n    raise RuntimeError({T})\nexcept* RuntimeError:\n    pass",
    "handler turns it into another": f"try:\n    raise RuntimeError({T})\n"
    "except RuntimeError:\n    raise ValueError('x')",
    "swallowed by finally": f"from guards import swallowed_by_finally\nswallowed_by_finally({T})",
    "swallowed by break": f"for _ in (1,):\n    try:\n        raise RuntimeError({T})\n"
    "    finally:\n        break",
    "missing guard goes on": "try:\n    from guards import raise_error\n"
    "except ImportError:\n    pass\n"
    "else:\n    raise_error(" + T + ")",
    "missing guard leaves no name": "try:\n    from guards import raise_error\n"
    f"except ImportError:\n    pass\nraise_error({T})",
    "missing guard replaced": "try:\n    from guards import raise_error\nexcept ImportError:\n"
    f"    def raise_error(text): pass\nraise_error({T})",
    "under suppress": f"import contextlib\nwith contextlib.suppress(RuntimeError):\n"
    f"    raise RuntimeError({T})",
    "while False": f"while False:\n    raise RuntimeError({T})",
    "for over nothing": f"for _ in ():\n    raise RuntimeError({T})",
    "else of a loop that breaks": f"for _ in (1,):\n    break\nelse:\n    raise RuntimeError({T})",
    "assert": f"assert False, {T}",
    "conditional expression": "import sys\nfrom guards import raise_error\n"
    f"raise_error({T}) if sys.argv else None",
    "and": f"import sys\nfrom guards import raise_error\nsys.argv and raise_error({T})",
    "False and": f"from guards import raise_error\nFalse and raise_error({T})",
    "comprehension over nothing": f"from guards import raise_error\n[raise_error({T}) for _ in ()]",
    "after a call": f"print('hello')\nraise RuntimeError({T})".replace("print", "len"),
    "after open": f"open('x')\nraise RuntimeError({T})",
    "after an assigned call": f"import os\nx = os.getcwd()\nraise RuntimeError({T})",
    "after a database": f"import sqlite3\nsqlite3.connect('x')\nraise RuntimeError({T})",
    "after an import of streamlit": f"import streamlit\nraise RuntimeError({T})",
    "after an import of the project": f"import store\nraise RuntimeError({T})",
    "after an import from the project": f"from store import x\nraise RuntimeError({T})",
    "after an import with an effect": f"import antigravity\nraise RuntimeError({T})",
    "after an import of a shadowed module": f"import queue\nraise RuntimeError({T})",
    "after a class body with a call": f"class C:\n    x = open('x')\nraise RuntimeError({T})",
    "after a decorator": f"import functools\n@functools.cache\ndef f(): pass\n"
    f"raise RuntimeError({T})",
    "after a default": f"def f(x=open('x')): pass\nraise RuntimeError({T})",
    "after an annotation": f"def f(x: open('x')): pass\nraise RuntimeError({T})",
    "after a metaclass": f"class C(metaclass=print): pass\nraise RuntimeError({T})",
    "after a base class": f"class C(open('x')): pass\nraise RuntimeError({T})",
    "after a loop": f"for i in range(3): pass\nraise RuntimeError({T})",
    "after a with": f"import threading\nwith threading.Lock(): pass\nraise RuntimeError({T})",
    "after an attribute is changed": f"import sys\nsys.path = []\nraise RuntimeError({T})",
    "after an item is changed": f"import os\nos.environ['x'] = '1'\nraise RuntimeError({T})",
    "after an item is deleted": f"import os\ndel os.environ['x']\nraise RuntimeError({T})",
    "after a text is built by a call": f"x = 'a'.encode()\nraise RuntimeError({T})",
    "effect in a condition": f"import os\nif os.remove('x'):\n    pass\nraise RuntimeError({T})",
    "effect in a comprehension": f"[open(x) for x in 'ab']\nraise RuntimeError({T})",
    "effect in an f-string": f"f'{{open(1)}}'\nraise RuntimeError({T})",
    "effect in the text": f"raise RuntimeError(open('x') and {T})",
    "effect in the cause": f"raise RuntimeError({T}) from open('x')",
    "name reassigned": f"from guards import raise_error\nraise_error = print\nraise_error({T})",
    "name shadowed by def": "from guards import raise_error\ndef raise_error(text): pass\n"
    f"raise_error({T})",
    "name shadowed by import": "from guards import raise_error\n"
    "from os.path import join as raise_error\n"
    f"raise_error({T})",
    "name shadowed by walrus": "from guards import raise_error\n(raise_error := print)\n"
    f"raise_error({T})",
    "name shadowed in a comprehension": "from guards import raise_error\n"
    f"[raise_error := print for _ in (1,)]\nraise_error({T})",
    "name deleted": f"from guards import raise_error\ndel raise_error\nraise_error({T})",
    "guard replaced": f"import guards\nguards.raise_error = print\nguards.raise_error({T})",
    "RuntimeError replaced": f"RuntimeError = print\nraise RuntimeError({T})",
    "RuntimeError redefined": f"class RuntimeError(Exception): pass\nraise RuntimeError({T})",
    "sys.exit replaced": f"import sys\nsys.exit = print\nsys.exit({T})",
    "unknown guard": f"from installed import raise_error\nraise_error({T})",
    "guard that is not there": f"from guards import absent\nabsent({T})",
    "guard not called": "from guards import raise_error\nraise_error",
    "guard with wrong arguments": f"from guards import raise_error\nraise_error({T}, 1)",
    "guard with unknown arguments": f"from guards import raise_error\nraise_error(*[{T}])",
    "relative import": f"from .guards import raise_error\nraise_error({T})",
    "return value only": f"def refuse():\n    return RuntimeError({T})\nrefuse()",
    "a text that Streamlit draws": f'"""Old."""\n"# Operations"\nraise RuntimeError({T})',
    "a number that Streamlit draws": f"7\nraise RuntimeError({T})",
    "page drawn first": f"import streamlit as st\nst.title('x')\nraise RuntimeError({T})",
    "does not parse": f"raise RuntimeError({T}",
    **{
        f"guard {name}": f"from guards import {name}\n{name}({T})"
        for name in (
            "believed",
            "sometimes",
            "swallows",
            "swallows_all",
            "returns_in_finally",
            "generator",
            "coroutine",
            "other_text",
            "prefixed",
            "nothing",
            "itself",
            "forever",
            "asserts",
            "opens",
            "connects",
            "in_loop",
            "under_suppress",
            "value_error",
            "quiet_exit",
            "decorated",
            "one_branch_wrong",
            "matches_some",
            "hides_the_text",
            "draws_first",
            "says_more",
            "closes_the_terminal",
            "forgets_a_module",
            "logs_to_a_file",
            "adds_a_log_file",
            "leaves_a_trace",
            "writes_through_a_path",
            "by_a_text",
            "once",
            "once_in_a_list",
        )
    },
}

OTHERS = {
    "guards/__init__.py": GUARDS,
    "again.py": "from guards import raise_error\n",
    "listed.py": "from guards import raise_error\n__all__ = ()\n",
    "store/__init__.py": "x = 1\n",
    "queue.py": "",
}


@pytest.mark.parametrize("case", RAISE_GREEN)
def test_refusal_by_raising_holds(case: str, look: Callable) -> None:
    seen = look("guards", OTHERS | {"old.py": RAISE_GREEN[case]})
    assert not seen.red, seen.told()


@pytest.mark.parametrize("case", RAISE_RED)
def test_what_is_no_refusal_is_a_finding(case: str, look: Callable) -> None:
    assert look("guards", OTHERS | {"old.py": RAISE_RED[case]}).red


BOTH_WORLDS = f"import sys\nimport streamlit as st\nst.error({T})\nst.stop()\nsys.exit({T})"

WAYS = [
    ("exit", f"from guards import exit_process\nexit_process({T})", False),
    ("exit", f"from guards import stop_then_exit\nstop_then_exit({T})", False),
    ("exit", BOTH_WORLDS, False),
    (
        "exit",
        BOTH_WORLDS.replace(f"sys.exit({T})", f"print({T}, file=sys.stderr)\nsys.exit(1)"),
        False,
    ),
    ("exit", f"raise RuntimeError({T})", True),
    ("exit", f"import sys\nsys.exit({T})", True),  # the page would load for ever
    ("exit", f"raise SystemExit({T})", True),
    ("exit", f"from guards import exit_zero\nexit_zero({T})", True),
    ("exit", f"from guards import stop_without_text\nstop_without_text({T})", True),
    ("exit", f"from guards import stop_swallowed\nstop_swallowed({T})", True),
    ("exit", BOTH_WORLDS.replace(f"sys.exit({T})", "sys.exit(1)"), True),
    ("exit", BOTH_WORLDS.replace(f"sys.exit({T})", "sys.exit(0)"), True),
    ("exit", BOTH_WORLDS.replace(f"sys.exit({T})", "sys.exit()"), True),
    ("exit", BOTH_WORLDS.replace(f"sys.exit({T})", f"print({T})\nsys.exit(256 * 0)"), True),
    ("exit", BOTH_WORLDS.replace(f"sys.exit({T})", f"print({T})\nsys.exit(256)"), True),
    ("exit", BOTH_WORLDS.replace(f"sys.exit({T})", f"print({T})\nsys.exit(257)"), False),
    ("stop", f"from guards import stop_page\nstop_page({T})", False),
    ("stop", BOTH_WORLDS, False),
    ("stop", BOTH_WORLDS.replace(f"sys.exit({T})", f"raise RuntimeError({T})"), False),
    ("stop", f"import streamlit as st\nst.error({T})\nst.stop()", True),  # plain Python goes on
    ("stop", f"from guards import only_stop\nonly_stop({T})", True),
    ("stop", f"from guards import stop_without_text\nstop_without_text({T})", True),
    ("stop", f"from guards import stop_swallowed\nstop_swallowed({T})", True),
    ("stop", f"raise RuntimeError({T})", True),
    ("stop", BOTH_WORLDS.replace("st.error", "st.write"), True),
    ("stop", BOTH_WORLDS.replace("import streamlit as st\n", ""), True),
    ("stop", "import streamlit as st\nst.stop = print\n" + BOTH_WORLDS, True),
]


@pytest.mark.parametrize(("way", "text", "red"), WAYS)
def test_each_way_works_in_both_worlds(way: str, text: str, red: object, look: Callable) -> None:
    row = Retired(path="old.py", text=TEXT, way=way)
    seen = look("guards", OTHERS | {"old.py": text}, retired=(row,))
    assert seen.red is red, seen.told()


def test_a_guard_module_with_an_effect_is_a_finding(look: Callable) -> None:
    files = {
        "old.py": CALL.format(T),
        "guards.py": f"import sqlite3\nsqlite3.connect('x')\n{GUARDS}",
    }
    found = look("guards", files).findings
    assert [(o.path, o.line) for o in found] == [("guards.py", 2)]


def test_a_package_of_its_name_is_what_an_import_gets(look: Callable) -> None:
    files = OTHERS | {"old.py": CALL.format(T), "old/__init__.py": ""}
    (found,) = look("guards", files).findings
    assert (found.path, found.got) == ("old.py", "old/__init__.py")


def test_the_package_around_a_retired_file_runs_too(look: Callable) -> None:
    files = OTHERS | {"pkg/__init__.py": "open('x')\n", "pkg/old.py": CALL.format(T)}
    row = Retired(path="pkg/old.py", text=TEXT)
    found = look("guards", files, retired=(row,)).findings
    assert [(o.path, o.line) for o in found] == [("pkg/__init__.py", 1)]


def test_a_false_guard_beside_the_file_comes_first(look: Callable) -> None:
    files = OTHERS | {"pkg/old.py": CALL.format(T), "pkg/guards.py": "def raise_error(t): pass\n"}
    row = Retired(path="pkg/old.py", text=TEXT)
    assert look("guards", files, retired=(row,)).red


def test_a_notice_module_that_refuses_when_imported_counts(look: Callable) -> None:
    files = {"old.py": "import notice\n", "notice.py": f"raise RuntimeError({T})\n"}
    assert not look("guards", files).red


def test_without_retired_files_the_gate_does_not_apply(look: Callable) -> None:
    with pytest.raises(NotDeclared):
        look("guards", {"a.py": ""}, retired=())


def test_too_many_paths_are_no_pass(look: Callable) -> None:
    body = "".join(f"if sys.argv[{n}]:\n    x{n} = 1\n" for n in range(40))
    seen = look("guards", {"old.py": f"import sys\n{body}raise RuntimeError({T})\n"})
    assert seen.red


def test_the_finding_names_file_and_line(look: Callable) -> None:
    found = look(
        "guards", {"old.py": f"import os\nos.getcwd()\nraise RuntimeError({T})\n"}
    ).findings
    assert [(o.path, o.line, o.got) for o in found] == [("old.py", 2, "calls `os.getcwd`")]
