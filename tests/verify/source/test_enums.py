"""Every literal that reaches a lookup or filter names a member of its enum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.errors import NotDeclared
from verify.model import OneOf

if TYPE_CHECKING:
    from collections.abc import Callable

MODELS = '''
import enum
from enum import IntEnum, StrEnum, auto
from sqlalchemy import Column, Enum, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class LeadStatus(enum.Enum):
    """States."""
    NEW = "New"
    CONTACTED = "Contacted"
    LOST = "Lost"

    @property
    def label(self): return self.value

    @classmethod
    def first(cls): return cls.NEW

class Level(StrEnum):
    LOW = auto()
    HIGH = auto()

class Rank(IntEnum):
    A = 1

class Open(enum.Enum):
    X = "x"
    @classmethod
    def _missing_(cls, value): return cls.X

Color = enum.Enum("Color", "RED GREEN")

class Lead(Base):
    status: Mapped[LeadStatus] = mapped_column(Enum(LeadStatus))
    maybe: Mapped["LeadStatus | None"]
    level: Mapped[Level]
    by_value = Column(Enum(LeadStatus, values_callable=lambda e: [m.value for m in e]))
    name: Mapped[str] = mapped_column(String(3))

class Job(Base):
    state = Column(Enum(LeadStatus))
    level: Mapped[Level]
'''

FILES = {
    "store/__init__.py": "",
    "store/models.py": MODELS,
    "store/again.py": "from store.models import LeadStatus as Status\nWANTED = ['NEW']\n"
    "BAD = ['ENGAGED']\n",
}

HEAD = "from store.models import Color, Job, Lead, LeadStatus, Level, Open, Rank\n"

GREEN = [
    "LeadStatus.NEW",
    'LeadStatus["NEW"]',
    'LeadStatus("New")',
    'LeadStatus.__members__["NEW"]',
    "LeadStatus.NEW.label",
    "LeadStatus.first()",
    "LeadStatus.__name__",
    "Level.LOW.upper()",
    'Level("low")',
    'Open("anything")',
    'Color["RED"]',
    "Color.GREEN",
    'Lead.status == "NEW"',
    '"NEW" != Lead.status',
    'Lead.status.in_(["NEW", "LOST"])',
    'Lead.status.notin_(("NEW",))',
    "Lead.status.in_([LeadStatus.NEW, LeadStatus.LOST])",
    'Lead.by_value == "New"',
    'Lead.level == "low"',
    'Lead.level == "LOW"',
    'Lead.name == "ENGAGED"',
    "Lead.maybe.is_(None)",
    'select(Lead).filter_by(status="NEW", name="ENGAGED")',
    'Lead(status="NEW")',
    'W = ["NEW", "LOST"]\nLead.status.in_([LeadStatus[n] for n in W])',
    'W = ["NEW"]\nfor n in W:\n    LeadStatus[n]',
    "from store.again import WANTED\n[LeadStatus[n] for n in WANTED]",
    "from store import again\n[LeadStatus[n] for n in again.WANTED]",
    "LeadStatus[unknown]",
    'case({"NEW": 1}, value=Lead.status)',
    'other.status == "NEW"',
    'for n in LeadStatus: n.name == "x"',
    'record.levelname == "ENGAGED"',
    '# DASH_FIX_START\nW = ["CONTACTED"]\n# DASH_FIX_END\nW2 = ["ENGAGED"]',
    '# LeadStatus["ENGAGED"]',
    'x = "LeadStatus.ENGAGED"',
    "class ENGAGED: pass",
    "from elsewhere import LeadStatus as Other\nOther.ENGAGED",
    "Lead.status == LeadStatus.NEW",
    'lead.status = "NEW"',
    'class C:\n    def __init__(self):\n        self.status = "ready"',
    'lead.status.name == "NEW"',
    'lead.status.value == "New"',
    "def f(names):\n    return [LeadStatus[n] for n in names]\nf(['NEW'])",
    "class C:\n    def f(self, name):\n        return LeadStatus[name]\nC().f('ENGAGED')",
    "from sqlalchemy import text\ntext(\"status = 'NEW' AND name = 'ENGAGED'\")",
    "import streamlit as st\nst.text(\"status = 'ENGAGED'\")",
    "c.exec_driver_sql(\"SELECT 'ENGAGED' FROM leads WHERE status = :status\")",
]

RED = [
    "LeadStatus.ENGAGED",
    'LeadStatus["ENGAGED"]',
    'LeadStatus("ENGAGED")',
    'LeadStatus("NEW")',
    'LeadStatus["New"]',
    'LeadStatus["engaged".upper()]',
    'LeadStatus["ENG" + "AGED"]',
    'LeadStatus.__members__["ENGAGED"]',
    'LeadStatus.__members__.get("ENGAGED")',
    'getattr(LeadStatus, "ENGAGED")',
    'Color["BLUE"]',
    "Color.BLUE",
    "Rank.B",
    'Level("LOW")',
    'Lead.status == "ENGAGED"',
    'Lead.status == "New"',
    '"ENGAGED" != Lead.status',
    'Lead.status is "ENGAGED"',
    'Lead.status in ("NEW", "ENGAGED")',
    'Lead.status not in {"ENGAGED"}',
    'Lead.status.in_(["NEW", "ENGAGED"])',
    'Lead.status.notin_(["ENGAGED"])',
    'Lead.status.not_in(("ENGAGED",))',
    'Lead.status.is_("ENGAGED")',
    "Lead.status.in_([LeadStatus.NEW, LeadStatus.ENGAGED])",
    'Lead.by_value == "NEW"',
    'Lead.maybe == "ENGAGED"',
    'Lead.level == "MIDDLE"',
    'Job.state == "ENGAGED"',
    'other.status == "ENGAGED"',
    'aliased_lead = aliased(Lead)\naliased_lead.status == "ENGAGED"',
    'select(Lead).filter_by(status="ENGAGED")',
    'session.query(Lead).filter_by(status="ENGAGED")',
    'query.filter_by(status="ENGAGED")',
    'update(Lead).values(status="ENGAGED")',
    'Lead(status="ENGAGED")',
    'case({"ENGAGED": 1}, value=Lead.status)',
    'case((Lead.status == "ENGAGED", 1))',
    'W = ["NEW", "ENGAGED"]\nLead.status.in_([LeadStatus[n] for n in W])',
    'W = ("ENGAGED",)\nLead.status.in_(W)',
    'W = {"ENGAGED"}\nLead.status.in_(list(W))',
    'W = {"ENGAGED": 1}\nLead.status.in_(W)',
    'W = {"hot": "ENGAGED"}\nLeadStatus[W["hot"]]',
    'W = {"hot": "ENGAGED"}\nLeadStatus[W.get("hot")]',
    'W = {"hot": "ENGAGED"}\n[LeadStatus[v] for v in W.values()]',
    'W = {"hot": "ENGAGED"}\n[LeadStatus[v] for k, v in W.items()]',
    'W = [("a", "ENGAGED")]\nfor label, name in W:\n    LeadStatus[name]',
    'W = ["NEW"]\nW.append("ENGAGED")\n[LeadStatus[n] for n in W]',
    'W = ["NEW"]\nW += ["ENGAGED"]\n[LeadStatus[n] for n in W]',
    'W = ["NEW"] + ["ENGAGED"]\n[LeadStatus[n] for n in W]',
    'W = [*["NEW"], "ENGAGED"]\n[LeadStatus[n] for n in W]',
    'A = ["ENGAGED"]\nW = A\n[LeadStatus[n] for n in W]',
    'W = "NEW ENGAGED".split()\n[LeadStatus[n] for n in W]',
    'W = ["ENGAGED"]\nfor n in W:\n    LeadStatus[n]',
    'W = ["ENGAGED"]\nfor i, n in enumerate(W):\n    LeadStatus[n]',
    "class C:\n    W = ['ENGAGED']\n[LeadStatus[n] for n in C.W]",
    "def f(name='ENGAGED'):\n    return LeadStatus[name]",
    "def f():\n    w = ['ENGAGED']\n    return Lead.status.in_(w)",
    "from store.again import BAD\n[LeadStatus[n] for n in BAD]",
    "from store import again\n[LeadStatus[n] for n in again.BAD]",
    "import store.again as a\nLead.status.in_(a.BAD)",
    "from store.again import Status\nStatus.ENGAGED",
    "import store.models as m\nm.LeadStatus.ENGAGED",
    "S = LeadStatus\nS.ENGAGED",
    'LeadStatus["NEW" if x else "ENGAGED"]',
    "match lead.status:\n    case 'ENGAGED': pass",
    "match lead.status.name:\n    case 'ENGAGED': pass",
    'lead.status = "ENGAGED"',
    'lead.status.name == "ENGAGED"',
    'lead.status.value in {"NEW"}',
    "def f(names):\n    return [LeadStatus[n] for n in names]\nf(['NEW', 'ENGAGED'])",
    "def f(name):\n    return LeadStatus[name]\nf(name='ENGAGED')",
    "def f(a, *, b):\n    return Lead.status == b\nf(1, b='ENGAGED')",
    "def f(a):\n    return g(a)\ndef g(b):\n    return f(b) or LeadStatus[b]\nf('ENGAGED')",
    "from sqlalchemy import text\ntext(\"status = 'ENGAGED'\")",
    "import sqlalchemy as sa\nsa.text(\"leads.status IN ('NEW', 'ENGAGED')\")",
    "c.exec_driver_sql(\"SELECT 1 FROM leads WHERE status <> 'ENGAGED'\")",
    "Q = \"SELECT status FROM leads WHERE status NOT IN ('ENGAGED')\"\npd.read_sql(Q, c)",
    '# DASH_FIX_START\nW = ["CONTACTED", "ENGAGED"]\n# DASH_FIX_END',
    "# DASH_FIX_START\nW = []",
]


@pytest.mark.parametrize("code", GREEN)
def test_members_are_right(code: str, look: Callable) -> None:
    seen = look("enums", FILES | {"store/use.py": f"{HEAD}{code}\n"})
    assert not seen.red, seen.told()


@pytest.mark.parametrize("code", RED)
def test_what_is_no_member_is_a_finding(code: str, look: Callable) -> None:
    assert look("enums", FILES | {"store/use.py": f"{HEAD}{code}\n"}).red


def test_a_page_outside_the_packages_is_looked_at_too(look: Callable) -> None:
    seen = look("enums", FILES | {"page.py": f"{HEAD}LeadStatus['ENGAGED']\n"})
    assert [(o.path, o.line) for o in seen.findings] == [("page.py", 2)]


@pytest.mark.parametrize(("thing", "red"), [("row", False), ("Lead", True)])
def test_a_class_from_outside_the_models_is_held_against_a_model_only(
    thing: str, red: object, look: Callable
) -> None:
    other = "from enum import Enum\n\nclass Outcome(Enum):\n    PASS = 'pass'\n"
    code = f"{HEAD}from other import Outcome\nLead\nx = {thing}.status == Outcome.PASS\n"
    assert look("enums", FILES | {"other.py": other, "page.py": code}).red is red


def test_the_finding_says_what_may_stand_there(look: Callable) -> None:
    (found,) = look("enums", FILES | {"store/use.py": f"{HEAD}\nLeadStatus['ENGAGED']\n"}).findings
    assert found.expected == OneOf(("NEW", "CONTACTED", "LOST"))
    assert str(found.expected) == "one of NEW, CONTACTED, LOST"
    assert (found.got, found.path, found.line) == ("ENGAGED", "store/use.py", 3)


def test_a_literal_in_another_file_is_found_where_it_stands(look: Callable) -> None:
    code = f"{HEAD}from store.again import BAD\n[LeadStatus[n] for n in BAD]\n"
    (found,) = look("enums", FILES | {"store/use.py": code}).findings
    assert (found.path, found.line) == ("store/again.py", 3)


def test_good_uses_are_observed(look: Callable) -> None:
    seen = look("enums", FILES | {"store/use.py": f"{HEAD}LeadStatus['NEW']\n"})
    assert [o.got for o in seen.observations if o.path == "store/use.py"] == ["NEW"]


def test_a_migration_may_name_what_was_taken_out_since(look: Callable) -> None:
    code = HEAD + "from sqlalchemy import text\ntext(\"status = 'ENGAGED'\")"
    assert not look("enums", FILES | {"store/migrations/one.py": code}).red
    assert look("enums", FILES | {"store/moves/one.py": code}).red


def test_a_file_that_does_not_parse_is_no_pass(look: Callable) -> None:
    assert look("enums", FILES | {"store/use.py": "from enum import Enum\nx = ("}).red


def test_the_gate_needs_its_table(look: Callable) -> None:
    with pytest.raises(NotDeclared):
        look("enums", FILES, enums=None)
