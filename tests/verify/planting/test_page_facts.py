"""What is planted on pages, in Diagnostics, models and sessions of a project unlike this one."""

import ast

import pytest

from verify.errors import NotDeclared
from verify.planting import lines, models, modules, sessions, settings, wording
from verify.planting.defect import CannotPlant
from verify.planting.reach import reached
from verify.planting.tree import Tree

MANIFEST = """
[dashboard]
entry = "home.py"
marker = "M1"
tabs = ["One", "State"]
[imports]
required = ["home", "store.models", "store.work"]
optional = ["store.more"]
[diagnostics]
tab = "State"
path = "File"
service = "Part {}"
[mock]
variable = "DEMO"
banner = "DEMO DATA"
badge = "(demo)"
[sessions]
function = "store.models:opened"
engine = "store.models:made"
[enums]
packages = ["store"]
"""

HOME = '''"""DEMO DATA"""
import os
import streamlit as st
from store.work import count

BUILD_MARKER = "M1"

DEMO = os.getenv("DEMO", "0") == "1"
if DEMO:
    st.info("DEMO DATA")
with st.sidebar:
    st.markdown(f"**File:** {__file__}")
one, state = st.tabs(["One", "State"])
with one:
    st.metric(f"Rows{' (demo)' if DEMO else ''}", count())
with state:
    st.markdown(f"**File:** {__file__}")
    for name in ("store.work",):
        st.markdown(f"Part {name}: available")
'''

MODELS = """
import enum
from contextlib import contextmanager
from sqlalchemy import Enum
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Mood(enum.Enum):
    GOOD = "fine"
    BAD = "sad"

class Note(Base):
    mood: Mapped[Mood] = mapped_column(Enum(Mood))

def made():
    return None

@contextmanager
def opened():
    yield made()
"""

WORK = """
from store.models import Mood, Note, opened

def count():
    with opened() as work:
        return work.query(Note).filter(Note.mood == Mood.BAD).count()
"""


@pytest.fixture
def tree(tmp_path):
    for path, text in {
        "verify.toml": MANIFEST,
        "home.py": HOME,
        "store/__init__.py": "",
        "store/models.py": MODELS,
        "store/work.py": WORK,
        "store/more.py": "",
        "store/alone.py": "X = 'DEMO DATA'\n",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return Tree(tmp_path)


def test_a_page_is_made_of_what_it_imports(tree):
    assert reached(tree) == ["home.py", "store/work.py", "store/models.py"]


def test_a_text_is_taken_away_where_it_is_drawn_and_nowhere_else(tree):
    assert wording.undrawn(tree, "DEMO DATA") == "home.py"
    assert tree.text("home.py").count("DEMO DATA") == 1  # the docstring
    assert "if DEMO:\n    pass\n" in tree.text("home.py")


def test_what_decides_over_a_text_is_replaced(tree):
    wording.decided(tree, "DEMO DATA", lambda test: f"not ({test})")
    assert "if not (DEMO):\n" in tree.text("home.py")


def test_a_text_that_stands_nowhere_cannot_be_changed(tree):
    with pytest.raises(CannotPlant):
        wording.changed(tree, "elsewhere", "here")


def test_a_line_gets_another_label_or_another_value(tree):
    lines.fixed(tree, "File", "/old.py")
    lines.renamed(tree, "Part {}", "Piece ")
    text = tree.text("home.py")
    assert text.count("/old.py") == 2
    assert "__file__" not in text
    assert "Piece {name}: available" in text


def test_the_sidebar_is_emptied(tree):
    lines.no_sidebar(tree)
    assert "sidebar" not in tree.text("home.py")
    ast.parse(tree.text("home.py"))


def test_what_stands_for_an_absent_variable_is_found(tree):
    (found,) = lines.defaults(tree.module("home.py"), "DEMO")
    assert ast.unparse(found) == "'0'"


def test_modules_are_those_of_the_manifest_but_the_entry(tree):
    assert modules.required(tree) == ("store.models", "store/models.py")
    assert modules.optional(tree) == ("store.more", "store/more.py")
    assert modules.dependency(tree) == "sqlalchemy"
    with pytest.raises(NotDeclared):
        modules.required(tree, 2)


def test_a_module_begins_after_its_docstring(tree):
    modules.begin(tree, "home.py", "import sys")
    assert tree.text("home.py").startswith('"""DEMO DATA"""\nimport sys\nimport os\n')


def test_a_column_that_holds_an_enum_is_asked_for(tree):
    path = models.asks(tree, "x = Model.column == States.GOOD, 'ABSENT'")
    assert path == "store/more_filters.py"
    assert "x = Note.mood == Mood.GOOD, 'ENGAGED'" in tree.text(path)


def test_a_member_that_is_used_is_found_where_it_is_defined(tree):
    path, line, name, user = models.used_member(tree)
    assert (path, ast.unparse(line), name) == ("store/models.py", "BAD = 'sad'", "Mood.BAD")
    assert user == "store/work.py"


def test_the_block_of_a_session_is_found(tree):
    found = sessions.block(tree)
    assert (found.path, found.call, found.name) == ("store/work.py", "opened()", "work")


@pytest.mark.parametrize("before", [None, "[server]\nport = 1\n", "[theme]\nbase = 'dark'\n"])
def test_a_setting_of_the_server_stands_once_in_its_table(tree, before):
    if before:
        tree.write(settings.FILE, before)
    settings.server(tree, "port", "2")
    assert tree.text(settings.FILE).count("port = ") == 1
    assert "[server]\nport = 2\n" in tree.text(settings.FILE)
