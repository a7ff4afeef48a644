"""Retired files that do something before, while or after they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import retired
from verify.planting.code import literal
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("guards", Stage.SOURCE)
def guard_below_a_file_written(tree: Tree) -> Sign:
    """A retired file writes a file, and then refuses."""
    return _first(tree, "exit", 'open("started.log", "a").close()\n', "calls `open")


@defect("guards", Stage.SOURCE)
def guard_below_a_database_opened(tree: Tree) -> Sign:
    """A retired file opens a database, and then refuses."""
    opens = 'import sqlite3\n\nsqlite3.connect("old.db")\n'
    return _first(tree, "raise", opens, "calls `sqlite3.connect`")


@defect("guards", Stage.SOURCE)
def guard_below_an_import_of_the_project(tree: Tree) -> Sign:
    """A retired file imports code of the project, and then refuses."""
    tree.write("old_settings.py", 'TITLE = "Operations"\n')
    return _first(tree, "raise", "import old_settings\n", "imports old_settings.py")


@defect("guards", Stage.SOURCE)
def guard_that_writes_when_a_page_asks(tree: Tree) -> Sign:
    """A retired file writes a file under `streamlit run` only, and then refuses."""
    writes = 'import sys\n\nif "streamlit" in sys.modules:\n    open("left.txt", "a").close()\n'
    return _first(tree, "stop", writes, "calls `open")


@defect("guards", Stage.SOURCE)
def guard_that_writes_while_it_refuses(tree: Tree) -> Sign:
    """A retired file writes a file when its refusal has been raised."""
    file = retired.near(tree, "raise")
    retired.within(tree, file, "try:", 'finally:\n    open("left.txt", "a").close()')
    return retired.acted(file, "calls `open")


@defect("guards", Stage.SOURCE)
def guard_below_a_subprocess(tree: Tree) -> Sign:
    """A retired file starts the dashboard on its own, and then refuses."""
    starts = f"""
    import subprocess

    subprocess.Popen(["streamlit", "run", {literal(tree.entry)}])

    """
    return _first(tree, "exit", starts, "calls `subprocess.Popen`")


@defect("guards", Stage.SOURCE)
def guard_below_executed_text(tree: Tree) -> Sign:
    """A retired file executes a text, in which anything may stand, and then refuses."""
    text = "exec(\"import streamlit as st; st.title('Operations')\")\n"
    return _first(tree, "stop", text, "calls `exec`")


@defect("guards", Stage.SOURCE)
def guard_below_a_thread_that_draws(tree: Tree) -> Sign:
    """A retired file starts a thread that draws its page, and then refuses."""
    draws = """
    import threading


    def draw():
        import streamlit as st

        st.title("Operations")


    threading.Thread(target=draw).start()

    """
    return _first(tree, "stop", draws, "calls `threading.Thread")


@defect("guards", Stage.SOURCE)
def guard_whose_text_a_hook_hides(tree: Tree) -> Sign:
    """A retired file replaces what prints exceptions, and then raises its refusal."""
    hides = "import sys\n\nsys.excepthook = lambda *error: None\n"
    return _first(tree, "raise", hides, "changes `sys.excepthook`")


@defect("guards", Stage.SOURCE)
def guard_whose_exit_code_is_taken_back(tree: Tree) -> Sign:
    """A retired file has its process end with success, whatever it raises."""
    takes = "import atexit\nimport os\n\natexit.register(os._exit, 0)\n"
    return _first(tree, "raise", takes, "calls `atexit.register`")


@defect("guards", Stage.SOURCE)
def guard_with_its_terminal_closed(tree: Tree) -> Sign:
    """A retired file closes the stream that its text would go to, and then refuses."""
    return _first(tree, "exit", "import sys\n\nsys.stderr.close()\n", "calls `sys.stderr.close`")


@defect("guards", Stage.SOURCE)
def guard_with_its_terminal_replaced(tree: Tree) -> Sign:
    """A retired file sets the stream that its text would go to to nothing, and then refuses."""
    return _first(tree, "exit", "import sys\n\nsys.stderr = None\n", "changes `sys.stderr`")


@defect("guards", Stage.SOURCE)
def guard_cut_short(tree: Tree) -> Sign:
    """A retired file ends its process with success while its refusal is on its way."""
    file = retired.near(tree, "raise")
    retired.within(tree, file, "import os\n\ntry:", "finally:\n    os._exit(0)")
    return retired.ended(file, "exits with status 0")


@defect("guards", Stage.SOURCE)
def guard_that_ends_the_server(tree: Tree) -> Sign:
    """A retired file ends the whole server when one page asks for it."""
    file = retired.of_way(tree, "stop")
    kills = f"""
    import os

    print({literal(file.text)}, flush=True)
    os._exit(1)
    """
    retired.instead(tree, file, kills)
    return Sign(f"{file.path}: under streamlit run\nno st.stop()", file.path)


@defect("guards", Stage.SOURCE)
def guard_below_a_package_that_acts(tree: Tree) -> Sign:
    """The package around a retired file writes a file, which importing the retired one runs."""
    file = retired.nested(tree)
    package = f"{file.folder}__init__.py"
    had = tree.text(package) if tree.has(package) else ""
    tree.write(package, f'{had}\nopen("loaded.log", "a").close()\n')
    return retired.acted(file, "calls `open", at=package)


@defect("guards", Stage.SOURCE)
def guard_below_another_error(tree: Tree) -> Sign:
    """A retired file shows something else as an error on its page, and then raises its refusal."""
    file = retired.near(tree, "raise")
    shows = 'import streamlit as st\n\nst.error("The service is down, try again later")\n'
    retired.first(tree, file, shows)
    return Sign("\nThe service is down, try again later", file.path)


@defect("guards", Stage.SOURCE)
def guard_whose_decorator_draws(tree: Tree) -> Sign:
    """A retired file draws its page while it defines a function, and then refuses."""
    draws = """
    import streamlit as st


    @st.fragment
    def old():
        st.title("Operations")

    """
    return _first(tree, "stop", draws, "the decorator `st.fragment`")


@defect("guards", Stage.SOURCE)
def guard_below_a_text_that_streamlit_draws(tree: Tree) -> Sign:
    """A text stands alone above the guard of a retired file, and Streamlit draws such texts."""
    file = retired.near(tree, "raise")
    head = retired.without_docstring(file)
    tree.write(file.path, f'"""Retired."""\n\n"""# Operations"""\n\n{head}{file.guard}')
    return retired.acted(file, "evaluates `'# Operations'`")


def _first(tree: Tree, way: str, statements: str, what: str) -> Sign:
    file = retired.near(tree, way)
    retired.first(tree, file, statements)
    return retired.acted(file, what)
