"""Recognises commands that install packages."""

from __future__ import annotations

import posixpath
import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from verify.probes.languages.wrappers import unwrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.probes.languages.command import Word

_PIP = re.compile(r"pip(?:\d[\d.]*)?$")
_PYTHON = re.compile(r"python(?:\d[\d.]*)?$")

_VERBS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "uv": frozenset({"install", "sync", "add"}),
        "poetry": frozenset({"install", "add", "update", "sync"}),
        "pipenv": frozenset({"install", "sync", "update"}),
        "pdm": frozenset({"install", "sync", "add"}),
        "rye": frozenset({"sync", "add", "install"}),
        "pipx": frozenset({"install", "inject"}),
        "conda": frozenset({"install", "create", "update"}),
        "mamba": frozenset({"install", "create", "update"}),
        "micromamba": frozenset({"install", "create", "update"}),
        "apt": frozenset({"install", "upgrade", "full-upgrade", "build-dep"}),
        "apt-get": frozenset({"install", "upgrade", "dist-upgrade", "build-dep"}),
        "aptitude": frozenset({"install", "upgrade"}),
        "apk": frozenset({"add", "upgrade"}),
        "yum": frozenset({"install", "update"}),
        "dnf": frozenset({"install", "upgrade"}),
        "microdnf": frozenset({"install", "upgrade"}),
        "zypper": frozenset({"install", "in"}),
        "brew": frozenset({"install"}),
        "npm": frozenset({"install", "i", "ci", "add"}),
        "pnpm": frozenset({"install", "i", "add"}),
        "yarn": frozenset({"install", "add"}),
        "gem": frozenset({"install"}),
        "bundle": frozenset({"install"}),
        "cargo": frozenset({"install"}),
        "go": frozenset({"install"}),
        "dpkg": frozenset({"-i", "--install"}),
        "rpm": frozenset({"-i", "-U", "-ivh", "-Uvh", "--install"}),
    }
)

_HIDING_OPTIONS = frozenset(
    {"--exit-zero", "--ignore-missing", "--ignore-errors", "--no-fail", "--nofail", "--no-errors"}
    | {"--skip-broken"}
)


def installs(words: Sequence[Word]) -> bool:
    """Say whether this command installs packages."""
    rest = unwrapped(list(words))
    if rest and rest[0] is None:  # "$PYTHON" -m pip install, $PIP install
        return rest[1:3] == ["-m", "pip"] or "install" in rest[1:2]
    if not rest or rest[0] is None:
        return False
    name = posixpath.basename(rest[0])
    arguments = rest[1:]
    if name == "xargs":
        tail = [n for n, word in enumerate(arguments) if word and not word.startswith("-")]
        return bool(tail) and installs(arguments[tail[0] :])
    if _PYTHON.match(name):
        if "-m" in arguments:
            module = arguments[arguments.index("-m") + 1 :]
            return (
                bool(module)
                and module[0] in {"pip", "uv", "pipx", "poetry"}
                and _any(module, {"install", "sync", "add"})
            )
        return "setup.py" in arguments and _any(arguments, {"install", "develop"})
    if _PIP.match(name):
        return _any(arguments, {"install"})
    if name == "easy_install" or (name == "yarn" and not arguments):
        return True
    return name in _VERBS and _any(arguments, _VERBS[name])


def hiding_option(words: Sequence[Word]) -> str:
    """Return the option that makes the installer succeed when it failed, "" without one."""
    return next((word for word in words if word in _HIDING_OPTIONS), "") or ""


def _any(words: Sequence[Word], verbs: frozenset[str] | set[str]) -> bool:
    return any(word in verbs for word in words)
