"""What asks for a state that its enum does not have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import code, models
from verify.planting.defect import CannotPlant, Sign, defect
from verify.planting.models import ABSENT

if TYPE_CHECKING:
    from verify.planting.tree import Tree

FIX = ("# DASH_FIX_START", "# DASH_FIX_END")
"""The lines between which the filter stands that was mended once."""


@defect("enums", Stage.SOURCE, sociable=True)
def state_that_does_not_exist_in_a_list(tree: Tree) -> Sign:
    """A list of wanted states has one that does not exist; a comment says that it does not."""
    return _asks(
        tree,
        "# ABSENT is no state any more: it was taken out.\n"
        'WANTED = ["GOOD", "ABSENT"]\n\n\n'
        "def chosen():\n    return Model.column.in_([States[name] for name in WANTED])",
    )


@defect("enums", Stage.SOURCE, sociable=True)
def mended_filter_changed_back(tree: Tree) -> Sign:
    """The filter that was mended once asks for the missing state again."""
    for path in tree.source.product_files:
        if FIX[0].encode() not in tree.source.raw(path):
            continue
        text = tree.text(path)
        start, end = (text.find(f"\n{mark}\n") for mark in FIX)
        found = re.compile(r"\[([\"'])([A-Z_]+)\1\]").search(text, max(start, 0), max(end, 0))
        if found is None:
            raise CannotPlant(f"{path}: no list of states stands between the lines of the fix")
        quote = found[1]
        new = f"[{quote}{found[2]}{quote}, {quote}{ABSENT}{quote}]"
        tree.write(path, text[: found.start()] + new + text[found.end() :])
        return Sign(ABSENT, path)
    raise NotDeclared(f"no file has a line {FIX[0]}")


@defect("enums", Stage.SOURCE, sociable=True)
def mended_filter_without_its_end(tree: Tree) -> Sign:
    """The line that ends the mended filter is gone, so that nobody knows what was mended."""
    for path in tree.source.product_files:
        if f"\n{FIX[0]}\n".encode() in tree.source.raw(path):
            tree.replace(path, f"{FIX[1]}\n", "")
            return Sign("end of the region", path)
    raise NotDeclared(f"no file has a line {FIX[0]}")


@defect("enums", Stage.SOURCE, sociable=True)
def member_removed_that_is_used(tree: Tree) -> Sign:
    """A state was removed from its enum, and code still names it."""
    path, line, name, user = models.used_member(tree)
    tree.write(path, code.commented(tree.text(path), line))
    return Sign(name, user)


@defect("enums", Stage.SOURCE, sociable=True)
def state_compared_with_a_typo(tree: Tree) -> Sign:
    """A filter compares the column with a text that is no state."""
    return _asks(tree, 'def chosen():\n    return Model.column == "ABSENT"')


@defect("enums", Stage.SOURCE, sociable=True)
def state_compared_with_its_label(tree: Tree) -> Sign:
    """A filter compares the column with the text that people see, which is not stored."""
    found = models.held(tree)
    label = next((value for value in found.values if value not in found.members), None)
    if label is None:
        raise NotDeclared(f"{found.enum.name} has no value that is not a name of its own")
    path = models.asks(tree, f"def chosen():\n    return Model.column == {code.literal(label)}")
    return Sign(label, path)


@defect("enums", Stage.SOURCE, sociable=True)
def state_in_a_filter_by(tree: Tree) -> Sign:
    """A query asks by keyword for a state that does not exist."""
    return _asks(
        tree,
        'def chosen(session):\n    return session.query(Model).filter_by(column="ABSENT").all()',
    )


@defect("enums", Stage.SOURCE, sociable=True)
def new_row_with_no_such_state(tree: Tree) -> Sign:
    """A row is made with a state that does not exist."""
    return _asks(tree, 'def made():\n    return Model(column="ABSENT")')


@defect("enums", Stage.SOURCE, sociable=True)
def state_set_that_does_not_exist(tree: Tree) -> Sign:
    """A row is given a state that does not exist, by assignment."""
    return _asks(tree, 'def move(row: Model) -> None:\n    row.column = "ABSENT"')


@defect("enums", Stage.SOURCE, sociable=True)
def state_looked_up_by_name(tree: Tree) -> Sign:
    """Code looks up a state by a name that its enum lacks; a docstring has the right one."""
    return _asks(
        tree, 'def wanted():\n    """Return States["GOOD"]."""\n    return States["ABSENT"]'
    )


@defect("enums", Stage.SOURCE, sociable=True)
def state_looked_up_by_value(tree: Tree) -> Sign:
    """Code looks up a state by a value that its enum lacks."""
    if len(models.held(tree).values) < len(models.held(tree).members):
        raise NotDeclared("not all of its values are texts")
    return _asks(tree, 'def wanted():\n    return States("ABSENT")')


@defect("enums", Stage.SOURCE, sociable=True)
def state_named_under_another_name(tree: Tree) -> Sign:
    """The enum is given another name, and a member is named that it lacks, in a branch."""
    return _asks(
        tree,
        "S = States\n\n\ndef wanted(old=False):\n    return S.ABSENT if old else S.GOOD",
    )


@defect("enums", Stage.SOURCE, sociable=True)
def state_given_to_a_helper(tree: Tree) -> Sign:
    """A helper makes the filter of the names that it is given, and one of these is no state."""
    return _asks(
        tree,
        "def having(names):\n    return Model.column.in_([States[name] for name in names])\n\n\n"
        'def chosen():\n    return having(["GOOD", "ABSENT"])',
    )


@defect("enums", Stage.SOURCE, sociable=True)
def state_compared_by_its_name(tree: Tree) -> Sign:
    """Rows are sorted out in Python by the name of their state, and one name is no state."""
    return _asks(
        tree,
        "def chosen(rows: list[Model]):\n"
        '    return [row for row in rows if row.column.name in {"GOOD", "ABSENT"}]',
    )


@defect("enums", Stage.SOURCE, sociable=True)
def state_in_a_statement_of_sql(tree: Tree) -> Sign:
    """A filter is written in SQL, and asks for a state that does not exist."""
    return _asks(
        tree,
        "from sqlalchemy import select, text\n\n\n"
        "def chosen():\n"
        "    return select(Model).where(text(\"column IN ('GOOD', 'ABSENT')\"))",
    )


def _asks(tree: Tree, written: str) -> Sign:
    return Sign(ABSENT, models.asks(tree, written))
