"""The calls with which a Python program starts another one, and what they start."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.languages.python.values import HOLE, Table, items, text, truth

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROCESS = frozenset(
    f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen")
)
_CODE = frozenset(
    {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "invoke.run"}
    | {"asyncio.create_subprocess_shell", "asyncio.subprocess.create_subprocess_shell"}
)
_CLI = ("streamlit.web.cli.", "streamlit.cli.", "streamlit.__main__.")
_BOOTSTRAP = ("streamlit.web.bootstrap.", "streamlit.bootstrap.")
_APPS = (
    "streamlit.App",
    "streamlit.starlette.App",
    "streamlit.web.server.starlette.App",
    "streamlit.web.server.starlette.starlette_app.App",
)
APPS = frozenset(_APPS)
"""The names under which Streamlit publishes its App (its __init__.py and starlette.py)."""

_UNREAD = "bootstrap.run reads its flag options only once config.toml changes"
_LETTERS = "the words must be a list: a text is taken letter by letter"
_ONE_NAME = "without shell=True the whole text is taken for the name of one program"
_ONE_WORD = "with shell=True the shell runs only the first word of a list"


@dataclass(frozen=True, slots=True)
class Start:
    """One program that a call starts.

    Args:
        words: its name and arguments.
        code: shell code instead.
        cwd: the folder that the call gives it.
        env: the environment that the call gives it.
        ends: whether the call never returns.
        note: what there is to say about it.
        fault: why it cannot work as written.
    """

    words: tuple[object, ...] = ()
    code: str | None = None
    cwd: object = None
    env: Table | None = None
    ends: bool = False
    note: str = ""
    fault: str = ""


def started(
    name: str,
    args: tuple[object, ...],
    named: Mapping[str, object],
    argv: tuple[object, ...],
    flags: Table,
) -> Start | None:
    """Return what a call starts, None for one that starts nothing.

    Args:
        name: the dotted name of what is called.
        args: its arguments.
        named: its named arguments.
        argv: `sys.argv` at that point.
        flags: the options that Streamlit was given in the program before.
    """
    for prefix in _CLI:
        if name.startswith(prefix):
            return _cli(name.removeprefix(prefix), args, named, argv)
    for prefix in _BOOTSTRAP:
        if name == f"{prefix}run":
            return _bootstrap(args, named, flags)
    if name in _PROCESS:
        return _process(args, named)
    if name in _CODE and args:
        return _shell(args[0], named)
    module, _, function = name.rpartition(".")
    if module == "os" or function.startswith("create_subprocess"):
        return _os(function, args, named)
    if module == "runpy" and args:
        return _runpy(function, args, named, argv)
    if module in {"pexpect", "pty"} and function in {"spawn", "run"} and args:
        return _spawned(args, named)
    if module == "sh":
        env = named.get("_env")
        words = (function, *args)
        return Start(words, cwd=named.get("_cwd"), env=env if isinstance(env, Table) else None)
    return None


def app_started(script: object, named: Mapping[str, object], argv: tuple[object, ...]) -> Start:
    """Return what `st.App(SCRIPT).run()` starts: SCRIPT as seen from the launcher's folder."""
    launcher = text(argv[0]) if argv else ""
    path = posixpath.join(posixpath.dirname(launcher), text(script))
    config = named.get("config")
    return Start(("streamlit", "run", path, *_options(config)))


def app_served(script: object, named: Mapping[str, object]) -> Start:
    """Return what `uvicorn.run(st.App(SCRIPT))` starts: on uvicorn's own port, 8000 by default."""
    return Start(("streamlit", "run", script, "--server.port", named.get("port", 8000)))


def _cli(
    name: str, args: tuple[object, ...], named: Mapping[str, object], argv: tuple[object, ...]
) -> Start | None:
    given = args[0] if args else named.get("args")
    function = name.removesuffix(".main").removesuffix(".__call__")
    if function in {"main", ""}:
        return _clicked(("streamlit",), given, argv)
    if function == "main_run":
        return _clicked(("streamlit", "run"), given, argv)
    if function == "main_hello":
        return Start(("streamlit", "hello"))
    if function in {"main_run.callback", "_main_run", "_main_run_clExplicit"}:
        target = args[0] if args else named.get("target", named.get("file", HOLE))
        flags = named.get("flag_options", args[2] if len(args) > 2 else None)  # noqa: PLR2004
        port = named.get("server_port")
        options = _options(flags) if port is None else ("--server.port", port)
        return Start(("streamlit", "run", target, *options))
    return None


def _clicked(words: tuple[object, ...], given: object, argv: tuple[object, ...]) -> Start:
    if given is None:
        return Start((*words, *argv[1:]))
    if isinstance(given, str) and given != HOLE:
        return Start((*words, *given.split()), fault=_LETTERS)
    return Start((*words, *items(given)))


def _options(flags: object) -> tuple[object, ...]:
    """Return the port of Streamlit's flag options as words; click writes a dot as underscore."""
    if isinstance(flags, Table):
        for name in ("server.port", "server_port"):
            if flags.has(name) and flags.get(name) is not None:
                return ("--server.port", flags.get(name))
    return ()


def _bootstrap(args: tuple[object, ...], named: Mapping[str, object], flags: Table) -> Start:
    target = args[0] if args else named.get("main_script_path", HOLE)
    own = named.get("flag_options", args[3] if len(args) > 3 else None)  # noqa: PLR2004
    note = _UNREAD if _options(own) and _options(own) != _options(flags) else ""
    return Start(("streamlit", "run", target, *_options(flags)), note=note)


def _process(args: tuple[object, ...], named: Mapping[str, object]) -> Start:
    command = args[0] if args else named.get("args", HOLE)
    shell = truth(named.get("shell", False))
    if not isinstance(command, str):
        fault = _ONE_WORD if shell and len(items(command)) > 1 else ""
        return _in(Start(items(command), fault=fault), named)
    if shell or (" " in command and shell is not False):
        return _shell(command, named)
    if " " in command:
        return _in(Start(code=command, fault=_ONE_NAME), named)
    return _in(Start((command,)), named)


def _shell(code: object, named: Mapping[str, object]) -> Start:
    return _in(Start(code=text(code)), named)


def _in(start: Start, named: Mapping[str, object]) -> Start:
    """Return it with the folder and the environment that the call gives it."""
    env = named.get("env")
    return Start(
        start.words,
        start.code,
        named.get("cwd"),
        env if isinstance(env, Table) else None,
        fault=start.fault,
    )


def _os(function: str, args: tuple[object, ...], named: Mapping[str, object]) -> Start | None:
    if function == "create_subprocess_exec":
        return _in(Start(args), named)
    rest = args[1:] if function.startswith("spawn") else args  # after the mode
    if not rest or not function.startswith(("exec", "spawn", "posix_spawn")):
        return None
    ending = function.removeprefix("posix_").removeprefix("exec").removeprefix("spawn")
    environment: object = None
    if "l" in ending:
        words = rest[2:]
        if ending.endswith("e") and words:
            words, environment = words[:-1], words[-1]
    else:
        words = items(rest[1])[1:] if len(rest) > 1 else ()
        environment = rest[2] if len(rest) > 2 else None  # noqa: PLR2004
    env = environment if isinstance(environment, Table) else None
    return Start((rest[0], *words), env=env, ends=function.startswith("exec"))


def _runpy(
    function: str, args: tuple[object, ...], named: Mapping[str, object], argv: tuple[object, ...]
) -> Start | None:
    name = named.get("run_name", args[2] if len(args) > 2 else None)  # noqa: PLR2004
    if function == "run_path":
        return Start(("python", args[0], *argv[1:]))
    if function == "run_module" and name in {"__main__", HOLE}:
        return Start(("python", "-m", args[0], *argv[1:]))
    return None


def _spawned(args: tuple[object, ...], named: Mapping[str, object]) -> Start:
    first = args[0]
    words = tuple(shlex.split(first)) if isinstance(first, str) else items(first)
    more = named.get("args", args[1] if len(args) > 1 else ())
    return _in(Start((*words, *(more if isinstance(more, tuple) else ()))), named)
