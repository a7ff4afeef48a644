"""What an import does that it should not, and what keeps one from working."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import modules
from verify.planting.defect import Sign, defect
from verify.planting.tree import DROP

if TYPE_CHECKING:
    from verify.planting.tree import Tree


UNINSTALL = (
    "import importlib.util, os, shutil, sys; "
    "s = importlib.util.find_spec(sys.argv[1]); "
    "shutil.rmtree(os.path.dirname(s.origin)) if s.submodule_search_locations "
    "else os.remove(s.origin)"
)


@defect("imports", Stage.CONTAINER)
def optional_module_made_mandatory(tree: Tree) -> Sign:
    """The entry cannot be imported any more without the optional module."""
    name, _ = modules.optional(tree)
    modules.begin(tree, tree.entry, f"import {name}  # noqa: F401")
    return Sign(f"without the optional {name}\nModuleNotFoundError", _named(tree.entry))


@defect("imports", Stage.CONTAINER)
def import_that_prints(tree: Tree) -> Sign:
    """A module prints when it is imported."""
    name, path = modules.required(tree)
    tree.append(path, "print('ready')")
    return _prints(name, "ready")


@defect("imports", Stage.CONTAINER)
def optional_module_that_prints(tree: Tree) -> Sign:
    """The optional module warns on the terminal whenever it is imported."""
    name, path = modules.optional(tree)
    tree.append(path, "import warnings\n\nwarnings.warn('use the new one', stacklevel=1)\n")
    return _prints(name, "")


@defect("imports", Stage.LOCAL)
def import_that_opens_a_database(tree: Tree) -> Sign:
    """A module opens a database in memory when it is imported."""
    name, path = modules.required(tree)
    tree.append(path, "import sqlite3\n\nCACHE = sqlite3.connect(':memory:')\n")
    return _does(name, f"opens database :memory: at {path}")


@defect("imports", Stage.CONTAINER)
def import_that_asks_a_server(tree: Tree) -> Sign:
    """A module asks a server for its settings when imported, and goes on without it."""
    # Where nobody knows the server's name no connection is ever tried; it is none the better.
    name, path = modules.required(tree)
    tree.append(
        path,
        "import contextlib\nimport urllib.request\n\n"
        "with contextlib.suppress(OSError):\n"
        "    urllib.request.urlopen('http://settings.invalid/all.json', timeout=1)\n",
    )
    return _does(name, f"looks up settings.invalid at {path}")


@defect("imports", Stage.CONTAINER)
def import_that_connects(tree: Tree) -> Sign:
    """A module tries to connect to a server when it is imported."""
    name, path = modules.required(tree)
    tree.append(
        path,
        "import contextlib\nimport socket\n\n"
        "with contextlib.suppress(OSError):\n"
        "    socket.create_connection(('127.0.0.1', 9), timeout=0.2).close()\n",
    )
    return _does(name, f"connects to ('127.0.0.1', 9) at {path}")


@defect("imports", Stage.CONTAINER)
def import_that_starts_a_thread(tree: Tree) -> Sign:
    """A module starts a thread when it is imported."""
    name, path = modules.required(tree)
    tree.append(
        path,
        "import threading\n\n"
        "_timer = threading.Timer(3600, print)\n_timer.daemon = True\n_timer.start()\n",
    )
    return _does(name, "starts thread")


@defect("imports", Stage.CONTAINER)
def import_that_starts_a_process(tree: Tree) -> Sign:
    """A module asks git for its version when it is imported."""
    name, path = modules.required(tree)
    tree.append(
        path,
        "import contextlib\nimport subprocess\n\n"
        "with contextlib.suppress(OSError):\n"
        "    subprocess.run(['git', 'rev-parse', 'HEAD'], capture_output=True, check=False)\n",
    )
    return _does(name, f"starts process git at {path}")


@defect("imports", Stage.CONTAINER)
def import_that_starts_a_worker(tree: Tree) -> Sign:
    """A module starts a worker of `multiprocessing` when it is imported, by spawning it."""
    name, path = modules.required(tree)
    tree.append(
        path,
        "import multiprocessing\n\n"
        "if multiprocessing.current_process().name == 'MainProcess':\n"
        "    multiprocessing.get_context('spawn').Process(target=int).start()\n",
    )
    return _does(name, f"at {path}")


@defect("imports", Stage.CONTAINER)
def circular_import(tree: Tree) -> Sign:
    """Two modules import each other, and only one of them may be the first."""
    first, path = modules.required(tree, 0)
    second, other = modules.required(tree, 1)
    modules.begin(tree, path, f"import {second}  # noqa: F401")
    tree.append(path, "LIMIT = 3\n")
    modules.begin(tree, other, f"from {first} import LIMIT  # noqa: F401")
    return Sign(f"import {first}\nImportError: cannot import name 'LIMIT'", _named(first))


@defect("imports", Stage.CONTAINER)
def relative_import_of_nothing(tree: Tree) -> Sign:
    """A module imports a neighbour that has gone."""
    name, path = modules.required(tree)
    modules.begin(tree, path, "from .neighbour import VALUE  # noqa: F401")
    return Sign(f"import {name}\n", _named(name))


@defect("imports", Stage.CONTAINER)
def required_module_gone(tree: Tree) -> Sign:
    """A module that the dashboard needs is not in the image."""
    name, path = modules.required(tree)
    tree.in_image([tree.image.python, "-c", DROP, tree.inside(path)])
    return Sign(f"import {name}\nModuleNotFoundError: {name}")


@defect("imports", Stage.CONTAINER)
def dependency_missing_in_the_image(tree: Tree) -> Sign:
    """What a module imports is not installed in the image."""
    package = modules.dependency(tree)
    tree.in_image([tree.image.python, "-c", UNINSTALL, package])
    return Sign(f"ModuleNotFoundError: No module named '{package}")


def _does(name: str, what: str) -> Sign:
    return Sign(what, _named(name))


def _prints(name: str, what: str) -> Sign:
    return Sign(f"what importing {name} prints\n{what}", _named(name))


def _named(name: str) -> str:
    """Return a module as the gate names its file."""
    return name.removesuffix(".py").replace(".", "/")
