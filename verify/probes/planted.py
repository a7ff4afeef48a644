"""Starts Streamlit servers of one entry file in which a fault can be planted, in any tab.

Sent as it is to the subject's interpreter, like `farm.py`, whose way each server goes. It knows
nothing of the project: it sees what a script run sends to the visitor, and so which tab is being
drawn. No file is touched, and no deployment can be asked for a fault: what this file changes of
Streamlit and of the import system, it changes in its own processes only.

A visitor of such a server asks for a fault by the query `verify-fault=KIND&verify-tab=LABEL` of the
page; without it the page is as it always is. It strikes once in each run, where the code inside of
that tab draws for the first time:
    exception    RuntimeError
    exit         sys.exit(1)
    stop         st.stop()
    slow         a call that never comes back
    import       ImportError from the first import of a module of the project that code inside of
                 that tab asks for, loaded before or not; where it asks for none, as above. An
                 optional module is passed over: doing without it is no fault
Each strike is told in the log: a line with MARK, kind, tab and time.

Its one argument is a JSON object:
    root         the project's folder
    entry        what to serve
    optional     modules that may be missing
    address      where they listen
    servers      [[port, module, how], ...]; how is "absent" or "raises" and says what an import of
                 that module does in this server; empty for neither
It stays until SIGTERM, which ends the servers too, or until one of them ends.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.machinery
import importlib.util
import json
import os
import re
import signal
import sys
import threading
import time
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Tuple
from urllib.parse import parse_qs

MARK = "verify-planted:"
TEXT = "planted by verify"
"""Stands in the text of every fault that has one."""

OPTIONS = (
    "--server.headless=true",
    "--server.fileWatcherType=none",
    "--browser.gatherUsageStats=false",
)

IMPORT = re.compile(r"^(?:from|import)[ \t]+(\w[\w.]*)", re.MULTILINE)

Path = Tuple[int, ...]


class Plan:
    """What is planted in one run of the script, and what is known of its tabs.

    Args:
        query: of the page's address.
    """

    def __init__(self, query: str) -> None:
        asked = parse_qs(query)
        self.kind = asked.get("verify-fault", [""])[-1]
        self.tab = asked.get("verify-tab", [""])[-1]
        self.tabs: Dict[Path, str] = {}
        self.struck = not self.kind

    def draws(self, path: Path, tab: Optional[str]) -> bool:
        """Take in what is drawn, a tab by its label; say whether it is inside of the faulty tab."""
        around = [label for place, label in self.tabs.items() if path[: len(place)] == place]
        if tab is not None and not around:
            self.tabs[path] = tab
        return self.tab in around and path not in self.tabs

    def strikes(self) -> bool:
        """Say whether it is time for the fault, which is once."""
        if self.struck:
            return False
        self.struck = True
        # One write, so that no line of another thread or server comes in between.
        said = json.dumps([self.kind, self.tab, time.time()])
        os.write(2, f"\n{MARK}{said}\n".encode("ascii"))
        return True


PLANS: Dict[int, Plan] = {}
"""By the thread whose run it is; a run has one thread, and a thread one run at a time."""


def plan_of(context: Any) -> Plan:
    """Return the plan of the run that a context of Streamlit belongs to."""
    plan: Plan = vars(context).setdefault("_verify_plan", Plan(context.query_string))
    return plan


def plant_in_tabs(root: str, optional: Sequence[str]) -> None:
    """Change Streamlit and the import system so that each run gets the fault its visitor wants."""
    from streamlit.runtime.scriptrunner import ScriptRunContext

    enqueue, reset = ScriptRunContext.enqueue, ScriptRunContext.reset

    def watched(context: Any, message: Any) -> None:
        plan = plan_of(context)
        if not plan.struck and message.WhichOneof("type") == "delta":
            inside = plan.draws(tuple(message.metadata.delta_path), tab_label(message.delta))
            if inside and plan.strikes():
                PLANS.pop(threading.get_ident(), None)
                strike(plan.kind, plan.tab)
        enqueue(context, message)

    def begun(context: Any, *args: Any, **kwargs: Any) -> None:
        reset(context, *args, **kwargs)
        vars(context).pop("_verify_plan", None)
        plan = plan_of(context)
        PLANS.pop(threading.get_ident(), None)
        if plan.kind == "import":
            PLANS[threading.get_ident()] = plan

    patched: Any = ScriptRunContext
    patched.enqueue, patched.reset = watched, begun
    watch_imports(root, optional)


def tab_label(delta: Any) -> Optional[str]:
    """Return the label of the tab that a message adds; None when it adds none."""
    if delta.WhichOneof("type") != "add_block" or delta.add_block.WhichOneof("type") != "tab":
        return None
    label: str = delta.add_block.tab.label
    return label


def strike(kind: str, tab: str) -> None:
    """Do what a faulty tab does."""
    if kind == "exit":
        sys.exit(1)
    if kind == "stop":
        importlib.import_module("streamlit").stop()
    if kind == "slow":
        threading.Event().wait()
    if kind == "import":
        raise ImportError(f"{TEXT} in {tab}: it cannot be imported")
    raise RuntimeError(f"{TEXT} in {tab}: it is broken")


def watch_imports(root: str, optional: Sequence[str]) -> None:
    """Make the first import of a module of the project fail inside of a tab that shall fail so."""
    by_statement, by_call = builtins.__import__, importlib.import_module

    def statement(
        name: str,
        globals: Any = None,  # noqa: A002 - the interpreter's own name
        locals: Any = None,  # noqa: A002
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        if threading.get_ident() in PLANS:
            fail_inside(root, optional, "." * level + name, (globals or {}).get("__package__"))
        return by_statement(name, globals, locals, fromlist, level)

    def call(name: str, package: Optional[str] = None) -> Any:
        if threading.get_ident() in PLANS:
            fail_inside(root, optional, name, package)
        return by_call(name, package)

    patched: Any = builtins
    patched.__import__, importlib.import_module = statement, call


def fail_inside(root: str, optional: Sequence[str], name: str, package: Optional[str]) -> None:
    """Raise ImportError when this import happens inside of the faulty tab."""
    plan = PLANS.pop(threading.get_ident())  # so that what is asked here is not watched
    try:
        if name.startswith("."):
            name = importlib.util.resolve_name(name, package)
        spared = any((name + ".").startswith(module + ".") for module in optional)
        hit = not spared and is_inside(plan) and is_of_project(root, name) and plan.strikes()
    finally:
        if not plan.struck:
            PLANS[threading.get_ident()] = plan
    if hit:
        raise ImportError(f"{TEXT} in {plan.tab}: {name} cannot be imported", name=name)


def is_inside(plan: Plan) -> bool:
    """Say whether the `with` blocks around the running code include the faulty tab."""
    from streamlit.delta_generator_singletons import context_dg_stack

    cursors = (getattr(block, "_cursor", None) for block in context_dg_stack.get())
    paths = [(c.root_container, *c.parent_path) for c in cursors if c is not None]
    places = [place for place, label in plan.tabs.items() if label == plan.tab]
    return any(path[: len(place)] == place for path in paths for place in places)


def is_of_project(root: str, name: str) -> bool:
    """Say whether a module's file lies in the project, and not in an environment inside of it."""
    top = name.partition(".")[0]
    loaded = sys.modules.get(top)
    spec = getattr(loaded, "__spec__", None) or importlib.machinery.PathFinder.find_spec(top)
    files = [
        getattr(spec, "origin", None),
        *(getattr(spec, "submodule_search_locations", ()) or ()),
    ]
    places = [os.path.realpath(file) for file in files if isinstance(file, str)]
    within = [place for place in places if place.startswith(os.path.realpath(root) + os.sep)]
    return any(f"{os.sep}site-packages{os.sep}" not in place for place in within)


class Without:
    """A finder as it was, which no longer finds one module.

    Args:
        finder: the one that may find it.
        module: the module; its submodules go with it.
    """

    def __init__(self, finder: Any, module: str) -> None:
        self._finder = finder
        self._module = module

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find every other module."""
        if (name + ".").startswith(self._module + "."):
            return None
        find = getattr(self._finder, "find_spec", None)
        return find(name, path, target) if find else None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


class Raising:
    """A finder, and loader, of one module that raises when it is imported.

    Args:
        module: the module.
    """

    def __init__(self, module: str) -> None:
        self._module = module

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> Any:
        """Find that module only."""
        if name != self._module:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> None:
        """Leave it to the interpreter."""

    def exec_module(self, module: Any) -> None:
        """Raise."""
        raise RuntimeError(f"{TEXT}: {module.__name__} raises when it is imported")


def plant_in_module(module: str, how: str) -> None:
    """Make a module that is not imported yet absent, or raise."""
    if how == "absent":
        sys.meta_path[:] = [Without(finder, module) for finder in sys.meta_path]
    else:
        sys.meta_path.insert(0, Raising(module))


def preload(request: Dict[str, Any]) -> None:
    """Load once, for all servers, what each would load before its first page but for the project.

    That is what the top lines of the project's files import from elsewhere. Whatever cannot be
    loaded is left to the page.
    """
    import streamlit.web.bootstrap
    import streamlit.web.cli  # noqa: F401

    missing = tuple(module for _, module, _ in request["servers"] if module)
    waiting, seen = [request["entry"]], {"streamlit"}
    wanted = ["pandas"]  # which Streamlit itself loads when it draws a table
    while waiting:
        for name in IMPORT.findall(read(waiting.pop())):
            top = name.partition(".")[0]
            if not is_of_project(request["root"], top):
                wanted.append(name)
            elif top not in seen:
                waiting += files_of(top)
            seen.add(top)
    for name in dict.fromkeys(wanted):
        if not name.startswith(missing or " "):
            with contextlib.suppress(Exception, SystemExit):
                importlib.import_module(name)


def read(file: str) -> str:
    """Return the text of a file as far as it can be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return opened.read()
    except OSError:
        return ""


def files_of(top: str) -> List[str]:
    """Return the files of a module or package."""
    spec = importlib.machinery.PathFinder.find_spec(top)
    folders = list(getattr(spec, "submodule_search_locations", None) or ())
    if not folders:
        return [spec.origin] if spec and spec.origin else []
    walks = (walk for folder in folders for walk in os.walk(folder))
    files = (os.path.join(at, name) for at, _, names in walks for name in names)
    return [file for file in files if file.endswith(".py")]


def serve(request: Dict[str, Any], port: int, module: str, how: str) -> NoReturn:
    """Become `streamlit run ENTRY`; never returns."""
    from streamlit.web import cli

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    plant_in_tabs(request["root"], request["optional"])
    if module:
        plant_in_module(module, how)
    sys.path[:] = [folder for folder in sys.path if folder]  # "" is what `python -c` adds
    address = "--server.address=" + request["address"]
    sys.argv = ["streamlit", "run", request["entry"], f"--server.port={port}", address, *OPTIONS]
    try:
        cli.main(prog_name="streamlit")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)


def main() -> NoReturn:
    """Start the servers and stay until told to stop, or until one of them ends."""
    request = json.loads(sys.argv[1])
    children: List[int] = []

    def stop(_signal: int, _frame: object) -> None:
        end(children)
        os._exit(0)

    preload(request)
    signal.signal(signal.SIGTERM, stop)
    for port, module, how in request["servers"]:
        pid = os.fork()
        if pid == 0:
            serve(request, port, module, how)
        children.append(pid)
    ended, status = os.wait()
    children.remove(ended)
    end(children)
    os._exit(os.WEXITSTATUS(status) or 1)


def end(children: Sequence[int]) -> None:
    """Kill the servers, and wait until they are gone."""
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    for pid in children:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
