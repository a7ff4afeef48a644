"""Retired files whose code reads well, or is reviewed, and that do otherwise when they run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import refusing, retired
from verify.planting.code import literal
from verify.planting.defect import Sign, defect, smuggled
from verify.sabotage.guards import OLD

if TYPE_CHECKING:
    from verify.planting.retired import Guarded
    from verify.planting.tree import Tree

CONFIG = ".streamlit/config.toml"
SERVED = "streamlit run FILE"


@defect("guards", Stage.CONTAINER)
def guard_whose_text_the_page_hides(tree: Tree) -> Sign:
    """A retired file only raises, and Streamlit is told to show no exception's text."""
    file = retired.of_way(tree, "raise")
    retired.instead(tree, file, f"raise RuntimeError({literal(file.text)})")
    _configure(tree, "client", "showErrorDetails", '"none"')
    return _of(file, f"{SERVED} shows")


@defect("guards", Stage.CONTAINER)
def guard_whose_docstring_the_page_shows(tree: Tree) -> Sign:
    """Streamlit is told to draw the docstrings of files, and that of a retired one is a page."""
    file = retired.near(tree, "stop")
    tree.write(file.path, f'"""# Operations"""\n\n{retired.without_docstring(file)}{file.guard}')
    _configure(tree, "magic", "displayRootDocString", "true")
    return _of(file, f"{SERVED} draws besides\n# Operations")


@smuggled("guards", Stage.CONTAINER)
def shared_guard_that_writes_unread(tree: Tree) -> Sign:
    """The function by which retired files refuse writes a file in words that no reading follows."""
    helper = refusing.helper(tree, retired.near(tree, "raise"))
    writes = "import sys\n\nvars(sys.modules['builtins'])['open']('/tmp/left.txt', 'a').close()"
    refusing.first(tree, helper, writes)
    return _of(refusing.sharing(tree, helper)[-1], f"{SERVED} does besides\nwrites /tmp/left.txt")


@defect("guards", Stage.LOCAL, smuggled=(Stage.CONTAINER,))
def shared_guard_that_forgets(tree: Tree) -> Sign:
    """The function by which retired files refuse lets the second visitor of a server pass."""
    file = retired.near(tree, "stop")
    helper = refusing.helper(tree, file)
    once = """
    import sys

    told = sys.modules["streamlit"].__dict__ if "streamlit" in sys.modules else {}
    if told.setdefault("_told", 0):
        return
    told["_told"] = 1
    """
    refusing.first(tree, helper, once)
    return _of(file, f"{SERVED}, to a second visitor, shows\n")


@defect("guards", Stage.CONTAINER)
def retired_file_back_in_the_image(tree: Tree) -> Sign:
    """The image holds the page of a retired file, and the tree its guard."""
    file = retired.near(tree, "raise")
    retired.instead(tree, file, OLD)
    tree.smuggle()
    return _of(file, f"{SERVED} draws tabs\n2")


@defect("guards", Stage.CONTAINER)
def shared_guard_gone_in_the_image(tree: Tree) -> Sign:
    """The function by which retired files refuse does nothing in the image."""
    helper = refusing.helper(tree, retired.near(tree, "raise"))
    refusing.instead(tree, helper, "pass")
    last = refusing.sharing(tree, helper)[-1]
    tree.smuggle()
    return _of(last, "python FILE ends with exit code\n0")


@defect("guards", Stage.CONTAINER)
def guard_cut_short_in_the_image(tree: Tree) -> Sign:
    """A retired file in the image ends its process with success when its refusal is on its way."""
    file = retired.near(tree, "exit")
    retired.first(tree, file, "import atexit\nimport os\n\natexit.register(os._exit, 0)\n")
    tree.smuggle()
    return _of(file, "import ends with exit code\n0")


@defect("guards", Stage.CONTAINER)
def guard_hidden_in_the_image(tree: Tree) -> Sign:
    """A retired file in the image replaces what prints exceptions."""
    file = retired.near(tree, "raise")
    retired.first(tree, file, "import sys\n\nsys.excepthook = lambda *error: None\n")
    tree.smuggle()
    return _of(file, "python FILE shows")


@defect("guards", Stage.CONTAINER)
def guard_with_a_thread_in_the_image(tree: Tree) -> Sign:
    """A retired file in the image starts a thread when a page asks, and refuses."""
    file = retired.near(tree, "stop")
    starts = 'import sys\nimport threading\n\nif "streamlit" in sys.modules:\n'
    retired.first(tree, file, f"{starts}    threading.Thread(target=print).start()\n")
    tree.smuggle()
    return _of(file, f"{SERVED} does besides\nstarts thread")


def _configure(tree: Tree, table: str, key: str, value: str) -> None:
    """Give an option of Streamlit's a value in the project's own configuration."""
    had = tree.text(CONFIG) if tree.has(CONFIG) else ""
    had = re.sub(rf"(?m)^\s*{key}\s*=.*\n?", "", had)
    text, found = re.subn(rf"(?m)^(\[{table}\].*)$", rf"\1\n{key} = {value}", had)
    tree.write(CONFIG, text if found else f"{had}\n[{table}]\n{key} = {value}\n")


def _of(file: Guarded, what: str) -> Sign:
    return Sign(f"{file.path}: {what}")
