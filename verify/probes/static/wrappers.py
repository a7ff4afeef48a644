"""Strips what merely starts another command: `exec`, `env A=b`, `timeout 5`, `uv run`, ..."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.probes.static.shell import Word

# Programs that start another one, and their options that take a value.
_PREFIXES: dict[str, frozenset[str]] = {
    "exec": frozenset({"-a"}),
    "command": frozenset(),
    "nohup": frozenset(),
    "time": frozenset(),
    "setsid": frozenset(),
    "tini": frozenset({"-e", "-p"}),
    "dumb-init": frozenset({"-r", "--rewrite"}),
    "sudo": frozenset({"-u", "-g", "--user", "--group"}),
    "nice": frozenset({"-n"}),
    "ionice": frozenset({"-c", "-n"}),
    "stdbuf": frozenset({"-i", "-o", "-e"}),
    "xvfb-run": frozenset({"-n", "-s", "--server-args", "--server-num"}),
    "env": frozenset({"-u", "-C"}),
    "timeout": frozenset({"-s", "-k", "--signal", "--kill-after"}),
    "gosu": frozenset(),
    "su-exec": frozenset(),
}
_FIRST_IS_OWN = frozenset({"timeout", "gosu", "su-exec"})
_RUNNERS = frozenset({"uv", "poetry", "pipenv", "conda", "mamba", "micromamba", "hatch", "pdm"})
_RUNNER_WITH_VALUE = frozenset(
    {"-n", "--name", "-p", "--prefix", "--python", "--with", "--extra", "--group", "--project"}
    | {"--directory", "-C", "--env-file"}
)
_QUIET = frozenset({"--no-capture-output", "--live-stream", "--frozen", "--no-sync", "--isolated"})


def unwrapped(words: list[Word]) -> list[Word]:
    """Return a command without what only starts it: `exec`, `env A=b`, `timeout 5`, `uv run`."""
    for _ in range(12):
        if not words or words[0] is None:
            return words
        name = posixpath.basename(words[0])
        if name in _PREFIXES:
            rest = _past_options(words[1:], _PREFIXES[name])
            while name == "env" and rest and rest[0] is not None and "=" in rest[0]:
                rest = rest[1:]
            words = rest[1:] if name in _FIRST_IS_OWN else rest
        elif name in _RUNNERS and "run" in words:
            words = _past_options(words[words.index("run") + 1 :], _RUNNER_WITH_VALUE)
        else:
            return words
    return words


def _past_options(words: list[Word], with_value: frozenset[str]) -> list[Word]:
    rest = list(words)
    while rest and rest[0] is not None and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "--":
            break
        if option in with_value and option not in _QUIET and rest:
            rest.pop(0)
    return rest
