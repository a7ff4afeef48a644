"""Every use of the session function is the context expression of a `with`, whatever its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.errors import NotDeclared
from verify.tables import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

DB = """
from contextlib import contextmanager

@contextmanager
def get_session():
    yield 1

def ping():
    with get_session() as session:
        return session.x()
"""

FILES = {
    "store/__init__.py": "",
    "store/db.py": DB,
    "store/again.py": "from store.db import get_session as opened\n__all__ = ['opened']\n",
}

FROM = "from store.db import get_session\n"

GREEN = {
    "with": FROM + "with get_session() as s:\n    s.x()",
    "with several": FROM + "with open('x') as f, get_session() as s:\n    s.x()",
    "parenthesised": FROM + "with (\n    get_session() as s,\n    open('x'),\n):\n    s.x()",
    "async with": FROM + "async def f():\n    async with get_session() as s:\n        s.x()",
    "alias": "from store.db import get_session as gs\nwith gs() as s:\n    s.x()",
    "module": "import store.db\nwith store.db.get_session() as s:\n    s.x()",
    "module alias": "from store import db as d\nwith d.get_session() as s:\n    s.x()",
    "relative": "from .db import get_session\nwith get_session() as s:\n    s.x()",
    "re-exported": "from store.again import opened\nwith opened() as s:\n    s.x()",
    "star": "from store.db import *\nwith get_session() as s:\n    s.x()",
    "another name": FROM + "gs = get_session\nwith gs() as s:\n    s.x()",
    "exit stack": FROM + "from contextlib import ExitStack\nwith ExitStack() as stack:\n"
    "    s = stack.enter_context(get_session())",
    "one of two": FROM + "with (get_session() if x else other()) as s:\n    s.x()",
    "twice under one name": FROM + "def f():\n    with get_session() as s:\n        s.x()\n"
    "    with get_session() as s:\n        s.x()",
    "another thing of that name": FROM + "def f():\n    with get_session() as s:\n        s.x()\n"
    "    s = 1\n    return s + sum(s for s in (1, 2))\n\ndef g(s):\n    return s",
    "what it gave": FROM + "def f():\n    with get_session() as s:\n        return s.x()",
    "in one branch": FROM + "def f(s=None):\n    if s is None:\n"
    "        with get_session() as s:\n            s.x()\n    else:\n        s.x()",
    "and done": FROM + "def f(s=None):\n    if s is None:\n"
    "        with get_session() as s:\n            return f(s)\n    return s.x()",
    "yielded from inside": FROM + "def f():\n    with get_session() as s:\n        yield s",
    "added to": FROM + "def f(row):\n    with get_session() as s:\n        s.append(row)",
    "in a comment": FROM + "# s = get_session()",
    "in a text": 's = "get_session()"',
    "somebody else's": "def get_session(): pass\ns = get_session()",
    "another module's": "from installed import get_session\ns = get_session()",
    "in a function": "def f():\n    from store.db import get_session\n"
    "    with get_session() as s:\n        s.x()",
}

RED = {
    "assigned": FROM + "s = get_session()",
    "annotated": FROM + "s: object = get_session()",
    "called": FROM + "get_session()",
    "entered by hand": FROM + "s = get_session().__enter__()",
    "next": FROM + "s = next(get_session())",
    "returned": FROM + "def f():\n    return get_session()",
    "yielded": FROM + "def f():\n    yield from get_session()",
    "argument": FROM + "f(get_session())",
    "walrus": FROM + "if (s := get_session()):\n    s.x()",
    "alias": "from store.db import get_session as gs\ns = gs()",
    "module": "import store.db\ns = store.db.get_session()",
    "module alias": "import store.db as d\ns = d.get_session()",
    "from package": "from store import db\ns = db.get_session()",
    "relative": "from .db import get_session\ns = get_session()",
    "relative module": "from . import db\ns = db.get_session()",
    "re-exported": "from store.again import opened\ns = opened()",
    "star": "from store.db import *\ns = get_session()",
    "another name": FROM + "gs = get_session\ns = gs()",
    "another name of a module": "import store.db as d\ngs = d.get_session\ns = gs()",
    "name of a name": FROM + "a = get_session\nb = a\ns = b()",
    "passed on": FROM + "f(get_session)",
    "partial": FROM + "import functools\ngs = functools.partial(get_session)",
    "in a list": FROM + "fs = [get_session]",
    "as a default": FROM + "def f(gs=get_session): pass",
    "kept in an attribute": FROM + "class C:\n    def f(self):\n        self.gs = get_session",
    "lambda": FROM + "f = lambda: get_session()",
    "decorator": FROM + "@get_session()\ndef f(): pass",
    "closing": FROM
    + "from contextlib import closing\nwith closing(get_session()) as s:\n    s.x()",
    "stack that nobody closes": FROM + "from contextlib import ExitStack\nstack = ExitStack()\n"
    "s = stack.enter_context(get_session())",
    "looked up by name": "import store.db\ns = getattr(store.db, 'get_session')()",
    "in a function": "def f():\n    from store.db import get_session\n    s = get_session()",
    "then entered": FROM + "cm = get_session()\nwith cm as s:\n    s.x()",
    "in a branch": FROM + "if False:\n    s = get_session()",
    "does not parse": FROM + "with get_session( as s:",
    "used after": FROM + "def f():\n    with get_session() as s:\n        pass\n    s.x()",
    "returned from inside": FROM + "def f():\n    with get_session() as s:\n        return s",
    "kept from inside": FROM + "def f():\n    with get_session() as s:\n        K['s'] = s",
    "put away from inside": FROM + "def f():\n    with get_session() as s:\n        K.append(s)",
    "stack of another function": FROM + "from contextlib import ExitStack\n"
    "def f():\n    stack = ExitStack()\n    return stack.enter_context(get_session())\n"
    "def g():\n    with ExitStack() as stack:\n        pass",
}


@pytest.mark.parametrize("case", GREEN)
def test_with_is_right(case: str, look: Callable) -> None:
    seen = look("sessions", FILES | {"store/user.py": GREEN[case]})
    assert not seen.red, seen.told()


@pytest.mark.parametrize("case", RED)
def test_anything_else_is_a_finding(case: str, look: Callable) -> None:
    seen = look("sessions", FILES | {"store/user.py": RED[case]})
    assert [o.path for o in seen.findings] == ["store/user.py"], seen.told()


ENGINE = DB + "\ndef get_engine():\n    return Session(engine)\n"

FROM_ENGINE = "from store.db import get_engine\n"


@pytest.mark.parametrize(
    ("code", "red"),
    [
        ("c = get_engine().connect()", True),
        ("e = get_engine()\nc = e.connect()", True),
        ("s = Session(get_engine())", True),
        ("s = orm.Session(bind=get_engine())", True),
        ("import store.db\nt = store.db.get_engine().begin()", True),
        ("with get_engine().connect() as c:\n    c.x()", False),
        ("with Session(get_engine()) as s:\n    s.x()", False),
        ("url = get_engine().url", False),
        ("e = get_engine()\ne.dispose()", False),
    ],
)
def test_what_is_opened_of_the_engine_is_opened_by_with(
    code: str, *, red: bool, look: Callable
) -> None:
    files = FILES | {"store/db.py": ENGINE, "store/user.py": FROM_ENGINE + code}
    sessions = Sessions("store.db:get_session", "store.db:get_engine")
    assert look("sessions", files, sessions=sessions).red is red


def test_closing_is_right_for_a_function_that_returns_the_session(look: Callable) -> None:
    user = FROM + "from contextlib import closing\nwith closing(get_session()) as s:\n    s.x()"
    db = "def get_session():\n    return open_session()\n"
    assert not look("sessions", FILES | {"store/db.py": db, "user.py": user}).red


def test_the_definition_itself_is_no_use(look: Callable) -> None:
    seen = look("sessions", FILES)
    assert not seen.red
    assert len(seen.observations) == 2  # that it is defined, and the `with` in ping()


def test_an_absent_function_is_a_finding(look: Callable) -> None:
    assert look("sessions", {"store/db.py": "x = 1\n"}).red


def test_tests_may_do_as_they_like(look: Callable) -> None:
    assert not look("sessions", FILES | {"tests/test_x.py": RED["assigned"]}).red


def test_the_gate_needs_its_table(look: Callable) -> None:
    with pytest.raises(NotDeclared):
        look("sessions", FILES, sessions=None)


def test_the_finding_names_line_and_what_is_done(look: Callable) -> None:
    (found,) = look("sessions", FILES | {"user.py": FROM + "\ns = get_session()\n"}).findings
    assert (found.path, found.line, found.got) == ("user.py", 3, "assigned, not entered")
