"""Retired files whose guard stands under a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import retired
from verify.planting.defect import defect
from verify.sabotage.guards import OLD

if TYPE_CHECKING:
    from verify.planting.defect import Sign
    from verify.planting.retired import Guarded
    from verify.planting.tree import Tree


@defect("guards", Stage.SOURCE)
def guard_on_the_main_module_only(tree: Tree) -> Sign:
    """A retired file refuses when it is started, and not when it is imported."""
    return _under(tree, retired.near(tree, "raise"), 'if __name__ == "__main__":')


@defect("guards", Stage.SOURCE)
def guard_on_import_only(tree: Tree) -> Sign:
    """A retired file refuses when it is imported, and not when it is started."""
    return _under(tree, retired.near(tree, "exit"), 'if __name__ != "__main__":')


@defect("guards", Stage.SOURCE)
def guard_off_under_streamlit(tree: Tree) -> Sign:
    """A retired file refuses under plain Python only."""
    opening = 'import sys\n\nif "streamlit" not in sys.modules:'
    return _under(tree, retired.near(tree, "raise"), opening)


@defect("guards", Stage.SOURCE)
def guard_off_under_python(tree: Tree) -> Sign:
    """A retired file refuses under `streamlit run` only."""
    opening = 'import sys\n\nif "streamlit" in sys.modules:'
    return _under(tree, retired.near(tree, "stop"), opening)


@defect("guards", Stage.SOURCE)
def guard_behind_a_variable(tree: Tree) -> Sign:
    """A variable of the environment switches the guard of a retired file off."""
    opening = 'import os\n\nif not os.environ.get("KEEP_OLD_DASHBOARD"):'
    return _under(tree, retired.near(tree, "exit"), opening)


@defect("guards", Stage.SOURCE)
def guard_behind_an_argument(tree: Tree) -> Sign:
    """A retired file refuses unless it gets an argument."""
    return _under(tree, retired.near(tree, "raise"), "import sys\n\nif len(sys.argv) < 2:")


@defect("guards", Stage.SOURCE)
def guard_until_a_day(tree: Tree) -> Sign:
    """A retired file refuses until a day that has passed."""
    opening = "import datetime\n\nif datetime.date.today().year < 2020:"
    return _under(tree, retired.near(tree, "stop"), opening)


def _under(tree: Tree, file: Guarded, opening: str) -> Sign:
    retired.within(tree, file, opening, OLD)
    return retired.passed(file)
