"""Strips what merely starts another command: `exec`, `env A=b`, `timeout 5`, `uv run`, ..."""

from __future__ import annotations

import posixpath
import re
import shlex
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from verify.probes.languages.command import Word

_MOST = 16  # wrappers around wrappers


@dataclass(frozen=True, slots=True)
class Started:
    """The command that a chain of wrappers ends in.

    Args:
        words: its name and arguments.
        variables: what the wrappers set for it.
        folder: the folder they start it in, "" when they keep their own, None for an unknown one.
    """

    words: list[Word]
    variables: tuple[tuple[str, Word], ...] = ()
    folder: Word = ""


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """How a program is told what to start.

    Args:
        valued: its options that take a value.
        own: words of its own before the command.
        verbs: subcommands of which one starts the command; none if it needs no subcommand.
        folder: its options that say where to start it.
        code: its options whose value is a command for a shell.
        assigns: whether `A=b` may stand before the command.
        must: whether the command comes only after `--`.
    """

    valued: frozenset[str] = frozenset()
    own: int = 0
    verbs: frozenset[str] = frozenset()
    folder: frozenset[str] = frozenset()
    code: frozenset[str] = frozenset()
    assigns: bool = False
    must: bool = False


def _with(
    valued: str = "",
    *,
    own: int = 0,
    verbs: str = "",
    folder: str = "",
    code: str = "",
    assigns: bool = False,
    must: bool = False,
) -> _Wrapper:
    sets = (frozenset(text.split()) for text in (valued, verbs, folder, code))
    values, names, folders, codes = sets
    return _Wrapper(values | folders | codes, own, names, folders, codes, assigns, must)


_PROJECT = (
    "-p --python --with --with-editable --with-requirements --extra --no-extra --group --no-group "
    "--only-group --project --env-file --package --index --default-index --index-url --config-file "
    "--extra-index-url --find-links --cache-dir -f -i -w"
)

_WRAPPERS: Mapping[str, _Wrapper] = MappingProxyType(
    {
        # The shell's own, coreutils and util-linux
        "exec": _with("-a"),
        "command": _with(),
        "builtin": _with(),
        "nohup": _with(),
        "time": _with("-f -o --format --output"),
        "setsid": _with(),
        "nice": _with("-n --adjustment"),
        "ionice": _with("-c -n --class --classdata"),
        "chrt": _with(own=1),
        "taskset": _with(own=1),
        "stdbuf": _with("-i -o -e --input --output --error"),
        "unbuffer": _with(),
        "env": _with("-u --unset", folder="-C --chdir", code="-S --split-string", assigns=True),
        "timeout": _with("-s -k --signal --kill-after", own=1),
        "flock": _with("-w --timeout -E --conflict-exit-code", own=1, code="-c --command"),
        "chroot": _with("--userspec --groups", own=1),
        "strace": _with("-e -o -p -s"),
        "catchsegv": _with(),
        "xargs": _with("-n -P -I -L -d -a -s -E --max-args --max-procs"),
        "watch": _with("-n --interval"),
        "caffeinate": _with("-t -w"),
        "winpty": _with(),
        "entr": _with(),
        "script": _with("-t", code="-c --command"),
        # Users
        "sudo": _with("-u -g -h -p --user --group", folder="-D --chdir", assigns=True),
        "doas": _with("-u -C"),
        "gosu": _with(own=1),
        "su-exec": _with(own=1),
        "setpriv": _with("--reuid --regid --groups"),
        "s6-setuidgid": _with(own=1),
        "su": _with("-s --shell -g --group", code="-c --command"),
        "runuser": _with("-u -g --user --group -s", code="-c --command"),
        # First processes of containers
        "tini": _with("-e -p"),
        "dumb-init": _with("-r --rewrite"),
        "catatonit": _with(),
        "with-contenv": _with(),
        "cross-env": _with(assigns=True),
        "cross-env-shell": _with(assigns=True),
        # Screens and terminals
        "xvfb-run": _with("-n -s -e -f -p -w --server-args --server-num --error-file"),
        "screen": _with("-S -dmS -DmS -AdmS -dmLS -LdmS -t -c -s -T -h"),
        "gnome-terminal": _with("--title --geometry --profile", folder="--working-directory"),
        "xterm": _with("-T -title -geometry"),
        "start-stop-daemon": _with(must=True),
        # Environments of Python
        "uv": _with(_PROJECT, verbs="run", folder="--directory"),
        "uvx": _with("--from --with -p --python --index"),
        "pipx": _with("--spec --python", verbs="run"),
        "poetry": _with("-P --project", verbs="run", folder="-C --directory"),
        "pipenv": _with("--python", verbs="run"),
        "pdm": _with("-p --project", verbs="run"),
        "rye": _with("--pyproject", verbs="run"),
        "pixi": _with("-e --environment --manifest-path", verbs="run"),
        "hatch": _with("-e --env -p --project", verbs="run"),
        "conda": _with("-n --name -p --prefix", verbs="run", folder="--cwd"),
        "mamba": _with("-n --name -p --prefix", verbs="run", folder="--cwd"),
        "micromamba": _with("-n --name -p --prefix", verbs="run", folder="--cwd"),
        "pyenv": _with(verbs="exec"),
        "mise": _with(verbs="exec x", must=True),
        # Watchers, tracers and keepers of secrets
        "watchmedo": _with(
            "-d --directory -p --pattern --patterns -i --ignore-patterns --interval --signal "
            "--kill-after --debounce-interval",
            verbs="auto-restart shell-command",
            code="-c --command",
        ),
        "nodemon": _with("-w --watch -e --ext -i --ignore --delay -d", code="-x --exec"),
        "ddtrace-run": _with(),
        "opentelemetry-instrument": _with("--traces_exporter --metrics_exporter --service_name"),
        "newrelic-admin": _with(verbs="run-program"),
        "scalene": _with(),
        "infisical": _with("--env --path --projectId --token", verbs="run"),
        "doppler": _with("-t --token -p --project -c --config", verbs="run", code="--command"),
        "op": _with("--env-file", verbs="run"),
        "dotenv": _with("-f --file -e", verbs="run"),
        "dotenvx": _with("-f --env-file", verbs="run"),
        "direnv": _with(verbs="exec", own=1),
        "aws-vault": _with(verbs="exec", own=1),
        "chamber": _with(verbs="exec", own=1),
        "nix-shell": _with("-p -A", code="--run --command"),
    }
)

_NO_VERB_NEEDED = frozenset({"dotenv", "dotenvx"})
_ASKS = frozenset({"-v", "-V"})  # command -v NAME runs nothing
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_COVERAGE = re.compile(r"(?:.*/)?(?:coverage|coverage3|kernprof|py-spy|memray)$")
_PYTHON = re.compile(r"(?:.*/)?python(?:\d[\d.]*)?$")
_FLAGS = "--module"


def unwrapped(words: list[Word]) -> list[Word]:
    """Return a command without what only starts it: `exec`, `env A=b`, `timeout 5`, `uv run`."""
    return started(words).words


def started(words: list[Word]) -> Started:
    """Return the command that wrappers start, with what they set for it."""
    found = Started(list(words))
    for _ in range(_MOST):
        inner = _without_one(found)
        if inner is None:
            return found
        found = inner
    return found


def _without_one(outer: Started) -> Started | None:
    """Take one wrapper off; None when there is none."""
    words = outer.words
    if not words or words[0] is None:
        return None
    name = posixpath.basename(words[0]).removesuffix(".exe")
    if name == "tmux":
        return _of_tmux(outer)
    if _COVERAGE.match(name):
        return _of_coverage(outer)
    if _PYTHON.match(name) and words[1:2] == ["-m"] and words[2:3] == ["coverage"]:
        return replace(outer, words=words[2:])
    wrapper = _WRAPPERS.get(name)
    if wrapper is None:
        return None
    if name == "command" and words[1:2] and words[1] in _ASKS:
        return replace(outer, words=[])
    if name == "uv" and words[1:3] == ["tool", "run"]:
        return replace(outer, words=["uvx", *words[3:]])
    rest = words[1:]
    found = outer
    if wrapper.verbs:
        at = next((n for n, word in enumerate(rest) if word in wrapper.verbs), None)
        if at is None and name not in _NO_VERB_NEEDED:
            return None
        if at is not None:
            found, _ = _past_options(replace(found, words=rest[:at]), wrapper)
            rest = rest[at + 1 :]
    found, code = _past_options(replace(found, words=rest), wrapper)
    if code is not None:
        return replace(found, words=["sh", "-c", code])
    rest = found.words[wrapper.own :]
    if name in {"su", "runuser", "flock", "script"}:
        rest = _code_behind(name, rest, wrapper)
    if wrapper.must:
        rest = rest[rest.index("--") + 1 :] if "--" in rest else []
    while rest[:1] == ["--"]:
        rest = rest[1:]
    if name == "hatch" and rest and rest[0] is not None and ":" in rest[0]:
        rest = [rest[0].partition(":")[2], *rest[1:]]  # hatch run ENVIRONMENT:COMMAND
    if name in {"xterm", "gnome-terminal"} and rest[:1] in (["-e"], ["-x"]):
        rest = rest[1:]
    if name == "watch" and len(rest) == 1:
        rest = ["sh", "-c", rest[0]]
    if name == "nodemon" and rest and (rest[0] or "").endswith((".js", ".ts")):
        rest = []
    if name == "uvx":
        rest = [(rest[0] or "").partition("@")[0], *rest[1:]] if rest and rest[0] else rest
    return replace(found, words=rest)


def _past_options(outer: Started, wrapper: _Wrapper) -> tuple[Started, Word]:
    """Read a wrapper's options; return the rest and the shell code among them, if any."""
    rest = list(outer.words)
    variables, folder = list(outer.variables), outer.folder
    while rest and rest[0] is not None:
        word = rest[0]
        if wrapper.assigns and _ASSIGNMENT.match(word):
            name, _, value = word.partition("=")
            variables.append((name, value))
            rest.pop(0)
            continue
        if not word.startswith("-"):
            break
        rest.pop(0)
        if word == "--":
            if not wrapper.assigns:
                break
            continue
        option, equals, value = word.partition("=")
        given: Word = value if equals else None
        if option in wrapper.valued and not equals and rest:
            given = rest.pop(0)
        if option in wrapper.code:
            if option in {"-S", "--split-string"}:
                rest = [*_split(given), *rest]
                continue
            # nodemon --exec streamlit run app.py: the rest belongs to the command
            tail = " ".join(w for w in rest if w) if option in {"-x", "--exec"} else ""
            code = None if given is None else f"{given} {tail}".strip()
            return Started([], tuple(variables), folder), code or ""
        if option in wrapper.folder:
            folder = None if given is None or folder is None else posixpath.join(folder, given)
        elif option in {"-m", _FLAGS} and wrapper is _WRAPPERS["uv"]:
            rest = ["python", "-m", *rest]
            break
        elif option in {"-s", "--script"} and wrapper is _WRAPPERS["uv"]:
            rest = ["python", *rest]
            break
    return Started(rest, tuple(variables), folder), None


def _code_behind(name: str, rest: list[Word], wrapper: _Wrapper) -> list[Word]:
    """Return the command of `su USER -c CODE`, `flock FILE -c CODE`; the user is no command."""
    for n, word in enumerate(rest[:-1]):
        if word in wrapper.code:
            return ["sh", "-c", rest[n + 1]]
    if name == "flock":
        return rest
    return rest[rest.index("--") + 1 :] if "--" in rest else (rest if name == "runuser" else [])


def _of_coverage(outer: Started) -> Started | None:
    """Return what `coverage run [-m] ...` runs."""
    words = outer.words
    if "run" in words[1:2]:
        rest = words[2:]
    elif posixpath.basename(words[0] or "").startswith("coverage"):
        return None
    else:
        rest = words[1:]
    options = _with("--source --omit --include --rcfile --data-file --context -o --output -r")
    python: list[Word] = ["python"]
    while rest and rest[0] is not None and rest[0].startswith("-"):
        if rest[0] in {"-m", _FLAGS}:
            return replace(outer, words=["python", "-m", *rest[1:]])
        if rest[0] == "--":
            python, rest = [], rest[1:]
            break
        rest = rest[2 if rest[0] in options.valued else 1 :]
    return replace(outer, words=[*python, *rest])


def _of_tmux(outer: Started) -> Started:
    """Return the command of a new window, or what is typed into one."""
    words = outer.words[1:]
    verb = next((word for word in words if word is not None and not word.startswith("-")), "")
    rest = words[words.index(verb) + 1 :] if verb in words else []
    options = _with("-s -t -n -x -y -e -F -l -p", folder="-c")
    if verb not in {"new", "new-session", "neww", "new-window", "splitw", "split-window"} | {
        "send-keys",
        "send",
        "respawn-pane",
        "respawn-window",
    }:
        return replace(outer, words=[])
    found, _ = _past_options(replace(outer, words=rest), options)
    typed = [word for word in found.words if word not in {"C-m", "Enter", "ENTER", "C-c", ";"}]
    if len(typed) == 1 or verb.startswith("send"):
        return replace(found, words=["sh", "-c", _joined(typed)] if typed else [])
    return replace(found, words=typed)


def _joined(words: Iterable[Word]) -> Word:
    """Return the words as one line, None when one of them cannot be told."""
    known = list(words)
    return None if None in known else " ".join(word for word in known if word is not None)


def _split(text: Word) -> list[Word]:
    if text is None:
        return [None]
    try:
        return [*shlex.split(text)]
    except ValueError:  # an open quote
        return [None]
